"""How complaints stand in answers: the same over HTTP and on the command line."""

from __future__ import annotations

from typing import Any

from evidence.domain.complaints import ComplaintState
from evidence.domain.instants import to_text
from evidence.service.cases.complaints import ListedComplaint


def complaint_out(one: ListedComplaint) -> dict[str, Any]:
    """A complaint as JSON values, with who complained and what is held for it."""
    told = one.complaint.told
    return {
        **listed_out(one),
        "taken_by": one.complaint.taken_by,
        "complainant": told.complainant,
        "matter": told.matter,
        "place": told.place,
        "reason": one.complaint.reason,
        "recordings": list(one.recordings),
    }


def listed_out(one: ListedComplaint) -> dict[str, Any]:
    """A complaint of a list as JSON values: nobody's words stand in it. red: its time is over."""
    complaint, clock = one.complaint, one.clock
    return {
        "complaint": complaint.id,
        "number": complaint.number,
        "received_on": complaint.received_on.isoformat(),
        "channel": complaint.channel.value,
        "people": [subject.person_id for subject in complaint.subjects],
        "unit": complaint.unit_id,
        "since": to_text(complaint.span.start),
        "until": to_text(complaint.span.end),
        "handler": complaint.handler,
        "state": clock.state.value,
        "red": clock.state is ComplaintState.OVERDUE,
        "due": None if clock.due is None else clock.due.isoformat(),
        "days_over": clock.days_over,
        "result": None if complaint.result is None else complaint.result.value,
        "closed_on": None if complaint.closed_on is None else complaint.closed_on.isoformat(),
        "closed_by": complaint.closed_by,
        "cites": list(one.cites),
    }
