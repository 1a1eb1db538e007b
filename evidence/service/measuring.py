"""What a site's operator watches: numbers of the machine, nothing about people, recordings or cases.

They are read often and by programs, so no look at them is logged: they tell nobody what is in the site.
`needs` says which of them want somebody now; docs/operations.md, Watch a site, says what to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.domain.access import Caller
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.rights import Action
from evidence.domain.uploads import UploadState
from evidence.service.backups import Done, last_noted
from evidence.service.catalogue import Section
from evidence.service.gaps.deadlines import LEAST, Deadlines
from evidence.service.gate import admits
from evidence.service.intake.opening import RESERVE_BYTES
from evidence.service.jobs import QUEUES, Queue
from evidence.service.log.standstill import standstills
from evidence.service.measure_ports import OpenJobs
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

# How long a job that could begin may wait for a worker before somebody must look: operations.md, Workers.
MAY_WAIT: Mapping[Queue, timedelta] = {
    Queue.SEAL: timedelta(minutes=1),
    Queue.EXAMINE: timedelta(minutes=15),
    Queue.DEEP: timedelta(hours=12),
    Queue.FIXITY: timedelta(hours=12),
    Queue.PROXY: timedelta(hours=6),
    Queue.EXPORT: timedelta(minutes=15),
}
SHORT_OF_SPACE = 4 * RESERVE_BYTES  # bytes: time to act before uploads are refused at the reserve
MISSING = (DeadlineKind.DUE_SOON, DeadlineKind.OVERDUE)


class Need(StrEnum):
    """What somebody must see to, the gravest first."""

    ALARM = "alarm"
    DAMAGED = "damaged"
    NO_SPACE = "no-space"
    STANDSTILL = "standstill"
    FAILED = "failed-jobs"
    LATE_WORK = "late-work"
    SHORT = "short-of-space"
    OVERDUE = "overdue"
    NO_BACKUP = "no-backup"
    NO_RESTORE = "no-restore"
    SET_ASIDE = "set-aside"


@dataclass(frozen=True, slots=True)
class LogMeasure:
    """One log. unsigned_since: when the oldest entry was made that no checkpoint covers yet."""

    name: str
    entries: int
    signed: int
    unsigned_since: datetime | None


@dataclass(frozen=True, slots=True)
class BackupMeasure:
    """What was noted of backups. since: the moment that the last one holds; else the site's beginning."""

    done: Done
    at: datetime | None
    since: datetime
    may_wait: timedelta  # nothing: nobody watches it


@dataclass(frozen=True, slots=True)
class Measures:
    """A site at one moment. missing: announced files without a recording that are due soon or overdue."""

    at: datetime
    alarms: int
    damaged: int  # recordings that were not what was sealed when they were last read back
    standstills: int  # logs that nobody signs, and checks that do not end sound
    staging_free: int  # bytes
    jobs: Sequence[OpenJobs]
    uploads: Mapping[UploadState, int]
    missing: Mapping[DeadlineKind, int]
    logs: Sequence[LogMeasure]
    backups: Sequence[BackupMeasure]

    def waits(self) -> Mapping[Queue, timedelta]:
        """Return how long the job waits that has waited longest in each queue where one does."""
        longest: dict[Queue, timedelta] = {}
        for one in self.jobs:
            if one.waiting_since is not None:
                queue, waited = QUEUES[one.name], max(self.at - one.waiting_since, timedelta())
                longest[queue] = max(longest.get(queue, timedelta()), waited)
        return longest

    def needs(self) -> Sequence[Need]:
        """Return what somebody must see to, the gravest first."""
        set_aside = self.uploads[UploadState.REFUSED] + self.uploads[UploadState.EXPIRED]
        old = {one.done for one in self.backups if one.may_wait and self.at - one.since > one.may_wait}
        wanted = {
            Need.ALARM: self.alarms > 0,
            Need.DAMAGED: self.damaged > 0,
            Need.NO_SPACE: self.staging_free < RESERVE_BYTES,
            Need.STANDSTILL: self.standstills > 0,
            Need.FAILED: any(one.failed for one in self.jobs),
            Need.LATE_WORK: any(waited > MAY_WAIT[queue] for queue, waited in self.waits().items()),
            Need.SHORT: RESERVE_BYTES <= self.staging_free < SHORT_OF_SPACE,
            Need.OVERDUE: self.missing[DeadlineKind.OVERDUE] > 0,
            Need.NO_BACKUP: Done.COPIED in old,
            Need.NO_RESTORE: Done.RESTORED in old,
            Need.SET_ASIDE: set_aside > 0,
        }
        return [need for need, is_wanted in wanted.items() if is_wanted]


@dataclass(frozen=True)
class Measuring:
    """The desk of who runs the site. check_every: between two checks of the logs. backup_every,
    restore_every: how old what was noted of backups may become; nothing: nobody watches it.
    """

    site: Site
    check_every: timedelta
    backup_every: timedelta = timedelta()
    restore_every: timedelta = timedelta()

    @admits(Action.READ_STATUS)
    def now(self, caller: Caller) -> Measures:  # noqa: ARG002 (the gate asks who it is)
        """Return the measures of this moment. Raises: Unavailable."""
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            return Measures(
                at=now,
                alarms=len(unit.alarms.standing()),
                damaged=unit.recordings.unsound(),
                standstills=len(list(standstills(unit, now, self.check_every))),
                staging_free=self.site.staging.free_bytes(),
                jobs=unit.measures.open_jobs(now),
                uploads=unit.measures.open_uploads(),
                missing=self._missing(unit, now),
                logs=[_log_measure(unit, name) for name in unit.tree.logs()],
                backups=self._backups(unit, now),
            )

    def _backups(self, unit: UnitOfWork, now: datetime) -> Sequence[BackupMeasure]:
        began, found = unit.tree.entry_at("custody", 0) or now, []
        for done, every in ((Done.COPIED, self.backup_every), (Done.RESTORED, self.restore_every)):
            at = last_noted(unit, done)
            found.append(BackupMeasure(done, at, at or began, every))
        return found

    def _missing(self, unit: UnitOfWork, now: datetime) -> Mapping[DeadlineKind, int]:
        """Return how many files are due soon or overdue. What counts from longer ago than any version of the
        pack gives is overdue, and only counted; all others are judged."""
        longest = max(pack.upload_deadline.within for pack in self.site.policies.packs)
        young = unit.cards.outstanding(section=Section(first=now - longest - LEAST))
        found = Counter(row.state.kind for row in Deadlines(self.site).rows_of(young, (), now))
        found[DeadlineKind.OVERDUE] += unit.measures.outstanding() - len(young)
        return {kind: found[kind] for kind in MISSING}


def _log_measure(unit: UnitOfWork, name: str) -> LogMeasure:
    entries, signed = unit.tree.size(name), unit.tree.published(name)[0]
    return LogMeasure(name, entries, signed, unit.tree.entry_at(name, signed) if entries > signed else None)
