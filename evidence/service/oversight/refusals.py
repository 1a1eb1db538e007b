"""What every desk over access asks first: a reason that can be read, a person on the roll, a scope; and that
a refusal is logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.people import Person, is_on_roll
from evidence.domain.rights import Action
from evidence.errors import Invalid, NotFound, Refused
from evidence.service.instruments import pack_at
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_LONGEST_REASON = 1000


class OutOfSight(NotFound):
    """There is such a thing, and the caller may not know of it: as if there were none; but logged."""


def reason_of(text: str) -> str:
    """Return a reason without the space around it. Raises: Invalid("reason-needed", "invalid-text")."""
    reason = text.strip()
    if not reason:
        raise Invalid("reason-needed")
    if len(reason) > _LONGEST_REASON or not reason.replace("\n", " ").replace("\u3000", " ").isprintable():
        raise Invalid("invalid-text", field="reason")
    return reason


def verify_end(until: datetime | None, now: datetime) -> None:
    """Verify that an end lies ahead. Raises: Invalid("end-not-ahead")."""
    if until is not None and (until.tzinfo is None or until <= now):
        raise Invalid("end-not-ahead", until=until.isoformat())


def person_on_roll(unit: UnitOfWork, site: Site, person_id: str, now: datetime) -> Person:
    """Return somebody who belongs to the agency now. Raises: NotFound("person-not-found"), Refused."""
    person = unit.people.get(person_id) if is_id(person_id) else None
    if person is None:
        raise NotFound("person-not-found", person=person_id)
    today = now.astimezone(ZoneInfo(pack_at(site.policies, now).time_zone)).date()
    if not is_on_roll(person, today, now):
        raise Refused("not-on-roll", person=person_id)
    return person


def verify_scope(site: Site, caller: Caller, action: Action, path: str) -> None:
    """Verify that the caller may do something in a unit. Raises: Refused("out-of-scope")."""
    if not may_in(caller, action, path, site.bars()):
        raise Refused("out-of-scope", action=action.value)


@contextmanager
def tries_logged(site: Site, caller: Caller, action: Action, *objects: tuple[str, str]) -> Iterator[None]:
    """Log what is refused in here, after all of it was taken back. objects: kind and id, as far as known."""
    try:
        yield
    except (Refused, OutOfSight) as problem:
        if not isinstance(problem, Invalid):
            why = "not-granted" if isinstance(problem, OutOfSight) else problem.code
            cites = str(problem.fields.get("cites", "")).split()
            facts = {"action": action.value, "why": why, "cites": cites}
            known = tuple((kind, id_) for kind, id_ in objects if is_id(id_))
            with site.database.writing() as unit:
                entry = Entry(Act.DENIED, caller.id, known, "refused", facts)
                unit.log.append(entry, site.clock.now())
        raise
