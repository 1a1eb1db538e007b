"""What of a case is later than the day on which its act is said to have ended: told to whoever says so, and
never refused: footage may follow an act, and a clock may be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from evidence.domain.access import Caller, reach
from evidence.domain.case_files import ActEnd
from evidence.domain.rights import Action
from evidence.domain.steps import Step
from evidence.service.cases.step_ports import Scope
from evidence.service.catalogue import StoredRecording
from evidence.service.instruments import local_day
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Ended:
    """An end of an act as it was noted, and what of the case is later, each with its day. recordings: by the
    end that is known of each; None in the place of one that the caller may not know of.
    """

    end: ActEnd
    recordings: Sequence[tuple[str, date] | None]
    steps: Sequence[tuple[Step, date]]

    @property
    def is_early(self) -> bool:
        """Whether something of the case is later."""
        return bool(self.recordings or self.steps)


def with_later(
    site: Site,
    unit: UnitOfWork,
    caller: Caller,
    case: StoredCase,
    media: Sequence[StoredRecording],
    new: ActEnd,
    now: datetime,
) -> Ended:
    """Return what of a case is later than its end. media: what belongs to it."""
    days = {one.recording.id: local_day(site.policies, one.ended_at) for one in media if one.ended_at}
    later = [id_ for id_, day in days.items() if day > new.ended_on]
    there, standings = reach(caller, Action.LIST_RECORDINGS, site.bars()), unit.standings.some(later, now)
    known = [(id_, days[id_]) if there.covers(standings[id_]) else None for id_ in later]
    every = unit.steps.of(Scope(frozenset({case.path}), case.id)).get(case.id, ())
    steps = [(one, local_day(site.policies, one.span.end)) for one in every]
    return Ended(new, known, [(one, day) for one, day in steps if day > new.ended_on])
