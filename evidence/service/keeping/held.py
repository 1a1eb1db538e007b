"""What is held, as far as somebody may place and lift holds there; a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, denial, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.holds import Hold
from evidence.domain.rights import Action
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.oversight.views import Seer, seers_of
from evidence.service.recordings.search_ports import Place, Sought, State
from evidence.service.site import Site

MOST = 50


@dataclass(frozen=True, slots=True)
class Held:
    """A page of held recordings, each with the holds that stand. after: where the next begins."""

    lines: Sequence[tuple[StoredRecording, Sequence[Hold]]]
    people: Mapping[str, Seer]
    after: Place | None


@dataclass(frozen=True)
class HeldList:
    """The desk where holds are looked over."""

    site: Site

    @admits(Action.HOLD)
    def page(self, caller: Caller, after: Place | None = None, *, oldest_first: bool = False) -> Held:
        """Return what is held, the newest recording first or the oldest; the look is logged."""
        now, bars = self.site.clock.now(), self.site.bars()
        there, today = reach(caller, Action.LIST_RECORDINGS, bars), local_day(self.site.policies, now)
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "holds"}), now)
        with self.site.database.reading() as unit:
            sought = Sought(state=State.HELD, oldest_first=oldest_first)
            hits = unit.searches.hits(sought, there, now, today, after, MOST + 1)
            standings = unit.standings.some([one.recording_id for one in hits], now)
            ids = [
                one.recording_id
                for one in hits[:MOST]
                if denial(caller, Action.HOLD, standings[one.recording_id], bars) is None
            ]
            known = unit.recordings.some(ids)
            lines = [(known[one], [hold for hold in unit.holds.of(one) if hold.stands]) for one in ids]
            told = {name for _, holds in lines for one in holds for name in (one.placed_by, one.asked_by)}
            last = hits[MOST - 1] if len(hits) > MOST else None
            return Held(
                lines,
                seers_of(unit, {one for one in told if one is not None}),
                None if last is None else Place(last.at, last.recording_id),
            )
