"""What there is to see of devices: the list, one device's history, units and their custodians, clocks.

Everything by the units of whoever looks; each look is logged. A device that nobody registered belongs where
the wearer of its last card does, and one of nobody's to those who see everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.devices import (
    Check,
    CheckFault,
    Device,
    DeviceState,
    Drift,
    Issue,
    Service,
    days_until_full,
    drifts,
    faults_of,
    is_fresh,
    state_of,
    suspected_docks,
)
from evidence.domain.people import WHOLE, Person, PersonType, Unit, is_below, is_on_roll
from evidence.domain.rights import Action, Role
from evidence.policy.equipment import CARRIED, Equipment, PreShiftCheck
from evidence.policy.rules import Citation
from evidence.service.devices.device_access import device_within, rules_of
from evidence.service.devices.device_ports import Order, Tally
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at
from evidence.service.oversight.refusals import tries_logged
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

LOOKS_BACK = timedelta(days=30)  # for what a device records in a day of use, and how its clock drifts


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device as the list shows it. faults: of the newest check. is_checked: that one is young enough and in
    order for issue. days_until_full: days of use that its card lasts. owed: files not sealed.
    service: a fault or maintenance that is not ended, wherever the device is.
    """

    device: Device
    unit: str
    state: DeviceState
    holder: Person | None
    check: Check | None
    faults: tuple[CheckFault, ...]
    is_checked: bool
    is_over: bool
    days_until_full: float | None
    owed: int
    service: Service | None


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Devices, how many there are in all, and after which the next page begins; None at the end."""

    devices: Sequence[ListedDevice]
    tally: Tally
    after: str | None


@dataclass(frozen=True, slots=True)
class DeviceHistory:
    """All that happened to a device, the newest first."""

    device: Device
    checks: Sequence[Check]
    issues: Sequence[Issue]
    services: Sequence[Service]


@dataclass(frozen=True, slots=True)
class UnitStock:
    """What a unit has, what it needs, and who keeps it; cites: of the need, then of the keeping."""

    unit: Unit
    name: str
    custodians: tuple[Person, ...]
    devices: int
    officers: int
    needed: int
    cites: tuple[Citation, ...]

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(0, self.needed - self.devices)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The drift of clocks, dock by dock; registered: serial numbers on the register among them."""

    drifts: Sequence[Drift]
    registered: frozenset[str]
    suspected: Sequence[str]
    limit: timedelta


@dataclass(frozen=True)
class DeviceReports:
    """The desk for looking at devices."""

    site: Site

    @admits(Action.READ_DEVICES)
    def all(self, caller: Caller) -> Sequence[ListedDevice]:
        """Return the devices of the caller's units, by serial number, the retired ones too."""
        now = self.site.clock.now()
        self._log_look(caller, "devices")
        with self.site.database.reading() as unit:
            units = {one.id: one for one in unit.units.all()}
            names = full_names(list(units.values()))
            mine = [one for one in unit.devices.all() if self._may(caller, units[one.unit_id].path)]
            people = {one.id: one for one in unit.people.all()}
            return self._listed(unit, mine, names, people, now)

    @admits(Action.READ_DEVICES)
    def page(self, caller: Caller, order: Order, after: str | None, most: int) -> DevicePage:
        """Return the devices of the caller's units that come after a serial number in an order; the look is
        logged.
        """
        now = self.site.clock.now()
        self._log_look(caller, "devices")
        with self.site.database.reading() as unit:
            units = unit.units.all()
            mine = [one.id for one in units if self._may(caller, one.path)]
            found = unit.devices.page(mine, order, after, most + 1)
            shown = self._listed(unit, found[:most], full_names(units), None, now)
            then = found[most - 1].serial if len(found) > most else None
            return DevicePage(shown, unit.devices.tally(mine), then)

    @admits(Action.READ_DEVICES)
    def history(self, caller: Caller, reference: str) -> DeviceHistory:
        """Return all about one device. Raises: NotFound("device-not-registered")."""
        with (
            tries_logged(self.site, caller, Action.READ_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            one = device_within(unit, self.site, caller, Action.READ_DEVICES, reference)
            entry = Entry(Act.READ_LIST, caller.id, (("device", one.id),), facts={"list": "devices"})
            unit.log.append(entry, self.site.clock.now())
            rows = unit.devices
            return DeviceHistory(one, rows.checks(one.id), rows.issues(one.id), rows.services(one.id))

    @admits(Action.READ_DEVICES)
    def by_unit(self, caller: Caller) -> Sequence[UnitStock]:
        """Return what each open unit of the caller's has and needs, and who keeps it."""
        now = self.site.clock.now()
        self._log_look(caller, "device-units")
        with self.site.database.reading() as unit:
            units, on = unit.units.all(), local_day(self.site.policies, now)
            names, keepers = full_names(units), _keepers(unit, on, now)
            officers = unit.people.on_roll(PersonType.OFFICER, on, now)
            stock = unit.devices.stock(CARRIED)
            open_ = [one for one in units if one.closed_at is None and self._may(caller, one.path)]
            rules = rules_of(self.site)
            return [
                _stock(rules, one, names[one.id], officers.get(one.id, 0), keepers, stock.get(one.id, 0))
                for one in open_
            ]

    @admits(Action.READ_DEVICES)
    def clocks(self, caller: Caller) -> Clocks:
        """Return how far the clocks of devices were off at each dock, over the last thirty days."""
        now = self.site.clock.now()
        self._log_look(caller, "device-clocks")
        limit = pack_at(self.site.policies, now).upload_deadline.largest_offset
        with self.site.database.reading() as unit:
            paths = {one.id: one.path for one in unit.units.all()}
            registered = {one.serial: paths[one.unit_id] for one in unit.devices.all()}
            wearers = {one.number: paths[one.unit_id] for one in unit.people.all()}
            read = unit.devices.readings(now - LOOKS_BACK)
        worn = {one.device: wearers.get(wearer, WHOLE) for one, wearer in read}  # the last card's
        every = drifts((one for one, _ in read), limit)
        seen = [one for one in every if self._may(caller, registered.get(one.device, worn[one.device]))]
        docks = {one.dock for one in seen}
        suspected = [one for one in suspected_docks(every, limit) if one in docks]
        return Clocks(seen, frozenset(registered), suspected, limit)

    def _listed(
        self,
        unit: UnitOfWork,
        mine: Sequence[Device],
        names: Mapping[str, str],
        people: Mapping[str, Person] | None,
        now: datetime,
    ) -> Sequence[ListedDevice]:
        """Return what there is to say of devices; people: all, or None where the devices are few."""
        rows, on, rule = unit.devices, local_day(self.site.policies, now), rules_of(self.site).check
        ids = None if people is not None else [one.id for one in mine]
        serials = None if people is not None else [one.serial for one in mine]
        checks, issues, services = rows.last_checks(ids), rows.open_issues(), rows.open_services()
        owed, recorded = rows.owed(serials), rows.recorded(now - LOOKS_BACK, serials)
        holder_of = unit.people.get if people is None else people.get
        found = []
        for one in mine:
            check, issue, service = checks.get(one.id), issues.get(one.id), services.get(one.id)
            is_checked, faults = self.order(check, now, rule)
            line = ListedDevice(
                one,
                names[one.unit_id],
                state_of(one, issue, service),
                None if issue is None else holder_of(issue.person_id),
                check,
                faults,
                is_checked,
                _is_over(one, on),
                days_until_full(one.capacity_mib, check, recorded.get(one.serial, {})),
                owed.get(one.serial, 0),
                service,
            )
            found.append(line)
        return found

    def order(
        self, check: Check | None, now: datetime, rule: PreShiftCheck | None
    ) -> tuple[bool, tuple[CheckFault, ...]]:
        """Tell whether a check is young enough and in order by a rule, and what it found."""
        if rule is None or check is None:
            return rule is None, ()
        limit = pack_at(self.site.policies, check.at).upload_deadline.largest_offset
        faults = faults_of(check, rule, limit)
        return is_fresh(check, rule, now) and not faults, faults

    def _may(self, caller: Caller, path: str) -> bool:
        return may_in(caller, Action.READ_DEVICES, path, self.site.bars())

    def _log_look(self, caller: Caller, name: str) -> None:
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": name}), self.site.clock.now())


def _keepers(unit: UnitOfWork, on: date, now: datetime) -> Sequence[tuple[str, Person]]:
    """Return the custodians on the roll, each with the path below which they keep the devices."""
    paths = {one.id: one.path for one in unit.units.all()}
    granted = [one for one in unit.grants.in_force(now) if one.role is Role.CUSTODIAN]
    found = [(one.unit_id, unit.people.get(one.person_id)) for one in granted]
    return [
        (WHOLE if unit_id is None else paths[unit_id], one)
        for unit_id, one in found
        if one is not None and is_on_roll(one, on, now)
    ]


def _is_over(one: Device, on: date) -> bool:
    return one.service_until is not None and one.service_until < on and one.retired_at is None


def _stock(
    rules: Equipment,
    one: Unit,
    name: str,
    officers: int,
    keepers: Sequence[tuple[str, Person]],
    devices: int,
) -> UnitStock:
    need, keeping = rules.need, rules.keeping
    return UnitStock(
        one,
        name,
        tuple(person for path, person in keepers if is_below(one.path, path)),
        devices,
        officers,
        0 if need is None else -(-officers // need.officers_per_recorder),
        (*(need.cites if need else ()), *(keeping.cites if keeping else ())),
    )
