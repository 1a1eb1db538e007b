"""How the catalogue's values stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from typing import Any

from evidence.domain.alarms import Alarm
from evidence.domain.instants import to_text
from evidence.domain.uploads import Upload
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.deadlines import DeadlineRow
from evidence.service.reports import GapReport, Reported, UnlabelledRecording


def recording_out(stored: StoredRecording) -> dict[str, Any]:
    """A recording as JSON values."""
    recording, origin = stored.recording, stored.recording.origin
    return {
        "id": recording.id,
        "device": origin.device,
        "wearer": origin.wearer,
        "name": origin.name,
        "size": origin.size_bytes,
        "sha256": recording.digests.sha256,
        "sm3": recording.digests.sm3,
        "labels": dict(origin.labels),
        "modified": to_text(origin.modified_at) if origin.modified_at else None,
        "clock_offset_ms": origin.clock_offset_ms,
        "ended": to_text(stored.ended_at) if stored.ended_at else None,
        "sealed": to_text(recording.sealed_at),
        "retain_until": to_text(recording.retain_until),
        "policy": f"{recording.policy_id}@{recording.policy_version}",
        "checked": to_text(stored.checked_at) if stored.checked_at else None,
        "check_result": stored.check_result,
        "past_faults": list(stored.past_faults),
    }


def finding_out(stored: StoredFinding) -> dict[str, Any]:
    """A finding as JSON values, with its place in the catalogue."""
    return {
        **stored.body,
        "recording": stored.recording_id,
        "device": stored.device,
        "found": to_text(stored.at),
        "policy": stored.policy,
    }


def deadline_out(row: DeadlineRow) -> dict[str, Any]:
    """A line of the deadline list as JSON values. late_by_s: seconds, None when not late."""
    return {
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


def gaps_out(report: GapReport) -> dict[str, Any]:
    """The gap report as JSON values; `day` is the day on which recording ended, as far as known."""
    parts = {
        "faults": [_dated(report, one, finding_out(one)) for one in report.faults],
        "missing": [_dated(report, row, deadline_out(row)) for row in report.missing],
        "late": [_dated(report, row, deadline_out(row)) for row in report.late],
        "interruptions": [_dated(report, one, finding_out(one)) for one in report.interruptions],
        "to_explain": [_dated(report, one, finding_out(one)) for one in report.to_explain],
        "unlabelled": [_dated(report, one, _unlabelled_out(one)) for one in report.unlabelled],
        "set_aside": [_dated(report, one, _set_aside_out(one)) for one in report.set_aside],
    }
    units = [{"unit": one.unit_id, "name": one.name, **one.counts} for one in report.by_unit]
    return {
        "totals": {part: len(rows) for part, rows in parts.items()},
        **parts,
        "by_unit": units,
        "unit_cites": list(report.unit_cites),
    }


GAP_PARTS = ("faults", "missing", "late", "interruptions", "to_explain", "unlabelled", "set_aside")


def _dated(report: GapReport, one: Reported, out: dict[str, Any]) -> dict[str, Any]:
    return {"day": report.days.of(one).isoformat(), **out}


def _unlabelled_out(bare: UnlabelledRecording) -> dict[str, Any]:
    origin = bare.stored.recording.origin
    return {
        "recording": bare.stored.recording.id,
        "device": origin.device,
        "wearer": origin.wearer,
        "name": origin.name,
        "missing": list(bare.missing),
        "cites": list(bare.cites),
    }


def _set_aside_out(upload: Upload) -> dict[str, Any]:
    return {
        "upload": upload.id,
        "device": upload.origin.device,
        "wearer": upload.origin.wearer,
        "name": upload.origin.name,
        "bytes": upload.offset,
        "size": upload.origin.size_bytes,
        "problem": upload.problem,
        "sha256": upload.digests.sha256 if upload.digests else None,
    }


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
