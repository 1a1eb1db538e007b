"""How values about access stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evidence.domain.emergencies import Emergency
from evidence.domain.instants import to_text
from evidence.domain.notices import Notice
from evidence.domain.people import Person
from evidence.service.oversight.classes import Listed
from evidence.service.oversight.denials import Denied
from evidence.service.oversight.views import View
from evidence.service.oversight.watch_ports import ClassChange, Reader, SeriousEvent
from evidence.service.people.grants import Held
from evidence.service.people.people_ports import StoredGrant


def grant_out(one: StoredGrant) -> dict[str, Any]:
    """A grant. unit: null everywhere; until: null without end."""
    return {
        "id": one.id,
        "person": one.person_id,
        "role": one.role.value,
        "unit": one.unit_id,
        "reason": one.reason,
        "granted_by": one.granted_by,
        "granted": to_text(one.granted_at),
        "until": _time(one.until),
    }


def held_out(one: Held) -> dict[str, Any]:
    """A grant in force with who holds it."""
    return {**grant_out(one.grant), "number": one.person.number, "type": one.person.type.value}


def emergency_out(one: Emergency, now: datetime) -> dict[str, Any]:
    """An emergency. recording: as it was asked for."""
    return {
        "id": one.id,
        "person": one.person_id,
        "recording": one.recording_id,
        "reason": one.reason,
        "state": one.state(now).value,
        "asked": to_text(one.asked_at),
        "decided": _time(one.decided_at),
        "decided_by": one.decided_by,
        "until": _time(one.until),
        "ended": _time(one.ended_at),
    }


def change_out(one: ClassChange) -> dict[str, Any]:
    """A class that was given, or the wish to take one off. granted: null while nobody has decided."""
    return {
        "id": one.id,
        "recording": one.recording_id,
        "class": one.classification.value,
        "reason": one.reason,
        "asked_by": one.asked_by,
        "asked": to_text(one.asked_at),
        "granted": one.is_granted,
        "decided_by": one.decided_by,
    }


def reader_out(one: Reader) -> dict[str, Any]:
    """A reader."""
    return {
        "person": one.person_id,
        "named_by": one.named_by,
        "since": to_text(one.since),
        "until": _time(one.until),
    }


def listed_out(one: Listed) -> dict[str, Any]:
    """A restricted recording: no name of a file, no wearer."""
    return {
        "recording": one.recording_id,
        "class": one.classification.value,
        "readers": [{**reader_out(reader), "number": person.number} for reader, person in one.readers],
        "pending": [change_out(wish) for wish in one.pending],
    }


def event_out(one: SeriousEvent) -> dict[str, Any]:
    """A serious event."""
    return {
        "id": one.id,
        "reason": one.reason,
        "marked_by": one.marked_by,
        "marked": to_text(one.marked_at),
        "recordings": list(one.recordings),
        "people": list(one.people),
        "ended": _time(one.ended_at),
        "ended_by": one.ended_by,
    }


def view_out(one: View) -> dict[str, Any]:
    """A look at a recording."""
    seer = one.seer
    return {
        "n": one.n,
        "at": one.at,
        "act": one.act,
        "result": one.result,
        "by": {"id": seer.id, "kind": seer.kind, "number": seer.number, "name": seer.name},
        "purpose": one.purpose,
    }


def denied_out(one: Denied) -> dict[str, Any]:
    """What was denied to one account."""
    return {
        "account": one.account_id,
        "person": _person(one.person),
        "count": len(one.tries),
        "tries": [
            {
                "at": to_text(tried.at),
                "action": tried.action,
                "why": tried.why,
                "cites": list(tried.cites),
                "recording": tried.recording_id,
            }
            for tried in one.tries
        ],
    }


def notice_out(one: Notice) -> dict[str, Any]:
    """A notice."""
    return {
        "id": one.id,
        "at": to_text(one.at),
        "kind": one.kind.value,
        "recording": one.recording_id,
        "unit": one.unit_id,
        "person": one.person_id,
        "about": one.about_id,
    }


def _person(one: Person | None) -> dict[str, Any] | None:
    return None if one is None else {"number": one.number, "name": one.name, "type": one.type.value}


def _time(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
