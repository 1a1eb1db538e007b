"""What keeps recordings, in SQL: holds, cases and their classes, labels, events, moved locks."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from evidence.adapters.db.export_tables import export, export_item
from evidence.adapters.db.fault_tables import fault_file, fault_link
from evidence.adapters.db.keeping_tables import case_term, lock_term
from evidence.adapters.db.numbers import case_numbered
from evidence.adapters.db.people_tables import (
    case_file,
    case_recording,
    hold,
    serious_event,
    serious_recording,
    standing,
)
from evidence.adapters.db.repositories.complaints import about_them, is_doubtful
from evidence.adapters.db.repositories.exports import is_to_leave
from evidence.adapters.db.repositories.fault_files import is_waiting
from evidence.adapters.db.repositories.labels import given_of
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE
from evidence.adapters.db.repositories.standings import within
from evidence.adapters.db.tables import recording
from evidence.domain.access import Reach
from evidence.domain.case_numbers import normal_form
from evidence.domain.fault_files import LinkKind
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.labels import Given, history, lacking, standing_of, values_of
from evidence.domain.retention import Kept, LinkedCase
from evidence.policy.keeping import length_of
from evidence.policy.rules import Label
from evidence.service.keeping.keeping_ports import LockTerm, Required

_ASKED = (
    recording.c.id,
    recording.c.sealed_at,
    recording.c.retain_until,
    recording.c.labels,
    standing.c.under_transfer,
)


class SqlKeepings:
    """See service.keeping_ports.Keepings."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def kept(self, recording_ids: Collection[str], required: Required) -> Mapping[str, Kept]:
        """Return what the rules ask about these recordings."""
        ids, found = list(recording_ids), dict[str, Kept]()
        for first in range(0, len(ids), NAMES_AT_ONCE):
            some = recording.c.id.in_(ids[first : first + NAMES_AT_ONCE])
            rows = self._db.execute(_recordings().where(some)).all()
            found |= {one.recording_id: one for one in self._kept(rows, required)}
        return found

    def dated(self, reach: Reach, at: datetime) -> Iterator[Kept]:
        """Yield what gives them a date of all recordings within reach that are there, oldest seal first."""
        query = _recordings().where(recording.c.gone_at.is_(None), within(reach, at))
        ordered = query.order_by(recording.c.sealed_at, recording.c.id)
        ordered = ordered.execution_options(yield_per=NAMES_AT_ONCE)
        for rows in self._db.execute(ordered).partitions(NAMES_AT_ONCE):
            ids = [row.id for row in rows]
            cases, owed = self._cases(ids), self._owed(ids)
            numbered = self._numbered(_numbers(rows, given_of(self._db, ids, (Label.CASE_NUMBER,))))
            for row in rows:
                locked = max(row.retain_until, owed.get(row.id, ""))
                linked, sealed_at = tuple(cases.get(row.id, ())), from_text(row.sealed_at)
                bears = _unlinked(numbered.get(row.id, ()), linked)
                yield Kept(row.id, sealed_at, from_text(locked), cases=linked, numbered=bears)

    def term(self, case_id: str) -> str | None:
        """Return the class of a case file."""
        return self._terms([case_id]).get(case_id)

    def give_term(self, case_id: str, term: str, by: str, at: datetime) -> None:
        """Give a case file a class, in the place of the one before."""
        row = {"id": new_id(), "case_id": case_id, "term": term, "given_by": by, "given_at": to_text(at)}
        self._db.execute(insert(case_term), [row])

    def owe(self, new: LockTerm) -> None:
        """Note that a lock moves."""
        row = {
            "id": new.id,
            "recording_id": new.recording_id,
            "until": to_text(new.until),
            "keeps": new.keeps,
            "cites": " ".join(new.cites),
            "about_id": new.about,
            "asked_by": new.asked_by,
            "asked_at": to_text(new.asked_at),
            "settled": new.settled,
        }
        self._db.execute(insert(lock_term), [row])

    def owed(self) -> Sequence[LockTerm]:
        """Return of which later dates the vault has not been told, oldest first."""
        query = select(lock_term).where(lock_term.c.settled.is_(False))
        return [_term(row) for row in self._db.execute(query.order_by(lock_term.c.asked_at, lock_term.c.id))]

    def terms(self, recording_id: str) -> Sequence[LockTerm]:
        """Return what a recording's lock was moved for, oldest first."""
        query = select(lock_term).where(lock_term.c.recording_id == recording_id)
        return [_term(row) for row in self._db.execute(query.order_by(lock_term.c.asked_at, lock_term.c.id))]

    def settle(self, term: LockTerm) -> None:
        """Note that the vault has been told: the recording is locked until then, never shorter."""
        until = to_text(term.until)
        self._db.execute(update(lock_term).where(lock_term.c.id == term.id).values(settled=True))
        earlier = and_(recording.c.id == term.recording_id, recording.c.retain_until < until)
        self._db.execute(update(recording).where(earlier).values(retain_until=until))

    def _kept(self, rows: Sequence[Any], required: Required) -> Iterator[Kept]:
        ids = [row.id for row in rows]
        held, cases, shown = self._holds(ids), self._cases(ids), self._shown(ids)
        owed, doubtful = self._owed(ids), self._complaints(ids)
        faults, exports = self._faults(ids), self._exports(ids)
        stands = _stands(rows, given_of(self._db, ids))
        numbers = {one: values_of(said).get(Label.CASE_NUMBER, "") for one, said in stands.items()}
        numbered = self._numbered(numbers)
        for row in rows:
            linked, sealed_at = tuple(cases.get(row.id, ())), from_text(row.sealed_at)
            yield Kept(
                row.id,
                sealed_at,
                from_text(max(row.retain_until, owed.get(row.id, ""))),
                tuple(held.get(row.id, ())),
                linked,
                lacking(required(sealed_at), stands[row.id]),
                row.id in shown,
                bool(row.under_transfer),
                tuple(doubtful.get(row.id, ())),
                _unlinked(numbered.get(row.id, ()), linked),
                tuple(faults.get(row.id, ())),
                tuple(exports.get(row.id, ())),
            )

    def _holds(self, ids: Sequence[str]) -> dict[str, list[str]]:
        query = select(hold.c.recording_id, hold.c.id).where(
            hold.c.recording_id.in_(ids), hold.c.released_at.is_(None)
        )
        found: dict[str, list[str]] = {}
        for recording_id, hold_id in self._db.execute(query.order_by(hold.c.placed_at, hold.c.id)):
            found.setdefault(recording_id, []).append(hold_id)
        return found

    def _complaints(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the open complaints about the wearers of those whose hour nobody knows."""
        found = dict[str, set[str]]()
        for query in about_them():
            mine = query.where(recording.c.id.in_(ids), is_doubtful())
            for recording_id, complaint_id in self._db.execute(mine):
                found.setdefault(recording_id, set()).add(complaint_id)
        return {one: sorted(complaints) for one, complaints in found.items()}

    def _cases(self, ids: Sequence[str]) -> dict[str, list[LinkedCase]]:
        told = (case_recording.c.recording_id, case_recording.c.linked_at)
        query = select(*told, case_file.c.id, case_file.c.closed_at)
        query = query.join_from(case_recording, case_file, case_file.c.id == case_recording.c.case_id)
        mine = case_recording.c.recording_id.in_(ids), case_recording.c.ended_at.is_(None)
        rows = self._db.execute(query.where(*mine).order_by(case_file.c.opened_at, case_file.c.id)).all()
        terms, found = self._terms({row.id for row in rows}), dict[str, list[LinkedCase]]()
        for row in rows:
            case = LinkedCase(row.id, _closed(row.closed_at, row.linked_at), terms.get(row.id))
            found.setdefault(row.recording_id, []).append(case)
        return found

    def _numbered(self, numbers: Mapping[str, str]) -> dict[str, tuple[LinkedCase, ...]]:
        """Return by recording the case whose number it carries. numbers: by recording."""
        forms = {number: normal_form(number.strip()) for number in set(numbers.values()) if number.strip()}
        if not forms:
            return {}
        wanted = sorted(set(forms.values()))
        query = select(case_file.c.id, case_file.c.number, case_file.c.opened_at, case_file.c.closed_at)
        query = query.join(case_numbered, case_numbered.c.case_id == case_file.c.id)
        rows = self._db.execute(query.where(case_numbered.c.normal.in_(wanted))).all()
        terms = self._terms({row.id for row in rows})
        known = {}
        for row in rows:
            case = LinkedCase(row.id, _closed(row.closed_at, row.opened_at), terms.get(row.id))
            known[normal_form(row.number)] = (case,)
        said = {one: forms.get(number) for one, number in numbers.items()}
        return {one: known[form] for one, form in said.items() if form in known}

    def _terms(self, case_ids: Collection[str]) -> dict[str, str]:
        """Return the longest class of each: one is only given in the place of a shorter one, and a clock that
        was set back meanwhile decides nothing."""
        query = select(case_term.c.case_id, case_term.c.term).where(case_term.c.case_id.in_(list(case_ids)))
        rows = sorted(self._db.execute(query).all(), key=lambda row: length_of(row.term))
        return {row.case_id: row.term for row in rows}

    def _shown(self, ids: Sequence[str]) -> set[str]:
        """Return those that show a serious event that has not ended."""
        query = select(serious_recording.c.recording_id).join(
            serious_event, serious_event.c.id == serious_recording.c.event_id
        )
        open_ = serious_recording.c.recording_id.in_(ids), serious_event.c.ended_at.is_(None)
        return set(self._db.execute(query.where(*open_)).scalars())

    def _faults(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the open fault files that rest on them."""
        query = select(fault_link.c.object_id, fault_file.c.id).join(
            fault_file, fault_file.c.id == fault_link.c.file_id
        )
        rests = fault_link.c.object_id.in_(ids), fault_link.c.kind == LinkKind.RECORDING.value
        found = dict[str, list[str]]()
        for recording_id, file_id in self._db.execute(
            query.where(*rests, is_waiting()).order_by(fault_file.c.decided_at, fault_file.c.id)
        ):
            found.setdefault(recording_id, []).append(file_id)
        return found

    def _exports(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the exports by which they are to leave."""
        query = select(export_item.c.recording_id, export_item.c.export_id).join_from(
            export_item, export, is_to_leave()
        )
        mine = query.where(export_item.c.recording_id.in_(ids)).order_by(export.c.asked_at, export.c.id)
        found = dict[str, list[str]]()
        for recording_id, export_id in self._db.execute(mine):
            found.setdefault(recording_id, []).append(export_id)
        return found

    def _owed(self, ids: Sequence[str]) -> dict[str, str]:
        query = select(lock_term.c.recording_id, func.max(lock_term.c.until).label("until"))
        mine = lock_term.c.recording_id.in_(ids), lock_term.c.settled.is_(False)
        rows = self._db.execute(query.where(*mine).group_by(lock_term.c.recording_id))
        return {row.recording_id: row.until for row in rows}


def _stands(rows: Sequence[Any], given: Mapping[str, Sequence[Given]]) -> Mapping[str, Mapping[str, Given]]:
    """Return the labels that stand, by recording."""
    return {
        row.id: standing_of(history(json.loads(row.labels), from_text(row.sealed_at), given.get(row.id, ())))
        for row in rows
    }


def _numbers(rows: Sequence[Any], given: Mapping[str, Sequence[Given]]) -> Mapping[str, str]:
    """Return the case number that stands, by recording. Of most nothing was said since they were docked: then
    it is the dock's, and nothing else of their labels is read.
    """
    numbers = {row.id: json.loads(row.labels).get(Label.CASE_NUMBER, "") for row in rows}
    for row in (one for one in rows if one.id in given):
        docked = {Label.CASE_NUMBER.value: numbers[row.id]}
        stands = standing_of(history(docked, from_text(row.sealed_at), given[row.id]))
        numbers[row.id] = values_of(stands).get(Label.CASE_NUMBER, "")
    return numbers


def _unlinked(numbered: Sequence[LinkedCase], linked: Sequence[LinkedCase]) -> tuple[LinkedCase, ...]:
    known = {one.id for one in linked}
    return tuple(one for one in numbered if one.id not in known)


def _recordings() -> Any:
    return select(*_ASKED).join_from(
        recording, standing, standing.c.recording_id == recording.c.id, isouter=True
    )


def _closed(closed_at: str | None, before: str) -> datetime | None:
    """Return when a case was closed: not before it was opened or anything was linked to it, whatever a clock
    said that was set back."""
    return None if closed_at is None else from_text(max(closed_at, before))


def _term(row: Any) -> LockTerm:
    return LockTerm(
        row.id,
        row.recording_id,
        from_text(row.until),
        row.keeps,
        tuple(row.cites.split()),
        row.about_id,
        row.asked_by,
        from_text(row.asked_at),
        bool(row.settled),
    )
