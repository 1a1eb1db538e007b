"""Admission to one recording: the policy asked about what is so at this moment. A denied try is logged.

What does not exist for the caller is not found, in the same words as what does not exist at all.
"""

from __future__ import annotations

from evidence.domain.access import Caller, Denial, Purpose, Why, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.errors import Conflict, EvidenceError, NotFound, Refused
from evidence.service.catalogue import StoredRecording
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_STATES = frozenset({Why.UNDER_TRANSFER, Why.ON_HOLD})


def admit_to_recording(
    site: Site, caller: Caller, action: Action, recording_id: str, purpose: Purpose | None = None
) -> StoredRecording:
    """Return a recording to which the caller may do this; log the try otherwise.

    Raises: NotFound("recording-not-found"), Refused("barred-by-law", "serious-event", "purpose-needed"),
    Conflict("under-transfer", "on-hold").
    """
    now = site.clock.now()
    with site.database.reading() as unit:
        stored = unit.recordings.get(recording_id) if is_id(recording_id) else None
        if stored is None:
            raise NotFound("recording-not-found", recording=recording_id)
        standing = unit.standings.get(recording_id, now)
    denied = denial(caller, action, standing, site.bars(), purpose)
    if denied is None:
        return stored
    with site.database.writing() as unit:
        log_denial(unit, site, caller, action, recording_id, denied)
    raise as_error(denied, action, recording_id)


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
