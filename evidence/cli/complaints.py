"""`evidence complaints`: complaints about people, who handles them, by when they are to be answered.

No command closes one: its handler does, signed in as themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from evidence.answers.complaint import complaint_out, listed_out
from evidence.answers.people import with_names
from evidence.bootstrap import Application
from evidence.cli.coded import one_of
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_names, unit_of
from evidence.cli.words import cites_text, in_utc, person_text, printable, span_of_time
from evidence.domain.complaints import Channel
from evidence.domain.spans import Span
from evidence.errors import Invalid
from evidence.locale import say
from evidence.service.cases.complaints import Intake, ListedComplaint

app = typer.Typer(help="投诉 / complaints", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="投诉标识 / id of the complaint")]
Time = Annotated[datetime, typer.Option(help="时间，按规则所用时区 / time, in the law's time zone")]


@app.command()
def take(
    number: Annotated[str, typer.Argument(help="登记号 / number under which it is taken in")],
    received: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="收到之日 / day it came")],
    channel: Annotated[
        Channel, typer.Option(help="渠道 / how it came", **one_of(Channel, "complaint-channel"))
    ],
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
    start, end = (in_utc(one, zone) for one in (since, until))
    if end <= start:
        raise Invalid("ends-before-start")
    told = (matter, place, complainant, None if unit is None else unit_of(application, unit))
    intake = Intake(number, received.date(), channel, tuple(people or ()), Span(start, end), *told)
    _show_one(application, application.complaints.take(OPERATOR, intake), json_)


@app.command()
def assign(
    complaint: Which,
    number: Annotated[str, typer.Argument(help="承办人编号 / number of the handler")],
    reason: Annotated[str | None, typer.Option(help="未回避的理由 / why one who is too near")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """指定承办人，由其登录后办结 / Give a complaint to a handler, who closes it signed in."""
    application = open_site(data)
    done = application.complaints.assign(OPERATOR, complaint, number, reason)
    _show(application, [listed_out(done)], json_)


@app.command("list")
def list_(
    red: Annotated[bool, typer.Option("--red", help="只列逾期 / only those whose time is over")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """投诉及办理期限 / The complaints and their time."""
    application = open_site(data)
    found = application.complaints.all(OPERATOR, red=red)
    _show(application, [listed_out(one) for one in found], json_)


@app.command()
def show(complaint: Which, data: Data = None, json_: Json = False) -> None:
    """一件投诉及为其保存的资料 / A complaint, and what is held for it."""
    application = open_site(data)
    _show_one(application, application.complaints.get(OPERATOR, complaint), json_)


def _show_one(application: Application, found: ListedComplaint, json_: bool) -> None:
    row = complaint_out(found)
    if json_:
        print_json(with_names(application.site, OPERATOR, [row])[0])
        return
    _show(application, [row], json_)
    print(f"    {say('complaint.hour')}: {span_of_time(row, application.site.policies.latest.time_zone)}")
    for key in ("complainant", "place", "matter", "reason"):
        if row[key]:
            print(f"    {printable(row[key])}")
    for recording in row["recordings"]:
        print(f"    {recording}")


def _show(application: Application, found: Sequence[dict[str, Any]], json_: bool) -> None:
    rows = with_names(application.site, OPERATOR, found)
    if json_:
        print_json(rows)
        return
    units = unit_names(application)
    for row in rows:
        mark, over = ("‼", f" +{row['days_over']}") if row["red"] else ("·", "")
        state = say(f"complaint-state.{row['state']}")
        words = [row["complaint"], printable(row["number"]), state, f"{row['due'] or ''}{over}"]
        if row["result"]:
            words.append(say(f"complaint-result.{row['result']}"))
        print(f"{mark} {'  '.join(words)}".rstrip())
        people = (person_text(row["who"], one) for one in row["people"])
        about = " · ".join((*people, *_where(row, units)))
        print(f"    {say('complaint.about')}: {about}")
        print(f"    {say('complaint.handler')}: {person_text(row['who'], row['handler'])}")
        if row["closed_on"]:
            closer = person_text(row["who"], row["closed_by"])
            print(f"    {say('complaint.closed-by')}: {closer}  {row['closed_on']}")
    for cite in sorted({cite for row in rows for cite in row["cites"]}):
        print(f"  {say('column.cites')}: {cites_text([cite])}")
    if not rows:
        print(say("cli.nothing-listed"))


def _where(row: Mapping[str, Any], units: Mapping[str, str]) -> Iterator[str]:
    if row["unit"]:
        yield f"{say('column.unit')} {units.get(row['unit'], row['unit'])}"
