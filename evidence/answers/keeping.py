"""How keeping and destroying stand in answers: the same over HTTP and on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.disposals import Disposal
from evidence.domain.instants import to_text
from evidence.domain.retention import Rule
from evidence.policy.rules import cite_ids
from evidence.service.keeping.disposals import Due
from evidence.service.keeping.keeping import WhyKept
from evidence.service.keeping.pack_changes import Touched


def rule_out(rule: Rule) -> dict[str, Any]:
    """A rule that keeps a recording. until: null where it has no end."""
    return {
        "keeps": rule.keeps.value,
        "until": _time(rule.until),
        "about": rule.about,
        "cites": list(cite_ids(rule.cites)),
    }


def why_out(why: WhyKept) -> dict[str, Any]:
    """What keeps a recording as JSON values. locked_until: the vault's lock, as it was or is to be told."""
    return {
        "recording": why.kept.recording_id,
        "locked_until": to_text(why.kept.locked_until),
        "decides": rule_out(why.decides),
        "rules": [rule_out(one) for one in why.rules],
        "moved": [
            {
                "until": to_text(one.until),
                "keeps": one.keeps,
                "about": one.about,
                "cites": list(one.cites),
                "asked_by": one.asked_by,
                "asked": to_text(one.asked_at),
                "in_vault": one.settled,
            }
            for one in why.moved
        ],
    }


def touched_out(one: Touched) -> dict[str, Any]:
    """A recording that another pack touches. after: what its rules come to; what is locked stays locked."""
    return {
        "recording": one.recording_id,
        "sealed": to_text(one.sealed_at),
        "touch": one.touch.value,
        "before": to_text(one.before),
        "after": to_text(one.after),
        "keeps": one.rule.keeps.value,
        "cites": list(cite_ids(one.rule.cites)),
    }


def due_out(due: Due, caller: Caller) -> dict[str, Any]:
    """A recording that may be asked for; rule: the last that kept it."""
    return {"recording": recording_out(due.stored, caller), "rule": rule_out(due.rule)}


def disposal_out(one: Disposal) -> dict[str, Any]:
    """A disposal as JSON values, without its certificate."""
    return {
        "id": one.id,
        "recording": one.recording_id,
        "state": one.state.value,
        "reason": one.reason,
        "asked_by": one.asked_by,
        "asked": to_text(one.asked_at),
        "decision": one.decision,
        "decided_by": one.decided_by,
        "decided": _time(one.decided_at),
        "begun": _time(one.begun_at),
        "ended": _time(one.ended_at),
        "kept_by": one.kept_by,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)
