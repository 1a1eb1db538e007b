"""What every desk for devices asks first: a device and people within the caller's scope, by what docks and
badges say. For use inside `tries_logged`.
"""

from __future__ import annotations

from evidence.domain.access import Caller, may_in
from evidence.domain.devices import Device
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, NotFound, Refused
from evidence.policy.equipment import Equipment, equipment_of
from evidence.service.instruments import pack_at
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


def rules_of(site: Site) -> Equipment:
    """Return the rules about equipment that are in force."""
    now = site.clock.now()
    return equipment_of(pack_at(site.policies, now), pack_at(site.strictest, now))


def device_within(unit: UnitOfWork, site: Site, caller: Caller, action: Action, reference: str) -> Device:
    """Return a device of the caller's units, by id or serial number.

    Raises: NotFound("device-not-registered").
    """
    found = unit.devices.find(reference) if is_plain(reference) else None
    home = None if found is None else unit.units.get(found.unit_id)
    if found is None or home is None:
        raise NotFound("device-not-registered", device=reference)
    if not may_in(caller, action, home.path, site.bars()):
        raise OutOfSight("device-not-registered", device=reference)
    return found


def device_in_use(unit: UnitOfWork, site: Site, caller: Caller, action: Action, reference: str) -> Device:
    """Return one that is not retired. Raises: as `device_within`; Conflict("device-retired")."""
    found = device_within(unit, site, caller, action, reference)
    if found.retired_at is not None:
        raise Conflict("device-retired", device=found.serial)
    return found


def other_person(unit: UnitOfWork, caller: Caller, action: Action, number: str) -> Person:
    """Return the person of a number, who is not the caller: two people stand at every hand-over.

    Raises: NotFound("person-not-found"), Refused("own-request").
    """
    found = unit.people.by_number(number) if is_plain(number) else None
    if found is None:
        raise NotFound("person-not-found", number=number)
    if found.id == caller.id:
        raise Refused("own-request", action=action.value)
    return found
