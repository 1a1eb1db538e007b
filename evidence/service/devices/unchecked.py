"""The devices in use without a check that is young and in order, as far as somebody may see devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.devices import CheckFault, Device, DeviceState, state_of
from evidence.domain.rights import Action
from evidence.service.devices.device_access import rules_of
from evidence.service.devices.device_ports import Order
from evidence.service.devices.device_reports import DeviceReports
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class UncheckedDevice:
    """A device. at: when it was checked last, if ever. holder: the number of whoever has it."""

    device: Device
    at: datetime | None
    holder: str | None
    state: DeviceState
    faults: Sequence[CheckFault]


def unchecked(
    site: Site, unit: UnitOfWork, caller: Caller, now: datetime, most: int
) -> Sequence[UncheckedDevice]:
    """Return them, so many at most: those that were never checked first."""
    if rules_of(site).check is None:
        return []
    rows, bars = unit.devices, site.bars()
    mine = {one.id for one in unit.units.all() if may_in(caller, Action.READ_DEVICES, one.path, bars)}
    first = rows.page(mine, Order.UNCHECKED, None, most)  # as far as these reach, nobody asks more
    never = [one for one in _due(site, unit, first, now, most) if one.at is None]
    if len(never) == most:
        return never
    return _due(site, unit, [one for one in rows.all() if one.unit_id in mine], now, most)


def _due(
    site: Site, unit: UnitOfWork, devices: Sequence[Device], now: datetime, most: int
) -> Sequence[UncheckedDevice]:
    rows, reports, rule = unit.devices, DeviceReports(site), rules_of(site).check
    checks, issues, services = rows.last_checks(), rows.open_issues(), rows.open_services()
    found = []
    for one in devices:
        check, issue = checks.get(one.id), issues.get(one.id)
        state = state_of(one, issue, services.get(one.id))
        is_checked, faults = reports.order(check, now, rule)
        if not is_checked and state in (DeviceState.IN_STOCK, DeviceState.ISSUED):
            at = None if check is None else check.at
            found.append(UncheckedDevice(one, at, None if issue is None else issue.person_id, state, faults))
    found.sort(key=lambda one: (one.at is not None, one.at or now, one.device.serial))
    shown = found[:most]
    numbers = {one.id: one.number for one in unit.people.all()} if issues else {}
    return [replace(one, holder=numbers.get(one.holder)) if one.holder else one for one in shown]
