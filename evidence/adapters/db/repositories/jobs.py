"""The job table in SQL: claims with a lease and an owner, so that a late worker cannot finish another's
job.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from evidence.adapters.db.repositories.rows import legible, portions
from evidence.adapters.db.tables import job, recording, upload
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.service.jobs import LEASE, WEIGHT, Job, JobName

_running = job.alias()
_IS_LIKE = (_running.c.name == job.c.name) & (_running.c.subject == job.c.subject)
# What may begin now, the weightiest first.
_DUE = (
    select(job)
    .where(job.c.state == "queued", job.c.not_before <= bindparam("since"))
    .where(~exists().where(_IS_LIKE, _running.c.state == "running"))
    .order_by(job.c.weight, job.c.not_before, job.c.id)
)

_QUEUED = select(job.c.subject).where(
    job.c.name == bindparam("name"),
    job.c.subject.in_(bindparam("subjects", expanding=True)),
    job.c.state == "queued",
)
_HELD = select(job.c.id).where(
    job.c.id.in_(bindparam("jobs", expanding=True)),
    job.c.owner == bindparam("holder"),
    job.c.state == "running",
)
_ADD = insert(job)
_RUNS = select(job.c.id).where(job.c.name == bindparam("name"), job.c.state == "running").limit(1)
_CHANGE = update(job).where(
    job.c.id == bindparam("held"), job.c.owner == bindparam("holder"), job.c.state == "running"
)


class SqlJobs:
    """See service.ports.Jobs."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, name: JobName, subject: str, now: datetime) -> str | None:
        """Add a job unless the same one is queued; return its id."""
        return self.add_all(name, [subject], now).get(subject)

    def add_all(self, name: JobName, subjects: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Add a job for each subject of which the same is not queued; return their ids."""
        queued = {
            row.subject
            for some in portions(subjects)
            for row in self._db.execute(_QUEUED, {"name": name.value, "subjects": some})
        }
        new = {one: new_id() for one in subjects if one not in queued}
        at = to_text(now)
        same = {"name": name.value, "state": "queued", "weight": WEIGHT[name], "attempts": 0,
                "not_before": at, "created_at": at}  # fmt: skip
        if new:
            self._db.execute(_ADD, [{"id": id_, "subject": subject, **same} for subject, id_ in new.items()])
        return new

    def claim(
        self, owner: str, now: datetime, names: Collection[JobName], waited: timedelta = timedelta()
    ) -> Job | None:
        """Take the weightiest job of these kinds that is due and has waited so long since, with a lease.

        Not one whose like is running: two judgements of a device side by side could end in the wrong order.
        """
        kinds = job.c.name.in_([name.value for name in names])
        return next(iter(self._claim(owner, now, _DUE.where(kinds), 1, waited)), None)

    def is_running(self, name: JobName) -> bool:
        """Tell whether a job of a kind is in hand."""
        return self._db.execute(_RUNS, {"name": name.value}).first() is not None

    def claim_seals(self, owner: str, now: datetime, most_bytes: int, most: int) -> Sequence[Job]:
        """Take seals that are due, with a lease: of uploads that are no longer than this, at most so many."""
        query = _DUE.join(upload, upload.c.id == job.c.subject)
        small = query.where(job.c.name == JobName.SEAL.value, upload.c.size <= most_bytes)
        return self._claim(owner, now, small, most)

    def _claim(
        self, owner: str, now: datetime, query: Select[Any], most: int, waited: timedelta = timedelta()
    ) -> list[Job]:
        # No row is locked: who may write is alone.
        rows = self._db.execute(query.limit(most), {"since": to_text(now - waited)}).all()
        until = now + LEASE
        if rows:
            running = {
                "state": "running", "owner": owner, "lease_until": to_text(until),
                "attempts": job.c.attempts + 1,
            }  # fmt: skip
            self._db.execute(update(job).where(job.c.id.in_([row.id for row in rows])).values(**running))
        return [Job(row.id, JobName(row.name), row.subject, row.attempts + 1, owner, until) for row in rows]

    def finish(self, done: Job, now: datetime) -> bool:
        """Close a job; False when somebody else owns it by now."""
        return self._change(done, state="done", finished_at=to_text(now), problem=None)

    def finish_all(self, done: Sequence[Job], now: datetime) -> Collection[Job]:
        """Close jobs of one owner; return those that somebody else owns by now."""
        held = {
            row.id
            for some in portions([one.id for one in done])
            for row in self._db.execute(_HELD, {"jobs": some, "holder": done[0].owner})
        }
        end = {"state": "done", "finished_at": to_text(now), "problem": None}
        if rows := [{"held": one.id, "holder": one.owner, **end} for one in done if one.id in held]:
            self._db.execute(_CHANGE, rows)
        return [one for one in done if one.id not in held]

    def fail(self, failed: Job, problem: str, retry_at: datetime | None, now: datetime) -> bool:
        """Put a job back for a later try, or close it as failed."""
        problem = legible(problem)
        if retry_at is None:
            return self._change(failed, state="failed", finished_at=to_text(now), problem=problem)
        return self._change(
            failed,
            state="queued",
            owner=None,
            lease_until=None,
            not_before=to_text(retry_at),
            problem=problem,
        )

    def renew(self, held: Job, until: datetime) -> bool:
        """Extend the lease; False when somebody else owns the job by now."""
        return self._change(held, lease_until=to_text(until))

    def put_back(self, now: datetime, everything: bool = False) -> int:
        """Queue running jobs again whose lease ran out (or all)."""
        lost: ColumnElement[bool] = job.c.state == "running"
        if not everything:
            lost = lost & (job.c.lease_until < to_text(now))
        if everything:  # the clock may have been ahead when they were queued
            late = (job.c.state == "queued") & (job.c.not_before > to_text(now))
            self._db.execute(update(job).where(late).values(not_before=to_text(now)))
        put = self._db.execute(
            update(job)
            .where(lost)
            .values(state="queued", owner=None, lease_until=None, not_before=to_text(now))
        )
        return put.rowcount

    def due(self, now: datetime) -> Set[JobName]:
        """Return the kinds of which a job is waiting that may begin."""
        query = select(job.c.name).where(job.c.state == "queued", job.c.not_before <= to_text(now)).distinct()
        return {JobName(row.name) for row in self._db.execute(query)}

    def unchecked(self, before_first: datetime, before_next: datetime, limit: int) -> Sequence[str]:
        """Return recordings due for reading back that no open job names, the longest unchecked first."""
        checked, sealed = recording.c.checked_at, recording.c.sealed_at
        mine = (job.c.name == JobName.FIXITY.value) & (job.c.subject == recording.c.id)
        free = select(recording.c.id).where(
            recording.c.gone_at.is_(None), ~exists().where(mine, job.c.state.in_(("queued", "running")))
        )
        # Two questions: each is one stretch of an index, and both together all recordings.
        never = free.where(checked.is_(None), sealed < to_text(before_first)).order_by(sealed)
        found = list(self._db.execute(never.limit(limit)).scalars())
        again = free.where(checked < to_text(before_next)).order_by(checked, sealed)
        return [*found, *self._db.execute(again.limit(limit - len(found))).scalars()]

    def forget_done(self, name: JobName, before: datetime) -> None:
        """Remove done jobs of a kind whose outcome stands elsewhere."""
        done = (job.c.name == name.value) & (job.c.state == "done") & (job.c.finished_at < to_text(before))
        self._db.execute(delete(job).where(done))

    def counts(self) -> Mapping[str, int]:
        """Return how many jobs are in each state."""
        rows = self._db.execute(select(job.c.state, func.count()).group_by(job.c.state))
        return {str(row[0]): int(row[1]) for row in rows}

    def _change(self, held: Job, **values: Any) -> bool:
        changed = self._db.execute(_CHANGE, {"held": held.id, "holder": held.owner, **values})
        return changed.rowcount == 1
