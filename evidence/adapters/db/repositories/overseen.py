"""What a supervisor must see at once, in SQL: each question has a bound, and finds the oldest first.

A question narrows by `within`, the policy of access as SQL. What it cannot decide there (a gap of no
recording) it hands out, and the use case asks the policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, or_, select

from evidence.adapters.db.gap_tables import explanation, gap
from evidence.adapters.db.label_tables import label
from evidence.adapters.db.log_tables import IS_DENIED, audit_about, audit_entry
from evidence.adapters.db.people_tables import standing
from evidence.adapters.db.repositories.cards import announced_file, announced_files
from evidence.adapters.db.repositories.explanations import explanation_of, gap_of
from evidence.adapters.db.repositories.punctuality import NOTED, noted_recording
from evidence.adapters.db.repositories.rows import stored_bytes
from evidence.adapters.db.repositories.search_rows import SEARCHED_LABELS
from evidence.adapters.db.repositories.standings import SEARCHED, owed_within, within
from evidence.adapters.db.search_tables import HAS_LINES, IS_BARE, IS_LATE, search_row
from evidence.adapters.db.tables import announced, examination, finding, recording
from evidence.domain.access import Reach
from evidence.domain.explanations import Explanation, Gap, Outcome
from evidence.domain.findings import FAULTS, Severity
from evidence.domain.instants import from_text, to_text
from evidence.domain.told import says_enough
from evidence.errors import IntegrityFault
from evidence.ledger.entries import read_entry
from evidence.service.catalogue import AnnouncedFile, NotedRecording
from evidence.service.oversight.watch_ports import LoggedEntry

_searched = search_row.c
_OF_GAP = [one.label(f"gap_{one.name}") for one in gap.c]


class SqlOverseen:
    """See service.watch_ports.Overseen."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def waiting(self, reach: Reach, at: datetime, most: int) -> Sequence[AnnouncedFile]:
        """Return announced files within reach that are not sealed, oldest announcement first."""
        query = announced_files().where(announced.c.recording_id.is_(None), owed_within(reach, at, announced))
        ordered = query.order_by(announced.c.announced_at, announced.c.id).limit(most)
        return [announced_file(row) for row in self._db.execute(ordered)]

    def explained(
        self, outcome: Outcome | None, reach: Reach, at: datetime, most: int, without: str | None = None
    ) -> Sequence[tuple[Gap, Explanation]]:
        """Return the last explanations of gaps, by outcome (None: nobody has decided), oldest first; without
        those of gaps that somebody has explained, now or before."""
        rows = self._explained([explanation, *_OF_GAP], outcome, reach, at, most, without)
        return [(gap_of(_Of(row)), explanation_of(row)) for row in rows]

    def undecided(
        self, reach: Reach, at: datetime, most: int, without: str | None = None
    ) -> Sequence[tuple[datetime, Gap | None]]:
        """Return since when those wait that nobody has decided about, as `explained` finds them; with the gap
        where it is of no recording."""
        rows = self._explained([explanation.c.at, *_OF_GAP], None, reach, at, most, without)
        return [
            (from_text(row.at), None if row.gap_recording_id is not None else gap_of(_Of(row)))
            for row in rows
        ]

    def _explained(
        self,
        columns: list[Any],
        outcome: Outcome | None,
        reach: Reach,
        at: datetime,
        most: int,
        without: str | None,
    ) -> Iterable[Any]:
        later = explanation.alias("later")
        is_last = ~exists().where(
            later.c.gap == explanation.c.gap,
            or_(
                later.c.at > explanation.c.at,
                and_(later.c.at == explanation.c.at, later.c.id > explanation.c.id),
            ),
        )
        there = explanation.join(gap, gap.c.name == explanation.c.gap)
        there = there.join(recording, recording.c.id == gap.c.recording_id, isouter=True)
        there = there.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        result = explanation.c.outcome
        decided = result.is_(None) if outcome is None else result == outcome.value
        mine = or_(gap.c.recording_id.is_(None), within(reach, at))
        query = select(*columns).select_from(there).where(decided, is_last, mine)
        if without is not None:
            theirs = explanation.alias("theirs")
            query = query.where(~exists().where(theirs.c.gap == gap.c.name, theirs.c.author == without))
        return self._db.execute(query.order_by(explanation.c.at, explanation.c.id).limit(most))

    def late(self, reach: Reach, at: datetime, since: datetime, most: int) -> Sequence[tuple[str, datetime]]:
        """Return the recordings within reach, sealed since a moment, that came too late, oldest first; each
        with its seal."""
        sealed = _searched.sealed_at
        query = select(_searched.recording_id, sealed).where(IS_LATE, sealed >= to_text(since))
        query = query.where(within(reach, at, SEARCHED)).order_by(sealed, _searched.recording_id)
        return [(row.recording_id, from_text(row.sealed_at)) for row in self._db.execute(query.limit(most))]

    def bare(
        self, names: Set[str], reach: Reach, at: datetime, since: datetime, today: date, most: int
    ) -> Sequence[tuple[str, datetime]]:
        """Return the recordings within reach, sealed since a moment, that have no value for one of these
        labels, oldest first, each with its seal; without those whose case number may still follow on a day.
        """
        lacks = or_(false(), *(_lacks(one) for one in sorted(names)))
        if not names <= SEARCHED_LABELS:
            return self._sealed(reach, at, since, most, lacks)
        sealed, may_follow = _searched.sealed_at, func.coalesce(_searched.due, "") >= today.isoformat()
        query = select(_searched.recording_id, sealed).where(IS_BARE, sealed >= to_text(since), ~may_follow)
        query = query.where(within(reach, at, SEARCHED))
        if names != SEARCHED_LABELS:
            query = query.join(recording, recording.c.id == _searched.recording_id).where(lacks)
        ordered = query.order_by(sealed, _searched.recording_id).limit(most)
        return [(row.recording_id, from_text(row.sealed_at)) for row in self._db.execute(ordered)]

    def unexplained(
        self, reach: Reach, at: datetime, since: datetime, most: int
    ) -> Sequence[tuple[NotedRecording, datetime]]:
        """Return the recordings within reach, sealed since a moment, of which something was found that must
        be explained and that nobody has explained under that name, oldest first; each with its seal."""
        is_open = exists().where(
            finding.c.recording_id == _searched.recording_id,
            finding.c.severity != Severity.INFO.value,
            finding.c.code.not_in(sorted(FAULTS)),
            examination.c.id == finding.c.examination_id,
            examination.c.current.is_(True),
            ~exists().where(explanation.c.gap == finding.c.subject),
        )
        sealed = _searched.sealed_at
        query = select(*NOTED, sealed).where(HAS_LINES, sealed >= to_text(since), is_open)
        query = query.where(within(reach, at, SEARCHED)).order_by(sealed, _searched.recording_id)
        return [
            (noted_recording(row), from_text(row.sealed_at)) for row in self._db.execute(query.limit(most))
        ]

    def denied(self, since: datetime, most: int) -> Sequence[Mapping[str, Any]]:
        """Return the newest entries about denied tries since a moment, oldest first, as far as they can be
        read."""
        query = select(audit_entry.c.body).where(IS_DENIED, audit_entry.c.at >= to_text(since))
        found = []
        for row in self._db.execute(query.order_by(audit_entry.c.id.desc()).limit(most)):
            with suppress(IntegrityFault):  # what cannot be read is a fault of its own
                entry = read_entry(stored_bytes(row.body))
                if says_enough(entry):
                    found.append(entry)
        return found[::-1]

    def entries(self, log: str, start: int, end: int, act: str | None, most: int) -> Sequence[LoggedEntry]:
        """Return the newest entries of a log with start ≤ index < end, of an act if one is said."""
        here = and_(audit_entry.c.log == log, audit_entry.c.idx >= start, audit_entry.c.idx < end)
        query = select(audit_entry).where(here)
        if act is not None:
            query = query.where(audit_entry.c.act == act)
        rows = self._db.execute(query.order_by(audit_entry.c.idx.desc()).limit(most))
        return [_logged(row) for row in rows]

    def about(self, family: str, object_id: str, most: int) -> Sequence[LoggedEntry]:
        """Return the newest entries about something in the logs of a kind."""
        both = and_(audit_entry.c.log == audit_about.c.log, audit_entry.c.idx == audit_about.c.idx)
        mine = and_(audit_about.c.family == family, audit_about.c.object_id == object_id)
        query = select(audit_entry).join_from(audit_about, audit_entry, both).where(mine)
        rows = self._db.execute(query.order_by(audit_about.c.n.desc()).limit(most))
        return [_logged(row) for row in rows]

    def _sealed(
        self, reach: Reach, at: datetime, since: datetime, most: int, which: ColumnElement[bool]
    ) -> Sequence[tuple[str, datetime]]:
        query: Select[Any] = select(recording.c.id, recording.c.sealed_at).join(
            standing, standing.c.recording_id == recording.c.id, isouter=True
        )
        query = query.where(recording.c.sealed_at >= to_text(since), within(reach, at), which)
        ordered = query.order_by(recording.c.sealed_at, recording.c.id).limit(most)
        return [(row.id, from_text(row.sealed_at)) for row in self._db.execute(ordered)]


def _logged(row: Any) -> LoggedEntry:
    told: Mapping[str, Any] = {}
    with suppress(IntegrityFault):  # its place is shown all the same
        told = read_entry(stored_bytes(row.body))
    return LoggedEntry(row.log, int(row.idx), row.act, from_text(row.at), told)


class _Of:
    """A row, read by the names of the gap's columns."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, f"gap_{name}")


def _lacks(name: str) -> ColumnElement[bool]:
    """Return the condition under which a recording has no value for a label: as `shortage`, or more."""
    said = and_(label.c.recording_id == recording.c.id, label.c.name == name)
    stands = and_(
        said, label.c.ended_at.is_(None), or_(label.c.value.is_not(None), label.c.personal.is_not(None))
    )
    came = and_(
        recording.c.labels.contains(f'"{name}": "', autoescape=True),
        ~recording.c.labels.contains(f'"{name}": ""', autoescape=True),
    )
    return and_(~exists().where(stands), or_(exists().where(said), ~came))
