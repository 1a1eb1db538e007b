"""The 24-hour rule on the catalogue: what is on time, late, still missing; and the notices of the sweep.

The clock starts at the end of recording, corrected by the offset measured at the dock (Dazhe 2020 art. 12).
For a
file that was only announced, the card's modification time is the end of recording; where the card gives none,
or
one that cannot be true, the clock starts when the card was announced, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.deadlines import (
    DeadlineKind,
    DeadlineState,
    findings_for,
    judge_deadline,
    offset_findings,
)
from evidence.domain.recordings import Origin
from evidence.domain.rights import Action
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile, Scope, StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import pack_at_capture
from evidence.service.intake.card_losses import settle_gone
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """One line of the deadline list. counted_from: where the start of the clock is known from: "recording"
    (examined), "card" (modification time on the card), or "announced" (no believable end: from the moment
    the server first heard of the file, which is certain)."""

    device: str
    wearer: str
    name: str
    state: DeadlineState
    counted_from: str
    stored_at: datetime | None
    recording_id: str | None


LEAST = timedelta(microseconds=1)  # at its last instant a file is still in time
_NOTICES_AT_ONCE = 100  # a longer transaction would keep uploads waiting


@dataclass(frozen=True)
class Deadlines:
    """The desk for deadlines."""

    site: Site

    @admits(Action.READ_DEADLINES)
    def list(self, caller: Caller) -> Sequence[DeadlineRow]:
        """Return the files within reach, the most urgent first; the look is logged."""
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "deadlines"}), now)
        with self.site.database.reading() as unit:
            return self.rows(unit, reach(caller, Action.READ_DEADLINES, self.site.bars()), now)

    def rows(self, unit: UnitOfWork, there: Reach, now: datetime) -> Sequence[DeadlineRow]:
        """Return the files within a reach, the most urgent first, to use cases that have admitted and logged.

        A file that is not sealed belongs where its wearer does.
        """
        recordings = unit.recordings.all(reach=there, at=now)
        return self.rows_of(unit.cards.outstanding(reach=there, at=now), recordings, now)

    def rows_of(
        self, missing: Iterable[AnnouncedFile], recordings: Iterable[StoredRecording], at: datetime
    ) -> Sequence[DeadlineRow]:
        """Return the lines of these files as they stand at a moment, the most urgent first."""
        rows = [self._missing(file, at) for file in missing]
        rows += [self._stored(stored, at) for stored in recordings]
        order = {kind: place for place, kind in enumerate(_URGENCY)}
        return sorted(rows, key=lambda row: (order[row.state.kind], row.state.due_at))

    def turned(self, missing: Iterable[AnnouncedFile], now: datetime) -> Iterator[datetime]:
        """Yield when the states of files that are missing became by time alone what they are now."""
        for file in missing:
            state = self._missing(file, now).state
            rule = self._pack(state.counted_from, file.announced_at).upload_deadline
            moments = state.due_at - rule.warn_before, state.due_at + LEAST
            yield from (one for one in moments if one <= now)

    def raise_notices(self, now: datetime) -> int:
        """Raise "due soon" and "overdue" once each for files that are missing; return how many were
        raised.
        """
        raised = 0
        with self.site.database.reading() as unit:
            told = unit.examinations.all_facts("announced", "deadline")
            rows = [(file, self._missing(file, now)) for file in unit.cards.outstanding()]
        new = [
            (file, row)
            for file, row in rows
            if row.state.kind in (DeadlineKind.DUE_SOON, DeadlineKind.OVERDUE)
            and told.get(file.id) != f'"{row.state.kind.value}"'
        ]
        for first in range(0, len(new), _NOTICES_AT_ONCE):
            with self.site.database.writing() as unit:
                some = new[first : first + _NOTICES_AT_ONCE]
                raised += sum(self._raise(unit, file, row, now) for file, row in some)
        return raised

    def _raise(self, unit: UnitOfWork, file: AnnouncedFile, row: DeadlineRow, now: datetime) -> int:
        kind = row.state.kind.value
        here = unit.cards.match(file.origin)
        if here is not None and here.recording_id is not None:
            return 0  # sealed since we looked
        if unit.examinations.facts("announced", file.id, "deadline") == f'"{kind}"':
            return 0
        pack = self._pack(row.state.counted_from, file.announced_at)
        origin = file.origin
        without = self._judge(origin.modified_at, None, now, file.announced_at)
        found = [
            *findings_for(row.state, origin.name),
            *offset_findings(row.state, without, origin.clock_offset, pack.upload_deadline, origin.name),
        ]
        unit.examinations.record(_scope(file), "deadline", pack, f'"{kind}"', found, now)
        entry = Entry(Act.DEADLINE_NOTICE, "service", (("announced", file.id),), facts={"kind": kind})
        unit.log.append(entry, now)
        return 1

    def _missing(self, file: AnnouncedFile, now: datetime) -> DeadlineRow:
        origin = file.origin
        ended_at = None if origin.modified_at is None else origin.modified_at + origin.clock_offset
        state = self._judge(ended_at, None, now, file.announced_at)
        return _row(origin, state, "card", None, None)

    def _stored(self, stored: StoredRecording, now: datetime) -> DeadlineRow:
        origin, stored_at = stored.recording.origin, stored.recording.sealed_at
        state = self._judge(stored.ended_at, stored_at, now, stored.first_seen_at)
        return _row(origin, state, "recording", stored_at, stored.recording.id)

    def _judge(
        self, ended_at: datetime | None, stored_at: datetime | None, now: datetime, seen_at: datetime
    ) -> DeadlineState:
        rule = self._pack(ended_at, seen_at).upload_deadline
        return judge_deadline(ended_at, stored_at, now, rule, certain_from=seen_at)

    def _pack(self, ended_at: datetime | None, seen_at: datetime) -> Pack:
        return pack_at_capture(self.site.policies, ended_at, seen_at)


def settle_notice(unit: UnitOfWork, file: AnnouncedFile, pack: Pack, now: datetime) -> None:
    """Supersede what was told of an announced file that is sealed now; its lateness is the recording's."""
    settle_gone(unit, file, pack, now)
    if unit.examinations.facts("announced", file.id, "deadline") is not None:
        unit.examinations.record(_scope(file), "deadline", pack, '"stored"', [], now)


def _scope(file: AnnouncedFile) -> Scope:
    return Scope("announced", file.id, file.origin.device)


def _row(
    origin: Origin, state: DeadlineState, source: str, stored_at: datetime | None, recording_id: str | None
) -> DeadlineRow:
    counted = source if state.end_certain else "announced"
    return DeadlineRow(origin.device, origin.wearer, origin.name, state, counted, stored_at, recording_id)


_URGENCY = (
    DeadlineKind.OVERDUE,
    DeadlineKind.DUE_SOON,
    DeadlineKind.PENDING,
    DeadlineKind.LATE,
    DeadlineKind.END_UNKNOWN,
    DeadlineKind.ON_TIME,
)
