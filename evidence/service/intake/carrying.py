"""Who wears a recorder without what the law asks for before: evidence is taken all the same, and it is said.

The log says so at each announcement; the roll shows it to supervisors (service/people/people.py `all`,
lacking).
"""

from __future__ import annotations

from datetime import datetime

from evidence.domain.people import may_carry
from evidence.service.instruments import local_day, pack_at
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


def what_wearer_lacks(unit: UnitOfWork, number: str, site: Site, now: datetime) -> list[str]:
    """Return what the wearer with this number lacks to carry a recorder; nothing for one nobody knows."""
    person = unit.people.by_number(number)
    if person is None:
        return []
    on, pack = local_day(site.policies, now), pack_at(site.policies, now)
    trainings, undertakings = unit.people.trainings(person.id), unit.people.undertakings(person.id)
    return [lack.need.value for lack in may_carry(person, trainings, undertakings, pack, on)]
