"""Builders: real parts put together small. A site on a temporary folder, with a clock that tests move.

Its engines are those of the session's form (tests/forms.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from evidence.adapters.db import unit_of_work
from evidence.adapters.db.tables import metadata
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.digesting import TwoDigests
from evidence.adapters.keys import FileSigner, make_key
from evidence.adapters.listening import SandboxedListener
from evidence.adapters.making import SandboxedMaker
from evidence.adapters.originals import VaultOriginals
from evidence.adapters.packs import load_pack
from evidence.adapters.passwords import ArgonPasswords
from evidence.adapters.prober import SandboxedProber
from evidence.adapters.time_codes import FolderTimeCodes
from evidence.domain.access import Caller
from evidence.domain.findings import Finding
from evidence.domain.media import MediaFacts
from evidence.domain.recordings import Origin
from evidence.domain.rights import TOKEN_SCOPES, Kind
from evidence.domain.sign_in import DEFAULT
from evidence.domain.uploads import Upload
from evidence.policy.rules import Pack
from evidence.service.catalogue import Terms
from evidence.service.intake.cards import Cards
from evidence.service.intake.reception import Checksum
from evidence.service.intake.uploads import Uploads
from evidence.service.jobs import JobName
from evidence.service.recordings.recordings import Recordings
from evidence.service.sign_in.accounts import Accounts
from evidence.service.site import Site
from evidence.service.work import Work
from storage.opening import open_vault, prepare_vault
from storage.staging_folder import FolderStaging
from storage.vault import Vault
from tests import forms, inside
from tests.carried_vault import CarriedVault

SITE = "test.example/site"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUICK = replace(DEFAULT, memory_kib=64, passes=1, lanes=1)  # argon2id as quick as it may be


@dataclass
class HandClock:
    """A clock that tests move by hand."""

    time: datetime = START

    def now(self) -> datetime:
        """Return the time on the clock; each look takes a microsecond, so that order shows."""
        self.time += timedelta(microseconds=1)
        return self.time

    def pass_by(self, length: timedelta) -> None:
        """Let time pass."""
        self.time += length


@dataclass
class QuietBell:
    """A doorbell that counts its rings."""

    rings: int = 0

    def ring(self, *names: JobName) -> None:
        """Count."""
        self.rings += 1


_pack = cache(load_pack)  # hundreds of sites need the same two


_FIRST: dict[str, Engine] = {}  # of this process, by the kind of database


def compile_once(database: SqlDatabase) -> None:
    """Let a database use what was compiled for another of its kind: SQLAlchemy keeps compiled statements for
    each engine, and hundreds of small sites in one process would compile the same ones again and again.
    """
    engine = database.engine
    first = _FIRST.setdefault(engine.dialect.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache


@cache
def migrated_file() -> bytes:
    """Return an empty database of this program's schema: the migrations run once for all sites of a process.
    Each site still asks for what is missing; tests/adapters/db/test_schema.py runs them one by one.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "evidence.db"
        database = unit_of_work.SqlDatabase(f"sqlite:///{file}", SITE)  # whatever a test put in ours' place
        database.migrate()
        database.close()
        with closing(sqlite3.connect(file)) as opened:  # what is left in its log comes into the file
            assert opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        return file.read_bytes()


class IndexOnlyProber(SandboxedProber):
    """The real prober without its deep pass, for tests that are not about pictures."""

    def examine_deep(self, path: Path, facts: MediaFacts, pack: Pack) -> Sequence[Finding]:
        """Find nothing: deep examination has tests of its own."""
        del path, facts, pack
        return []


@dataclass
class SmallSite:
    """A whole site on a folder, driven without HTTP and without threads. embedded: on SQLite and a folder
    whatever the session's form is.
    """

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    bell: QuietBell = field(default_factory=QuietBell)
    embedded: bool = False

    def __post_init__(self) -> None:
        if self.embedded:
            forms.embed(self.folder)
        for name in ("vault", "staging", "keys", "scratch"):
            (self.folder / name).mkdir(exist_ok=True)
        if not (self.folder / "keys" / "signing.pem").exists():
            make_key(self.folder / "keys", SITE)
        if not forms.is_grown(self.folder) and not (self.folder / "evidence.db").exists():
            (self.folder / "evidence.db").write_bytes(migrated_file())
        self.database = SqlDatabase(forms.database_url(self.folder), SITE)
        compile_once(self.database)
        self.database.migrate()
        self.vault = small_vault(self.folder)
        self.staging = FolderStaging(self.folder / "staging")
        self.site = Site(
            database=self.database,
            vault=self.vault,
            staging=self.staging,
            clock=self.clock,
            signer=FileSigner(self.folder / "keys"),
            policies=_pack("dazhe-2020"),
            strictest=_pack("strict"),
            prober=IndexOnlyProber(),
            listener=SandboxedListener(self.folder / "scratch"),
            originals=VaultOriginals(self.vault, self.folder / "scratch"),
            maker=SandboxedMaker(self.folder / "scratch"),
            bell=self.bell,
            new_digests=TwoDigests,
            passwords=ArgonPasswords(QUICK),
            codes=FolderTimeCodes(self.folder / "keys"),
            terms=Terms(),
        )
        self.uploads = Uploads(self.site)
        self.cards = Cards(self.site)
        self.recordings = Recordings(self.site)
        self.accounts = Accounts(self.site)
        self.work = Work(self.site, self.uploads)
        self._dock: Caller | None = None

    @property
    def administrator(self) -> Caller:
        """An administrator."""
        return Caller("0" * 32, Kind.INTEGRATION, "administrator", scopes=TOKEN_SCOPES)

    @property
    def dock(self) -> Caller:
        """A dock with an account."""
        if self._dock is None:
            self._dock, _ = self.accounts.add_dock(self.administrator, "dock")
        return self._dock

    def send(self, origin: Origin, body: bytes, declared: str | None = None) -> Upload:
        """Send a whole file in one request, as a dock does."""
        upload = self.uploads.create(self.dock, origin, declared)
        if body:
            self.put(upload.id, 0, body)
        return self.uploads.status(self.dock, upload.id)

    def put(self, upload_id: str, offset: int, body: bytes, checksum: Checksum | None = None) -> int:
        """Send one request's bytes."""
        with self.uploads.receive(self.dock, upload_id, offset, len(body), checksum) as reception:
            reception.take(body)
            return reception.commit().offset

    def do_jobs(self) -> int:
        """Do all jobs that are due; return how many."""
        done = 0
        while self.work.do_next("tester"):
            done += 1
        return done

    def log(self) -> list[bytes]:
        """Return the entries of the log."""
        with self.database.reading() as unit:
            return [body for _, body in unit.log.entries()]

    def dump(self) -> str:
        """Return all that the database holds, as text."""
        with self.database.engine.connect() as connection:
            reading = connection.execution_options(evidence_writes=False)
            return "\n".join(
                f"{table.name} {[*row]}"
                for table in metadata.sorted_tables
                for row in reading.execute(table.select())
            )

    def files(self) -> dict[str, bytes]:
        """Return all that vault and staging hold with its bytes, to show that a refusal changed nothing."""
        vault, staging = inside.objects(self.folder), inside.files(self.folder / "staging")
        return {f"vault/{name}": body for name, body in vault.items()} | {
            f"staging/{name}": body for name, body in staging.items()
        }


def small_vault(folder: Path) -> Vault:
    """Open the vault of a small site, a new one where it has none yet."""
    url = forms.vault_url(folder)
    prepare_vault(url)
    vault = open_vault(url)
    if not forms.is_grown(folder):
        return vault
    return CarriedVault(vault, timedelta(days=(datetime.now(UTC) - START).days))


def an_origin(name: str = "DCIM/DSJX9A00123_012345_20260302093000_0001.mp4", **changes: object) -> Origin:
    """An origin as a dock gives it; size_bytes must be given for real bytes."""
    values: dict[str, object] = {
        "device": "DSJX9A00123",
        "wearer": "012345",
        "name": name,
        "size_bytes": 0,
        "modified_at": START - timedelta(hours=1),
        **changes,
    }
    return Origin(**values)  # type: ignore[arg-type]
