"""Admission to one recording: the policy asked about what is so at this moment. A denied try is logged.

What does not exist for the caller is not found, in the same words and after the same work as what does not
exist at all: a look, a decision, an entry in the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.domain.access import Caller, Denial, Purpose, Why, denial, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.rights import EMERGENCY_RIGHTS, SENSITIVE, Action
from evidence.domain.standing import Standing
from evidence.errors import Conflict, EvidenceError, NotFound, Refused
from evidence.service.catalogue import StoredRecording
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_STATES = frozenset({Why.UNDER_TRANSFER, Why.ON_HOLD})


def admit_to_recording(
    site: Site, caller: Caller, action: Action, recording_id: str, purpose: Purpose | None = None
) -> StoredRecording:
    """Return a recording to which the caller may do this; log the try otherwise.

    Raises: NotFound("recording-not-found"), Refused("barred-by-law", "serious-event",
    "under-complaint", "own-recording", "purpose-needed"), Conflict("under-transfer", "on-hold").
    """
    return admit_with_standing(site, caller, action, recording_id, purpose)[0]


def admit_or_tell(
    site: Site, caller: Caller, action: Action, recording_id: str, purpose: Purpose | None = None
) -> StoredRecording:
    """Return the same; to whoever may know of the recording, say that this is for others to do.

    Raises: as `admit_to_recording`; Refused("seen-only").
    """
    try:
        return admit_to_recording(site, caller, action, recording_id, purpose)
    except NotFound:
        with site.database.reading() as unit:
            stored = unit.recordings.get(recording_id)
            standing = unit.standings.get(recording_id, site.clock.now())
        if stored is None or not reach(caller, Action.LIST_RECORDINGS, site.bars()).covers(standing):
            raise
        raise Refused("seen-only", action=action.value, recording=recording_id) from None


def admit_with_standing(
    site: Site, caller: Caller, action: Action, recording_id: str, purpose: Purpose | None = None
) -> tuple[StoredRecording, Standing]:
    """Return the same, and what the policy was asked about. Raises: as `admit_to_recording`."""
    now = site.clock.now()
    if not is_id(recording_id):
        raise NotFound("recording-not-found", recording=recording_id)
    with site.database.reading() as unit:
        stored = unit.recordings.get(recording_id)
        standing = unit.standings.get(recording_id, now)
    is_emergency = action in EMERGENCY_RIGHTS and recording_id in caller.emergencies
    if is_emergency and purpose is None:
        purpose = Purpose.EMERGENCY
    denied = denial(caller, action, standing, site.bars(), purpose)
    there = _verify(site, caller, action, recording_id, stored, denied)
    if is_emergency:
        _log_emergency(site, caller, action, recording_id)
    return there, standing


def admit_to_recordings(
    site: Site, caller: Caller, action: Action, recording_ids: Sequence[str]
) -> Sequence[StoredRecording]:
    """Return recordings in this order, to all of which the caller may do this; log the first try that is
    denied. For acts that change something: they need no purpose, and no emergency opens them.

    Raises: as `admit_to_recording`.
    """
    if action in SENSITIVE | EMERGENCY_RIGHTS:
        raise ValueError(f"asks for a purpose, or is opened by an emergency: {action}")
    now, bars = site.clock.now(), site.bars()
    for recording_id in recording_ids:
        if not is_id(recording_id):
            raise NotFound("recording-not-found", recording=recording_id)
    with site.database.reading() as unit:
        stored = unit.recordings.some(recording_ids)
        standings = unit.standings.some(recording_ids, now)
    return [
        _verify(site, caller, action, one, stored.get(one), denial(caller, action, standings[one], bars))
        for one in recording_ids
    ]


def _verify(
    site: Site,
    caller: Caller,
    action: Action,
    recording_id: str,
    stored: StoredRecording | None,
    denied: Denial | None,
) -> StoredRecording:
    """Return what is admitted; log and tell what is denied."""
    if denied is not None and (stored is not None or denied.is_hidden):
        with site.database.writing() as unit:
            log_denial(unit, site, caller, action, recording_id, denied)
        raise as_error(denied, action, recording_id)
    if stored is None:
        raise NotFound("recording-not-found", recording=recording_id)
    return stored


def _log_emergency(site: Site, caller: Caller, action: Action, recording_id: str) -> None:
    """Log every use of what an emergency opened, before anything is handed out."""
    facts = {"action": action.value, "purpose": Purpose.EMERGENCY.value}
    entry = Entry(Act.EMERGENCY_USE, caller.id, (("recording", recording_id),), facts=facts)
    site.database.log(entry, site.clock.now())


def log_denial(
    unit: UnitOfWork, site: Site, caller: Caller, action: Action, recording_id: str, denied: Denial
) -> None:
    """Log that somebody tried to do what they may not."""
    facts = {"action": action.value, "why": denied.why.value, "cites": [cite.id for cite in denied.cites]}
    entry = Entry(Act.DENIED, caller.id, (("recording", recording_id),), "refused", facts)
    unit.log.append(entry, site.clock.now())


def as_error(denied: Denial, action: Action, recording_id: str) -> EvidenceError:
    """Return the error of a denial."""
    if denied.is_hidden:
        return NotFound("recording-not-found", recording=recording_id)
    if denied.why in _STATES:
        return Conflict(denied.why.value, recording=recording_id)
    cites = {"cites": " ".join(cite.id for cite in denied.cites)} if denied.cites else {}
    return Refused(denied.why.value, action=action.value, **cites)
