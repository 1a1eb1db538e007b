"""How fault files stand in answers: the same over HTTP and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.domain.access import Caller
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Named, Part, View
from evidence.domain.instants import to_text
from evidence.service.log.proving import Proven


def fault_out(file: FaultFile, caller: Caller, *, own: bool = False) -> dict[str, Any]:
    """A fault file as JSON values. entries: of the log extract; open: somebody it names waits for a decision,
    or it names nobody. own: it is about the caller."""
    whose = caller.name if own else None
    row = {
        "id": file.id,
        "kind": file.kind,
        "reason": file.reason,
        "basis": file.basis,
        "opened_by": file.opened_by,
        "opened": to_text(file.opened_at),
        "open": file.is_open,
        "gap": file.gap,
        "explanation": file.explanation_id,
        "finding": file.finding_id,
        "people": [told_to(_named_out(one), caller, whose) for one in file.people],
        "links": {kind.value: list(file.of(kind)) for kind in LinkKind},
        "views": [told_to(_view_out(one), caller, whose) for one in file.views],
        "entries": [{"log": log, "index": index} for log, index in file.entries],
    }
    return told_to(row, caller, whose)


def proven_out(one: Proven) -> dict[str, Any]:
    """An entry of a log extract as JSON values: its stored text, its proof file, the state of each personal
    value."""
    return {
        "log": one.log,
        "index": one.index,
        "entry": one.entry.decode(),
        "proof": one.proof.decode(),
        "fields": {name: value.plain() for name, value in one.fields.items()},
    }


def links_of(said: Mapping[LinkKind, list[str]]) -> list[Link]:
    """Return what somebody names as what a file rests on."""
    return [Link(kind, one) for kind, ids in said.items() for one in dict.fromkeys(ids)]


def people_of(subjects: list[str], commanders: list[str]) -> dict[str, Part]:
    """Return whom somebody names, by number; who is both is a subject."""
    return {**dict.fromkeys(commanders, Part.COMMANDER), **dict.fromkeys(subjects, Part.SUBJECT)}


def _view_out(one: View) -> dict[str, Any]:
    return {"person": one.person_id, "text": one.text, "at": to_text(one.at)}


def _named_out(one: Named) -> dict[str, Any]:
    return {
        "person": one.person_id,
        "part": one.part.value,
        "verdict": one.verdict,
        "outcome": one.outcome,
        "reason": one.reason,
        "decided_by": one.decided_by,
        "decided": None if one.decided_at is None else to_text(one.decided_at),
    }
