"""`evidence move`: a site moves to other engines; the form it leaves stays readable. Nothing is deleted."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from evidence.cli.site import OPERATOR, Data, Json, folder
from evidence.cli.words import printable
from evidence.errors import Misconfigured, Unavailable
from evidence.locale import say
from storage.errors import Misconfigured as StoreMisconfigured
from storage.errors import StoreUnavailable

if TYPE_CHECKING:
    from evidence.moving import Moved

_LINE_EVERY_S = 10.0
_ADDRESS = "地址，或 embedded / address, or “embedded”"


def move(
    data: Data = None,
    database: Annotated[str | None, typer.Option(help=f"数据库 / database: {_ADDRESS}")] = None,
    vault: Annotated[str | None, typer.Option(help=f"封存库 / vault: {_ADDRESS}")] = None,
    broker: Annotated[str | None, typer.Option(help=f"队列 / queue: {_ADDRESS}")] = None,
    with_damaged: Annotated[
        bool, typer.Option("--with-damaged", help="有损坏也搬迁 / move although originals are damaged")
    ] = False,
    json_: Json = False,
) -> None:
    """搬迁站点 / Move the site to other engines: copied, verified, then switched; the old form stays."""
    from evidence.moving import move as move_site

    named = (("database", database), ("vault", vault), ("broker", broker))
    wanted = {name: url for name, url in named if url is not None}
    bars = progress_bars() if sys.stderr.isatty() and not json_ else None
    shown: AbstractContextManager[Any] = bars if bars is not None else nullcontext()
    teller = Telling(bars, quiet=json_)
    where = folder(data)
    with shown, told_where_it_stands(where):
        moved = move_site(
            where, wanted, OPERATOR, teller, with_damaged=with_damaged, heard=lambda probe: teller.say(
                f"{'✓' if probe.is_kept else '!'} {say(f'probe.{probe.name}')}  ({printable(probe.said)})"
            ),
        )  # fmt: skip
    if json_:
        print(json.dumps(_out(moved), ensure_ascii=False, indent=2))
        return
    for line in _lines(moved):
        print(line)


@contextmanager
def told_where_it_stands(data: Path) -> Iterator[None]:
    """Say what is safe, and how to go on, where a move is stopped or meets what passes by itself."""
    from evidence.settings import FILE

    file = data / FILE
    before = file.read_bytes() if file.is_file() else None
    try:
        yield
    except (Misconfigured, StoreMisconfigured):  # says it itself
        raise
    except (KeyboardInterrupt, Unavailable, StoreUnavailable, OSError):
        if before is not None:
            is_same = file.read_bytes() == before
            print(
                say("cli.move-stopped" if is_same else "cli.move-stopped-after"), file=sys.stderr, flush=True
            )
        raise


class Telling:
    """Tells how far it is: with a bar on a terminal, else with a line now and then."""

    def __init__(self, bars: Progress | None, quiet: bool) -> None:
        self._bars, self._quiet = bars, quiet
        self._task: TaskID | None = None
        self._files, self._of, self._bytes = 0, 0, 0
        self._told = time.monotonic()

    def begin(self, part: str, files: int, size_bytes: int) -> None:
        """A part of the way begins."""
        if self._bars is not None:
            if self._task is not None:  # its line stays, as done
                self._bars.update(self._task, total=max(1, self._bytes), completed=max(1, self._bytes))
            self._task = self._bars.add_task(say(f"moving.{part}"), total=size_bytes or None, files="")
        else:
            self.say(say(f"moving.{part}"))
        self._files, self._of, self._bytes = 0, files, 0
        self._told = time.monotonic()

    def done(self, size_bytes: int) -> None:
        """One more file is done."""
        self._files += 1
        self._bytes += size_bytes
        counted = f"{self._files}/{self._of}" if self._of else str(self._files)
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, advance=size_bytes, files=counted)
        elif time.monotonic() - self._told >= _LINE_EVERY_S:
            self._told = time.monotonic()
            self.say(say("cli.move-so-far", files=counted, mib=self._bytes >> 20))

    def say(self, text: str) -> None:
        """Write a line."""
        if self._bars is not None:
            self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
        elif not self._quiet:
            print(text, file=sys.stderr, flush=True)


def progress_bars() -> Progress:
    """Make the bars of a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[files]}"),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _out(moved: Moved) -> dict[str, object]:
    account = moved.account
    return {
        "changed": {name: {"from": was, "to": now} for name, (was, now) in moved.changed.items()},
        "files": account.files,
        "bytes": account.size_bytes,
        "adopted": account.adopted,
        "kept_later": account.kept_later,
        "left_behind": [{"key": one.key, "kind": one.kind} for one in account.left],
        "damaged": [
            {
                "key": one.key,
                "reason": one.reason,
                "promised_sha256": one.promised_sha256,
                "found_sha256": one.found_sha256,
                "kept_as": one.kept_as,
            }
            for one in account.damaged
        ],
        "rows": dict(moved.rows),
        "checked": moved.checked,
        "older_settings": str(moved.older_file) if moved.older_file else None,
        "verify_old": moved.verify_old,
    }


def _lines(moved: Moved) -> list[str]:
    if not moved.changed:
        return [say("cli.move-nothing")]
    account = moved.account
    lines = [f"{name}: {printable(was)} → {printable(now)}" for name, (was, now) in moved.changed.items()]
    if moved.rows:
        lines.append(say("cli.move-counts", files=account.files, rows=sum(moved.rows.values()),
                         mib=account.size_bytes >> 20, checked=moved.checked))  # fmt: skip
    if account.kept_later:
        lines.append(say("cli.move-kept-later", number=account.kept_later))
    lines += [f"{say('cli.move-left-behind')}: {printable(one.key)} ({one.kind})" for one in account.left]
    for one in account.damaged:
        where = printable(one.kept_as) if one.kept_as else say("cli.move-only-old")
        lines.append(f"‼ {say('cli.move-damaged')}: {printable(one.key)} ({one.reason}) → {where}")
    lines.append(say("cli.move-done", file=str(moved.older_file)))
    lines.append(f"  {printable(moved.verify_old)}")
    return lines
