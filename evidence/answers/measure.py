"""The measures of a site in JSON and as lines, for `evidence status`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evidence.domain.deadlines import DeadlineKind
from evidence.domain.instants import to_text
from evidence.domain.uploads import UploadState
from evidence.locale import Word, say
from evidence.service.backups import Done
from evidence.service.jobs import QUEUES, Queue
from evidence.service.measuring import MAY_WAIT, Measures, Need


def measures_out(found: Measures) -> dict[str, Any]:
    """Return the measures; times in RFC 3339, lengths in seconds, sizes in bytes."""
    waits = found.waits()
    return {
        "at": to_text(found.at),
        "needs": [need.value for need in found.needs()],
        "alarms": found.alarms,
        "damaged": found.damaged,
        "standstills": found.standstills,
        "staging_free_bytes": found.staging_free,
        "uploads": {state.value: count for state, count in found.uploads.items()},
        "missing": {kind.value: count for kind, count in found.missing.items()},
        "jobs": [
            {"kind": one.name.value, "queued": one.queued, "running": one.running, "failed": one.failed}
            for one in found.jobs
        ],
        "waits_s": {queue.value: waited.total_seconds() for queue, waited in waits.items()},
        "logs": [
            {
                "log": one.name,
                "entries": one.entries,
                "signed": one.signed,
                "unsigned_since": to_text(one.unsigned_since) if one.unsigned_since else None,
            }
            for one in found.logs
        ],
        "backups": {one.done.value: to_text(one.at) if one.at else None for one in found.backups},
    }


def need_lines(found: Measures) -> Iterator[str]:
    """Yield a line for each thing that somebody must see to, the gravest first: how much, what to do."""
    late = sorted(_late(found), key=lambda one: one[1], reverse=True)
    facts: dict[Need, dict[str, object]] = {
        Need.ALARM: {"count": found.alarms},
        Need.DAMAGED: {"count": found.damaged},
        Need.STANDSTILL: {"count": found.standstills},
        Need.FAILED: {"count": sum(one.failed for one in found.jobs)},
        Need.LATE_WORK: {"queue": late[0][0].value, "waited": late[0][1]} if late else {},
        Need.SHORT: {"mib": found.staging_free >> 20},
        Need.NO_SPACE: {"mib": found.staging_free >> 20},
        Need.OVERDUE: {"count": found.missing[DeadlineKind.OVERDUE]},
        Need.NO_BACKUP: _age(found, Done.COPIED),
        Need.NO_RESTORE: _age(found, Done.RESTORED),
        Need.SET_ASIDE: {
            "count": found.uploads[UploadState.REFUSED] + found.uploads[UploadState.EXPIRED],
        },
    }
    for need in found.needs():
        yield f"‼ {say(f'site-need.{need}', **facts[need])}"


def _age(found: Measures, done: Done) -> dict[str, object]:
    (since,) = (one.since for one in found.backups if one.done is done)
    return {"age": timedelta(seconds=round((found.at - since).total_seconds()))}


def _late(found: Measures) -> Iterator[tuple[Queue, timedelta]]:
    for queue, waited in found.waits().items():
        if waited > MAY_WAIT[queue]:
            yield queue, timedelta(seconds=round(waited.total_seconds()))


def measure_lines(found: Measures, zone: str) -> Iterator[str]:
    """Yield the measures, a line each; times in a time zone."""
    yield say("measure.staging", mib=found.staging_free >> 20)
    for state, count in found.uploads.items():
        if count:
            yield say("measure.uploads", state=Word(f"upload-state.{state}"), count=count)
    for kind, count in found.missing.items():
        if count:
            yield say("measure.missing", deadline=Word(f"deadline.{kind}"), count=count)
    for job in found.jobs:
        queue, counts = QUEUES[job.name].value, (job.queued, job.running, job.failed)
        queued, running, failed = counts
        yield say("measure.jobs", kind=job.name, queue=queue, queued=queued, running=running, failed=failed)
    for one in found.logs:
        yield say("measure.log", log=one.name, entries=one.entries, signed=one.signed)
    for backup in found.backups:
        if backup.at is not None:
            yield say(
                f"measure.{backup.done}", at=backup.at.astimezone(ZoneInfo(zone)).isoformat(" ", "seconds")
            )
