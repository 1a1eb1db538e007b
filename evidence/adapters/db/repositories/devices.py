"""Recording devices in SQL. Nothing is deleted: what ends gets the time of its end."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, insert, literal, not_, or_, select, true, update

from evidence.adapters.db.device_tables import device, device_check, device_issue, device_service
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.adapters.db.tables import account, announced, card, upload
from evidence.domain.devices import Check, Device, Issue, Reading, Service, ServiceKind
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.recordings import NOT_MEASURED
from evidence.domain.rights import Kind
from evidence.domain.uploads import UploadState
from evidence.errors import Conflict
from evidence.policy.equipment import DeviceClass
from evidence.service.devices.device_ports import Order, Tally

_UNDER_WAY = (UploadState.RECEIVING.value, UploadState.COMPLETE.value)
_UNMEASURED = json.dumps(NOT_MEASURED)[1:-1]  # as it stands among the labels of a card
_DAY = 10  # characters of a time that are its day


class SqlDevices:
    """See service.device_ports.Devices."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Device, at: datetime) -> None:
        """Add a device. Raises: Conflict("serial-taken")."""
        same = select(device.c.id).where(device.c.serial == new.serial)
        if self._db.execute(same).first() is not None:
            raise Conflict("serial-taken", serial=new.serial)
        self._db.execute(insert(device).values(**_columns(new), registered_at=to_text(at)))

    def put(self, changed: Device) -> None:
        """Put a device's row in the place of the one before."""
        self._db.execute(update(device).where(device.c.id == changed.id).values(**_columns(changed)))

    def find(self, reference: str) -> Device | None:
        """Return the device of an id, or else of a serial number."""
        for column in (device.c.id, device.c.serial) if is_id(reference) else (device.c.serial,):
            row = self._db.execute(select(device).where(column == reference)).first()
            if row is not None:
                return _device(row)
        return None

    def all(self) -> Sequence[Device]:
        """Return all devices, by serial number, the retired ones too."""
        return [_device(row) for row in self._db.execute(select(device).order_by(device.c.serial))]

    def page(self, unit_ids: Collection[str], order: Order, after: str | None, most: int) -> Sequence[Device]:
        """Return devices of these units in an order, those after one's serial number."""
        is_old = case((device.c.retired_at.is_(None), 0), else_=1)
        has_check = select(device_check.c.id).where(device_check.c.device_id == device.c.id).exists()
        rank = literal(0) if order is not Order.UNCHECKED else is_old * 2 + case((has_check, 1), else_=0)
        query = select(device).where(device.c.unit_id.in_(unit_ids))
        if after is not None:
            last = select(rank).select_from(device).where(device.c.serial == after).scalar_subquery()
            here = func.coalesce(last, 0)
            beyond = device.c.serial < after if order is Order.LAST_SERIAL else device.c.serial > after
            query = query.where(or_(rank > here, and_(rank == here, beyond)))
        serial = device.c.serial.desc() if order is Order.LAST_SERIAL else device.c.serial
        return [_device(row) for row in self._db.execute(query.order_by(rank, serial).limit(most))]

    def tally(self, unit_ids: Collection[str]) -> Tally:
        """Return how many devices these units have, how many are in somebody's hands, never checked."""
        mine = select(device.c.id).where(device.c.unit_id.in_(unit_ids))
        out = mine.join(device_issue, device_issue.c.device_id == device.c.id)
        seen = select(device_check.c.id).where(device_check.c.device_id == device.c.id).exists()
        asked = (
            mine,
            out.where(device_issue.c.returned_at.is_(None)).distinct(),
            mine.where(device.c.retired_at.is_(None), ~seen),
        )
        counts = (select(func.count()).select_from(one.subquery()).scalar_subquery() for one in asked)
        return Tally(*self._db.execute(select(*counts)).one())

    def stock(self, classes: Collection[DeviceClass]) -> Mapping[str, int]:
        """Return how many devices of these classes each unit has that are not retired, if any."""
        query = select(device.c.unit_id, func.count()).group_by(device.c.unit_id)
        wanted = device.c["class"].in_(sorted(one.value for one in classes))
        rows = self._db.execute(query.where(device.c.retired_at.is_(None), wanted))
        return {unit_id: int(count) for unit_id, count in rows}

    def add_check(self, new: Check) -> None:
        """Add a check."""
        self._db.execute(insert(device_check).values(**{**asdict(new), "at": to_text(new.at)}))

    def checks(self, device_id: str) -> Sequence[Check]:
        """Return the checks of a device, newest first."""
        mine = select(device_check).where(device_check.c.device_id == device_id)
        return [_check(row) for row in self._db.execute(mine.order_by(device_check.c.at.desc()))]

    def last_checks(self, device_ids: Collection[str] | None = None) -> Mapping[str, Check]:
        """Return the newest check of each device, of these or of all, by its id."""
        last = select(device_check.c.device_id, func.max(device_check.c.at).label("at"))
        if device_ids is not None:
            last = last.where(device_check.c.device_id.in_(device_ids))
        newest = last.group_by(device_check.c.device_id).subquery()
        same = and_(device_check.c.device_id == newest.c.device_id, device_check.c.at == newest.c.at)
        query = select(device_check).join(newest, same)
        return {row.device_id: _check(row) for row in self._db.execute(query)}

    def add_issue(self, new: Issue) -> None:
        """Add an issue."""
        row = {"id": new.id, "device_id": new.device_id, "person_id": new.person_id}
        row |= {"issued_by": new.issued_by, "issued_at": to_text(new.issued_at)}
        self._db.execute(insert(device_issue).values(**row, override=new.override))

    def give_back(self, issue_id: str, returned_by: str, received_by: str, at: datetime) -> None:
        """Note a return."""
        values = {"returned_by": returned_by, "received_by": received_by, "returned_at": to_text(at)}
        self._db.execute(update(device_issue).where(device_issue.c.id == issue_id).values(**values))

    def issues(self, device_id: str) -> Sequence[Issue]:
        """Return the issues of a device, newest first."""
        mine = select(device_issue).where(device_issue.c.device_id == device_id)
        return [_issue(row) for row in self._db.execute(mine.order_by(device_issue.c.issued_at.desc()))]

    def open_issues(self, person_id: str | None = None) -> Mapping[str, Issue]:
        """Return what somebody, or anybody, has in hands, by the device's id."""
        whose = true() if person_id is None else device_issue.c.person_id == person_id
        query = select(device_issue).where(device_issue.c.returned_at.is_(None), whose)
        return {row.device_id: _issue(row) for row in self._db.execute(query)}

    def add_service(self, new: Service) -> None:
        """Add a fault or maintenance."""
        row = {"id": new.id, "device_id": new.device_id, "kind": new.kind.value, "note": new.note}
        self._db.execute(insert(device_service).values(**row, by=new.by, at=to_text(new.at)))

    def end_service(self, service_id: str, by: str, at: datetime, outcome: str) -> None:
        """Note the end of one."""
        values = {"ended_by": by, "ended_at": to_text(at), "outcome": outcome}
        self._db.execute(update(device_service).where(device_service.c.id == service_id).values(**values))

    def services(self, device_id: str) -> Sequence[Service]:
        """Return faults and maintenance of a device, newest first."""
        mine = select(device_service).where(device_service.c.device_id == device_id)
        return [_service(row) for row in self._db.execute(mine.order_by(device_service.c.at.desc()))]

    def open_services(self) -> Mapping[str, Service]:
        """Return what has not ended, by the device's id."""
        query = select(device_service).where(device_service.c.ended_at.is_(None))
        return {row.device_id: _service(row) for row in self._db.execute(query)}

    def owed(self, serials: Collection[str] | None = None) -> Mapping[str, int]:
        """Return, by serial number, how many files are announced or under way and not sealed."""
        found: dict[str, int] = {}
        missing = (announced, announced.c.recording_id.is_(None))
        # An upload of an announced file is that file; one of its own is owed too.
        alone = and_(upload.c.state.in_(_UNDER_WAY), upload.c.card_id.is_(None))
        for table, is_open in (missing, (upload, alone)):
            whose = true() if serials is None else table.c.device.in_(serials)
            query = select(table.c.device, func.count()).where(is_open, whose).group_by(table.c.device)
            for name, count in self._db.execute(query):
                found[name] = found.get(name, 0) + count
        return found

    def docked_at(self, serial: str) -> datetime | None:
        """Return when a card of a device was docked last."""
        last = select(func.max(card.c.announced_at)).where(card.c.device == serial)
        return time_or_none(self._db.execute(last).scalar())

    def recorded(
        self, since: datetime, serials: Collection[str] | None = None
    ) -> Mapping[str, Mapping[date, int]]:
        """Return how many bytes each device, of these or of all, recorded on each day since a moment, as its
        cards said."""
        day = func.substr(announced.c.modified_at, 1, _DAY)
        sizes = select(announced.c.device, day, func.sum(announced.c.size))
        query = sizes.where(announced.c.modified_at >= to_text(since)).group_by(announced.c.device, day)
        if serials is not None:  # the index of names, by device, holds both
            query = query.where(announced.c.device.in_(serials))
        found: dict[str, dict[date, int]] = {}
        for serial, on, size in self._db.execute(query):
            found.setdefault(serial, {})[date.fromisoformat(on)] = int(size)
        return found

    def readings(self, since: datetime) -> Sequence[tuple[Reading, str]]:
        """Return what docks measured of clocks since a moment, and the wearer of each card."""
        told = (account.c.name, card.c.device, card.c.announced_at, card.c.clock_offset_ms, card.c.wearer)
        query = select(*told).join(account, account.c.id == card.c.account_id)
        measured = account.c.role != Kind.PERSON.value  # whoever docks by hand measures nothing
        # A card of which nobody told an offset measures nothing either; its label says so.
        measured = and_(measured, not_(card.c.labels.contains(_UNMEASURED, autoescape=True)))
        query = query.where(measured, card.c.announced_at >= to_text(since)).order_by(card.c.announced_at)
        return [
            (Reading(row.name, row.device, from_text(row.announced_at), row.clock_offset_ms), row.wearer)
            for row in self._db.execute(query)
        ]


def _columns(one: Device) -> dict[str, Any]:
    return {
        "id": one.id,
        "serial": one.serial,
        "class": one.class_.value,
        "unit_id": one.unit_id,
        "maker": one.maker,
        "model": one.model,
        "firmware": one.firmware,
        "capacity_mib": one.capacity_mib,
        "service_until": None if one.service_until is None else one.service_until.isoformat(),
        "retired_at": text_or_none(one.retired_at),
        "retired_by": one.retired_by,
        "retired_why": one.retired_why,
        "wiped": one.wiped,
    }


def _device(row: Any) -> Device:
    values = row._mapping
    return Device(
        row.id,
        row.serial,
        DeviceClass(values["class"]),
        row.unit_id,
        row.maker,
        row.model,
        row.firmware,
        row.capacity_mib,
        None if row.service_until is None else date.fromisoformat(row.service_until),
        time_or_none(row.retired_at),
        row.retired_by,
        row.retired_why,
        row.wiped,
    )


def _check(row: Any) -> Check:
    measured = (row.battery_percent, row.free_percent, row.clock_offset_ms)
    return Check(row.id, row.device_id, row.by, from_text(row.at), *measured)


def _issue(row: Any) -> Issue:
    return Issue(
        row.id,
        row.device_id,
        row.person_id,
        row.issued_by,
        from_text(row.issued_at),
        row.override,
        row.returned_by,
        row.received_by,
        time_or_none(row.returned_at),
    )


def _service(row: Any) -> Service:
    begun = (row.id, row.device_id, ServiceKind(row.kind), row.note, row.by, from_text(row.at))
    return Service(*begun, row.outcome, row.ended_by, time_or_none(row.ended_at))
