"""The queue of explanations that wait for a decision: those that the caller may decide about, oldest first.

Nobody finds their own in it: neither what they wore, nor what they said, now or before, about the same gap.
A decision itself is in explanations.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, denial, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.explanations import Explanation, Gap
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.policy.conduct import faults_of
from evidence.service.catalogue import StoredRecording
from evidence.service.gaps.gap_access import standing_of_gap
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST = 500  # of a queue: nobody sees its end in a day


@dataclass(frozen=True, slots=True)
class Waiting:
    """An explanation that waits, and what it is about."""

    gap: Gap
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies on the desk: one explanation with all that was said before, and its place in the queue, from
    0. heard: the recording in which the cause was spoken. kinds: of fault, as the pack names them.
    """

    queue: Sequence[Waiting]
    place: int
    history: Sequence[Explanation]
    stored: StoredRecording | None
    heard: StoredRecording | None
    people: Mapping[str, Person]
    kinds: tuple[str, ...]
    with_proxy: frozenset[str]  # the recordings of which a proxy plays: no browser plays the original

    @property
    def now(self) -> Waiting:
        """What is to be decided."""
        return self.queue[self.place]

    def beside(self, steps: int) -> Waiting | None:
        """Return what stands so many places further on; None beyond the ends."""
        place = self.place + steps
        return self.queue[place] if 0 <= place < len(self.queue) else None


@dataclass(frozen=True)
class Reviewing:
    """The desk for reviewing, one after the other."""

    site: Site

    @admits(Action.REVIEW_GAPS)
    def desk(self, caller: Caller, explanation_id: str | None = None) -> Desk | None:
        """Return the explanation that is asked for, or the first of the queue; None where nothing waits. The
        look is logged.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            queue = waiting_for(self.site, unit, caller, now)
            ids = [one.explanation.id for one in queue]
            place = ids.index(explanation_id) if explanation_id in ids else 0
            facts = {"list": "explanations"} | ({"gap": queue[place].gap.subject.name} if queue else {})
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts=facts), now)
            if not queue:
                return None
            one = queue[place]
            history = unit.explanations.of([one.explanation.gap])[one.explanation.gap]
            spoken = one.explanation.spoken
            about = {one.gap.recording_id, spoken and spoken.recording_id} - {None}
            stored = unit.recordings.some([str(id_) for id_ in about])
            with_proxy = unit.derivatives.with_proxy(stored)
            people = {
                id_: unit.people.get(id_) for it in history for id_ in (it.author, it.reviewed_by) if id_
            }
        pack = pack_at(self.site.policies, now)
        return Desk(
            queue,
            place,
            history,
            stored.get(one.gap.recording_id or ""),
            None if spoken is None else stored.get(spoken.recording_id),
            {id_: person for id_, person in people.items() if person is not None},
            tuple(faults_of(pack, pack_at(self.site.strictest, now)).words),
            with_proxy,
        )


def waiting_for(site: Site, unit: UnitOfWork, caller: Caller, now: datetime) -> list[Waiting]:
    """Return what the caller may decide about, oldest first, to use cases that have admitted and logged."""
    there = reach(caller, Action.REVIEW_GAPS, site.bars())
    found = unit.overseen.explained(None, there, now, MOST, without=caller.id)
    return [
        Waiting(gap, new)
        for gap, new in found
        if gap.recording_id is not None or _may_decide(site, unit, caller, gap, now)
    ]


def waiting_since(site: Site, unit: UnitOfWork, caller: Caller, now: datetime) -> list[datetime]:
    """Return since when each of these waits."""
    there = reach(caller, Action.REVIEW_GAPS, site.bars())
    found = unit.overseen.undecided(there, now, MOST, without=caller.id)
    return [at for at, gap in found if gap is None or _may_decide(site, unit, caller, gap, now)]


def _may_decide(site: Site, unit: UnitOfWork, caller: Caller, gap: Gap, now: datetime) -> bool:
    """Tell what the questions leave open: what is about no recording."""
    return denial(caller, Action.REVIEW_GAPS, standing_of_gap(unit, gap, now), site.bars()) is None
