"""Admission to units and people by scope: a grant in the unit or above it. A denied try is logged.

What lies outside does not exist for the caller: not found, in the words of what is not there at all.
"""

from __future__ import annotations

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.people import WHOLE, Person, Unit
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.site import Site


def admit_to_unit(site: Site, caller: Caller, action: Action, unit_id: str) -> Unit:
    """Return an open unit in which the caller may do this.

    Raises: NotFound("unit-not-found"), Conflict("unit-closed").
    """
    with site.database.reading() as unit:
        found = unit.units.get(unit_id) if is_id(unit_id) else None
    if found is None or not may_in(caller, action, found.path, site.bars()):
        _log_denial(site, caller, action, ("unit", found.id) if found else None)
        raise NotFound("unit-not-found", unit=unit_id)
    if found.closed_at is not None:
        raise Conflict("unit-closed", unit=unit_id)
    return found


def admit_to_whole(site: Site, caller: Caller, action: Action) -> None:
    """Let the caller do this about the site as a whole. Raises: Refused("not-permitted")."""
    if not may_in(caller, action, WHOLE, site.bars()):
        _log_denial(site, caller, action, None)
        raise Refused("not-permitted", action=action.value)


def admit_to_person(site: Site, caller: Caller, action: Action, number: str) -> Person:
    """Return a person about whom the caller may do this; nobody manages their own record.

    Raises: NotFound("person-not-found"), Refused("own-record").
    """
    with site.database.reading() as unit:
        found = unit.people.by_number(number) if is_plain(number) else None
        theirs = unit.units.get(found.unit_id) if found else None
    if found is None or theirs is None or not may_in(caller, action, theirs.path, site.bars()):
        _log_denial(site, caller, action, ("person", found.id) if found else None)
        raise NotFound("person-not-found", number=number)
    if action is Action.MANAGE_PEOPLE and found.id == caller.id:
        _log_denial(site, caller, action, ("person", found.id))
        raise Refused("own-record")
    return found


def check_text(field: str, text: str) -> None:
    """Refuse what can be no name, number or title. Raises: Invalid("invalid-text")."""
    if not is_plain(text):
        raise Invalid("invalid-text", field=field)


def _log_denial(site: Site, caller: Caller, action: Action, about: tuple[str, str] | None) -> None:
    """Log that somebody reached for what is there and not theirs; what is not there is a slip."""
    facts = {"action": action.value}
    with site.database.writing() as unit:
        entry = Entry(Act.DENIED, caller.id, (about,) if about else (), "refused", facts)
        unit.log.append(entry, site.clock.now())
