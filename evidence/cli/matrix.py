"""`evidence matrix`: what must be recorded of a case, and what of a unit's cases is red."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from evidence.answers.step import cover_text, matrix_out, step_out, unit_out
from evidence.bootstrap import Application
from evidence.cli.cases import Case, find_case
from evidence.cli.coded import of_pack
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_names, unit_of
from evidence.cli.words import cites_text, in_utc, print_new, printable, time_text
from evidence.domain.steps import Matter, StepState
from evidence.errors import Invalid, Known
from evidence.locale import say
from evidence.service.cases.steps import StepSaid

app = typer.Typer(help="应当记录的事项 / what must be recorded", no_args_is_help=True)
_MARKS = {
    StepState.RED: "‼",
    StepState.DUE: "!",
    StepState.PARTLY: "!",
    StepState.EXEMPT: "○",
    StepState.COVERED: "✓",
}


@app.command()
def show(case: Case, data: Data = None, json_: Json = False) -> None:
    """一案应当记录的事项 / What must be recorded of a case, line by line."""
    application, case_id = find_case(data, case)
    found = matrix_out(application.matrix.of_case(OPERATOR, case_id), OPERATOR)
    if json_:
        print_json(found)
        return
    zone = application.site.policies.latest.time_zone
    print(f"{found['case']}  {printable(found['number'])}")
    for number, line in enumerate(found["lines"], 1):
        gloss = f" / {printable(line['gloss_en'])}" if line["gloss_en"] else ""
        print(f"{number:3} {_mark(line['state'])} {what_text(line)}{gloss}")
        print(f"      {say('column.cites')}: {cites_text(line['cites'])}")
        for step in line["steps"]:
            officers = " ".join(printable(one or "?") for one in step["officers"])
            state = say(f"step-state.{step['state']}")
            print(f"      {_mark(step['state'])} {step['id']}  {_span(step, zone)}  {officers}  {state}")
            print(f"          {cover_text(say, step)}")
            for one in step["recordings"]:
                print(f"          {one or say('matrix.hidden')}")
            for one in step["beside"]:
                print(f"          {one or say('matrix.hidden')}  {say('matrix.beside')}")
            if step["exemption"]:
                print(f"          {step['exemption']}  {say('exempting.' + step['ground'])}")
            if short := step.get("short_exemption"):
                said = f"{short['id']}  {say('exempting.' + short['ground'])}  {_span(short, zone)}"
                print(f"          {said}  {say('matrix.short')}")
        for one in line["unentered"]:
            print(f"      {one or say('matrix.hidden')}  {say('matrix.unentered')}")


@app.command()
def unit(
    unit: Annotated[
        str | None, typer.Argument(help="单位标识或全名 / id or full name of the unit; none: all")
    ] = None,
    red: Annotated[bool, typer.Option("--red", help="只列有缺的案件 / only cases with a red step")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """各案件缺失的记录 / The cases of a unit and below, with their steps that nothing shows."""
    application = open_site(data)
    where = None if unit is None else unit_of(application, unit)
    found = unit_out(application.matrix.of_unit(OPERATOR, where, red=red), OPERATOR)
    if json_:
        print_json(found)
        return
    zone, units = application.site.policies.latest.time_zone, unit_names(application)
    for case in found["cases"]:
        print(f"{case['case']}  {printable(case['number'])}  {_counts(case['counts'])}")
        for mark, step in (*(("‼", one) for one in case["red"]), *(("!", one) for one in case["partly"])):
            owner = f"{say('matrix.owner')} {units.get(step['owner'], step['owner'])}"
            print(f"  {mark} {step['id']}  {what_text(step)}  {_span(step, zone)}  {owner}")
            print(f"      {cover_text(say, step)}")
            print(f"      {say('column.cites')}: {cites_text(step['cites'])}")
    print(_counts(found["counts"]) if found["cases"] else say("cli.nothing-listed"))


@app.command()
def enter(
    case: Case,
    start: Annotated[datetime, typer.Option("--from", help="起 / from, in the law's time zone")],
    end: Annotated[datetime, typer.Option("--to", help="止 / to")],
    officer: Annotated[list[str], typer.Option(help="执法人员编号 / number of an officer; again for more")],
    kind: Annotated[
        str | None,
        typer.Option(help="执法活动 / kind, as the policy pack names it", **of_pack("activity-kind")),
    ] = None,
    line: Annotated[int | None, typer.Option(help="清单行号，见 show / number of the line in `show`")] = None,
    place: Annotated[str | None, typer.Option(help="地点 / place")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记一项应当记录的执法活动 / Enter that something was done, or is planned; prints its id."""
    application, case_id = find_case(data, case)
    if (kind is None) == (line is None):
        raise Invalid("what-was-done")
    what: str | Matter = kind or ""
    if line is not None:
        found = application.matrix.of_case(OPERATOR, case_id)
        if not 1 <= line <= len(found.lines):
            shown = enumerate(matrix_out(found, OPERATOR)["lines"], 1)
            raise Invalid(
                "no-such-line", found=line, known=Known(f"{n} {what_text(one)}" for n, one in shown)
            )
        what = found.lines[line - 1].what
    since, until = (in_zone(application, one) for one in (start, end))
    new = application.steps.enter(OPERATOR, case_id, StepSaid(what, since, until, officer, place))
    if json_:
        print_json(step_out(new))
    else:
        print_new(new.id, "step", case=case)


@app.command()
def withdraw(
    case: Case,
    step: Annotated[str, typer.Argument(help="登记的标识 / id of the step")],
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    data: Data = None,
) -> None:
    """撤回误登的执法活动 / Take back a step that was entered by mistake."""
    application, case_id = find_case(data, case)
    application.steps.withdraw(OPERATOR, case_id, step, reason)
    print(say("acted.step-withdrawn"))


def in_zone(application: Application, moment: datetime) -> datetime:
    """Return a time that somebody typed (see words.in_utc)."""
    return in_utc(moment, ZoneInfo(application.site.policies.latest.time_zone))


def what_text(row: Mapping[str, Any]) -> str:
    """Return what was done, as people read it."""
    if row["kind"] is not None:
        return say(f"activity-kind.{row['kind']}")
    return printable(f"{row['category']} · {row['stage']} · {row['matter']}")


def _mark(state: str | None) -> str:
    return "·" if state is None else _MARKS[StepState(state)]


def _span(row: Mapping[str, Any], zone: str) -> str:
    return f"{time_text(row['from'], zone)} – {time_text(row['to'], zone)}"


def _counts(counts: Mapping[str, int]) -> str:
    return "  ".join(f"{say(f'step-state.{state}')} {count}" for state, count in counts.items())
