"""Devices in people's hands: checked before a shift, issued, brought back, out of use for a fault.

1. Only a custodian of the unit issues and takes back, never to or from themselves: two people stand there.
2. Issued is what was checked in time and in order (Dazhe art. 10), to somebody who may carry it; without such
   a check only with a reason, and the head of the unit hears of it.
3. What another person brings back is taken, and raised: what is issued is not lent (Xinping art. 14(11)).
4. Whoever leaves has given everything back (leaving.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.devices import (
    Check,
    CheckFault,
    Device,
    DeviceState,
    Issue,
    Service,
    ServiceKind,
    faults_of,
    is_fresh,
    state_of,
)
from evidence.domain.ids import new_id
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.people import Person, may_carry
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, Refused
from evidence.policy.equipment import CARRIED, PreShiftCheck
from evidence.policy.rules import cite_ids
from evidence.service.devices.device_access import device_in_use, device_within, other_person, rules_of
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at
from evidence.service.oversight.refusals import OutOfSight, person_on_roll, reason_of, tries_logged
from evidence.service.people.leaving import may_be_open
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_LARGEST_OFFSET_MS = 100 * 365 * 86_400_000


@may_be_open("devices")
def _devices(unit: UnitOfWork, person: Person, _now: datetime) -> Sequence[str]:
    """Devices that were issued and not brought back."""
    return sorted(unit.devices.open_issues(person.id))


@dataclass(frozen=True)
class DeviceCustody:
    """The desk where devices are handed out and back."""

    site: Site

    @admits(Action.CARE_FOR_DEVICES)
    def check(
        self, caller: Caller, reference: str, battery_percent: int, free_percent: int, clock_offset_ms: int
    ) -> tuple[Check, Sequence[CheckFault]]:
        """Note what a check before a shift measured; return it with what is out of order.

        Raises: NotFound("device-not-registered"), Conflict("device-retired"), Invalid("invalid-measure").
        """
        for field, value in (("battery_percent", battery_percent), ("free_percent", free_percent)):
            if not 0 <= value <= 100:
                raise Invalid("invalid-measure", field=field)
        if abs(clock_offset_ms) > _LARGEST_OFFSET_MS:
            raise Invalid("invalid-measure", field="clock_offset_ms")
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.CARE_FOR_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            found = device_in_use(unit, self.site, caller, Action.CARE_FOR_DEVICES, reference)
            measured = (battery_percent, free_percent, clock_offset_ms)
            new = Check(new_id(), found.id, caller.id, now, *measured)
            unit.devices.add_check(new)
            wrong = self._faults(new)
            facts = {
                "battery_percent": battery_percent,
                "free_percent": free_percent,
                "clock_offset_ms": clock_offset_ms,
                "faults": [one.value for one in wrong],
            }
            unit.log.append(Entry(Act.DEVICE_CHECK, caller.id, (("device", found.id),), facts=facts), now)
        return new, wrong

    @admits(Action.MANAGE_DEVICES)
    def issue(self, caller: Caller, reference: str, number: str, override: str | None = None) -> Issue:
        """Hand a device to a person. override: why without a check in time; then the unit head is told.

        Raises: NotFound("device-not-registered", "person-not-found"), Refused("own-request", "not-on-roll",
        "lacks-for-duty"), Conflict("device-retired", "device-not-carried", "device-issued",
        "device-in-repair", "check-needed"), Invalid("reason-needed").
        """
        override = None if override is None else reason_of(override)
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.MANAGE_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            found = device_in_use(unit, self.site, caller, Action.MANAGE_DEVICES, reference)
            person = self._receiver(unit, caller, number, now)
            _verify_in_stock(unit, found)
            rule, is_checked = rules_of(self.site).check, self._is_checked(unit, found, now)
            cites = [] if rule is None else list(cite_ids(rule.cites))
            if not is_checked and override is None:
                raise Conflict("check-needed", device=found.serial, cites=" ".join(cites))
            new = Issue(new_id(), found.id, person.id, caller.id, now, None if is_checked else override)
            unit.devices.add_issue(new)
            if not is_checked:
                _notify(unit, NoticeKind.DEVICE_UNCHECKED, found, new, now)
            facts = {"checked": is_checked, "cites": cites}
            personal = {} if new.override is None else {"reason": new.override}
            unit.log.append(_entry(Act.DEVICE_ISSUE, caller, new, facts, personal), now)
        return new

    @admits(Action.MANAGE_DEVICES)
    def give_back(self, caller: Caller, reference: str, number: str) -> Issue:
        """Take a device back from whoever brings it; another person than has it is raised.

        Raises: NotFound("device-not-registered", "person-not-found"), Refused("own-request"),
        Conflict("device-not-issued").
        """
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.MANAGE_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            found = device_within(unit, self.site, caller, Action.MANAGE_DEVICES, reference)
            bringer = other_person(unit, caller, Action.MANAGE_DEVICES, number)
            issue = unit.devices.open_issues().get(found.id)
            if issue is None:
                raise Conflict("device-not-issued", device=found.serial)
            unit.devices.give_back(issue.id, bringer.id, caller.id, now)
            back = replace(issue, returned_by=bringer.id, received_by=caller.id, returned_at=now)
            rule = rules_of(self.site).lending
            facts: dict[str, object] = {"by_another": back.by_another}
            if back.by_another:
                facts["cites"] = [] if rule is None else list(cite_ids(rule.cites))
                _notify(unit, NoticeKind.DEVICE_FROM_ANOTHER, found, back, now)
            unit.log.append(_entry(Act.DEVICE_RETURN, caller, back, facts), now)
        return back

    @admits(Action.CARE_FOR_DEVICES)
    def report(self, caller: Caller, reference: str, kind: ServiceKind, note: str) -> Service:
        """Note a fault, or that maintenance begins: the device is not issued until that is settled.

        Raises: NotFound("device-not-registered"), Conflict("device-retired", "device-in-repair"), Invalid.
        """
        note, now = reason_of(note), self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.CARE_FOR_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            found = device_in_use(unit, self.site, caller, Action.CARE_FOR_DEVICES, reference)
            if found.id in unit.devices.open_services():
                raise Conflict("device-in-repair", device=found.serial)
            new = Service(new_id(), found.id, kind, note, caller.id, now)
            unit.devices.add_service(new)
            objects, facts = (("device", found.id), ("service", new.id)), {"kind": kind.value}
            personal = {"note": note}
            entry = Entry(Act.DEVICE_SERVICE, caller.id, objects, facts=facts, personal=personal)
            unit.log.append(entry, now)
        return new

    @admits(Action.MANAGE_DEVICES)
    def settle(self, caller: Caller, reference: str, outcome: str) -> Service:
        """Note that a fault is mended or maintenance is over.

        Raises: NotFound("device-not-registered"), Conflict("device-not-in-repair"), Invalid("reason-needed").
        """
        outcome, now = reason_of(outcome), self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.MANAGE_DEVICES, ("device", reference)),
            self.site.database.writing() as unit,
        ):
            found = device_within(unit, self.site, caller, Action.MANAGE_DEVICES, reference)
            running = unit.devices.open_services().get(found.id)
            if running is None:
                raise Conflict("device-not-in-repair", device=found.serial)
            unit.devices.end_service(running.id, caller.id, now, outcome)
            objects = (("device", found.id), ("service", running.id))
            entry = Entry(Act.DEVICE_SETTLE, caller.id, objects, personal={"outcome": outcome})
            unit.log.append(entry, now)
        return replace(running, outcome=outcome, ended_by=caller.id, ended_at=now)

    def _receiver(self, unit: UnitOfWork, caller: Caller, number: str, now: datetime) -> Person:
        """Return who is to have a device: of the caller's units, on the roll, and allowed to carry one."""
        person = other_person(unit, caller, Action.MANAGE_DEVICES, number)
        home = unit.units.get(person.unit_id)
        if home is None or not may_in(caller, Action.MANAGE_DEVICES, home.path, self.site.bars()):
            raise OutOfSight("person-not-found", number=number)
        person_on_roll(unit, self.site, person.id, now)
        pack, on = pack_at(self.site.policies, now), local_day(self.site.policies, now)
        lacks = may_carry(
            person, unit.people.trainings(person.id), unit.people.undertakings(person.id), pack, on
        )
        if lacks:
            cites = dict.fromkeys(cite for lack in lacks for cite in cite_ids(lack.cites))
            needs = " ".join(lack.need.value for lack in lacks)
            raise Refused("lacks-for-duty", needs=needs, cites=" ".join(cites))
        return person

    def _is_checked(self, unit: UnitOfWork, one: Device, now: datetime) -> bool:
        rule = rules_of(self.site).check
        if rule is None:
            return True
        last = next((it for it in unit.devices.checks(one.id) if it.at <= now), None)
        return last is not None and is_fresh(last, rule, now) and not self._faults(last)

    def _faults(self, check: Check) -> Sequence[CheckFault]:
        rule: PreShiftCheck | None = rules_of(self.site).check
        limit = pack_at(self.site.policies, check.at).upload_deadline.largest_offset
        return () if rule is None else faults_of(check, rule, limit)


def _verify_in_stock(unit: UnitOfWork, one: Device) -> None:
    if one.class_ not in CARRIED:
        raise Conflict("device-not-carried", device=one.serial)
    issue, service = unit.devices.open_issues().get(one.id), unit.devices.open_services().get(one.id)
    if (state := state_of(one, issue, service)) is not DeviceState.IN_STOCK:
        raise Conflict(f"device-{state.value}", device=one.serial)


def _notify(unit: UnitOfWork, kind: NoticeKind, one: Device, issue: Issue, now: datetime) -> None:
    unit.notices.add(Notice(new_id(), now, kind, None, one.unit_id, issue.person_id, issue.id))


def _entry(
    act: Act,
    caller: Caller,
    issue: Issue,
    facts: dict[str, object],
    personal: Mapping[str, object] | None = None,
) -> Entry:
    """Return an entry about a device and all in whose hands it was."""
    people = dict.fromkeys(filter(None, (issue.returned_by, issue.person_id)))
    objects = (("device", issue.device_id), ("issue", issue.id), *(("person", one) for one in people))
    return Entry(act, caller.id, objects, facts=facts, personal=personal or {})
