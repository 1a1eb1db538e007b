"""`evidence media`: discs and drives on which recordings are kept for long, and what is on none yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.answers.media import medium_out, waiting_out
from evidence.cli.coded import one_of
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import cites_text, print_new, printable
from evidence.domain.exports import Medium
from evidence.domain.ids import is_id
from evidence.errors import Invalid
from evidence.local import read_back
from evidence.locale import say
from evidence.service.court.media_register import MediaRegister

app = typer.Typer(help="长期保存介质 / media for long keeping", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="介质名称或者标识 / label or id of the medium")]


@app.command()
def add(
    label: Annotated[str, typer.Argument(help="盘面编号 / what is written on it")],
    recordings: Annotated[list[str], typer.Argument(help="资料标识 / ids of recordings")],
    kind: Annotated[Medium, typer.Option(help="介质类型 / kind", **one_of(Medium, "export-medium"))],
    place: Annotated[str, typer.Option(help="存放地点 / where it is kept")],
    copies: Annotated[int, typer.Option(help="份数 / copies")] = 1,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记介质 / Register a medium for recordings."""
    desk = open_site(data).court.media
    made = desk.add(OPERATOR, label, kind, copies, place, recordings)
    if json_:
        print_json([medium_out(made)])
        return
    print_new(made.id, "medium", label=label, medium=made.id)


@app.command()
def written(
    medium: Which,
    read: Annotated[
        Path | None,
        typer.Option(help="介质挂载的目录，由程序读取 / its folder: the program reads it"),
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="写入内容的校验值 / SHA-256 of what was written")] = None,
    back: Annotated[
        str | None, typer.Option("--read-back", help="回读的校验值 / SHA-256 of what was read back")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记写入与回读 / Note that a medium was written: read by the program, or by somebody's word."""
    if (sha256, back).count(None) != (0 if read is None else 2):
        raise Invalid("read-or-stated")
    found = None if read is None else read_back(read)  # before anything is opened: a disc takes its time
    desk, id_ = _named(data, medium)
    if found is None:
        done = desk.note_written(OPERATOR, id_, sha256 or "", back or "")
    else:
        done = desk.note_read(OPERATOR, id_, found)
    _show([medium_out(done)], json_)


@app.command()
def check(
    medium: Which,
    remark: Annotated[str, typer.Option(help="检测情况 / what was found")],
    unsound: Annotated[bool, typer.Option("--unsound", help="已损坏 / it is unsound")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记检测 / Note that a medium was looked at."""
    desk, id_ = _named(data, medium)
    _show([medium_out(desk.note_check(OPERATOR, id_, is_sound=not unsound, remark=remark))], json_)


@app.command()
def end(
    medium: Which,
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """不再保存 / Note that a medium is kept no more."""
    desk, id_ = _named(data, medium)
    _show([medium_out(desk.end(OPERATOR, id_, reason))], json_)


@app.command("list")
def listed(
    due: Annotated[bool, typer.Option("--due", help="只列到期应检测 / only those to be looked at")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """介质清单 / List the media."""
    _show([medium_out(one) for one in open_site(data).court.media.all(OPERATOR, due=due)], json_)


@app.command()
def waiting(data: Data = None, json_: Json = False) -> None:
    """应长期保存而尚未写入介质的资料 / List what is held and on no medium yet."""
    rows = [waiting_out(one, OPERATOR) for one in open_site(data).court.media.waiting(OPERATOR)]
    if json_:
        print_json(rows)
        return
    for row in rows:
        one = row["recording"]
        print(f"{one['id']}  {say('long-medium.not-written')}  {printable(one['name'])}")
        print(f"    {cites_text(row['cites'])}")
    if not rows:
        print(say("cli.nothing-listed"))


def _named(data: Path | None, medium: str) -> tuple[MediaRegister, str]:
    """Open the register; return it, and the id of the medium that somebody names by its label or id."""
    application = open_site(data)
    with application.site.database.reading() as unit:
        ids = {one.label: one.id for one in unit.long_media.all()}
    return application.court.media, medium if is_id(medium) else ids.get(medium, medium)


def _show(rows: Sequence[dict[str, Any]], json_: bool) -> None:
    if json_:
        print_json(rows)
        return
    for row in rows:
        state = "ended" if row["ended"] else "written" if row["written"] else "not-written"
        state = "unsound" if row["sound"] is False and not row["ended"] else state
        kind = say(f"export-medium.{row['kind']}")
        print(f"{row['id']}  {printable(row['label'])}  {kind}  {say('long-medium.' + state)}")
        print(f"    {printable(row['place'])}  {row['copies']}  {row['next_check'] or ''}".rstrip())
        if row["written"]:
            how = "read" if row["read"] else "stated"
            print(f"    {say(f'long-medium.{how}', by=printable(row['written_by'] or '?'))}")
        for one in row["recordings"]:
            print(f"    {say('fact.recording')} {one}")
    if not rows:
        print(say("cli.nothing-listed"))
