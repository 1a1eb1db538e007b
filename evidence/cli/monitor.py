"""`evidence log monitor`: what somebody outside runs, with nothing of the site but its keys."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.site import Json, print_json
from evidence.cli.words import printable
from evidence.errors import Invalid
from evidence.ledger.trust import Trust
from evidence.locale import say


def monitor(
    state: Annotated[Path, typer.Option("--state", help="已见状态文件 / file of what was seen")],
    url: Annotated[str | None, typer.Option("--url", help="站点地址 / address of the site")] = None,
    vault: Annotated[Path | None, typer.Option("--vault", help="存储副本目录 / a copy of the vault")] = None,
    key: Annotated[list[str] | None, typer.Option("--key", help="日志公钥 / key of a log")] = None,
    trust: Annotated[Path | None, typer.Option("--trust", help="信任文件 / a trust file")] = None,
    quiet_minutes: Annotated[int, typer.Option(min=1, help="静止上限 / how long it may stand still")] = 120,
    json_: Json = False,
) -> None:
    """由外部监督日志 / Watch logs from outside. Exit code 4: a break; 3: not to be had; 1: stands still."""
    from evidence.witness.serving import look
    from evidence.witness.watched import FolderSource, HttpSource

    if (url is None) == (vault is None):
        raise Invalid("monitor-wants-one", given=["url", "vault"])
    if bool(key) == (trust is not None):
        raise Invalid("monitor-wants-one", given=["key", "trust"])
    given = "".join(f"log {one}\n" for one in key or []).encode() + b"quorum none\n"
    source = HttpSource(url) if url else FolderSource(vault or Path())
    trusted = Trust.parse(trust.read_bytes() if trust else given)
    found = look(source, trusted, state, timedelta(minutes=quiet_minutes))
    if json_:
        print_json([asdict(one) for one in found])
    for one in [] if json_ else found:
        print(say("cli.monitor-sound" if one.alarm is None else "cli.monitor-alarm", origin=one.origin,
                  size=one.size, kind=one.alarm or "", reason=printable(one.reason)))  # fmt: skip
        if (words := say(title := f"error.{one.alarm}")) != title:
            print(f"    {words}")
    if any(one.is_break for one in found):
        raise typer.Exit(4)
    silent = {one.alarm for one in found} - {None}
    if silent:
        raise typer.Exit(1 if silent == {"log-stands-still"} else 3)
