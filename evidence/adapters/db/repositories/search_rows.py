"""The rows by which recordings are searched, written from the other tables in the same transaction.

Whoever changes what a search asks of a recording says so (`touched`); before the commit its row is made
anew (`bring_up`), so that no search ever finds what is no longer so. `fill` makes all of them, where there
are none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Table, bindparam, delete, func, insert, select, update

from evidence.adapters.db.label_tables import label
from evidence.adapters.db.people_tables import standing
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, portions, time_or_none
from evidence.adapters.db.search_tables import search_code, search_row
from evidence.adapters.db.sparing import INDEXES, without
from evidence.adapters.db.tables import announced, examination, finding, recording, upload
from evidence.domain.deadlines import time_taken
from evidence.domain.findings import Code
from evidence.domain.instants import from_text, to_text
from evidence.domain.noted_lines import UNTOLD, note_of
from evidence.domain.standing import Classification
from evidence.policy.rules import Label

LONGEST = 200  # of a label, as people give it; a dock may say more, and is found by its beginning
_TOUCHED = "evidence_touched"
_MICROSECOND = timedelta(microseconds=1)
# When the server first heard of a recording: by its first byte, or by a card's list before.
FIRST_BYTE = upload.c.created_at.label("first_byte")
FIRST_ANNOUNCED = (
    select(func.min(announced.c.announced_at))
    .where(announced.c.recording_id == recording.c.id)
    .scalar_subquery()
    .label("first_announced")
)
_ASKED = [recording.c[name] for name in (
    "id", "labels", "ended_at", "sealed_at", "device", "wearer", "gone_at", "name",
)]  # fmt: skip
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

Put = Callable[[Table, list[dict[str, Any]]], object]
_WANTED = (Label.CASE_NUMBER.value, Label.INSPECTED_PARTY.value)
SEARCHED_LABELS = frozenset(_WANTED)
# Made once: every seal asks these.
_FORGET = [delete(table).where(table.c.recording_id.in_(_IDS)) for table in (search_code, search_row)]
_ALL_OF = (
    select(*_ASKED, standing.c.unit_id, standing.c.person_id, standing.c.classification,
           standing.c.on_hold, FIRST_BYTE, FIRST_ANNOUNCED)
    .join(upload, upload.c.id == recording.c.upload_id)
    .join(standing, standing.c.recording_id == recording.c.id, isouter=True)
    .where(recording.c.id.in_(_IDS))
)  # fmt: skip
_LABELS_OF = (
    select(label)
    .where(label.c.recording_id.in_(_IDS), label.c.name.in_(_WANTED))
    .order_by(label.c.recording_id, label.c.serial)
)
_FOUND_OF = (
    select(finding.c.recording_id, finding.c.code, finding.c.body)
    .join(examination, examination.c.id == finding.c.examination_id)
    .where(finding.c.recording_id.in_(_IDS), examination.c.current)
)


def touched(db: Connection, recording_ids: Iterable[str | None]) -> None:
    """Note that what is searched by may have changed of these recordings."""
    db.info.setdefault(_TOUCHED, set()).update(one for one in recording_ids if one is not None)


def forget_touched(db: Connection) -> None:
    """Begin without any: a connection is used again after a transaction that was rolled back."""
    db.info.pop(_TOUCHED, None)


def bring_up(db: Connection) -> None:
    """Write the rows of what was touched in this transaction."""
    changed = sorted(db.info.pop(_TOUCHED, ()))
    for first in range(0, len(changed), NAMES_AT_ONCE):
        ids = changed[first : first + NAMES_AT_ONCE]
        for forget in _FORGET:
            db.execute(forget, {"ids": ids})
        _write(db, ids)


def fill(db: Connection, put: Put | None = None) -> None:
    """Make all rows, where there are none but recordings; where there are some, the notes that they lack.
    put: how some are written, by a table's columns."""
    if db.execute(select(search_row.c.recording_id).limit(1)).first() is not None:
        _note_all(db)
        return
    last, ids = "", _after(db, "")
    if not ids:
        return
    with without(db, {search_code.name, search_row.name}, INDEXES):
        while ids:
            _write(db, ids, put)
            last = ids[-1]
            ids = _after(db, last)


def _note_all(db: Connection) -> None:
    """Note the lines of recordings of which something was found, and nothing is noted: since before there
    were notes, or because nobody must explain it."""
    query = select(search_row.c.recording_id).where(search_row.c.codes != "", search_row.c.lines == "")
    noted = update(search_row).where(search_row.c.recording_id == bindparam("one"))
    for ids in portions(db.execute(query).scalars().all()):
        found = _found(db, ids)
        rows = db.execute(
            select(recording.c.id, recording.c.device, recording.c.name).where(recording.c.id.in_(ids))
        )
        told = {row.id: _note(row, found.get(row.id, [])) for row in rows}
        if lines := [{"one": id_, "lines": text} for id_, text in told.items() if text]:
            db.execute(noted, lines)


def _after(db: Connection, last: str) -> list[str]:
    query = select(recording.c.id).where(recording.c.id > last).order_by(recording.c.id)
    return list(db.execute(query.limit(NAMES_AT_ONCE)).scalars())


def _write(db: Connection, ids: Sequence[str], put: Put | None = None) -> None:
    put = put or (lambda table, rows: db.execute(insert(table), rows))
    labels, found = _labels(db, ids), _found(db, ids)
    rows = [
        _row(row, labels.get(row.id, []), found.get(row.id, [])) for row in db.execute(_ALL_OF, {"ids": ids})
    ]
    if rows:
        put(search_row, rows)
    by_code = [
        {"code": code, "at": row["at"], "recording_id": row["recording_id"]}
        for row in rows
        for code in sorted({one.code for one in found.get(row["recording_id"], ())})
    ]
    if by_code:
        put(search_code, by_code)


def _row(row: Any, said: list[Any], found: list[Any]) -> dict[str, Any]:
    docked, codes = json.loads(row.labels), {one.code for one in found}
    stands: dict[str, tuple[str | None, str | None]] = {
        name: (docked[name], None) for name in _WANTED if docked.get(name)
    }
    for one in said:  # in order: an ended row of the dock's own takes it off, a later one stands
        if one.ended_at is None:
            stands[one.name] = (one.personal if one.value is None else one.value, one.due)
        else:
            stands.pop(one.name, None)
    number, due = stands.get(_WANTED[0], (None, None))
    party, _ = stands.get(_WANTED[1], (None, None))
    return {
        "recording_id": row.id,
        "at": row.ended_at or row.sealed_at,
        "unit_id": row.unit_id,
        "person_id": row.person_id,
        "device": row.device,
        "wearer": row.wearer,
        "case_number": number and number[:LONGEST],
        "due": due if party else None,
        "party": party and party[:LONGEST],
        "classification": row.classification or Classification.ORDINARY.value,
        "is_bare": not number or not party,
        "is_held": bool(row.on_hold),
        "is_gone": row.gone_at is not None,
        "codes": "".join(f" {code} " for code in sorted(codes)),
        **_clock(row),
        "is_late": Code.LATE.value in codes,
        "lines": _note(row, found),
    }


def first_seen(row: Any) -> str:
    """Return when the server first heard of a recording."""
    return str(min(filter(None, (row.first_announced, row.first_byte))))


def _clock(row: Any) -> dict[str, Any]:
    """Return when a recording came, and where its clock starts. What nobody can read is not in time: whoever
    reads the recording itself is told."""
    came = {"seen_at": first_seen(row), "sealed_at": row.sealed_at}
    try:
        sealed, seen = (from_text(came[name]) for name in ("sealed_at", "seen_at"))
        start, took = time_taken(time_or_none(row.ended_at), sealed, seen)
    except ValueError:
        return {**came, "counted_from": row.sealed_at, "took_us": None}
    took_us = None if took is None else took // _MICROSECOND
    return {**came, "counted_from": to_text(start), "took_us": took_us}


def _labels(db: Connection, ids: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in db.execute(_LABELS_OF, {"ids": ids}):
        found.setdefault(row.recording_id, []).append(row)
    return found


def _note(row: Any, found: list[Any]) -> str:
    """Return the note of a recording's lines. Of what nobody can read it tells nothing: whoever reads the
    findings themselves is told."""
    try:
        return note_of(row.device, row.name, [json.loads(one.body) for one in found])
    except (ValueError, TypeError, KeyError):
        return UNTOLD


def _found(db: Connection, ids: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in db.execute(_FOUND_OF, {"ids": ids}):
        found.setdefault(row.recording_id, []).append(row)
    return found
