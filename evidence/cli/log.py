"""`evidence log …`: checkpoints, proofs, keys, checks of the logs; `evidence signer` runs their signer."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from evidence.answers.recordings import alarm_out
from evidence.cli.monitor import monitor
from evidence.cli.proofs import prove_into, write_new
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import print_new, printable, time_text
from evidence.domain.instants import to_text
from evidence.errors import Conflict, IntegrityFault, Invalid, NotFound, Unavailable
from evidence.locale import NOTHING, say
from evidence.service.log.log_keys import Reason

app = typer.Typer(help="日志、检查点与证明 / The logs: proofs and checks", no_args_is_help=True)
_MOST_DIGITS = 18
Log = Annotated[str, typer.Option("--log", help="custody 或 access/年份 / custody or access/<year>")]


@app.command()
def checkpoint(
    data: Data = None,
    log: Log = "custody",
    stamped: Annotated[
        Path | None, typer.Option("--stamped", help="写出带时间戳的检查点 / new folder for the stamped one")
    ] = None,
) -> None:
    """输出最新的已签名检查点 / Print the newest signed checkpoint, as others verify it."""
    application = open_site(data)
    print(application.proving.checkpoint(log).decode(), end="")
    state = application.timestamping.state()
    if state is not None:
        stamp = str(state["at"]) if state["at"] else None
        at = time_text(stamp, application.site.policies.latest.time_zone) or NOTHING
        print(say("cli.log-stamped", size=state["size"], at=at), file=sys.stderr)
    if stamped is not None:
        found = application.timestamping.newest()
        if found is None:
            raise NotFound("timestamp-not-found")
        stamped.mkdir(parents=True)
        write_new(stamped / "checkpoint", found[0])
        write_new(stamped / "checkpoint.tsr", found[1])


@app.command()
def keys(
    data: Data = None,
    trust: Annotated[bool, typer.Option("--trust", help="信任文件，交核验人 / the trust file")] = False,
) -> None:
    """输出日志的验证公钥 / Print the verifier keys of the logs."""
    proving = open_site(data).proving
    told = proving.told_keys()
    if trust:
        print(proving.trusted().decode(), end="")
    else:
        print(*told, sep="\n")
    if number := sum(line.startswith("#") for line in told):
        print(say("cli.log-keys-given-up", number=number), file=sys.stderr)


@app.command()
def publish(data: Data = None) -> None:
    """立即发布日志 / Publish the logs as far as they go, now."""
    application = open_site(data)
    try:
        application.publishing.publish_all()
        application.witnessing.ask_all()
        _refuse_alarms(application.auditing.standing())
        for which in application.publishing.logs():
            print(say("cli.log-published", log=which, size=application.publishing.size(which)))
    finally:
        application.signer.close()


@app.command()
def prove(
    recording: str,
    to: Annotated[Path, typer.Option("--to", help="新目录 / a new folder for the proofs")],
    show: Annotated[
        list[str] | None, typer.Option("--show", help="随附内容的字段 / fields whose values go along")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """导出一份资料的全部日志记录及证明 / Write all entries about a recording, with proofs."""
    prove_into(to, lambda desk: desk.of_recording(OPERATOR, recording, show or ()), data, json_)


@app.command()
def tiles(to: Path, data: Data = None, log: Log = "custody") -> None:
    """将日志写成 tlog-tiles / Write a log as tlog-tiles, for programs of others."""
    if to.exists() or to.is_symlink():
        raise Invalid("folder-exists", folder=str(to))
    number = 0
    for name, body in open_site(data).log_tiles.files(OPERATOR, log):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(body)
        number += 1
    print(say("cli.log-tiles", number=number, folder=str(to)))


app.command()(monitor)


@app.command()
def disclose(entry: str, field: str, data: Data = None, json_: Json = False) -> None:
    """输出日志条目中一个字段的内容及盐 / Print the value and salt of one field of an entry."""
    found = open_site(data).disclosing.disclose(OPERATOR, *_place(entry), field)
    if json_:
        print_json({field: found.plain()})
        return
    for name, value in found.plain().items():
        print(f"{name}: {printable(str(value))}")


@app.command()
def erase(
    entry: str,
    field: str,
    reason: Annotated[str, typer.Option(help="原因，不写姓名 / why, naming nobody")],
    data: Data = None,
) -> None:
    """永久删除日志条目中一个字段的内容 / Erase the value of one field of an entry for good."""
    open_site(data).disclosing.erase(OPERATOR, *_place(entry), field, reason)
    print(say("cli.field-erased", entry=printable(entry), field=printable(field)))


@app.command()
def fsck(data: Data = None, json_: Json = False) -> None:
    """核对日志、存储与目录 / Check logs, vault and rows against each other. Exit code 4: alarm."""
    logging.getLogger("evidence.auditing").addHandler(logging.NullHandler())  # told below, in both languages
    application = open_site(data)
    try:
        found = application.auditing.fsck(OPERATOR)
        unsound = application.auditing.unsound(OPERATOR)
    finally:
        application.signer.close()
    _tell(found, "cli.log-sound", unsound, None if json_ else application.site.policies.latest.time_zone)


@app.command()
def alarms(data: Data = None, json_: Json = False) -> None:
    """列出未处理的完整性警报 / List the integrity alarms that stand. Exit code 4: some do."""
    application = open_site(data)
    found, unsound = application.auditing.alarms(OPERATOR), application.auditing.unsound(OPERATOR)
    _tell(found, "cli.no-alarm", unsound, None if json_ else application.site.policies.latest.time_zone)


@app.command()
def clear(
    data: Data = None,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="接受仍存在的不一致 / accept what is still found"),
    ] = False,
) -> None:
    """核对无误后解除警报 / Clear the alarms, after a check that finds nothing."""
    application = open_site(data)
    try:
        number = application.auditing.clear(OPERATOR, accept=accept)
        print(say("cli.alarms-cleared", number=number))
        _sign_again(application)
    except Conflict as problem:
        raise IntegrityFault(problem.code, **problem.fields) from problem
    finally:
        application.signer.close()


def _sign_again(application: Any) -> None:
    """Sign what waited, so that a signer that is still halted is told now.

    Raises: Unavailable("signer-halted").
    """
    try:
        application.publishing.publish_all()
    except Unavailable as problem:  # anything else is the machine's trouble: the service tries again
        if problem.code == "signer-halted":
            raise


@app.command()
def rotate(
    reason: Annotated[Reason, typer.Option(help="原因 / why")],
    data: Data = None,
    log: Log = "custody",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="遗失或被盗之日 / day of the loss or theft")
    ] = None,
) -> None:
    """更换日志签名密钥 / Give a log a new signing key, and log it."""
    application = open_site(data)
    zone = ZoneInfo(application.site.policies.latest.time_zone)
    if since is not None and since.date() > application.site.clock.now().astimezone(zone).date():
        raise typer.BadParameter("这一天尚未到来 / this day is still to come", param_hint="--since")
    day = None if since is None else since.date().isoformat()
    try:
        made = application.log_keys.rotate(OPERATOR, log, reason, day)
        print_new(made, f"log-key-{reason}")
    finally:
        application.signer.close()


def signer(
    data: Data = None,
    folder: Annotated[
        Path | None, typer.Option(help="签名者的状态、密钥和套接字 / its state, keys and socket")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="停签后恢复签名 / sign again after a halt")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="状态丢失后由存储重建 / take the state over from the vault")
    ] = False,
) -> None:
    """运行日志签名者 / Run the signer of the logs, apart from the service."""
    from evidence.cli.site import folder as site_folder
    from evidence.signer.__main__ import Task, run

    where = site_folder(data)
    run(where, folder or where / "signer", Task.ADOPT if adopt else Task.RESUME if resume else Task.SERVE)
    if resume:
        print(say("cli.signer-resumes"))


def _place(entry: str) -> tuple[str, int]:
    """Read "custody/12". Raises: Invalid("invalid-entry")."""
    log, _, index = entry.rpartition("/")
    if not log or not index.isascii() or not index.isdecimal() or len(index) > _MOST_DIGITS:
        raise Invalid("invalid-entry", entry=entry)
    return log, int(index)


def _tell(found: Any, none: str, unsound: int, zone: str | None) -> None:
    """Tell what does not agree: to people in their time zone; zone None: to programs."""
    if zone is None:
        print_json([alarm_out(one) for one in found])
    else:
        for line in _alarm_lines(found, none, unsound, zone):
            print(line)
    if found or unsound:
        raise typer.Exit(4)


def _alarm_lines(found: Any, none: str, unsound: int, zone: str) -> Iterator[str]:
    if not found:
        yield say(none)
    if unsound:
        yield say("cli.unsound", number=unsound)
    for one in found:
        yield say("cli.alarm", kind=printable(one.kind), item=printable(one.item))
        if (words := say(key := f"alarm-kind.{one.kind}")) != key:
            yield f"    {words}"
        latest = time_text(to_text(one.latest), zone)
        if one.earliest is None:
            yield "    " + say("cli.alarm-window-open", latest=latest)
        else:
            earliest = time_text(to_text(one.earliest), zone)
            yield "    " + say("cli.alarm-window", earliest=earliest, latest=latest)
        for name, value in one.detail.items():
            yield f"    {name}: {printable(str(value))}"
    if found:
        yield say("cli.alarms-next")


def _refuse_alarms(found: Any) -> None:
    if found:
        raise IntegrityFault("alarm-stands", kind=found[0].kind, item=found[0].item)
