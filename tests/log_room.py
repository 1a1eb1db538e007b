"""A small site with its logs, their publisher and their signer, in one process; and what a database
administrator can do to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from evidence.adapters.db.tables import JOURNALLED
from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.domain.access import Caller
from evidence.domain.alarms import Alarm
from evidence.domain.rights import Kind
from evidence.ledger.checkpoints import Checkpoint
from evidence.service.log.auditing import Auditing
from evidence.service.log.log_keys import LogKeys
from evidence.service.log.proving import Proving
from evidence.service.log.publishing import Publishing
from evidence.signer.desk import Desk, open_desk
from evidence.signer.keys import KeyFolder
from evidence.signer.store import Store
from tests import inside
from tests.builders import SITE, SmallSite, an_origin

OPERATOR = Caller("operator", Kind.OPERATOR)
GUARDED = (
    "audit_entry",
    "audit_about",
    "log_segment",
    "log_checkpoint",
    "log_key",
    "log_cosignature",
    "log_timestamp",
)


class DeskLine:
    """A signer that is asked without a socket. See service.log_ports.LogSigner."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def keys(self, log: str) -> Sequence[str]:
        """See LogSigner."""
        return self.desk.key_lines(log)

    def last(self, log: str) -> bytes:
        """See LogSigner."""
        return self.desk.last(log)

    def logs(self) -> Sequence[str]:
        """See LogSigner."""
        return self.desk.logs()

    def sign(self, log: str, after: int, ends: Sequence[int]) -> bytes:
        """See LogSigner."""
        return self.desk.sign(log, after, ends)

    def rotate(self, log: str, *, retire: bool = False) -> str:
        """See LogSigner."""
        return self.desk.rotate(log, retire=retire)

    def halt(self, reason: str) -> None:
        """See LogSigner."""
        self.desk.halt(reason)


class LogRoom:
    """The site and the desks about its logs. signer: the folder of its state; kept apart from the site's."""

    def __init__(self, folder: Path, *, embedded: bool = False) -> None:
        self.folder, self._embedded = folder / "site", embedded
        self.folder.mkdir(exist_ok=True)
        self.signer_folder = folder / "signer"
        self.signer_folder.mkdir(exist_ok=True)
        self.open()

    def open(self) -> None:
        """Open everything, anew perhaps."""
        before = getattr(self, "small", None)
        self.small = SmallSite(self.folder, embedded=self._embedded)
        self.small._dock = before._dock if before else None  # it has its account already
        self.store = Store(self.signer_folder / "state.db")
        self.desk = open_desk(
            SITE, self.store, KeyFolder(self.signer_folder / "keys"), self.small.vault, self.small.clock.now
        )
        self.line = DeskLine(self.desk)
        site = self.small.site
        self.publishing = Publishing(site, self.line, NOTE_CHECKS)
        self.proving = Proving(site, self.publishing.publish)
        self.auditing = Auditing(site, self.line, NOTE_CHECKS)
        self.log_keys = LogKeys(site, self.line)

    def close(self) -> None:
        """Close what is open."""
        self.store.close()
        self.small.database.close()

    def seal(self, name: str = "a.mp4", body: bytes = b"x" * 5000) -> str:
        """Seal a recording; return its id."""
        upload = self.small.send(an_origin(name, size_bytes=len(body)), body)
        self.small.do_jobs()
        return upload.id

    def publish(self) -> Checkpoint:
        """Publish everything; return the checkpoint of custody."""
        self.publishing.publish_all()
        self.publishing.publish_all()  # the first may have logged the key of a new log
        checkpoint = self.publishing.publish("custody")
        assert checkpoint is not None
        return checkpoint

    def fsck(self) -> Sequence[Alarm]:
        """Check everything."""
        return self.auditing.fsck(OPERATOR)

    def found(self) -> set[tuple[str, str]]:
        """Check everything; return kind and item of what was found."""
        return {(one.kind, one.item) for one in self.fsck()}

    def as_administrator(self, sql: str, **values: object) -> int:
        """Change the database with all its guards taken away; return the number of rows."""
        with unguarded(self.folder):
            return inside.change(self.folder, sql, **values)


@contextmanager
def unguarded(folder: Path) -> Iterator[None]:
    """Take the triggers off the logs' tables and the journalled ones, and put them back: what the owner of a
    database may always do.
    """
    with inside.connection(folder) as opened:
        if opened.dialect.name == "postgresql":
            for table in (*GUARDED, *JOURNALLED):
                opened.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            triggers: list[tuple[str, str]] = []
        else:
            asked = opened.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            triggers = [(str(name), str(sql)) for name, sql in asked]
            for name, _ in triggers:
                opened.execute(text(f"DROP TRIGGER {name}"))
    try:
        yield
    finally:
        with inside.connection(folder) as opened:
            for _, sql in triggers:
                opened.exec_driver_sql(sql)
            if opened.dialect.name == "postgresql":
                for table in (*GUARDED, *JOURNALLED):
                    opened.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


@contextmanager
def published(folder: Path) -> Iterator[LogRoom]:
    """Open a site with a recording, all of it published."""
    room = LogRoom(folder)
    room.seal()
    room.publish()
    yield room
    room.close()
