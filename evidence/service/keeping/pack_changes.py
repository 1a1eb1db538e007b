"""What another policy pack would change about keeping: tried dry, recording by recording; then applied.

Dry, it lists every recording whose date another pack would touch, before and after, and changes nothing.
Applied is only the pack in force, and only what is stricter: a date that would be earlier stays, and is told
(Dazhe 2020 art. 17: old footage keeps its rule unless the new one is longer).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.retention import Kept, Law, Rule, asked_until
from evidence.domain.rights import Action
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.keeping.keeping import law_now, law_of, owe_terms, settle_as_far
from evidence.service.ports import Policies
from evidence.service.site import Site

_AT_ONCE = 200


class Touch(StrEnum):
    """What another pack does to a recording's date."""

    LATER = "later"
    STAYS = "stays"  # the other pack alone would keep it shorter; its date stays


@dataclass(frozen=True, slots=True)
class Touched:
    """A recording that another pack touches. after: what its own rules come to; the lock is never earlier
    than before. rule: the one that asks for it."""

    recording_id: str
    sealed_at: datetime
    touch: Touch
    before: datetime
    after: datetime
    rule: Rule


@dataclass(frozen=True)
class PackChanges:
    """The desk for changes of packs."""

    site: Site

    @admits(Action.HOLD)
    def try_dry(self, caller: Caller, policies: Policies) -> Iterator[Touched]:
        """Yield every recording within reach that other packs would touch, oldest seal first.

        Nothing changes; the look is logged.
        """
        pack = pack_at(policies, self.site.clock.now())
        with self.site.database.writing() as unit:
            facts = {"list": "pack-change", "policy": f"{pack.id}@{pack.version}"}
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts=facts), self.site.clock.now())
        return self._touched(caller, law_of(self.site, pack))

    @admits(Action.HOLD)
    def apply(self, caller: Caller) -> Sequence[Touched]:
        """Move the locks within reach that the pack in force asks for; return what it touches: what is later
        by now, and what stays. What the vault cannot be told now counts at once, and the sweep tells it.
        """
        law = law_now(self.site)
        found = list(self._touched(caller, law))
        later = [one.recording_id for one in found if one.touch is Touch.LATER]
        for first in range(0, len(later), _AT_ONCE):
            with self.site.database.writing() as unit:
                owed = owe_terms(unit, self.site, later[first : first + _AT_ONCE], caller.id)
            settle_as_far(self.site, owed)
        return found

    def _touched(self, caller: Caller, law: Law) -> Iterator[Touched]:
        before, now = law_now(self.site), self.site.clock.now()
        there = reach(caller, Action.HOLD, self.site.bars())
        with self.site.database.reading() as unit:
            for kept in unit.keepings.dated(there, now):
                found = _touch(kept, before, law)
                if found is not None:
                    yield found


def _touch(kept: Kept, old: Law, law: Law) -> Touched | None:
    after, rule = asked_until(kept, law, None)
    if after > kept.locked_until:
        return Touched(kept.recording_id, kept.sealed_at, Touch.LATER, kept.locked_until, after, rule)
    if law is not old and after < asked_until(kept, old, None)[0]:
        return Touched(kept.recording_id, kept.sealed_at, Touch.STAYS, kept.locked_until, after, rule)
    return None
