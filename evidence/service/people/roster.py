"""The public roster: whether a number belongs to somebody who serves today, and little else.

Dazhe and Longquan, measures on auxiliaries, art. 13 par. 2: a public list that can be queried. Whom it is
about is in the pack in force; where that knows no such duty there is no roster. Unknown, left, leaving, out
of contract, of another type: one answer, after the same questions to the database. Looks are not logged:
strangers would fill the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evidence.domain.people import Person, PersonType, is_on_roll
from evidence.domain.wording import is_plain
from evidence.errors import NotFound
from evidence.policy.rules import Duty, cite_ids
from evidence.service.instruments import local_day, pack_at
from evidence.service.people.people import post_of_day
from evidence.service.people.units import full_names
from evidence.service.site import Site

_NOBODY = "0" * 32  # no id: asked for, so that what is unknown costs as much as what is known


@dataclass(frozen=True, slots=True)
class PublicTerms:
    """What this site shows beside the number. contact: where complaints are received."""

    names: bool = False
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who serves today. name: only where the site says so. until: last day of the contract."""

    number: str
    name: str | None
    type: PersonType
    unit: str
    post: str | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Roster:
    """The desk for the public: no caller, nothing about any recording."""

    site: Site
    terms: PublicTerms = PublicTerms()  # noqa: RUF009 (frozen)

    def cites(self) -> tuple[str, ...]:
        """Return the articles of this roster. Raises: NotFound("no-roster") where the law knows none."""
        types, cites = pack_at(self.site.policies, self.site.clock.now()).duty(Duty.PUBLIC_ROSTER)
        if not types:
            raise NotFound("no-roster")
        return cite_ids(cites)

    def look_up(self, number: str) -> Entry | None:
        """Return who serves today under a number; None for all else. Raises: NotFound("no-roster")."""
        self.cites()
        now = self.site.clock.now()
        types, _ = pack_at(self.site.policies, now).duty(Duty.PUBLIC_ROSTER)
        on = local_day(self.site.policies, now)
        with self.site.database.reading() as unit:
            found = unit.people.by_number(number if is_plain(number) else _NOBODY)
            posts = unit.people.posts(found.id if found else _NOBODY)
            mine = unit.units.get(found.unit_id if found else _NOBODY)
            names = full_names(unit.units.all())
        if found is None or mine is None or found.type not in types or not is_on_roll(found, on, now):
            return None
        post = post_of_day(posts, on)
        return self._entry(found, names[mine.id], post.title if post else None)

    def _entry(self, found: Person, unit: str, post: str | None) -> Entry:
        name = found.name if self.terms.names else None
        return Entry(found.number, name, found.type, unit, post, found.contract_to)
