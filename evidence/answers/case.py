"""How case files stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.case_files import Archived, CaseDocument, FilingState
from evidence.domain.instants import to_text
from evidence.service.cases.act_ends import Ended
from evidence.service.cases.case_filing import FileIndex, ListedFile


def filed_out(one: ListedFile) -> dict[str, Any]:
    """A case with the time of its file. red: the time is over and it is not archived."""
    clock, archived = one.clock, one.archived
    return {
        "case": one.case.id,
        "number": one.case.number,
        "unit": one.case.unit_id,
        "ended_on": None if one.ended_on is None else one.ended_on.isoformat(),
        "state": clock.state.value,
        "red": clock.state is FilingState.OVERDUE,
        "due": None if clock.due is None else clock.due.isoformat(),
        "days_over": clock.days_over,
        "archived": None if archived is None else _archived_out(archived),
        "cites": list(one.cites),
    }


def by_unit_out(files: Sequence[ListedFile]) -> list[dict[str, Any]]:
    """How many case files of each unit are in which state, the units with most red ones first."""
    counts: dict[str, dict[str, int]] = {}
    for one in files:
        row = counts.setdefault(one.case.unit_id, dict.fromkeys((state.value for state in FilingState), 0))
        row[one.clock.state.value] += 1
    ordered = sorted(counts, key=lambda unit: (-counts[unit][FilingState.OVERDUE.value], unit))
    return [{"unit": unit, **counts[unit]} for unit in ordered]


def index_out(one: FileIndex, caller: Caller) -> dict[str, Any]:
    """A case file with its index. A recording that the caller may not know of keeps its line: null."""
    return {
        **filed_out(one.listed),
        "documents": [document_out(document) for document in one.documents],
        "recordings": [None if seen is None else recording_out(seen, caller) for seen in one.recordings],
        "open": asdict(one.open),
        "beside": [None if seen is None else recording_out(seen, caller) for seen in one.beside],
    }


def ended_out(one: Ended) -> dict[str, Any]:
    """The day on which an act ended, and what of the case is later, each with its day. A recording that the
    caller may not know of: null."""
    return {
        "ended_on": one.end.ended_on.isoformat(),
        "later": {
            "recordings": [it and {"id": it[0], "day": it[1].isoformat()} for it in one.recordings],
            "steps": [{"id": step.id, "day": day.isoformat()} for step, day in one.steps],
        },
    }


def document_out(one: CaseDocument) -> dict[str, Any]:
    """A written document. title: null after a rebuild."""
    return {"id": one.id, "title": one.title, "pages": one.pages, "dated": one.dated.isoformat()}


def _archived_out(one: Archived) -> dict[str, Any]:
    return {
        "number": one.number,
        "on": one.on.isoformat(),
        "at": to_text(one.at),
        "handed_by": one.handed_by,
        "received_by": one.received_by,
        "by": one.by,
        "documents": one.documents,
        "recordings": one.recordings,
        "index_sha256": one.index_sha256,
        "open": None if one.open is None else asdict(one.open),
        "reason": one.reason,
    }
