"""`evidence complaints`: complaints about people, who handles them, by when they are to be answered.

No command closes one: its handler does, signed in as themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_of
from evidence.cli.words import cites_text, printable
from evidence.complaint_answers import complaint_out, listed_out
from evidence.domain.complaints import Channel
from evidence.domain.spans import Span
from evidence.errors import Invalid
from evidence.locale import say
from evidence.service.complaints import Intake

app = typer.Typer(help="投诉 / complaints", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="投诉标识 / id of the complaint")]
Time = Annotated[datetime, typer.Option(help="时间，按规则所用时区 / time, in the law's time zone")]


@app.command()
def take(
    number: Annotated[str, typer.Argument(help="登记号 / number under which it is taken in")],
    received: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="收到之日 / day it came")],
    channel: Annotated[Channel, typer.Option(help="渠道 / how it came")],
    since: Time,
    until: Time,
    matter: Annotated[str, typer.Option(help="投诉事项 / what it is about")],
    place: Annotated[str, typer.Option(help="地点 / where")],
    people: Annotated[
        list[str] | None, typer.Argument(help="被投诉人编号 / numbers of whom it is about")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="所涉单位标识或全名 / id or full name of the unit it is about")
    ] = None,
    complainant: Annotated[str | None, typer.Option(help="投诉人，匿名不填 / who complains")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记投诉，所涉资料随即长期保存 / Take a complaint in; what it concerns is held at once."""
    application = open_site(data)
    zone = ZoneInfo(application.site.policies.latest.time_zone)
    start, end = (one.replace(tzinfo=zone).astimezone(UTC) for one in (since, until))
    if end <= start:
        raise Invalid("ends-before-start")
    told = (matter, place, complainant, None if unit is None else unit_of(application, unit))
    intake = Intake(number, received.date(), channel, tuple(people or ()), Span(start, end), *told)
    _show_one(complaint_out(application.complaints.take(OPERATOR, intake)), json_)


@app.command()
def assign(
    complaint: Which,
    number: Annotated[str, typer.Argument(help="承办人编号 / number of the handler")],
    reason: Annotated[str | None, typer.Option(help="未回避的理由 / why one who is too near")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """指定承办人，由其登录后办结 / Give a complaint to a handler, who closes it signed in."""
    _show([listed_out(open_site(data).complaints.assign(OPERATOR, complaint, number, reason))], json_)


@app.command("list")
def list_(
    red: Annotated[bool, typer.Option("--red", help="只列逾期 / only those whose time is over")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """投诉及办理期限 / The complaints and their time."""
    _show([listed_out(one) for one in open_site(data).complaints.all(OPERATOR, red=red)], json_)


@app.command()
def show(complaint: Which, data: Data = None, json_: Json = False) -> None:
    """一件投诉及为其保存的资料 / A complaint, and what is held for it."""
    _show_one(complaint_out(open_site(data).complaints.get(OPERATOR, complaint)), json_)


def _show_one(row: dict[str, Any], json_: bool) -> None:
    if json_:
        print_json(row)
        return
    _show([row], json_)
    for key in ("complainant", "place", "matter", "reason"):
        if row[key]:
            print(f"    {printable(row[key])}")
    for recording in row["recordings"]:
        print(f"    {recording}")


def _show(rows: Sequence[dict[str, Any]], json_: bool) -> None:
    if json_:
        print_json(rows)
        return
    for row in rows:
        mark, over = ("‼", f" +{row['days_over']}") if row["red"] else ("·", "")
        state = say(f"complaint-state.{row['state']}")
        words = [row["complaint"], printable(row["number"]), state, f"{row['due'] or ''}{over}"]
        if row["result"]:
            words.append(say(f"complaint-result.{row['result']}"))
        print(f"{mark} {'  '.join(words)}".rstrip())
    for cite in sorted({cite for row in rows for cite in row["cites"]}):
        print(f"  {say('column.cites')}: {cites_text([cite])}")
    if not rows:
        print(say("cli.nothing-listed"))
