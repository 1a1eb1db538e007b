"""Taking an original along for anything but a case needs an approval (Dazhe 2020 art. 15): as evidence it
goes out with its case, to anybody else only as somebody has approved. That it is for a case is not believed:
the recording must be linked to one.
"""

from __future__ import annotations

from evidence.domain.access import Caller, Purpose
from evidence.domain.exports import Export, Form, State
from evidence.domain.ids import is_id
from evidence.domain.rights import Action, Kind
from evidence.errors import Refused
from evidence.policy.rules import cite_ids
from evidence.policy.ways_out import ways_out_of
from evidence.service.instruments import local_day, pack_at
from evidence.service.oversight.refusals import tries_logged
from evidence.service.site import Site

_STANDING = frozenset({State.APPROVED, State.BUILT, State.HANDED_OVER})


def verify_supply(
    site: Site, caller: Caller, recording_id: str, purpose: Purpose | None, approval: str | None
) -> None:
    """Verify that somebody may take an original along. approval: id of an export that was approved.

    Raises: Refused("approval-needed") with the articles; it is logged.
    """
    if caller.kind is not Kind.PERSON:
        return
    now = site.clock.now()
    with site.database.reading() as unit:
        if purpose is Purpose.CASE and unit.cases.of_recording(recording_id):
            return
        found = unit.exports.get(approval) if approval is not None and is_id(approval) else None
    if found is not None and _covers(found, recording_id) and not _is_over(site, found):
        return
    rule = ways_out_of(pack_at(site.policies, now), pack_at(site.strictest, now)).outside_supply
    cites = "" if rule is None else " ".join(cite_ids(rule.cites))
    with tries_logged(site, caller, Action.READ_ORIGINAL, ("recording", recording_id)):
        raise Refused("approval-needed", action=Action.READ_ORIGINAL.value, cites=cites)


def _covers(one: Export, recording_id: str) -> bool:
    granted = {item.recording_id for item in one.granted if item.form is Form.ORIGINAL}
    return one.state in _STANDING and recording_id in granted


def _is_over(site: Site, one: Export) -> bool:
    last = None if one.decision is None else one.decision.valid_to
    return last is not None and local_day(site.policies, site.clock.now()) > last
