"""Doing the jobs: claim one, do it, close it. Also what the sweep does every few seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from evidence.errors import Busy, EvidenceError, IntegrityFault, NotFound
from evidence.service.court.deriving import Deriving
from evidence.service.examining.examination import Examination
from evidence.service.examining.fixity import Fixity
from evidence.service.examining.listening import Listening
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.intake.sealing import Sealing
from evidence.service.intake.staging_debris import StagingDebris
from evidence.service.intake.uploads import Uploads
from evidence.service.jobs import (
    LEASE,
    MOST_ATTEMPTS,
    MOST_TOGETHER,
    SEALS_FIRST,
    SMALL_BYTES,
    Job,
    JobName,
    back_off,
)
from evidence.service.keeping.destroying import Destroying
from evidence.service.keeping.holds import Holds
from evidence.service.keeping.keeping import Keeping
from evidence.service.site import Site
from storage.errors import Damaged, Mismatch, Missing, StorageError

log = logging.getLogger("evidence.work")
_RENEW_EVERY = LEASE / 3
# After a database that was away: sooner than the sweep, which would take the job for a dead worker's.
_RENEW_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True)
class Work:
    """What workers call."""

    site: Site
    uploads: Uploads
    checks: Fixity | None = None  # the desk that reads back, with its speed limit; None: without one
    exports: Callable[[str], None] | None = None  # what builds an export; None: built elsewhere

    def do_next(self, owner: str, names: Collection[JobName] = tuple(JobName)) -> bool:
        """Do the weightiest job of these kinds that is due; return False when there is none."""
        job = self.claim(owner, names)
        if job is not None:
            self.do(job)
        return job is not None

    def claim(self, owner: str, names: Collection[JobName]) -> Job | None:
        """Take the weightiest job of these kinds that is due, under a lease; None when there is none."""
        with self.site.database.writing() as unit:
            return unit.jobs.claim(owner, self.site.clock.now(), self._of_here(names))

    def _of_here(self, names: Collection[JobName]) -> Collection[JobName]:
        """Leave out what is done elsewhere."""
        return [name for name in names if name is not JobName.EXPORT or self.exports is not None]

    def claim_some(self, owner: str, names: Collection[JobName]) -> Sequence[Job]:
        """Take the weightiest job that is due; where that is a seal of a small file, more such seals.

        While another seals, what is no seal waits a while (SEALS_FIRST): the processor is one for both.
        """
        with self.site.database.writing() as unit:
            now, here = self.site.clock.now(), self._of_here(names)
            if JobName.SEAL in here and unit.jobs.is_running(JobName.SEAL):
                first = unit.jobs.claim(owner, now, [JobName.SEAL])
                first = first or unit.jobs.claim(owner, now, here, SEALS_FIRST)
            else:
                first = unit.jobs.claim(owner, now, here)
            if first is None:
                return ()
            upload = unit.uploads.get(first.subject) if first.name is JobName.SEAL else None
            if upload is None or upload.origin.size_bytes > SMALL_BYTES:
                return (first,)
            return (first, *unit.jobs.claim_seals(owner, now, SMALL_BYTES, MOST_TOGETHER - 1))

    def do_all(self, jobs: Sequence[Job]) -> None:
        """Do claimed jobs: several seals together, and alone whatever does not go like that."""
        if len(jobs) == 1:
            self.do(jobs[0])
            return
        with self._lease_kept(*jobs):
            for job in self._sealed_together(jobs):
                self.do(job)

    def _sealed_together(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Seal uploads together and close their jobs; return the jobs that are not closed."""
        try:
            rest = set(Sealing(self.site).seal_together([job.subject for job in jobs]))
            with self.site.database.writing() as unit:
                done = [job for job in jobs if job.subject not in rest]
                for job in unit.jobs.finish_all(done, self.site.clock.now()):
                    log.warning("job %s %s was put back while it was done", job.name, job.subject)
        except Exception as problem:  # noqa: BLE001 (each is tried alone, and says what it meets)
            log.warning("%d uploads could not be sealed together: %r", len(jobs), problem)
            return jobs
        return [job for job in jobs if job.subject in rest]

    def do(self, job: Job) -> None:
        """Do a claimed job and close it; what it meets is said in its row. Raises: Unavailable where it
        cannot be written (the lease runs out, and the job is done again).
        """
        try:
            with self._lease_kept(job):
                self._step(job.name)(job.subject)
            with self.site.database.writing() as unit:
                is_ours = unit.jobs.finish(job, self.site.clock.now())
            if not is_ours:
                log.warning("job %s %s was put back while it was done", job.name, job.subject)
        except Exception as problem:  # noqa: BLE001 (whatever a job meets, the row must say so, and the worker goes on)
            self._failed(job, problem)

    def due(self) -> Set[JobName]:
        """Return the kinds of which a job is waiting that may begin."""
        with self.site.database.reading() as unit:
            return unit.jobs.due(self.site.clock.now())

    def sweep(self) -> None:
        """Put back lost jobs, then tidy."""
        self.put_back()
        self.tidy()

    def tidy(self) -> None:
        """Close stale uploads, clear what a crash left in staging, raise deadline notices, tell the vault of
        holds and dates, destroy what was decided, plan the reading back, drop what nobody can sign in with.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.challenges.forget(now)
        self.uploads.expire(now)
        StagingDebris(self.site).clear(now)
        Deadlines(self.site).raise_notices(now)
        Holds(self.site).settle_all()
        Keeping(self.site).settle_all()
        Destroying(self.site).carry_out_all()
        self._checks.plan()

    def put_back(self) -> None:
        """Queue again what a killed worker left."""
        with self.site.database.writing() as unit:
            lost = unit.jobs.put_back(self.site.clock.now())
        if lost:
            log.warning("jobs put back after their lease ran out: %d", lost)

    def take_over(self) -> None:
        """Put back all running jobs: called where this process is the only one that could have run them."""
        with self.site.database.writing() as unit:
            unit.jobs.put_back(self.site.clock.now(), everything=True)

    @property
    def _checks(self) -> Fixity:
        return self.checks or Fixity(self.site)

    def _step(self, name: JobName) -> Callable[[str], object]:
        examination = Examination(self.site)
        return {
            JobName.SEAL: Sealing(self.site).seal,
            JobName.EXAMINE: examination.examine,
            JobName.SEQUENCE: examination.sequence,
            JobName.DEEP: examination.deep,
            JobName.LISTEN: Listening(self.site).listen,
            JobName.FIXITY: self._read_back,
            **({} if self.exports is None else {JobName.EXPORT: self.exports}),
            JobName.DERIVE: Deriving(self.site).derive,
        }[name]

    def _read_back(self, recording_id: str) -> None:
        """Check one recording; before, plan the next ones, so that the pass does not wait for the sweep."""
        checks = self._checks
        checks.plan()
        checks.check(recording_id)

    def _failed(self, job: Job, problem: Exception) -> None:
        """A busy name or a machine's trouble is tried again for ever; what contradicts itself stops at
        once.
        """
        now = self.site.clock.now()
        final = _is_final(job, problem)
        wait = timedelta(seconds=0.2) if isinstance(problem, Busy) else back_off(job.attempts)
        expected = isinstance(problem, EvidenceError | StorageError | OSError)
        log.error(
            "job %s %s failed (attempt %d): %s",
            *(job.name, job.subject, job.attempts, problem),
            exc_info=None if expected else problem,
        )
        if final:
            try:
                self._give_up(job, problem)
            except Exception as trouble:  # noqa: BLE001 (else the row would stay open until its lease ends, without a word)
                log.error("job %s %s could not be given up: %r", job.name, job.subject, trouble)  # noqa: TRY400
                final = False
        with self.site.database.writing() as unit:
            unit.jobs.fail(job, str(problem), None if final else now + wait, now)

    def _give_up(self, job: Job, problem: Exception) -> None:
        """Nobody would look into the job table: say in the reports what could not be done.

        Before the row is closed, so that a crash in between does it again; and never by a late worker, whose
        job another has in hand.
        """
        with self.site.database.writing() as unit:
            if not unit.jobs.renew(job, self.site.clock.now() + LEASE):
                return
        if job.name is JobName.SEAL:
            Sealing(self.site).give_up(job.subject)
        elif job.name is JobName.DERIVE:
            Deriving(self.site).give_up(job.subject, getattr(problem, "code", "unexpected"))
        elif job.name in (
            JobName.EXAMINE,
            JobName.DEEP,
            JobName.LISTEN,
        ):  # what was not read back stays due: planned again
            with suppress(NotFound):  # nothing is there to speak of
                Examination(self.site).note_failure(
                    job.subject, job.name, getattr(problem, "code", "unexpected")
                )

    @contextmanager
    def _lease_kept(self, *jobs: Job) -> Iterator[None]:
        """Extend the leases while the work goes on, so that long work is not started a second time."""
        done = Event()

        def keep() -> None:
            wait: timedelta | None = _RENEW_EVERY
            while wait is not None and not done.wait(wait.total_seconds()):
                wait = self._renewed(jobs)

        keeper = Thread(target=keep, name=f"lease-{jobs[0].id[:8]}", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def _renewed(self, jobs: Sequence[Job]) -> timedelta | None:
        """Extend leases; return when to do it again, None when all the jobs are somebody else's by now."""
        try:
            with self.site.database.writing() as unit:
                until = self.site.clock.now() + LEASE
                are_ours = [unit.jobs.renew(job, until) for job in jobs]
        except Exception as problem:  # noqa: BLE001 (tried again before the lease runs out)
            log.warning("the lease of %s could not be extended: %r", jobs[0].id, problem)
            return min(_RENEW_AGAIN, _RENEW_EVERY)
        return _RENEW_EVERY if any(are_ours) else None


def _is_final(job: Job, problem: Exception) -> bool:
    """Tell whether trying again cannot help: what contradicts itself, or one odd error again and again.

    A machine's trouble passes; its jobs are tried for ever.
    """
    if isinstance(problem, IntegrityFault | NotFound | Missing | Damaged | Mismatch):
        return True
    if isinstance(problem, EvidenceError | StorageError | OSError) or job.name is JobName.SEAL:
        return False
    return job.attempts >= MOST_ATTEMPTS
