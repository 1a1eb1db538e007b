"""What the policy of access asks about recordings, read in two questions; and the pieces of such questions.

Every request about a recording asks these: they are made once, and only their values are new each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, literal_column, or_, select, union_all

from evidence.adapters.db.case_tables import case_archive
from evidence.adapters.db.complaint_tables import complaint, complaint_hold, complaint_person
from evidence.adapters.db.people_tables import (
    case_file,
    case_member,
    case_recording,
    reader,
    serious_event,
    serious_person,
    serious_recording,
    standing,
    unit,
)
from evidence.adapters.db.repositories.one_row import OneRow
from evidence.domain.instants import to_text
from evidence.domain.people import WHOLE
from evidence.domain.standing import Classification, Standing


def in_events() -> Any:
    """Recordings of serious events that have not ended, beside the people who took part."""
    return (
        select(serious_recording.c.recording_id)
        .join(serious_person, serious_person.c.event_id == serious_recording.c.event_id)
        .join(serious_event, serious_event.c.id == serious_recording.c.event_id)
        .where(serious_event.c.ended_at.is_(None))
    )


def for_complaints() -> Any:
    """Recordings that are kept for open complaints, beside the people whom these are about."""
    return (
        select(complaint_hold.c.recording_id)
        .join(complaint_person, complaint_person.c.complaint_id == complaint_hold.c.complaint_id)
        .join(complaint, complaint.c.id == complaint_hold.c.complaint_id)
        .where(complaint.c.closed_at.is_(None))
    )


def gives() -> ColumnElement[bool]:
    """Return the condition that a case gives its members anything: it is open, and its file not archived."""
    archived = select(case_archive.c.id).where(case_archive.c.case_id == case_file.c.id)
    return and_(case_file.c.closed_at.is_(None), ~archived.exists())


def memberships(at: datetime | ColumnElement[str]) -> Any:
    """Return the recordings that are linked to open cases, beside the rights that members have there."""
    return (
        select(case_recording.c.recording_id)
        .join(case_file, case_file.c.id == case_recording.c.case_id)
        .join(case_member, case_member.c.case_id == case_recording.c.case_id)
        .where(case_recording.c.ended_at.is_(None), gives(), runs(case_member, at))
    )


def runs(table: Any, at: datetime | ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition under which a row is in force at a moment."""
    now = to_text(at) if isinstance(at, datetime) else at
    not_over = or_(table.c.until.is_(None), table.c.until > now)
    return and_(table.c.since <= now, not_over, table.c.ended_at.is_(None))


_IDS = bindparam("ids", type_=reader.c.recording_id.type, expanding=True)
_NOW = bindparam("now", type_=reader.c.since.type)
_NAMED = select(reader.c.recording_id).where(runs(reader, _NOW))
_ROWS = select(standing, unit.c.path).join(unit, unit.c.id == standing.c.unit_id, isouter=True)
_STANDINGS = OneRow(_ROWS.where(standing.c.recording_id.in_(_IDS)))


_NONE: ColumnElement[str] = literal_column("''")


def _some(query: Any, recording_id: Any, person_id: Any, what: str, action: Any = _NONE) -> Any:
    named: ColumnElement[str] = literal_column(f"'{what}'")
    told = (person_id.label("person_id"), named.label("what"), action.label("action"))
    return query.add_columns(*told).where(recording_id.in_(_IDS))


_PEOPLE = OneRow(union_all(
    _some(_NAMED, reader.c.recording_id, reader.c.person_id, "readers"),
    _some(in_events(), serious_recording.c.recording_id, serious_person.c.person_id, "involved"),
    _some(for_complaints(), complaint_hold.c.recording_id, complaint_person.c.person_id, "complained"),
    _some(memberships(_NOW), case_recording.c.recording_id, case_member.c.person_id, "rights",
          case_member.c.action),
))  # fmt: skip


def standings_of(db: Connection, ids: list[str], at: datetime) -> Mapping[str, Standing]:
    """Return the standing of these recordings at a moment; not more of them than one question may name."""
    rows = {row.recording_id: row for row in _STANDINGS.of(db, {"ids": ids})}
    people: dict[str, list[Any]] = {}
    for one in _PEOPLE.of(db, {"ids": ids, "now": to_text(at)}):
        people.setdefault(one.recording_id, []).append(one)
    return {one: _standing(one, rows.get(one), people.get(one, [])) for one in ids}


def _standing(recording_id: str, row: Any, people: list[Any]) -> Standing:
    said: dict[str, Any] = {} if row is None else {
        "unit_path": row.path or WHOLE,
        "person_id": row.person_id,
        "commander_id": row.commander_id,
        "classification": Classification(row.classification),
        "on_hold": bool(row.on_hold),
        "under_transfer": bool(row.under_transfer),
    }  # fmt: skip
    rights: dict[str, set[str]] = {}
    for one in people:
        if one.what == "rights":
            rights.setdefault(one.person_id, set()).add(one.action)
    named = {
        what: frozenset(one.person_id for one in people if one.what == what)
        for what in ("readers", "involved", "complained")
    }
    return Standing(
        recording_id=recording_id,
        readers=named["readers"],
        case_rights={person: frozenset(actions) for person, actions in rights.items()},
        involved=named["involved"],
        complained=named["complained"],
        **said,
    )
