"""What a move needs of the machine: engines named without secrets, notes on disc, whether a queue answers.

Not here: rows (db/whole.py), objects (storage/copying.py), the site's file (site_file.py).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from evidence.adapters import site_file
from evidence.adapters.celery_bell import EMBEDDED, is_refusal, open_queue
from evidence.domain.addresses import holds_password, place
from evidence.errors import Invalid, Misconfigured, Unavailable


def where(data: Path, name: str, url: str) -> str:
    """Return the place of a site's "database", "vault" or "broker"; an embedded one moves with the folder."""
    embedded = {
        "database": f"sqlite:///{quote(str(data.absolute() / 'evidence.db'))}",
        "vault": (data.absolute() / "vault").as_uri(),
        "broker": EMBEDDED,
    }
    if not url or place(url) in (place(embedded[name]), f"sqlite:///{quote(str(data / 'evidence.db'))}"):
        return f"embedded:{name}"
    return place(url)


def stores(data: Path, database: str, vault: str) -> frozenset[str]:
    """Return the places of what holds evidence: the two engines that a site must not have twice."""
    return frozenset({where(data, "database", database), where(data, "vault", vault)})


def older_stores(data: Path) -> frozenset[str]:
    """Return what older files of the site name and the present one does not: a crash may have come between
    the switch and its entry in the list of what was left.
    """
    now = site_file.values(data)
    current = stores(data, str(now.get("database", "")), str(now.get("vault", "")))
    older = [
        stores(data, str(then.get("database", "")), str(then.get("vault", "")))
        for then in site_file.befores(data)
    ]
    return frozenset().union(*older) - current


def verify_holds_no_password(name: str, url: str) -> None:
    """Refuse an address that cannot stand in a file as it is. Raises: Invalid("password-in-address")."""
    if url and holds_password(url):
        raise Invalid("password-in-address", setting=name)


def is_foreign_file(url: str) -> bool:
    """Tell whether a SQLite file is somebody else's, before it is opened for writing: that would change it.

    Raises: Invalid where no such file can be made.
    """
    file = sqlite_file(url)
    if not file.is_absolute() or not file.parent.is_dir():
        raise Invalid("settings-wrong", setting="database", reason="no-folder")
    if not file.exists() or not file.stat().st_size:
        return False
    try:
        # What broke off while it was filled, whoever opens it takes back; not who opens it for reading alone.
        mode = "rw" if Path(f"{file}-journal").exists() else "ro"
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode={mode}", uri=True)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:
        return True
    return not {"alembic_version", "audit_entry"} <= tables


def sqlite_file(url: str) -> Path:
    """Return the file of a SQLite URL."""
    return Path(unquote(urlsplit(url).path.removeprefix("/")))


def verify_answers(broker_url: str) -> None:
    """Refuse a queue that does not answer.

    Raises: Unavailable("queue-unavailable"), Misconfigured("queue-refuses-user").
    """
    if broker_url == EMBEDDED:
        return
    app = open_queue(broker_url)
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=10)
            connection.default_channel.queue_declare(queue="evidence-probe", passive=False)
    except Exception as problem:  # noqa: BLE001 (whatever the transport raises; its text may hold the address)
        if is_refusal(problem):
            raise Misconfigured("queue-refuses-user", setting="broker") from None
        raise Unavailable("queue-unavailable", reason=type(problem).__name__) from None


class Notes:
    """Versions by key, in a file that SQLite makes without a name: gone with the process, however it ends."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("CREATE TABLE note (key TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID")

    def note(self, key: str, version: str) -> None:
        """Note the version of a key, in the place of an older note."""
        self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (key, version))

    def of(self, key: str) -> str | None:
        """Return the version of a key, None where none was noted."""
        found = self._db.execute("SELECT version FROM note WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def close(self) -> None:
        """Forget everything."""
        self._db.close()
