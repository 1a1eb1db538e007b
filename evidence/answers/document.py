"""How enforcement documents stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.answers.roll import fault_out
from evidence.domain.access import Caller
from evidence.domain.act_documents import ActDocument, MediaTimes
from evidence.domain.instants import to_text
from evidence.domain.steps import Footage
from evidence.service.cases.act_document_table import DocumentOutcome
from evidence.service.cases.act_documents import SeenDocuments
from evidence.service.cases.compared_documents import ComparedDocument, Disagreement


def documents_out(found: SeenDocuments, caller: Caller) -> list[dict[str, Any]]:
    """Documents as they compare with footage."""
    return [_compared_out(one, found.seen, caller) for one in found.documents]


def document_out(one: ActDocument) -> dict[str, Any]:
    """A document as it was registered."""
    return {
        "id": one.id,
        "case": one.case_id,
        "number": one.number,
        "type": one.type,
        "from": to_text(one.span.start),
        "to": to_text(one.span.end),
    }


def table_out(done: DocumentOutcome) -> dict[str, Any]:
    """What an import of a table did, or would do."""
    return {
        "applied": done.applied,
        "added": [
            {"row": row, "case_number": said.case_number, "number": said.document.number}
            for row, said in done.rows
        ],
        "faults": [fault_out(one) for one in done.faults],
    }


def _compared_out(one: ComparedDocument, seen: Collection[str], caller: Caller) -> dict[str, Any]:
    return {
        **document_out(one.document),
        "case_number": one.case.number,
        "unit": one.case.unit_id,
        "signers": [one.numbers.get(id_) for id_ in one.document.signers],
        "media": None if one.media is None else _media_out(one.media, seen),
        "mismatches": [told_to(_line_out(line, one), caller, None) for line in one.found],
    }


def _media_out(media: MediaTimes, seen: Collection[str]) -> dict[str, Any]:
    """What footage says of the time, and by how many seconds each clock was put right. Differences: later
    than the document is positive. covered_s: how much of the document's time (owed_s) was recorded."""
    return {
        "from": to_text(media.span.start),
        "to": to_text(media.span.end),
        "start_off_s": media.start_off.total_seconds(),
        "end_off_s": media.end_off.total_seconds(),
        "covered_s": None if media.covered is None else media.covered.total_seconds(),
        "covered_percent": None if media.covered is None else int(100 * media.covered / media.owed),
        "owed_s": media.owed.total_seconds(),
        "recordings": _ends((media.first, media.last), seen),
        "drift_s": [media.first.shift_s, media.last.shift_s],
    }


def _ends(ends: Sequence[Footage], seen: Collection[str]) -> list[str | None]:
    """Return first and last recording, null in the place of one that the caller may not know of."""
    return [one.recording_id if one.recording_id in seen else None for one in ends]


def _line_out(line: Disagreement, one: ComparedDocument) -> dict[str, Any]:
    reason, person = line.reason, line.mismatch.person_id
    return {
        "kind": line.mismatch.kind.value,
        "signer": None if person is None else one.numbers.get(person),
        "open": reason is None,
        "reason": None if reason is None else reason.reason,
        "by": None if reason is None else reason.by,
        "at": None if reason is None else to_text(reason.at),
        "cites": list(line.cites),
    }
