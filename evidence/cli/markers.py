"""`evidence markers`: check-points on the time line: notice given, credentials shown, cause spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from evidence.answers.marker import check_list_out, marker_out, markers_out
from evidence.cli.cases import Case, find_case
from evidence.cli.coded import one_of
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import cites_text, printable
from evidence.locale import CHINESE, catalogue, say
from evidence.policy.check_points import MarkerKind

app = typer.Typer(help="关键节点 / check-points on the time line", no_args_is_help=True)
Recording = Annotated[str, typer.Argument(help="资料标识 / id of the recording")]
Marker = Annotated[str, typer.Argument(help="节点标识 / id of the check-point")]
Reason = Annotated[str, typer.Option(help="理由 / reason")]


@app.command()
def pin(
    recording: Recording,
    kind: Annotated[
        MarkerKind, typer.Argument(help="节点 / kind of check-point", **one_of(MarkerKind, "marker"))
    ],
    start: Annotated[float, typer.Option("--from", help="起，秒 / from second")],
    end: Annotated[float, typer.Option("--to", help="止，秒 / to second")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """标记一个节点 / Pin a check-point to seconds of a recording."""
    place = round(start * 1000), round(end * 1000)
    _show([marker_out(open_site(data).markers.pin(OPERATOR, recording, kind, *place))], json_)


@app.command()
def confirm(marker: Marker, data: Data = None, json_: Json = False) -> None:
    """确认探测程序的提示 / Confirm what a detector proposed."""
    _show([marker_out(open_site(data).markers.confirm(OPERATOR, marker))], json_)


@app.command()
def dismiss(marker: Marker, reason: Reason, data: Data = None, json_: Json = False) -> None:
    """否定探测程序的提示 / Dismiss what a detector proposed."""
    _show([marker_out(open_site(data).markers.dismiss(OPERATOR, marker, reason))], json_)


@app.command()
def withdraw(marker: Marker, reason: Reason, data: Data = None, json_: Json = False) -> None:
    """撤回一个节点 / Take a check-point back; it stays in the history."""
    _show([marker_out(open_site(data).markers.withdraw(OPERATOR, marker, reason))], json_)


@app.command()
def show(recording: Recording, data: Data = None, json_: Json = False) -> None:
    """一份资料的全部节点 / All check-points of a recording, with what became of each."""
    found = markers_out(open_site(data).markers.of(OPERATOR, recording), OPERATOR)
    if json_:
        print_json(found)
        return
    _show(found["markers"], json_=False)


@app.command()
def needed(recording: Recording, data: Data = None, json_: Json = False) -> None:
    """一份资料应有的节点 / Which check-points a recording must have, and how each stands."""
    _show_list(
        check_list_out(open_site(data).marker_lists.of_recording(OPERATOR, recording), OPERATOR), json_
    )


@app.command("case")
def of_case(
    case: Case,
    data: Data = None,
    json_: Json = False,
) -> None:
    """一个案件应有的节点 / Which check-points the recordings of a case must have."""
    application, case_id = find_case(data, case)
    _show_list(check_list_out(application.marker_lists.of_case(OPERATOR, case_id), OPERATOR), json_)


@app.command()
def missing(data: Data = None, json_: Json = False) -> None:
    """缺少的节点 / Check-points that are missing, and restarts of which nothing says why."""
    _show_list(check_list_out(open_site(data).marker_lists.missing(OPERATOR), OPERATOR), json_)


def _show(rows: Sequence[Mapping[str, Any]], json_: bool) -> None:
    if json_:
        print_json(rows)
        return
    for row in rows:
        where = f"{row['from_s']}–{row['to_s']} s"
        print(f"{row['id']}  {say('marker.' + row['kind'])}  {say('marker-state.' + row['state'])}  {where}")
        if said := row["proposal"]:
            print(f"    {printable(said['detector'])}  {printable(said['words'] or '')}".rstrip())
        if row["reason"]:
            print(f"    {printable(row['reason'])}")
    if not rows:
        print(say("cli.nothing-listed"))


def _show_list(found: Mapping[str, Any], json_: bool) -> None:
    if json_:
        print_json(found)
        return
    for row in found["needed"]:
        print(f"{_where(row)}  {say('marker.' + row['kind'])}  {say('marker-need.' + row['state'])}")
        print(f"    {cites_text(row['cites'])}")
    for row in found["restarts"]:
        said = say(f"restart.{row['said'] or 'nothing'}")
        print(f"{_where(row)}  {say('restart.at', at=row['at_s'])}  {said}  {_heard(row['heard'])}")
        print(f"    {cites_text(row['cites'])}")
    for row in found["stage_not_said"]:
        print(f"{_where(row)}  {say('restart.stage-not-said')}")
    if not any(found[part] for part in ("needed", "restarts", "stage_not_said")):
        print(say("cli.nothing-listed"))


def _where(row: Mapping[str, Any]) -> str:
    return f"{row['recording']}  {printable(row['wearer'])}  {printable(row['name'])}"


def _heard(word: str) -> str:
    return say(f"heard.{word}") if f"heard.{word}" in catalogue(CHINESE) else say("heard.fault", fault=word)
