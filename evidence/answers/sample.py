"""How samples stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evidence.domain.instants import to_text
from evidence.domain.samples import Look, Sample, seen_bytes
from evidence.service.oversight.sampling import DrawnRecording, ListedSample


def sample_out(one: Sample) -> dict[str, Any]:
    """A sample. drawn: null while its time runs or nobody has drawn; then the seed is no secret any more."""
    drawn = one.drawn
    return {
        "id": one.id,
        "unit": one.unit_id,
        "since": to_text(one.since),
        "until": to_text(one.until),
        "commitment": one.commitment,
        "share_percent": one.share_percent,
        "least": one.least,
        "committed_by": one.committed_by,
        "committed": to_text(one.committed_at),
        "drawn": drawn
        and {
            "by": drawn.by,
            "at": to_text(drawn.at),
            "seed": drawn.seed.hex(),
            "population": drawn.population,
            "population_sha256": drawn.population_sha256,
            "quota": drawn.quota,
        },
    }


def listed_sample_out(one: ListedSample) -> dict[str, Any]:
    """A sample, and how many of those drawn are reviewed."""
    return {**sample_out(one.sample), "reviewed": one.reviewed}


def drawn_out(one: Sample, found: Sequence[DrawnRecording]) -> dict[str, Any]:
    """A sample with what was drawn; null in the place of what the reader may not know of."""
    return {**sample_out(one), "recordings": [_recording_out(it) for it in found]}


def _recording_out(one: DrawnRecording) -> dict[str, Any] | None:
    item, stored = one.item, one.stored
    if item is None:
        return None
    size = 0 if stored is None else stored.recording.origin.size_bytes
    return {
        "recording": item.recording_id,
        "place": item.place,
        "outcome": item.outcome and item.outcome.value,
        "note": item.note,
        "reviewed_by": item.reviewed_by,
        "reviewed": item.reviewed_at and to_text(item.reviewed_at),
        "bytes": size,
        "seen_bytes": seen_bytes(one.looks),
        "looks": [_look_out(look) for look in one.looks],
    }


def _look_out(one: Look) -> dict[str, Any]:
    return {"by": one.by, "at": to_text(one.at), "start": one.start, "end": one.end}
