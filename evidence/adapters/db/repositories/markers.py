"""Check-points on the time line, in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from evidence.adapters.db.marker_tables import marker
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, text_or_none, time_or_none
from evidence.domain.instants import from_text, to_text
from evidence.domain.markers import Marker, Proposal
from evidence.policy.check_points import MarkerKind


class SqlMarkers:
    """See service.marker_ports.Markers."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Marker) -> None:
        """Add one."""
        said = new.proposal
        self._db.execute(
            insert(marker).values(
                id=new.id,
                recording_id=new.recording_id,
                kind=new.kind.value,
                from_ms=new.from_ms,
                to_ms=new.to_ms,
                policy=new.policy,
                detector=None if said is None else said.detector,
                parameters=None if said is None else json.dumps(dict(said.parameters), sort_keys=True),
                confidence=None if said is None else said.confidence,
                words=None if said is None else said.words,
                proposed_at=None if said is None else to_text(said.at),
                pinned_by=new.pinned_by,
                pinned_at=text_or_none(new.pinned_at),
            )
        )

    def get(self, marker_id: str) -> Marker | None:
        """Return one."""
        return next(iter(self._some(marker.c.id == marker_id)), None)

    def of(self, recording_ids: Collection[str]) -> Mapping[str, Sequence[Marker]]:
        """Return all of these recordings, in the order of time; none for one that has none."""
        ids, found = list(recording_ids), dict[str, list[Marker]]()
        for first in range(0, len(ids), NAMES_AT_ONCE):
            for one in self._some(marker.c.recording_id.in_(ids[first : first + NAMES_AT_ONCE])):
                found.setdefault(one.recording_id, []).append(one)
        return {recording_id: found.get(recording_id, []) for recording_id in ids}

    def confirm(self, marker_id: str, by: str, at: datetime) -> bool:
        """Note that a person confirmed a proposal; False where somebody has decided already."""
        return self._change(marker_id, {"pinned_by": by, "pinned_at": to_text(at)}, is_pinned=False)

    def end(self, marker_id: str, by: str, at: datetime, reason: str, *, is_pinned: bool) -> bool:
        """Note an end: of one that is pinned, or of a proposal; False where it is not in that state."""
        values = {"ended_by": by, "ended_at": to_text(at), "reason": reason}
        return self._change(marker_id, values, is_pinned=is_pinned)

    def _change(self, marker_id: str, values: Mapping[str, str], *, is_pinned: bool) -> bool:
        stands = marker.c.pinned_at.is_not(None) if is_pinned else marker.c.pinned_at.is_(None)
        mine = (marker.c.id == marker_id) & stands & marker.c.ended_at.is_(None)
        return self._db.execute(update(marker).where(mine).values(**values)).rowcount == 1

    def _some(self, which: ColumnElement[bool]) -> Sequence[Marker]:
        query = select(marker).where(which).order_by(marker.c.recording_id, marker.c.from_ms, marker.c.id)
        return [_marker(row) for row in self._db.execute(query)]


def _marker(row: Any) -> Marker:
    return Marker(
        id=row.id,
        recording_id=row.recording_id,
        kind=MarkerKind(row.kind),
        from_ms=row.from_ms,
        to_ms=row.to_ms,
        policy=row.policy,
        proposal=_proposal(row) if row.proposed_at is not None else None,
        pinned_by=row.pinned_by,
        pinned_at=time_or_none(row.pinned_at),
        ended_by=row.ended_by,
        ended_at=time_or_none(row.ended_at),
        reason=row.reason,
    )


def _proposal(row: Any) -> Proposal:
    parameters = json.loads(row.parameters)
    return Proposal(row.detector, parameters, from_text(row.proposed_at), row.confidence, row.words)
