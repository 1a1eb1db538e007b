"""Which engine stands behind a database's URL, and what each engine must be able to do.

"sqlite:////path/file.db" is the file in the site's folder; "postgresql://user:password@host/name?sslmode=…"
is a server. The repositories and the migrations are the same for both; what differs stands in sqlite.py and
postgres.py and nowhere else. No error made here shows any part of a URL: a password stands in it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from evidence.adapters.db.sqlite import Sqlite
from evidence.errors import Invalid


class Machine(Protocol):
    """One engine, open. Every connection of it is durable, and a transaction that may write is alone.

    A connection with the execution option `evidence_writes=False` begins a transaction that only reads and
    sees one picture; any other begins one that may write; with `evidence_fills=True` into an empty database.
    """

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine."""

    def turn(self) -> AbstractContextManager[None]:
        """Wait for one's turn among the writers of this process. Raises: Unavailable."""

    def settle(self) -> None:
        """Make durable what a killed process had committed; before, nobody may be told of it."""

    def said(self, problem: DBAPIError) -> Exception:
        """Say a driver's error in the terms of this program. A broken rule of a table is said as it is: that
        is a mistake of ours.
        """


def open_machine(url: str) -> Machine:
    """Open the engine of a URL; nothing is connected yet. Raises: Invalid for what is no URL of ours."""
    address = _read(url)
    if address.drivername == "sqlite":
        return Sqlite(address)
    if address.drivername == "postgresql":
        from evidence.adapters.db.postgres import Postgres  # its driver is long to load

        return Postgres(address)
    raise Invalid("settings-wrong", setting="database", reason="scheme-unknown")


def _read(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # their texts hold parts of the URL
        raise Invalid("settings-wrong", setting="database", reason="no-url") from None
    if "@" in (address.host or ""):  # a password with "@", "/" or ":" in it, not percent-encoded
        raise Invalid("settings-wrong", setting="database", reason="no-url")
    return address
