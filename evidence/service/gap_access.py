"""Who may do what about a gap: what they may do about its recording; where it has none, about its wearer."""

from __future__ import annotations

from datetime import datetime

from evidence.domain.access import Caller, Denial, denial
from evidence.domain.explanations import Gap
from evidence.domain.people import WHOLE, Person
from evidence.domain.rights import Action
from evidence.domain.standing import Standing
from evidence.service.admission import as_error
from evidence.service.ports import UnitOfWork
from evidence.service.refusals import OutOfSight
from evidence.service.site import Site


def standing_of_gap(unit: UnitOfWork, gap: Gap, now: datetime) -> Standing:
    """Return what the policy of access asks about a gap. A file that was missing may have come since."""
    recording_id = gap.recording_id
    if recording_id is None and (stored := unit.recordings.by_name(gap.device, gap.file)) is not None:
        recording_id = stored.recording.id
    if recording_id is not None:
        return unit.standings.get(recording_id, now)
    return standing_of_person(unit, unit.people.by_number(gap.wearer) if gap.wearer else None)


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
