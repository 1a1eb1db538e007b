"""How steps and matrices stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.answers.recordings import gaps_out, standing_out
from evidence.domain.access import Caller
from evidence.domain.explanations import Exemption
from evidence.domain.instants import to_text
from evidence.domain.steps import Footage, Matter, Step, StepState
from evidence.service.cases.matrix import CaseCounts, CaseMatrix, MatrixLine
from evidence.service.cases.step_lines import StepLine
from evidence.service.gaps.gap_reports import GapReport
from evidence.service.gaps.unrecorded import Unrecorded

_GRAVEST = tuple(StepState)
STEP_PARTS = ("unrecorded", "partly")  # of a gap report


def matrix_out(one: CaseMatrix, caller: Caller) -> dict[str, Any]:
    """The matrix of a case, line by line."""
    return {
        **_case_out(one.case.id, one.case.number, one.case.unit_id),
        "policy": {"id": one.pack.id, "version": one.pack.version},
        "lines": [_line_out(line, one, caller) for line in one.lines],
    }


def unit_out(cases: Sequence[CaseCounts], caller: Caller) -> dict[str, Any]:
    """The cases of a unit with what is red or shown in part, how many steps are in each state, and how many
    red ones each unit owes."""
    totals = Counter(state for one in cases for state, count in one.counts.items() for _ in range(count))
    owed = Counter(line.step.owner_id for one in cases for line in one.red)
    return {
        "counts": {state.value: totals[state] for state in StepState},
        "owed": [{"unit": unit, "red": count} for unit, count in sorted(owed.items())],
        "cases": [
            {
                **_case_out(one.case.id, one.case.number, one.case.unit_id),
                "counts": {state.value: count for state, count in one.counts.items()},
                "red": [told_to(red_out(line), caller, None) for line in one.red],
                "partly": [told_to(red_out(line), caller, None) for line in one.partly],
            }
            for one in cases
        ],
    }


def step_out(one: Step) -> dict[str, Any]:
    """A step. Either kind is null, or category, stage and matter are. place: null after a rebuild too."""
    return {
        "id": one.id,
        **what_out(one.what),
        "from": to_text(one.span.start),
        "to": to_text(one.span.end),
        "place": one.place,
        "owner": one.owner_id,
    }


def what_out(what: str | Matter) -> dict[str, Any]:
    """What was done: a kind of activity, or a line of the annex."""
    if isinstance(what, Matter):
        return {"kind": None, "category": what.category, "stage": what.stage, "matter": what.matter}
    return {"kind": what, "category": None, "stage": None, "matter": None}


def red_out(line: StepLine) -> dict[str, Any]:
    """A step that nothing shows, or too little, and since when that is late."""
    row = {**step_out(line.step), **cover_out(line), "due": to_text(line.due), "cites": list(line.cites)}
    return {**row, "parts": len(line.footage)}


def cover_out(line: StepLine) -> dict[str, Any]:
    """How many seconds of a step recordings show, of how many; null where that is not known."""
    covered = None if line.covered is None else line.covered.total_seconds()
    owed = line.step.span.length.total_seconds()
    return {"covered_s": covered, "owed_s": owed, "covered_percent": line.percent}


def cover_text(say: Callable[..., str], row: Mapping[str, Any]) -> str:
    """Return the same as people read it. say: a text of the catalogues."""
    owed = timedelta(seconds=row["owed_s"])
    if row["covered_s"] is None:
        return say("matrix.covered-unknown", owed=owed)
    covered = timedelta(seconds=row["covered_s"])
    return say("matrix.covered", covered=covered, owed=owed, percent=row["covered_percent"])


def gap_report_out(report: GapReport, caller: Caller) -> dict[str, Any]:
    """The gap report as JSON values, with the steps of cases that nothing shows, or too little."""
    found = gaps_out(report, caller)
    for part in STEP_PARTS:
        steps: Sequence[Unrecorded] = getattr(report, part)
        found[part] = [_gap_out(one, caller) for one in steps]
        found["totals"] = {**found["totals"], part: len(steps)}
    return {**found, "by_step": {part: _lacking_out(getattr(report, part)) for part in STEP_PARTS}}


def _lacking_out(steps: Sequence[Unrecorded]) -> dict[str, Any]:
    """How long steps took, and how much of that no recording shows; unknown: of how many nobody can say."""
    known = [one.line.lacking for one in steps if one.line.lacking is not None]
    return {
        "count": len(steps),
        "owed_s": sum((one.line.step.span.length for one in steps), timedelta()).total_seconds(),
        "lacking_s": sum(known, timedelta()).total_seconds(),
        "unknown": len(steps) - len(known),
    }


def _gap_out(one: Unrecorded, caller: Caller) -> dict[str, Any]:
    row = {
        "case": one.case.id,
        "case_number": one.case.number,
        "state": one.line.state.value,
        "officers": [one.numbers.get(id_) for id_ in one.line.step.officers],
        "beside": len(one.line.beside),
    }
    return {**told_to({**row, **red_out(one.line)}, caller, None), **standing_out(one.standing, caller)}


def _case_out(id_: str, number: str, unit: str) -> dict[str, Any]:
    return {"case": id_, "number": number, "unit": unit}


def _line_out(line: MatrixLine, matrix: CaseMatrix, caller: Caller) -> dict[str, Any]:
    rule, states = line.rule, [one.state for one in line.steps]
    return {
        **what_out(line.what),
        "recorder": None if rule is None else rule.recorder,
        "owed_by": None if rule is None else rule.owed_by.value,
        "whole": rule is not None and rule.is_whole,
        "gloss_en": None if rule is None else rule.gloss_en,
        "cites": list(line.cites),
        "state": min(states, key=_GRAVEST.index).value if states else None,
        "steps": [_judged_out(one, matrix.seen, matrix.numbers, caller) for one in line.steps],
        "unentered": _recordings_out(line.unentered, matrix.seen),
    }


def _judged_out(
    line: StepLine, seen: Collection[str], numbers: Mapping[str, str], caller: Caller
) -> dict[str, Any]:
    row = {
        **step_out(line.step),
        "officers": [numbers.get(one) for one in line.step.officers],
        "state": line.state.value,
        **cover_out(line),
        "due": to_text(line.due),
        "recordings": _recordings_out(line.footage, seen),
        "beside": _recordings_out(line.beside, seen),
        "exemption": None if line.exemption is None else line.exemption.id,
        "ground": None if line.exemption is None else line.exemption.ground,
        "short_exemption": None if line.short is None else _short_out(line.short),
    }
    return told_to(row, caller, None)


def _short_out(one: Exemption) -> dict[str, Any]:
    """A statement that covers a part of a step only."""
    span = {"from": to_text(one.span.start), "to": to_text(one.span.end)}
    return {"id": one.id, "ground": one.ground, **span}


def _recordings_out(footage: Sequence[Footage], seen: Collection[str]) -> list[str | None]:
    """Return the ids of recordings, null in the place of one that the caller may not know of."""
    return [one.recording_id if one.recording_id in seen else None for one in footage]
