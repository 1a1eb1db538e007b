"""Who else has a database open: a site that is served must not be moved away under its service.

PostgreSQL lists its sessions. SQLite in WAL mode holds a shared lock on its file as long as a connection is
open, and the kernel tells who holds it; locks of this very process do not count.
Source: sqlite.org/fileformat2.html, "The Lock-Byte Page"; fcntl(2), F_GETLK.
"""

from __future__ import annotations

import fcntl
import struct
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from evidence.adapters.db.opening import open_machine
from evidence.adapters.db.tables import job
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.instants import to_text
from evidence.errors import Busy

_FLOCK = "hhqqi0q"  # struct flock: type, whence, start, length, pid
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def verify_unused(url: str) -> None:
    """Refuse a database that somebody else has open; nothing of it may be open in this process yet.

    Raises: Busy("site-in-use"), Unavailable.
    """
    address = make_url(url)
    if address.drivername == "sqlite":
        holder = _holder(Path(address.database or ""))
        if holder is not None:
            raise Busy("site-in-use", process=holder)
        return
    machine = open_machine(url)
    try:
        with machine.engine.connect() as connection:
            reading = connection.execution_options(evidence_writes=False)
            sessions = int(reading.exec_driver_sql(_OTHERS).scalar_one())
    except DBAPIError as problem:
        raise machine.said(problem) from problem
    finally:
        machine.engine.dispose()
    if sessions:
        raise Busy("site-in-use", sessions=sessions)


def _holder(file: Path) -> int | None:
    """Return the process that has a SQLite file open, None where there is none."""
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, 0, _SHARED_FIRST, _SHARED_SIZE, 0)
        said = struct.unpack(_FLOCK, fcntl.fcntl(opened, fcntl.F_GETLK, asked))
    return None if said[0] == fcntl.F_UNLCK else int(said[4])


def verify_no_live_job(database: SqlDatabase, now: datetime) -> None:
    """Refuse while a worker may have a job in hand: its lease says so. Raises: Busy("site-in-use")."""
    with database.reading() as unit:
        live = (job.c.state == "running") & (job.c.lease_until >= to_text(now))
        number = unit.log._db.execute(select(func.count()).select_from(job).where(live)).scalar_one()
    if number:
        raise Busy("site-in-use", jobs=number)
