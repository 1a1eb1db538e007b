"""How derivatives stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.domain.access import Caller
from evidence.domain.derivatives import Derivative
from evidence.domain.instants import to_text
from evidence.service.court.derivative_ports import Proposals
from evidence.service.court.derivatives import DerivativeList


def derivative_out(one: Derivative) -> dict[str, Any]:
    """A derivative as JSON values. percent: null where it is not just being made."""
    output = one.output if one.made_at is not None else None
    return {
        "id": one.id,
        "recording": one.recording_id,
        "operation": one.operation.value,
        "state": one.state.value,
        "parameters": dict(one.parameters),
        "words": dict(one.words),
        "asked_by": one.asked_by,
        "asked": to_text(one.asked_at),
        "percent": one.percent,
        "problem": one.problem,
        "made": None if one.made_at is None else to_text(one.made_at),
        "gone": None if one.gone_at is None else to_text(one.gone_at),
        "media_type": one.media_type,
        "size": None if output is None else output.size_bytes,
        "sha256": None if output is None else output.digests.sha256,
        "sm3": None if output is None else output.digests.sm3,
        "length_s": None if output is None or output.length_ms is None else output.length_ms / 1000,
        "made_with": None if output is None else dict(output.made_with),
    }


def proposals_out(detector: str, found: Proposals) -> dict[str, Any]:
    """What a detector proposes as JSON values: regions as an order has them, without cover and reason, which
    a person gives."""
    regions = [
        {
            "boxes": [
                {"at_s": box.at_ms / 1000, "x": box.x, "y": box.y, "width": box.width, "height": box.height}
                for box in boxes
            ],
            "until_s": until_ms / 1000,
        }
        for boxes, until_ms in found.regions
    ]
    return {"detector": detector, "regions": regions}


def derivatives_out(found: DerivativeList, caller: Caller) -> dict[str, Any]:
    """All derivatives of a recording, oldest first. plays: a browser plays the original itself. people: who
    asked for them, by id."""
    wearer = found.stored.recording.origin.wearer
    return {
        "recording": found.stored.recording.id,
        "plays": found.plays,
        "derivatives": [told_to(derivative_out(one), caller, wearer) for one in found.derivatives],
        "people": {
            id_: {"kind": one.kind, "name": one.name, "number": one.number}
            for id_, one in found.people.items()
        },
    }
