"""Being the only one, of all processes and hosts of a site, that seals a piece of what is published.

Two that put one key into a bucket at the same moment make two versions, which nobody can remove. Whoever is
there first holds the lock while one piece is sealed, the next waits and finds it there. PostgreSQL: an
advisory lock of a session of its own, gone with the connection. SQLite: flock(2) on a file beside it, gone
with the process. A lock that was lost while the piece was on its way (a line cut at that moment) lets a
second version through: that is told as what it is (`second-version`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from evidence.adapters.db.doors import enter
from evidence.errors import Unavailable

if TYPE_CHECKING:
    import psycopg

PIECES = 0x7069656365  # "piece"; the one writer has another number (postgres.py)
WAIT_S = 30.0  # as long as a server's session waits for a lock
_LOOK_EVERY_S = 0.02


@contextlib.contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Wait until nobody else is in here, then be alone. Raises: Unavailable("database-unavailable")."""
    if engine.dialect.name == "postgresql":
        with _of_server(engine):
            yield
    else:
        with _of_file(Path(str(engine.url.database) + "-publishing")):
            yield


@contextlib.contextmanager
def _of_server(engine: Engine) -> Iterator[None]:
    with closing(engine.raw_connection()) as borrowed:
        session: psycopg.Connection[object] = borrowed.driver_connection  # type: ignore[assignment]
        _ask(session, f"SELECT pg_advisory_lock({PIECES})")
        try:
            yield
        finally:
            try:
                _ask(session, f"SELECT pg_advisory_unlock({PIECES})")
            except Unavailable:  # the session is gone, and its lock with it
                borrowed.invalidate()


def _ask(session: psycopg.Connection[object], words: str) -> None:
    from psycopg import Error  # long to load, and loaded already where there is a session of it

    try:
        session.execute(words.encode())
    except Error as problem:
        reason = problem.sqlstate or "no-connection"
        raise Unavailable("database-unavailable", reason=reason) from problem


@contextlib.contextmanager
def _of_file(path: Path) -> Iterator[None]:
    until = time.monotonic() + WAIT_S
    with path.open("ab") as file:
        enter(file.fileno(), until, _LOOK_EVERY_S, "another-publishes")
        yield
