"""How the catalogue's values stand in answers: the same shape over HTTP and on the command line (--json).

What a caller is not told (`lacked_fields.py`) is absent, not empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from evidence.answers.gap import verdicts_out
from evidence.answers.lacked_fields import told_to
from evidence.domain.access import Caller
from evidence.domain.alarms import Alarm
from evidence.domain.holds import Hold
from evidence.domain.instants import to_text
from evidence.domain.labels import Given, values_of
from evidence.domain.uploads import Upload
from evidence.policy.rules import Label
from evidence.service.cases.cases import CaseFile
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.gaps.deadlines import DeadlineRow
from evidence.service.gaps.gap_lines import Standing, StateCount
from evidence.service.gaps.gap_parts import Reported
from evidence.service.gaps.gap_reports import GapReport
from evidence.service.gaps.gap_tallies import By, Tally
from evidence.service.people.people_ports import StoredCase, StoredToken
from evidence.service.recordings.unlabelled import UnlabelledRecording
from evidence.service.sign_in.tokens import is_about_to_expire


def recording_out(stored: StoredRecording, caller: Caller) -> dict[str, Any]:
    """A recording as JSON values. labels: as they stand now."""
    recording, origin, stands = stored.recording, stored.recording.origin, stored.labels
    row = {
        "id": recording.id,
        "device": origin.device,
        "wearer": origin.wearer,
        "name": origin.name,
        "size": origin.size_bytes,
        "sha256": recording.digests.sha256,
        "sm3": recording.digests.sm3,
        "labels": dict(values_of(stands)),
        "case_number_due": _day(stands.get(Label.CASE_NUMBER)),
        "modified": to_text(origin.modified_at) if origin.modified_at else None,
        "clock_offset_ms": origin.clock_offset_ms,
        "ended": to_text(stored.ended_at) if stored.ended_at else None,
        "sealed": to_text(recording.sealed_at),
        "retain_until": to_text(recording.retain_until),
        "policy": f"{recording.policy_id}@{recording.policy_version}",
        "checked": to_text(stored.checked_at) if stored.checked_at else None,
        "check_result": stored.check_result,
        "past_faults": list(stored.past_faults),
        "destroyed": to_text(stored.gone_at) if stored.gone_at else None,
    }
    return told_to(row, caller, origin.wearer)


def _day(number: Given | None) -> str | None:
    return None if number is None or number.due is None else number.due.isoformat()


def finding_out(stored: StoredFinding, caller: Caller) -> dict[str, Any]:
    """A finding as JSON values, with its place in the catalogue."""
    row = {
        **stored.body,
        "recording": stored.recording_id,
        "device": stored.device,
        "found": to_text(stored.at),
        "policy": stored.policy,
    }
    return told_to(row, caller, None)


def deadline_out(row: DeadlineRow, caller: Caller) -> dict[str, Any]:
    """A line of the deadline list as JSON values. late_by_s: seconds, None when not late."""
    values = {
        "state": row.state.kind.value,
        "device": row.device,
        "wearer": row.wearer,
        "name": row.name,
        "counted_from": row.counted_from,
        "clock_starts": to_text(row.state.counted_from),
        "due": to_text(row.state.due_at),
        "stored": to_text(row.stored_at) if row.stored_at else None,
        "late_by_s": row.state.late_by.total_seconds() if row.state.late_by is not None else None,
        "recording": row.recording_id,
        "cites": list(row.state.cites),
    }
    return told_to(values, caller, row.wearer)


def gaps_out(report: GapReport, caller: Caller) -> dict[str, Any]:
    """The gap report as JSON values; `day` is the day on which recording ended, as far as known."""
    outs: tuple[Callable[..., dict[str, Any]], ...] = (
        *(finding_out, deadline_out, deadline_out, finding_out),
        *(finding_out, unlabelled_out, _set_aside_out),
    )
    parts = {
        part: [_dated(report, one, out(one, caller), caller) for one in getattr(report, part)]
        for part, out in zip(GAP_PARTS, outs, strict=True)
    }
    units = [{"unit": one.unit_id, "name": one.name, **one.counts} for one in report.by_unit]
    where = report.position
    wearers = [
        told_to({"wearer": wearer, "owed": owed}, caller, wearer) for wearer, owed in report.owed.items()
    ]
    return {
        "as_of": to_text(report.as_of),
        "log": {"log": where.log, "size": where.size, "root": where.root},
        "totals": {part: len(rows) for part, rows in parts.items()},
        "by_state": [_count_out(one) for one in report.by_state],
        "by_wearer": [one for one in wearers if "wearer" in one],
        **parts,
        "by_unit": units,
        "unit_cites": list(report.unit_cites),
        "by": {by.value: _tallies_out(by, found, caller) for by, found in report.tallies.items()},
    }


def _count_out(one: StateCount) -> dict[str, Any]:
    lost_s = one.lost.total_seconds()
    return {"state": one.state.value, "count": one.count, "lost_s": lost_s, "unknown": one.unknown}


def _tallies_out(by: By, tallies: Iterable[Tally], caller: Caller) -> list[dict[str, Any]]:
    """The counts by unit, wearer, recorder or day; none by what the caller is not told."""
    found = []
    for one in tallies:
        told = told_to({by.value: one.key}, caller, one.key if by is By.WEARER else None)
        if by.value in told:
            named = {"name": one.name} if by is By.UNIT else {}
            found.append({**told, **named, "states": [_count_out(count) for count in one.states]})
    return found


GAP_PARTS = ("faults", "missing", "late", "interruptions", "to_explain", "unlabelled", "set_aside")


def _dated(report: GapReport, one: Reported, out: dict[str, Any], caller: Caller) -> dict[str, Any]:
    day = report.days.of(one).isoformat()
    standing = report.ledger.of(one)
    exempting = None if standing is None else standing.exemption
    despite = {} if exempting is None else {"against": report.against.get(exempting.id, 0)}
    return {"day": day, **out, **standing_out(standing, caller), **despite}


def standing_out(one: Standing | None, caller: Caller) -> dict[str, Any]:
    """How far a line is; nothing for one of which no explanation is asked. gap: the name that lasts."""
    if one is None:
        return {}
    last = one.history[-1] if one.history else None
    return {
        **told_to({"wearer": one.wearer}, caller, one.wearer),
        "gap": one.name,
        "gap_state": one.state.value,
        "explained_by": last and last.author,
        "explained": last and to_text(last.at),
        "outcome": last and last.outcome,
        "decided_by": last and last.reviewed_by,
        "decided": to_text(last.reviewed_at) if last and last.reviewed_at else None,
        "exemption": one.exemption and one.exemption.id,
        "verdicts": verdicts_out(last, caller) if last else [],
    }


def unlabelled_out(bare: UnlabelledRecording, caller: Caller) -> dict[str, Any]:
    """A recording that lacks labels as JSON values. case_number_due: the day by which its case number was or
    is to follow, where somebody said so."""
    origin, due = bare.stored.recording.origin, bare.lacks.due
    row = {
        "recording": bare.stored.recording.id,
        "device": origin.device,
        "wearer": origin.wearer,
        "name": origin.name,
        "missing": list(bare.missing),
        "case_number_due": due.isoformat() if due else None,
        "cites": list(bare.cites),
    }
    return told_to(row, caller, origin.wearer)


def _set_aside_out(upload: Upload, caller: Caller) -> dict[str, Any]:
    row = {
        "upload": upload.id,
        "device": upload.origin.device,
        "wearer": upload.origin.wearer,
        "name": upload.origin.name,
        "bytes": upload.offset,
        "size": upload.origin.size_bytes,
        "problem": upload.problem,
        "sha256": upload.digests.sha256 if upload.digests else None,
    }
    return told_to(row, caller, upload.origin.wearer)


def alarm_out(one: Alarm) -> dict[str, Any]:
    """An alarm as JSON values. earliest: null where nobody had looked before."""
    return {
        "kind": one.kind,
        "item": one.item,
        "earliest": to_text(one.earliest) if one.earliest else None,
        "latest": to_text(one.latest),
        "detail": {
            name: value if isinstance(value, int) else str(value) for name, value in one.detail.items()
        },
    }


def hold_out(one: Hold) -> dict[str, Any]:
    """A hold as JSON values. in_vault: the vault has been told of it as it stands."""
    return {
        "id": one.id,
        "recording": one.recording_id,
        "ground": one.ground,
        "reason": one.reason,
        "placed_by": one.placed_by,
        "placed": to_text(one.placed_at),
        "release_asked_by": one.asked_by,
        "release_asked": to_text(one.asked_at) if one.asked_at else None,
        "release_reason": one.ask_reason,
        "released_by": one.released_by,
        "released": to_text(one.released_at) if one.released_at else None,
        "in_vault": one.settled,
    }


def case_out(case: StoredCase) -> dict[str, Any]:
    """A case as JSON values."""
    return {
        "id": case.id,
        "number": case.number,
        "unit": case.unit_id,
        "opened": to_text(case.opened_at),
        "closed": to_text(case.closed_at) if case.closed_at else None,
    }


def case_file_out(file: CaseFile, caller: Caller) -> dict[str, Any]:
    """A case with its recordings and members as JSON values."""
    return {
        **case_out(file.case),
        "recordings": [recording_out(one, caller) for one in file.recordings],
        "members": [
            {
                "person": one.person_id,
                "number": one.number,
                "actions": sorted(action.value for action in one.actions),
                "until": to_text(one.until) if one.until else None,
            }
            for one in file.members
        ],
    }


def token_out(stored: StoredToken, now: datetime) -> dict[str, Any]:
    """A token of another system as JSON values, without the token itself."""
    return {
        "id": stored.id,
        "name": stored.name,
        "scopes": sorted(one.value for one in stored.scopes),
        "created": to_text(stored.created_at),
        "expires": to_text(stored.expires_at) if stored.expires_at else None,
        "used": to_text(stored.used_at) if stored.used_at else None,
        "about_to_expire": is_about_to_expire(stored, now),
    }
