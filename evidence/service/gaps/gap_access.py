"""Who may do what about a gap: what they may do about its recording; where it has none, about its wearer.
About a step that nothing shows: about one of its officers; to decide about it, about all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence.domain.access import Caller, Denial, denial
from evidence.domain.explanations import Gap
from evidence.domain.people import WHOLE, Person
from evidence.domain.rights import NOT_OF_ONES_OWN, Action
from evidence.domain.standing import Standing
from evidence.domain.steps import Step
from evidence.domain.subjects import UNRECORDED
from evidence.service.oversight.admission import as_error
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


def standing_of_gap(unit: UnitOfWork, gap: Gap, now: datetime) -> Standing:
    """Return what the policy of access asks about a gap. A file that was missing may have come since."""
    if (step := step_of(unit, gap)) is not None:
        return standings_of_step(unit, step)[0]
    recording_id = gap.recording_id
    if recording_id is None and (stored := unit.recordings.by_name(gap.device, gap.file)) is not None:
        recording_id = stored.recording.id
    if recording_id is not None:
        return unit.standings.get(recording_id, now)
    return standing_of_person(unit, unit.people.by_number(gap.wearer) if gap.wearer else None)


def standings_of_gap(unit: UnitOfWork, gap: Gap, now: datetime) -> Sequence[Standing]:
    """Return the same of all whom a gap is about: of a step, each of its officers."""
    step = step_of(unit, gap)
    return [standing_of_gap(unit, gap, now)] if step is None else standings_of_step(unit, step)


def standings_of_step(unit: UnitOfWork, step: Step) -> Sequence[Standing]:
    """Return what the policy of access asks about a step, of each of its officers."""
    owner = unit.units.get(step.owner_id)
    path = WHOLE if owner is None else owner.path
    return [Standing("", path, one) for one in step.officers]


def step_of(unit: UnitOfWork, gap: Gap) -> Step | None:
    """Return the step that a gap is; None where it is of a recorder."""
    return unit.steps.get(gap.file) if gap.part == UNRECORDED else None


def standing_of_person(unit: UnitOfWork, one: Person | None) -> Standing:
    """Return the same about what somebody did not record."""
    home = None if one is None else unit.units.get(one.unit_id)
    return Standing("", WHOLE if home is None else home.path, None if one is None else one.id)


def verify_may(site: Site, caller: Caller, action: Action, standing: Standing, missing: str) -> None:
    """Let through who may do this. missing: the code for whom it does not exist.

    Raises: OutOfSight, Refused("own-recording", "barred-by-law").
    """
    denied = denial(caller, action, standing, site.bars())
    if denied is None:
        return
    if denied.is_hidden:
        raise OutOfSight(missing)
    raise as_error(Denial(denied.why, is_hidden=False, cites=denied.cites), action, standing.recording_id)


def verify_may_about(
    site: Site, unit: UnitOfWork, caller: Caller, action: Action, gap: Gap, missing: str
) -> Standing:
    """Let through who may do this about a gap; return its standing, of a step that of the first officer.
    missing: the code for whom it does not exist.

    Raises: as `verify_may`.
    """
    there, bars = standings_of_gap(unit, gap, site.clock.now()), site.bars()
    if action in NOT_OF_ONES_OWN or all(denial(caller, action, one, bars) is not None for one in there):
        for one in there:
            verify_may(site, caller, action, one, missing)
    return there[0]
