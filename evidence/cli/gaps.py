"""`evidence gaps`: the gap report, by recorder and day, with the totals above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.answers.gap import state_words
from evidence.answers.recordings import GAP_PARTS
from evidence.answers.step import STEP_PARTS, cover_text, gap_report_out
from evidence.bootstrap import Application
from evidence.cli.coded import one_of
from evidence.cli.matrix import what_text
from evidence.cli.sheets import write_table
from evidence.cli.site import OPERATOR, Data, Device, Json, open_site, print_json
from evidence.cli.units import unit_names, unit_of
from evidence.cli.words import (
    cites_text,
    finding_lines,
    heading,
    late_by_text,
    printable,
    time_text,
)
from evidence.documents.gaps import FORMS, gap_document, tongue_of
from evidence.domain.explanations import GapState
from evidence.errors import Invalid, Known
from evidence.locale import Word, both, say, text
from evidence.service.gaps.gap_parts import Asked

Row = Mapping[str, Any]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="录制结束日期 / day on which recording ended")
]


def gaps(
    data: Data = None,
    device: Device = None,
    since: Day = None,
    until: Day = None,
    state: Annotated[
        GapState | None, typer.Option(help="说明状态 / state of explanation", **one_of(GapState, "gap-state"))
    ] = None,
    wearer: Annotated[str | None, typer.Option(help="佩戴人编号 / number of the wearer")] = None,
    unit: Annotated[
        str | None, typer.Option(help="单位标识或全名 / id or full name of a unit: it and those below")
    ] = None,
    json_: Json = False,
    out: Annotated[
        Path | None,
        typer.Option(help="写入新文件，以扩展名定格式 / into a new file: .svg, .pdf, .xlsx by its name"),
    ] = None,
    language: Annotated[str, typer.Option(help="--out 的语言 / language of --out: zh, en")] = "zh",
) -> None:
    """缺口报告 / The gap report: missing, late, interrupted, to be explained."""
    application = open_site(data)
    days = (since.date() if since else None, until.date() if until else None)
    where = None if unit is None else unit_of(application, unit)
    asked = Asked(device, *days, state, wearer, where)
    if out is not None:
        _write(application, asked, out, language)
        return
    report = gap_report_out(application.reports.gaps(OPERATOR, asked), OPERATOR)
    if json_:
        print_json(report)
        return
    _print(application, asked, report)


def _print(application: Application, asked: Asked, report: Row) -> None:
    zone = application.site.policies.latest.time_zone
    site = application.site.signer.verifier_key().partition("+")[0]
    print(say("cli.gaps-head", site=site, at=time_text(report["as_of"], zone)))
    total = say("cli.gaps-total", **report["totals"])
    for line in (*_asked_lines(application, asked), total, *_state_lines(report)):
        print(line)
    groups: dict[tuple[str, str], list[tuple[str, Row]]] = defaultdict(list)
    for part in GAP_PARTS:
        for row in report[part]:
            groups[row["device"], row["day"]].append((part, row))
    for (recorder, day), rows in sorted(groups.items()):
        print(f"\n── {printable(recorder)}  {day}")
        for part in GAP_PARTS:
            of_part = [row for name, row in rows if name == part]
            if of_part:
                print(heading(part, len(of_part)))
            for row in of_part:
                for line in _lines(part, row, zone):
                    print(f"  {line}")
    for line in (*_unit_lines(report), *_step_lines(report, zone), "", say("cli.gaps-log", **report["log"])):
        print(line)


def _write(application: Application, asked: Asked, out: Path, language: str) -> None:
    """Write the report as a document. Raises: Invalid("unknown-form", "unknown-language", "file-exists")."""
    form = out.suffix.lower().lstrip(".")
    tongue = tongue_of(language)
    if form not in FORMS:
        raise Invalid("unknown-form", form=form, known=Known(FORMS))
    report = application.reports.gaps(OPERATOR, asked, form)
    write_table(out, lambda _: gap_document(report, OPERATOR, form, application.makers, tongue))
    print(say("cli.gaps-log", log=report.position.log, size=report.position.size, root=report.position.root))


def _asked_lines(application: Application, asked: Asked) -> Iterator[str]:
    """Yield which part is asked for; nothing where it is the whole."""
    if asked != Asked():
        said: dict[str, object] = {
            field.name: printable(str(getattr(asked, field.name) or "*")) for field in fields(asked)
        }
        if asked.state is not None:
            said["state"] = Word(f"gap-state.{asked.state}")
        if asked.unit_id is not None:
            said["unit_id"] = unit_names(application).get(asked.unit_id, asked.unit_id)
        yield say("cli.gaps-asked", **said)


def _state_lines(report: Row) -> Iterator[str]:
    """Yield how many lines are in each state, with the time that was lost; and who owes explanations."""
    for one in report["by_state"]:
        if one["count"]:
            lost = timedelta(seconds=one["lost_s"]) if one["lost_s"] else "–"
            said = {**one, "state": Word(f"gap-state.{one['state']}"), "lost": lost}
            yield "  " + say("cli.gaps-state", **said)
    for one in report["by_wearer"]:
        yield "  " + say("cli.gaps-owed", wearer=printable(one["wearer"]), owed=one["owed"])


def _unit_lines(report: Row) -> Iterator[str]:
    """Yield how many lines each unit answers for; nothing where no unit is known."""
    if not any(one["unit"] for one in report["by_unit"]):
        return
    yield f"\n── {say('cli.by-unit')}  {cites_text(report['unit_cites'])}".rstrip()
    for one in report["by_unit"]:
        yield f"  {printable(one['name'] or say('cli.no-unit'))}: {both(partial(_counts, one))}"


def _counts(one: Row, language: str) -> str:
    return ", ".join(
        f"{text(language, f'heading.{part}')} {one[part]}" for part in (*GAP_PARTS, *STEP_PARTS) if one[part]
    )


def _step_lines(report: Row, zone: str) -> Iterator[str]:
    """Yield the steps of cases that nothing shows, and those of which recordings show too little."""
    for part in STEP_PARTS:
        if report[part]:
            unshown = timedelta(seconds=report["by_step"][part]["lacking_s"])
            yield f"{heading(part, len(report[part]))}  {say('cli.gaps-unshown', length=unshown)}"
        for row in report[part]:
            yield from _step(row, zone)


def _step(row: Row, zone: str) -> Iterator[str]:
    officers = " ".join(printable(one or "?") for one in row["officers"])
    state, due = say(f"step-state.{row['state']}"), time_text(row["due"], zone)
    yield f"  {printable(row['case_number'])}  {what_text(row)}  {officers}  [{state}]"
    yield f"    {row['id']}  {say('column.due')} {due}  {cites_text(row['cites'])}"
    yield f"    {cover_text(say, row)}"
    if row["beside"]:
        yield f"    {say('matrix.beside-count', count=row['beside'])}"
    if "gap" in row:
        yield f"    [{say('gap-state.' + row['gap_state'])}] {row['gap']}"
        yield from _verdict_lines(row)


def _lines(part: str, row: Row, zone: str) -> Iterator[str]:
    if part in ("missing", "late"):
        yield from _deadline_lines(row, zone)
    elif part == "unlabelled":
        missing = both(partial(_labels, row["missing"]))
        yield f"{_who(row)}  {printable(row['name'])}  {missing}"
        yield f"    {_recording(row)}  {cites_text(row['cites'])}"
    elif part == "set_aside":
        why = say(f"error.{row['problem']}")
        yield f"{_who(row)}  {printable(row['name'])}  {row['bytes']}/{row['size']}  {why}"
        yield f"    {say('column.upload')} {row['upload']}"
    else:
        yield from finding_lines(row)
    if "gap" in row:
        state, *more = state_words(say, row)
        yield "  ".join([f"    [{state}] {row['gap']}", *more])
        yield from _verdict_lines(row)


def _verdict_lines(row: Row) -> Iterator[str]:
    """Yield what a fault file found about each person."""
    for one in row["verdicts"]:
        found = say(f"verdict.{one['verdict']}" if one["verdict"] else "gap-state.fault-open")
        yield f"    {printable(one.get('wearer') or '?')}: {found}"


def _labels(labels: Sequence[str], language: str) -> str:
    return " · ".join(text(language, f"label.{label}") for label in labels)


def _deadline_lines(row: Row, zone: str) -> Iterator[str]:
    state = say(f"deadline.{row['state']}")
    times = [f"{say('column.due')} {time_text(row['due'], zone)}"]
    if row["stored"]:
        times.append(f"{say('column.stored')} {time_text(row['stored'], zone)}")
    if row["late_by_s"] is not None:
        times.append(f"{say('column.late_by')} {late_by_text(row['late_by_s'])}")
    yield f"{_who(row)}  {printable(row['name'])}  [{state}]"
    yield "    " + "  ·  ".join(times)
    yield (
        f"    {_recording(row)}  {cites_text(row['cites'])}"
        if row["recording"]
        else (f"    {cites_text(row['cites'])}")
    )


def _who(row: Row) -> str:
    return f"{printable(row['device'])} {printable(row['wearer'])}"


def _recording(row: Row) -> str:
    return f"{say('column.recording')} {row['recording']}"
