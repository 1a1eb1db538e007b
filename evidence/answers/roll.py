"""How people and units stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from typing import Any

from evidence.domain.instants import to_text
from evidence.domain.people import Lack, Person, Post, Training, Undertaking, Unit
from evidence.domain.sheets import Fault
from evidence.policy.rules import cite_ids
from evidence.service.people.leaving import Checklist
from evidence.service.people.people import Listed
from evidence.service.people.people_sheets import Outcome
from evidence.service.people.personnel_files import PersonnelFile


def unit_out(one: Unit, full_name: str) -> dict[str, Any]:
    """A unit as JSON values. full_name: with those above it."""
    return {
        "id": one.id,
        "name": one.name,
        "full_name": full_name,
        "parent": one.parent_id,
        "closed": to_text(one.closed_at) if one.closed_at else None,
    }


def person_out(one: Person) -> dict[str, Any]:
    """A person's row as JSON values."""
    return {
        "id": one.id,
        "number": one.number,
        "name": one.name,
        "type": one.type.value,
        "unit": one.unit_id,
        "contract_from": _day(one.contract_from),
        "contract_to": _day(one.contract_to),
        "card_number": one.card_number,
        "leaving": to_text(one.leaving_at) if one.leaving_at else None,
        "left": to_text(one.left_at) if one.left_at else None,
    }


def listed_out(one: Listed) -> dict[str, Any]:
    """A line of the roll as JSON values. may_carry: whether they may be issued a recorder; lacks: why not."""
    return {
        **person_out(one.person),
        "unit_name": one.unit,
        "post": one.post.title if one.post else None,
        "on_roll": one.is_on_roll,
        "may_carry": one.is_on_roll and not one.lacks,
        "lacks": [lack_out(lack) for lack in one.lacks],
    }


def lack_out(one: Lack) -> dict[str, Any]:
    """What somebody lacks as JSON values."""
    return {"need": one.need.value, "least_days": one.least_days, "cites": list(cite_ids(one.cites))}


def file_out(one: PersonnelFile) -> dict[str, Any]:
    """A personnel file as JSON values."""
    return {
        **listed_out(one.listed),
        "posts": [post_out(post) for post in one.posts],
        "trainings": [training_out(training) for training in one.trainings],
        "undertakings": [undertaking_out(undertaking) for undertaking in one.undertakings],
        "grants": [
            {
                "id": grant.id,
                "role": grant.role.value,
                "unit": grant.unit_id,
                "since": to_text(grant.granted_at),
            }
            for grant in one.grants
        ],
        "recordings": one.recordings,
        "findings": dict(one.findings),
        "cites": list(one.cites),
    }


def post_out(one: Post) -> dict[str, Any]:
    """A post as JSON values."""
    return {"id": one.id, "title": one.title, "since": one.since.isoformat(), "until": _day(one.until)}


def training_out(one: Training) -> dict[str, Any]:
    """A training as JSON values."""
    return {
        "id": one.id,
        "name": one.name,
        "days": one.days,
        "held": one.held_on.isoformat(),
        "passed": one.passed,
    }


def undertaking_out(one: Undertaking) -> dict[str, Any]:
    """An undertaking as JSON values."""
    return {"id": one.id, "kind": one.kind.value, "signed": one.signed_on.isoformat()}


def outcome_out(one: Outcome) -> dict[str, Any]:
    """What an import did or would do, as JSON values. Rows that change nothing are only counted."""
    return {
        "applied": one.applied,
        **one.counts,
        "faults": [fault_out(fault) for fault in one.faults],
        "rows": [
            {"row": row, "of": whose, "what": what, "columns": list(columns)}
            for row, whose, what, columns in one.rows
            if what != "unchanged"
        ],
    }


def fault_out(one: Fault) -> dict[str, Any]:
    """A bad cell as JSON values."""
    return {
        "row": one.row,
        "column": one.column,
        "reason": one.reason.value,
        "found": one.found,
        "cites": list(one.cites),
        "known": list(one.known),
    }


def checklist_out(one: Checklist) -> dict[str, Any]:
    """What is open about somebody who leaves, as JSON values."""
    return {
        **person_out(one.person),
        "open": [{"kind": item.kind, "count": item.count, "ids": list(item.ids)} for item in one.open],
        "cites": list(one.cites),
    }


def _day(day: object) -> str | None:
    return None if day is None else str(day)
