"""Faults of reading back that later passes no longer find. A clean pass supersedes a finding, but what once
differed stays in sight: a disc that heals, or a copy put back, explains nothing by itself.

Nothing is stored for this: it is read from the superseded examinations, of which none is ever deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from evidence.domain.access import Reach
from evidence.domain.findings import Code, Severity
from evidence.domain.instants import to_text
from evidence.service.catalogue import StoredFinding
from evidence.service.ports import UnitOfWork


def findings_in_force(unit: UnitOfWork, recording_id: str) -> Sequence[StoredFinding]:
    """Return the findings of a recording's current examinations, and one more where it has a past fault."""
    return findings_of(unit, [recording_id])


def findings_of(unit: UnitOfWork, recording_ids: Collection[str]) -> Sequence[StoredFinding]:
    """Return the same of several recordings."""
    return [*unit.examinations.of_recordings(recording_ids), *past_faults(unit, recording_ids).values()]


def findings_within(unit: UnitOfWork, reach: Reach, at: datetime) -> Sequence[StoredFinding]:
    """Return the same for everything within reach."""
    current = unit.examinations.current(reach=reach, at=at)
    past = past_faults(unit)
    seen = {one.recording.id for one in unit.recordings.all(reach=reach, at=at)} if past else set()
    return [*current, *(one for recording_id, one in past.items() if recording_id in seen)]


def past_faults(
    unit: UnitOfWork, recording_ids: Collection[str] | None = None
) -> Mapping[str, StoredFinding]:
    """Return, by recording id, what earlier passes found and the last one did not (`past-fixity-fault`); of
    these recordings, or of all."""
    earlier = defaultdict(list)
    for one in unit.examinations.superseded(Code.FIXITY_FAULT, recording_ids):
        earlier[str(one.recording_id)].append(one)
    if not earlier:
        return {}
    now = {
        str(one.recording_id): _words(one)
        for one in unit.examinations.of_recordings(earlier)
        if one.body["code"] == Code.FIXITY_FAULT
    }
    past = {key: _past(found, now.get(key, ())) for key, found in earlier.items()}
    return {key: one for key, one in past.items() if one is not None}


def _past(earlier: Sequence[StoredFinding], now: Sequence[str]) -> StoredFinding | None:
    """Put the earlier findings of one recording, oldest first, into one; None when all stand there now."""
    gone = [one for one in earlier if set(_words(one)) - set(now)]
    if not gone:
        return None
    words = sorted({word for one in gone for word in _words(one)} - set(now))
    times = [to_text(one.at) for one in gone]
    body = {
        **gone[-1].body,
        "code": Code.PAST_FIXITY_FAULT.value,
        "severity": Severity.ATTENTION.value,
        "measured": " ".join(words),
        "detail": {"faults": words, "times": times, "last": times[-1]},
    }
    return replace(gone[-1], body=body)


def _words(one: StoredFinding) -> tuple[str, ...]:
    return tuple(str(one.body["measured"]).split())
