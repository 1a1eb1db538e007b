"""How labels stand in answers: the same shape over HTTP and on the command line (--json).

Whoever lacks the labels of others' recordings (lacked_fields.LACKED) lacks their history too.
"""

from __future__ import annotations

from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.answers.recordings import unlabelled_out
from evidence.answers.roll import fault_out
from evidence.domain.access import Caller
from evidence.domain.activities import Activity
from evidence.domain.instants import to_text
from evidence.domain.labels import Given
from evidence.policy.rules import Label
from evidence.service.cases.activities import MatchOutcome
from evidence.service.catalogue import StoredRecording
from evidence.service.recordings.labelling import Labelled
from evidence.service.recordings.unlabelled import MissingLabels


def labelled_out(done: Labelled) -> dict[str, Any]:
    """What labelling did. unknown_case: the number that was said, where no such case is registered."""
    return {
        "changed": list(done.changed),
        "before": {recording: dict(was) for recording, was in done.before.items()},
        "unknown_case": done.unknown_case,
    }


def history_out(stored: StoredRecording, caller: Caller) -> dict[str, Any]:
    """All that was ever said of a recording's labels, what came with it first."""
    row = {"recording": stored.recording.id, "labels": [_given_out(one) for one in stored.told]}
    return told_to(row, caller, stored.recording.origin.wearer)


def _given_out(one: Given) -> dict[str, Any]:
    """What was said of one label. value: null where it is to follow (due), or is no longer known."""
    return {
        "name": one.name,
        "value": one.value,
        "due": one.due.isoformat() if one.due else None,
        "given_by": one.given_by,
        "given": to_text(one.given_at),
        "ended_by": one.ended_by,
        "ended": to_text(one.ended_at) if one.ended_at else None,
    }


def missing_out(found: MissingLabels, caller: Caller) -> dict[str, Any]:
    """The recordings that lack labels, most urgent first, with their counts. unit: null where nobody knows
    whose they are."""
    lines = [
        {**unlabelled_out(one, caller), "overdue": one.lacks.is_overdue}
        for one in (*found.lines, *found.to_follow)
    ]
    wearers = [
        told_to({"wearer": wearer, "count": count}, caller, wearer)
        for wearer, count in sorted(found.by_wearer.items())
    ]
    split = len(found.lines)
    return {
        "total": split,
        "overdue": sum(one["overdue"] for one in lines),
        "missing": lines[:split],
        "to_follow": lines[split:],
        "by_label": dict(sorted(found.by_label.items())),
        "by_unit": [
            {"unit": one.unit_id, "name": one.name, "count": one.counts["missing"]} for one in found.by_unit
        ],
        "by_wearer": [one for one in wearers if "wearer" in one],
    }


def match_out(one: MatchOutcome) -> dict[str, Any]:
    """What an import of activities did, or would do: rows with the recordings they find, rows that find none,
    and rows that cannot be taken, with why. before: by recording, what stood in the place of what is said;
    unknown_case: the number that a row says, where no such case is registered."""
    changes = set(one.changes)
    return {
        "applied": one.applied,
        "changed": len(changes),
        "matched": [
            {
                "row": match.activity.row,
                "activity": match.activity.name,
                "recordings": [stored.recording.id for stored in match.recordings],
                "changed": [s.recording.id for s in match.recordings if s.recording.id in changes],
                "before": {
                    s.recording.id: dict(one.before[s.recording.id])
                    for s in match.recordings
                    if s.recording.id in one.before
                },
                "unknown_case": _unknown_case(one, match.activity),
            }
            for match in one.matched
        ],
        "unmatched": [
            {
                "row": row.row,
                "activity": row.name,
                "wearer": row.wearer,
                "reason": "no-recording",
                "unknown_case": _unknown_case(one, row),
            }
            for row in one.unmatched
        ],
        "faults": [fault_out(fault) for fault in one.faults],
    }


def _unknown_case(one: MatchOutcome, row: Activity) -> str | None:
    number = row.labels.get(Label.CASE_NUMBER)
    return number if number in one.unknown_cases else None
