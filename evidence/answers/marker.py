"""How check-points stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.domain.access import Caller
from evidence.domain.instants import to_text
from evidence.domain.markers import Marker, Proposal
from evidence.policy.rules import cite_ids
from evidence.service.cases.marker_lists import CheckList, NeededMarker, RestartLine
from evidence.service.cases.markers import MarkerList
from evidence.service.catalogue import StoredRecording


def marker_out(one: Marker) -> dict[str, Any]:
    """A check-point as JSON values. proposal: null where a person pinned it."""
    return {
        "id": one.id,
        "recording": one.recording_id,
        "kind": one.kind.value,
        "state": one.state.value,
        "from_s": one.from_ms / 1000,
        "to_s": one.to_ms / 1000,
        "policy": one.policy,
        "proposal": None if one.proposal is None else _proposal_out(one.proposal),
        "pinned_by": one.pinned_by,
        "pinned": None if one.pinned_at is None else to_text(one.pinned_at),
        "ended_by": one.ended_by,
        "ended": None if one.ended_at is None else to_text(one.ended_at),
        "reason": one.reason,
    }


def markers_out(found: MarkerList, caller: Caller) -> dict[str, Any]:
    """All check-points of a recording, in the order of time, with what became of each."""
    wearer = found.stored.recording.origin.wearer
    return {
        "recording": found.stored.recording.id,
        "markers": [told_to(marker_out(one), caller, wearer) for one in found.markers],
    }


def check_list_out(found: CheckList, caller: Caller) -> dict[str, Any]:
    """What recordings must have, and how it stands. said: null where nothing says why it was interrupted."""
    return {
        "needed": [_needed_out(one, caller) for one in found.needed],
        "restarts": [_restart_out(one, caller) for one in found.restarts],
        "stage_not_said": [_recording_out(one, caller) for one in found.unsaid],
        "counts": {
            "missing": sum(one.need.value == "missing" for one in found.needed),
            "proposed": sum(one.need.value == "proposed" for one in found.needed),
            "restarts_unexplained": sum(one.said is None for one in found.restarts),
            "stage_not_said": len(found.unsaid),
        },
    }


def _proposal_out(one: Proposal) -> dict[str, Any]:
    return {
        "detector": one.detector,
        "parameters": dict(one.parameters),
        "at": to_text(one.at),
        "confidence": one.confidence,
        "words": one.words,
    }


def _needed_out(one: NeededMarker, caller: Caller) -> dict[str, Any]:
    return {
        **_recording_out(one.stored, caller),
        "kind": one.rule.kind.value,
        "state": one.need.value,
        "phrase": one.rule.phrase,
        "activity": list(one.together),
        "cites": list(cite_ids(one.rule.cites)),
    }


def _restart_out(one: RestartLine, caller: Caller) -> dict[str, Any]:
    return {
        **_recording_out(one.stored, caller),
        "at_s": one.at_ms / 1000,
        "state": one.need.value,
        "said": one.said,
        "heard": one.heard,
        "gap": one.gap,
        "gap_state": one.state,
        "cites": list(one.cites),
    }


def _recording_out(stored: StoredRecording, caller: Caller) -> dict[str, Any]:
    origin = stored.recording.origin
    row = {
        "recording": stored.recording.id,
        "device": origin.device,
        "wearer": origin.wearer,
        "name": origin.name,
    }
    return told_to(row, caller, origin.wearer)
