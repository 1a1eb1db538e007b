"""A small embedded site that has something of everything, and the grown engines it can move to."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from evidence import bootstrap
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.recordings import Origin
from evidence.service.jobs import JobName
from storage.bucket import Bucket
from storage.opening import bucket_address, open_vault
from storage.vault import Vault
from tests.builders import SITE, HandClock, SmallSite
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

LONG_AGO = datetime(2025, 3, 2, 9, tzinfo=UTC)  # sealed then, its year of retention is over
ODD = "DCIM/现场\x1b[31m \u202e😀 'x\".mp4"
REST = os.urandom(40_000)


@dataclass
class Movable:
    """The site's folder, and what is in it."""

    data: Path

    @property
    def held(self) -> str:
        return self._facts["held"]

    @property
    def past(self) -> str:
        return self._facts["past"]

    @property
    def unfinished(self) -> str:
        return self._facts["unfinished"]

    @cached_property
    def _facts(self) -> dict[str, str]:
        facts: dict[str, str] = json.loads((self.data.parent / "facts.json").read_text())
        return facts

    @property
    def vault(self) -> Path:
        return self.data / "vault"

    def form(self) -> bytes:
        """What says which form serves."""
        return (self.data / "site.toml").read_bytes()

    def old_bytes(self) -> dict[str, bytes]:
        """Everything that the old form holds: its vault's files, and the rows of its database."""
        files = {str(p): p.read_bytes() for p in sorted(self.vault.rglob("*")) if p.is_file()}
        return files | {"rows": repr(rows(f"sqlite:///{self.data / 'evidence.db'}")).encode()}

    def run(
        self, *words: str, at: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command as an operator does; `at`: the crashpoint where it is killed."""
        return subprocess.run(
            [sys.executable, "-m", "evidence", *words, "--data", str(self.data)],
            env={**os.environ, **(env or {}), "EVIDENCE_CRASHPOINT": at},
            capture_output=True,
            text=True,
            timeout=180,
        )

    def verify(self, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Run `evidence verify` on the form in force, or on another that the environment names."""
        done = self.run("verify", "--json", env=env)
        assert done.returncode in (0, 4), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def application(self) -> bootstrap.Application:
        """Open the form in force."""
        return bootstrap.build(self.data)


def make_site(folder: Path) -> Movable:
    """Sealed recordings (one held, one past its date, one with an odd name, one empty), findings, an upload
    in progress, a refused one, a card with a file that is missing, jobs waiting and one that was running.
    """
    data = folder / "site"
    data.mkdir()
    small = SmallSite(data, HandClock(LONG_AGO), embedded=True)
    (data / "site.toml").write_text('# ours, keep it\nname = "test.example/site"\npolicy = "dazhe-2020"\n')
    past = small.send(*_file("DCIM/old.mp4", 3000, LONG_AGO))
    small.do_jobs()
    small.clock.time = datetime.now(UTC) - timedelta(hours=30)
    first = _file(ODD, 70_000, small.clock.time, labels={"case-number": "杭〔2026〕1"})
    owed, _ = _file("DCIM/missing.mp4", 10, small.clock.time)
    small.cards.announce(small.dock, owed, [first[0], owed])
    held = small.send(*first)
    small.send(*_file("DCIM/empty.mp4", 0, small.clock.time))
    small.do_jobs()
    small.vault.hold(f"recordings/{held.id}/data", "complaint 12")
    small.vault.hold(f"recordings/{held.id}/data", "诉讼")
    small.send(*_file(ODD, 500, small.clock.time))  # the name again with other bytes: refused
    small.do_jobs()
    small.clock.time = datetime.now(UTC)
    part = _file("DCIM/part.mp4", 100, small.clock.time)[0]
    going = small.uploads.create(small.dock, _sized(part, 30_000 + len(REST)), None)
    small.put(going.id, 0, b"\7" * 30_000)
    small.send(*_file("DCIM/waiting.mp4", 900, small.clock.time))
    with small.database.writing() as unit:  # the seal is in somebody's hands
        assert unit.jobs.claim("gone", small.clock.now(), tuple(JobName)) is not None
    small.database.close()
    facts = {"held": held.id, "past": past.id, "unfinished": going.id}
    (folder / "facts.json").write_text(json.dumps(facts))
    return Movable(data)


def _file(name: str, size: int, at: datetime, **more: Any) -> tuple[Origin, bytes]:
    body = hashlib.shake_256(f"{name} {size}".encode()).digest(size)
    return Origin("DSJ1", "012345", name, size, at - timedelta(minutes=5), **more), body


def _sized(origin: Origin, size: int) -> Origin:
    return Origin(origin.device, origin.wearer, origin.name, size, origin.modified_at)


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, in the order of keys; not which rows wait for the vault."""
    from sqlalchemy import select

    from evidence.adapters.db.whole import CONTENT

    database = SqlDatabase(url, SITE)
    try:
        with database.engine.connect() as connection:
            connection = connection.execution_options(evidence_writes=False)
            return {
                table.name: [
                    tuple(row)
                    for row in connection.execute(select(table).order_by(*table.primary_key.columns))
                ]
                for table in CONTENT
            }
    finally:
        database.close()


@dataclass
class Grown:
    """Addresses of grown engines, their passwords in files, and the same with the passwords for the test."""

    folder: Path
    postgres: PostgresServer
    store: ObjectStoreServer
    redis: RedisServer

    def __post_init__(self) -> None:
        self.database_secret = self.postgres.new_database()
        self.bucket = f"m-{secrets.token_hex(8)}"
        self.vault_secret = (
            f"s3://{self.store.access_key}:{self.store.secret_key}@{self.store.endpoint}/{self.bucket}"
            f"?ca_file={quote(str(self.store.ca_file))}"
        )
        self.secrets = (self.postgres.password, self.store.secret_key, self.redis.password)
        for name, secret in zip(("database", "vault", "broker"), self.secrets, strict=True):
            (self.folder / f"{name}.password").write_text(secret + "\n")

    def _without(self, url: str, name: str, more: str = "") -> str:
        parts = urlsplit(url)
        user = f"{parts.username}@" if parts.username else ""
        file = quote(str(self.folder / f"{name}.password"))
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{user}{host}{parts.path}?{more}password_file={file}"

    @property
    def database(self) -> str:
        return self._without(self.database_secret, "database")

    @property
    def vault(self) -> str:
        return self._without(self.vault_secret, "vault", f"ca_file={quote(str(self.store.ca_file))}&")

    @property
    def broker(self) -> str:
        return self._without(self.redis.url, "broker")

    def open_vault(self) -> Vault:
        return open_vault(self.vault_secret)

    def make_bucket(self) -> Bucket:
        bucket = Bucket(bucket_address(self.vault_secret))
        bucket.make()
        return bucket

    def options(self, *engines: str) -> list[str]:
        """The words of the command for these engines."""
        return [word for name in engines for word in (f"--{name}", getattr(self, name))]
