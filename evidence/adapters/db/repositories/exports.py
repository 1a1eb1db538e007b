"""Exports in SQL. None is ever removed; what people said stands in columns that no piece of rows holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, false, func, insert, or_, select, update

from evidence.adapters.db.export_tables import export, export_item, export_volume
from evidence.adapters.db.repositories.rows import stored_bytes, text_or_none, time_or_none, turned
from evidence.domain.exports import (
    Built,
    Decision,
    Export,
    Form,
    Ground,
    HandOver,
    Item,
    Medium,
    Receipt,
    Said,
    State,
    Volume,
    Way,
    Withdrawal,
)
from evidence.domain.instants import from_text, to_text
from evidence.service.listing import Listing


class SqlExports:
    """See service.export_ports.Exports."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def count(self, year: int) -> int:
        """Return how many were asked for in a year (UTC)."""
        mine = export.c.asked_at.startswith(f"{year:04d}-")
        return int(self._db.execute(select(func.count()).select_from(export).where(mine)).scalar_one())

    def add(self, new: Export) -> None:
        """Add one with its items."""
        self._db.execute(insert(export).values(**_asked(new), **_became(new)))
        rows = [
            {"serial": serial, "export_id": new.id, **_item_columns(one)}
            for serial, one in enumerate(new.items)
        ]
        self._db.execute(insert(export_item), rows)

    def put(self, changed: Export) -> None:
        """Put what became of one and of its items in the place of what stood; volumes are added."""
        self._db.execute(update(export).where(export.c.id == changed.id).values(**_became(changed)))
        for item in changed.items:
            mine = update(export_item).where(export_item.c.id == item.id)
            self._db.execute(mine.values(**_item_columns(item)))
        known = self._parts(export_volume, export.c.id == changed.id).get(changed.id, ())
        there = {row.id for row in known}
        for volume in () if changed.built is None else changed.built.volumes:
            columns = _volume_columns(volume)
            if volume.id in there:
                self._db.execute(
                    update(export_volume).where(export_volume.c.id == volume.id).values(**columns)
                )
            else:
                self._db.execute(insert(export_volume).values(export_id=changed.id, **columns))

    def get(self, export_id: str) -> Export | None:
        """Return one."""
        return next(iter(self._some(export.c.id == export_id)), None)

    def numbered(self, number: str) -> str | None:
        """Return the id of the one with this number."""
        found = select(export.c.id).where(export.c.number == number)
        return self._db.execute(found).scalar_one_or_none()

    def all(self) -> Sequence[Export]:
        """Return all, newest first."""
        return self._some()

    def page(
        self,
        of: Mapping[Way, Collection[str]],
        state: State | None,
        not_by: str | None,
        after: str,
        most: int,
        listing: Listing = Listing("number", is_down=True),  # noqa: B008 (frozen)
    ) -> Sequence[Export]:
        """Return those of these units, by way, that come after a number in an order."""
        places = [(export.c.way == way.value) & export.c.unit_id.in_(units) for way, units in of.items()]
        which = [or_(false(), *places)]
        if state is not None:
            which.append(_in_state(state))
        if not_by is not None:
            which.append(export.c.asked_by != not_by)
        by = {"way": export.c.way, "recipient": func.coalesce(export.c.recipient, "")}
        number = export.c.number
        chosen = turned(
            select(export.c.id).where(*which), by.get(listing.key, number), number, listing, after
        )
        ids = list(self._db.execute(chosen.limit(most)).scalars())
        return sorted(self._some(export.c.id.in_(ids)), key=lambda one: ids.index(one.id))

    def of(self, recording_id: str) -> Sequence[Export]:
        """Return those that a recording is asked for in, newest first."""
        named = export_item.alias("named")  # apart from the items themselves, which are read with it
        mine = select(named.c.export_id).where(named.c.recording_id == recording_id)
        return self._some(export.c.id.in_(mine))

    def _some(self, *which: ColumnElement[bool]) -> Sequence[Export]:
        ordered = select(export).where(*which).order_by(export.c.number.desc())
        items, volumes = self._parts(export_item, *which), self._parts(export_volume, *which)
        return [
            Export(
                id=row.id,
                number=row.number,
                way=Way(row.way),
                unit_id=row.unit_id,
                case_id=row.case_id,
                medium=Medium(row.medium),
                said=Said(row.recipient, row.purpose, row.basis, row.applicant, row.relation, row.identity),
                asked_by=row.asked_by,
                asked_at=from_text(row.asked_at),
                items=tuple(map(_item, sorted(items.get(row.id, ()), key=lambda one: int(one.serial)))),
                withdrawn=_withdrawn(row),
                decision=_decision(row),
                problem=row.problem,
                built=_built(row, volumes.get(row.id, [])),
                hand_over=_hand_over(row),
                receipt=_receipt(row),
            )
            for row in self._db.execute(ordered).all()
        ]

    def _parts(self, table: Table, *which: ColumnElement[bool]) -> Mapping[str, list[Any]]:
        """Return the rows of a table that belong to some exports, by export."""
        found: dict[str, list[Any]] = {}
        query = select(table).join(export, export.c.id == table.c.export_id).where(*which)
        for row in self._db.execute(query):
            found.setdefault(row.export_id, []).append(row)
        return found


def is_to_leave() -> ColumnElement[bool]:
    """An item of an export that is asked for or approved, and neither withdrawn, refused, lapsed nor handed
    over."""
    stands = export.c.handed_at.is_(None) & export.c.lapsed_at.is_(None) & export.c.withdrawn_at.is_(None)
    is_wanted = export.c.is_approved.is_not(False) & export_item.c.is_granted.is_not(False)
    return and_(export_item.c.export_id == export.c.id, stands, is_wanted)


def _in_state(state: State) -> ColumnElement[bool]:
    """Return what is so of the row of an export in a state (as Export.state reads it)."""
    no_more = export.c.handed_at.is_(None)
    stands = no_more & export.c.lapsed_at.is_(None)
    return {
        State.ASKED: export.c.is_approved.is_(None) & export.c.withdrawn_at.is_(None),
        State.WITHDRAWN: export.c.withdrawn_at.is_not(None),
        State.REFUSED: export.c.is_approved.is_(False),
        State.APPROVED: export.c.is_approved.is_(True) & export.c.built_at.is_(None) & stands,
        State.BUILT: export.c.built_at.is_not(None) & stands,
        State.LAPSED: export.c.lapsed_at.is_not(None) & no_more,
        State.HANDED_OVER: export.c.handed_at.is_not(None) & export.c.receipt_at.is_(None),
        State.RECEIPTED: export.c.receipt_at.is_not(None),
    }[state]


def _asked(one: Export) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "way": one.way.value,
        "unit_id": one.unit_id,
        "case_id": one.case_id,
        "medium": one.medium.value,
        **asdict(one.said),
        "asked_by": one.asked_by,
        "asked_at": to_text(one.asked_at),
    }


def _became(one: Export) -> dict[str, Any]:
    decided, built, gave, receipt = one.decision, one.built, one.hand_over, one.receipt
    valid_to = None if decided is None else decided.valid_to
    return {
        **_took_back(one.withdrawn),
        "is_approved": decided and decided.is_approved,
        "reason": decided and decided.reason,
        "secrecy": decided and decided.secrecy,
        "decided_by": decided and decided.by,
        "decided_at": decided and to_text(decided.at),
        "set_sha256": decided and decided.set_sha256,
        "valid_to": valid_to and valid_to.isoformat(),
        "lapsed_at": text_or_none(None if decided is None else decided.lapsed_at),
        "problem": one.problem,
        "built_at": built and to_text(built.at),
        "package_sha256": built and built.package_sha256,
        "statement": built and built.statement,
        "retained_key": built and built.retained_key,
        "retained_sha256": built and built.retained_sha256,
        "gave": gave and gave.gave,
        "beside": gave and gave.beside,
        "receiver": gave and gave.receiver,
        "handed_by": gave and gave.by,
        "handed_at": gave and to_text(gave.at),
        "receipt_by": receipt and receipt.by,
        "receipt_at": receipt and to_text(receipt.at),
        "receipt": receipt and receipt.document,
    }


def _took_back(one: Withdrawal | None) -> dict[str, Any]:
    return {
        "withdrawn_by": one and one.by,
        "withdrawn_at": one and to_text(one.at),
        "withdrawal": one and one.reason,
    }


def _item_columns(one: Item) -> dict[str, Any]:
    ground = None if one.ground is None else one.ground.value
    return {**asdict(one), "form": one.form.value, "ground": ground}


def _item(row: Any) -> Item:
    return Item(
        id=row.id,
        recording_id=row.recording_id,
        form=Form(row.form),
        sha256=row.sha256,
        derivative_id=row.derivative_id,
        is_granted=None if row.is_granted is None else bool(row.is_granted),
        ground=None if row.ground is None else Ground(row.ground),
    )


def _volume_columns(one: Volume) -> dict[str, Any]:
    columns = asdict(one)
    columns["size"] = columns.pop("size_bytes")
    return {**columns, "written_at": text_or_none(one.written_at)}


def _volume(row: Any) -> Volume:
    of = row.size, row.sha256, row.sm3, row.serial
    written = time_or_none(row.written_at), row.written_by, bool(row.is_read)
    return Volume(row.id, row.label, row.number, row.file, *of, *written)


def _withdrawn(row: Any) -> Withdrawal | None:
    if row.withdrawn_at is None:
        return None
    return Withdrawal(row.withdrawn_by, from_text(row.withdrawn_at), row.withdrawal)


def _decision(row: Any) -> Decision | None:
    if row.is_approved is None:
        return None
    return Decision(
        is_approved=bool(row.is_approved),
        by=row.decided_by,
        at=from_text(row.decided_at),
        reason=row.reason,
        secrecy=row.secrecy,
        set_sha256=row.set_sha256,
        valid_to=None if row.valid_to is None else date.fromisoformat(row.valid_to),
        lapsed_at=time_or_none(row.lapsed_at),
    )


def _built(row: Any, volumes: Sequence[Any]) -> Built | None:
    if row.built_at is None:
        return None
    whole = tuple(map(_volume, sorted(volumes, key=lambda one: int(one.number))))
    statement = None if row.statement is None else stored_bytes(row.statement)
    retained = row.retained_key, row.retained_sha256
    return Built(from_text(row.built_at), row.package_sha256, whole, statement, *retained)


def _hand_over(row: Any) -> HandOver | None:
    if row.handed_at is None:
        return None
    return HandOver(row.gave, row.beside, row.receiver, row.handed_by, from_text(row.handed_at))


def _receipt(row: Any) -> Receipt | None:
    if row.receipt_at is None:
        return None
    document = None if row.receipt is None else stored_bytes(row.receipt)
    return Receipt(row.receipt_by, from_text(row.receipt_at), document)
