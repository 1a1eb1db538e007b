"""Freezing: what a complaint is about is held, whenever it comes (Dazhe 2020 art. 13 item 1).

1. intake holds, in its own transaction, what is there of the people and the hour; in doubt too
2. what comes later is held in the transaction that learns of its hour (examination.py), or of its wearer
   (enrolling.py)
3. until then the rules about keeping know of the complaint (Keeps.COMPLAINT): nothing falls between
A recording is held once for each complaint. A hold that two people have lifted is not placed again; before
the complaint is closed nobody lifts it (holds.py). A hold always wins, so it ends every disposal that has not
begun.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from evidence.domain.complaints import may_show
from evidence.domain.holds import Hold
from evidence.domain.ids import new_id
from evidence.policy.rules import Ground, LongTerm, cite_ids
from evidence.service.instruments import pack_at
from evidence.service.keeping.holds import hold_in
from evidence.service.oversight.commanding import span_told
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

SERVICE = "service"


def freeze(
    unit: UnitOfWork,
    site: Site,
    by: str,
    *,
    complaint: str | None = None,
    recordings: Collection[str] | None = None,
) -> Sequence[Hold]:
    """Hold what a complaint concerns, or of these recordings what any concerns; the caller has the vault told
    after its transaction."""
    now, placed = site.clock.now(), []
    rule, concerned = _rule(site, now), unit.complaints.concerned(complaint, recordings)
    told = unit.examinations.facts_of({one.recording_id for one in concerned}, "sequence")
    for one in concerned:
        seen = span_told(told.get(one.recording_id, "{}"))
        began = None if seen is None else seen.start
        if not may_show(one.complaint.span, began, one.ended_at, one.sealed_at):
            continue
        hold = Hold(new_id(), one.recording_id, Ground.OBJECTION.value, one.complaint.number, by, now)
        facts = {
            "cites": list(cite_ids(rule.cites)),
            "complaint": one.complaint.id,
            "ground": Ground.OBJECTION.value,
        }
        hold_in(unit, hold, facts)
        unit.complaints.note_hold(one.complaint.id, one.recording_id, hold.id)
        placed.append(hold)
    return placed


def _rule(site: Site, now: datetime) -> LongTerm:
    """The pack's rule about complaints, else the union's."""
    rule = pack_at(site.policies, now).long_term
    return rule if Ground.OBJECTION.value in rule.grounds else pack_at(site.strictest, now).long_term
