"""The register of devices: which there are, whose they are, and how one leaves service.

A device is retired only when nothing on it is owed: no file of it that is announced or under way, its card
docked since it came back last, and word of how it was wiped (Longquan art. 5). The serial number is what
docks send, and never changes. Footage of a device that nobody registered is taken all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypedDict, Unpack

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.devices import Device
from evidence.domain.ids import new_id
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, Known
from evidence.policy.equipment import DeviceClass
from evidence.policy.rules import cite_ids
from evidence.service.devices.device_access import device_in_use, rules_of
from evidence.service.gate import admits
from evidence.service.oversight.refusals import reason_of, tries_logged
from evidence.service.people.roll_scope import admit_to_unit, check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

LARGEST_MIB = 1 << 40


class DeviceDetails(TypedDict, total=False):
    """What else is known about a device, or is to change; what is left out stays as it is."""

    unit_id: str
    maker: str | None
    model: str | None
    firmware: str | None
    capacity_mib: int | None
    service_until: date | None


@dataclass(frozen=True)
class DeviceRegister:
    """The desk for the register."""

    site: Site

    @admits(Action.MANAGE_DEVICES)
    def add(
        self, caller: Caller, serial: str, class_: str, unit_id: str, /, **details: Unpack[DeviceDetails]
    ) -> Device:
        """Register a device of a unit.

        Raises: Invalid("invalid-text", "unknown-device-class", "invalid-measure"), NotFound,
        Conflict("serial-taken", "unit-closed").
        """
        check_text("serial", serial)
        classes = rules_of(self.site).classes
        known = () if classes is None else classes.words
        if class_ not in known:
            raise Invalid("unknown-device-class", found=class_, known=Known(known, "device-class"))
        home = admit_to_unit(self.site, caller, Action.MANAGE_DEVICES, unit_id)
        new = replace(Device(new_id(), serial, DeviceClass(class_), home.id), **details)
        _check(new)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.devices.add(new, now)
            unit.log.append(_entry(Act.DEVICE_ADD, caller, new, _facts(new), {"serial": serial}), now)
        return new

    @admits(Action.MANAGE_DEVICES)
    def change(self, caller: Caller, reference: str, /, **details: Unpack[DeviceDetails]) -> Device:
        """Change a device's row; to hand it to another unit is to change `unit_id`.

        Raises: as add; NotFound("device-not-registered"), Conflict("device-retired").
        """
        now = self.site.clock.now()
        if "unit_id" in details:
            admit_to_unit(self.site, caller, Action.MANAGE_DEVICES, details["unit_id"])
        with (
            tries_logged(self.site, caller, Action.MANAGE_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            before = device_in_use(unit, self.site, caller, Action.MANAGE_DEVICES, reference)
            after = replace(before, **details)
            _check(after)
            if after != before:
                unit.devices.put(after)
                was, now_is = _facts(before), _facts(after)
                changed = {name: value for name, value in now_is.items() if value != was[name]}
                unit.log.append(_entry(Act.DEVICE_CHANGE, caller, after, changed), now)
        return after

    @admits(Action.MANAGE_DEVICES)
    def retire(self, caller: Caller, reference: str, why: str, wiped: str) -> Device:
        """Take a device out of service for good. wiped: how it was shown that nothing is left on it.

        Raises: NotFound("device-not-registered"), Invalid("reason-needed"), Conflict("device-retired",
        "device-issued", "device-not-offloaded", "device-not-docked").
        """
        why, wiped, now = reason_of(why), reason_of(wiped), self.site.clock.now()
        rule = rules_of(self.site).retirement
        cites = [] if rule is None else list(cite_ids(rule.cites))
        with (
            tries_logged(self.site, caller, Action.MANAGE_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            found = device_in_use(unit, self.site, caller, Action.MANAGE_DEVICES, reference)
            _verify_empty(unit, found, cites)
            gone = replace(found, retired_at=now, retired_by=caller.id, retired_why=why, wiped=wiped)
            unit.devices.put(gone)
            personal = {"reason": why, "wiped": wiped}
            unit.log.append(_entry(Act.DEVICE_RETIRE, caller, gone, {"cites": cites}, personal), now)
        return gone


def _verify_empty(unit: UnitOfWork, one: Device, cites: list[str]) -> None:
    """Refuse while anything on a device may be owed: what nobody has read is not known to be nothing."""
    if one.id in unit.devices.open_issues():
        raise Conflict("device-issued", device=one.serial)
    if owed := unit.devices.owed([one.serial]).get(one.serial, 0):
        raise Conflict("device-not-offloaded", device=one.serial, files=owed, cites=" ".join(cites))
    back = max((it.returned_at for it in unit.devices.issues(one.id) if it.returned_at), default=None)
    docked = unit.devices.docked_at(one.serial)
    if back is not None and (docked is None or docked < back):
        raise Conflict("device-not-docked", device=one.serial, cites=" ".join(cites))


def _check(one: Device) -> None:
    for field, text in (("maker", one.maker), ("model", one.model), ("firmware", one.firmware)):
        if text is not None:
            check_text(field, text)
    if one.capacity_mib is not None and not 0 < one.capacity_mib <= LARGEST_MIB:
        raise Invalid("invalid-measure", field="capacity_mib")


def _facts(one: Device) -> dict[str, object]:
    return {
        "class": one.class_.value,
        "unit": one.unit_id,
        "maker": one.maker,
        "model": one.model,
        "firmware": one.firmware,
        "capacity_mib": one.capacity_mib,
        "service_until": None if one.service_until is None else one.service_until.isoformat(),
    }


def _entry(
    act: Act,
    caller: Caller,
    one: Device,
    facts: dict[str, object],
    personal: Mapping[str, object] | None = None,
) -> Entry:
    return Entry(act, caller.id, (("device", one.id),), facts=facts, personal=personal or {})
