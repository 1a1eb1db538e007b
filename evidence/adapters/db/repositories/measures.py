"""What is in work, counted in SQL along the indexes of jobs and uploads by state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from evidence.adapters.db.tables import announced, job, upload
from evidence.domain.instants import from_text, to_text
from evidence.domain.uploads import UploadState
from evidence.service.jobs import JobName
from evidence.service.measure_ports import OpenJobs

_OPEN_JOBS = ("queued", "running", "failed")
_OPEN_UPLOADS = (UploadState.RECEIVING, UploadState.COMPLETE, UploadState.REFUSED, UploadState.EXPIRED)


class SqlMeasures:
    """See service.measure_ports.Measures."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def open_jobs(self, now: datetime) -> Sequence[OpenJobs]:
        """Return the kinds of which there are any, in the order of importance."""
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        per_state = select(job.c.name, job.c.state, func.count()).where(job.c.state.in_(_OPEN_JOBS))
        for name, state, count in self._db.execute(per_state.group_by(job.c.name, job.c.state)):
            counts[str(name)][str(state)] = int(count)
        due = (job.c.state == "queued") & (job.c.not_before <= to_text(now))
        longest = select(job.c.name, func.min(job.c.not_before)).where(due).group_by(job.c.name)
        since = {str(name): from_text(first) for name, first in self._db.execute(longest)}
        return [
            OpenJobs(
                name=kind,
                queued=counts[kind].get("queued", 0),
                running=counts[kind].get("running", 0),
                failed=counts[kind].get("failed", 0),
                waiting_since=since.get(kind),
            )
            for kind in JobName
            if kind.value in counts
        ]

    def open_uploads(self) -> Mapping[UploadState, int]:
        """Return how many uploads are in each state but the sealed and the cancelled ones."""
        is_open = upload.c.state.in_([state.value for state in _OPEN_UPLOADS])
        query = select(upload.c.state, func.count()).where(is_open).group_by(upload.c.state)
        found = {str(state): int(count) for state, count in self._db.execute(query)}
        return {state: found.get(state.value, 0) for state in _OPEN_UPLOADS}

    def outstanding(self) -> int:
        """Return how many announced files are not sealed."""
        query = select(func.count()).select_from(announced).where(announced.c.recording_id.is_(None))
        return int(self._db.execute(query).scalar_one())
