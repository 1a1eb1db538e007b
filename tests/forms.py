"""Which form of a site the tests run on, and the engines of each new one.

The embedded form is SQLite, a folder, and workers beside the service. With EVIDENCE_TEST_FORM=grown
(`./dev.sh test --grown`) it is PostgreSQL, a bucket with Object Lock, Redis, and workers in processes of
their own. A test that asks for a site gets one of the session's form and need not know which; the engines of
a site are its own, and nothing of another site is in them.

The servers start with the first site that needs them and are shared as tests/servers says. How a test looks
past the program stands in tests/inside.py, what it does behind its back in tests/tampering.py.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from unittest import mock
from urllib.parse import quote

import pytest

from tests.servers.kept import KeptServer, kept

if TYPE_CHECKING:  # this and the imports within functions: their drivers take half a second to load
    from evidence.adapters.db.opening import Machine
    from storage.qualify import Probe
    from tests.servers.object_store import ObjectStoreServer
    from tests.servers.postgres import PostgresServer
    from tests.servers.redis import RedisServer

GROWN = {"embedded": False, "grown": True}[os.environ.get("EVIDENCE_TEST_FORM", "embedded")]
WHOLE = GROWN or bool(os.environ.get("EVIDENCE_TEST_WHOLE"))
"""Nothing is drawn by lot, and what takes minutes runs too: `./dev.sh test --whole`, and `--grown`."""
# How much longer a test waits for what needs a worker: on the grown form that is a process of its own, and
# the bytes go through a server and back.
PATIENCE = 4 if GROWN else 1
Kind = TypeVar("Kind", bound=KeptServer)


def embedded_only(reason: str) -> pytest.MarkDecorator:
    """Skip a test on the grown form, by name and with its reason: what it says has no meaning there."""
    return pytest.mark.skipif(GROWN, reason=f"embedded form only: {reason}")


class Servers:
    """The servers of a test session, each started when it is first asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory, self._held = factory, ExitStack()
        self._rooms = itertools.cycle(range(1, 16))  # of Redis; 0 is for tests that take the server itself
        self._emptied: list[str] = []  # databases of sites whose test is over
        self._unused: list[str] = []  # buckets of such sites that sealed nothing

    def close(self) -> None:
        """Use the servers no more."""
        self._held.close()

    @cached_property
    def postgres(self) -> PostgresServer:
        """The database server."""
        from tests.servers.postgres import PostgresServer

        return self._start(PostgresServer)

    @cached_property
    def store(self) -> ObjectStoreServer:
        """The object store."""
        from tests.servers.object_store import ObjectStoreServer

        return self._start(ObjectStoreServer)

    @cached_property
    def redis(self) -> RedisServer:
        """The broker's server."""
        from tests.servers.redis import RedisServer

        return self._start(RedisServer)

    def _start(self, kind: type[Kind]) -> Kind:
        return self._held.enter_context(contextmanager(kept)(kind, self._factory))

    def new_database(self) -> str:
        """Return the URL of an empty database, the password in a file."""
        if self._emptied:
            return self._emptied.pop()
        name = self.postgres.new_database().rpartition("/")[2]
        file = password_file(self.postgres.folder, self.postgres.password)
        return f"postgresql://evidence@127.0.0.1:{self.postgres.port}/{name}?password_file={file}"

    def take_back(self, engines: dict[str, str]) -> None:
        """Keep a database, emptied, and a bucket that nothing was sealed in for another site: to make them
        takes its time, to stop a server with hundreds of databases as well, and a store has a thousand
        buckets at most.
        """
        import psycopg

        from evidence.settings import with_password
        from storage.bucket import Bucket
        from storage.errors import StoreUnavailable
        from storage.opening import bucket_address

        with psycopg.connect(with_password(engines["database"])) as connection:
            alone = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()"
            if connection.execute(alone).fetchone() == (True,):
                connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                self._emptied.append(engines["database"])
        with suppress(StoreUnavailable):  # it was never made
            if not any(Bucket(bucket_address(with_password(engines["vault"]))).versions("")):
                self._unused.append(engines["vault"])

    def new_vault(self) -> str:
        """Return the URL of a bucket that is not there yet, or empty: `init` makes it, with its lock."""
        if self._unused:
            return self._unused.pop()
        store = self.store
        place = f"{store.access_key}@{store.endpoint}/s-{secrets.token_hex(8)}"
        return f"s3://{place}?region={store.region}&ca_file={store.ca_file}&password_file={store.secret_file}"

    def new_broker(self) -> str:
        """Return the URL of a room of Redis. Rooms come round again: a ring of a site that is done with wakes
        a later one for nothing, which does no harm.
        """
        file = password_file(self.redis.folder, self.redis.password)
        return f"redis://127.0.0.1:{self.redis.port}/{next(self._rooms)}?password_file={file}"

    def probes(self, vault: str) -> list[Probe]:
        """Return what the store was found to keep; it is probed once, by whoever comes first."""
        from evidence.settings import with_password
        from storage.opening import bucket_address
        from storage.qualify import Probe, qualify

        kept_at = self.store.folder / "probes.json"
        with (self.store.folder / "probes.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept_at.exists():
                found = qualify(bucket_address(with_password(vault)), lambda: datetime.now(UTC))
                kept_at.write_text(json.dumps([asdict(one) for one in found]), "utf-8")
        return [Probe(**one) for one in json.loads(kept_at.read_text("utf-8"))]


def password_file(folder: Path, password: str) -> Path:
    """Write a server's password into a file of its folder, once, and return the file."""
    file = folder / "client.password"
    if not file.exists():
        fresh = folder / f"client.password.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(password + "\n", "ascii")
        fresh.replace(file)
    return file


_servers: list[Servers] = []
_engines: dict[Path, dict[str, str]] = {}


def servers() -> Servers:
    """Return the servers of this session."""
    assert _servers, "the grown form needs a test session (tests/conftest.py)"
    return _servers[-1]


@contextmanager
def session(factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hold the servers of a test session; nothing is started yet."""
    _servers.append(Servers(factory))
    try:
        yield
    finally:
        _servers.pop().close()


def embed(folder: Path) -> None:
    """Let the site in a folder be of the embedded form whatever the session's is."""
    _engines[folder] = {}


def is_grown(folder: Path) -> bool:
    """Tell of which form the site in a folder is."""
    return bool(engines(folder))


def engines(folder: Path) -> dict[str, str]:
    """Return the settings of the site in a folder that name its engines: none on the embedded form."""
    if not GROWN:
        return {}
    if folder not in _engines:
        made: dict[str, Callable[[], str]] = {
            "database": servers().new_database,
            "vault": servers().new_vault,
            "broker": servers().new_broker,
        }
        _engines[folder] = {name: make() for name, make in made.items()}
    return _engines[folder]


@contextmanager
def one_test() -> Iterator[None]:
    """Let the sites that a test makes end with it."""
    before = set(_engines)
    yield
    for folder in _engines.keys() - before:
        if held := _engines.pop(folder):
            servers().take_back(held)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment in which `evidence init` makes a site on its engines. It writes them into the
    site's file; nothing else needs them.
    """
    return {f"EVIDENCE_{name.upper()}": url for name, url in engines(folder).items()}


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Let a site be made in this folder by this process, on its engines."""
    with mock.patch.dict(os.environ, environment(folder)):
        yield


def initialise(
    data: Path, policy: str = "dazhe-2020", name: str = "test.example/site", *, sm3: bool = True
) -> tuple[str, str]:
    """Make a site of the session's form, ready to serve; return the token of the administrator's link and
    the verifier key.
    """
    from evidence import founding

    with making(data), nullcontext() if is_grown(data) else _tables_at_hand(data):
        made = founding.initialise(data, policy, name, sm3)
    sign_probes(data)
    return made


@contextmanager
def _tables_at_hand(data: Path) -> Iterator[None]:
    """Let the database of a new embedded site begin as a copy of an empty one that the migrations made.

    They take half the time of making a site; whoever runs `evidence init` in a test sees them at work.
    """
    from evidence.adapters.db.opening import open_machine
    from tests.builders import migrated_file

    def opened(url: str) -> Machine:
        file = data / "evidence.db"
        if url == f"sqlite:///{quote(str(file))}" and not file.exists():
            file.write_bytes(empty)
        return open_machine(url)

    empty = migrated_file()
    with mock.patch("evidence.adapters.db.unit_of_work.open_machine", opened):
        yield


def sign_probes(data: Path) -> None:
    """Sign for a new site what the session's store was found to keep, as `evidence storage qualify` does."""
    from evidence.adapters import qualification
    from evidence.adapters.keys import FileSigner
    from evidence.settings import with_password
    from storage.opening import bucket_address

    if vault := engines(data).get("vault"):
        address, signer = bucket_address(with_password(vault)), FileSigner(data / "keys")
        qualification.keep(data, signer, address, servers().probes(vault), datetime.now(UTC))


def database_url(folder: Path) -> str:
    """Return the URL of the database of the site in a folder, as the program would open it."""
    from evidence.settings import with_password

    return with_password(engines(folder).get("database", "")) or f"sqlite:///{quote(f'{folder}/evidence.db')}"


def vault_url(folder: Path) -> str:
    """Return the URL of the vault of the site in a folder."""
    from evidence.settings import with_password

    return with_password(engines(folder).get("vault", "")) or (folder / "vault").absolute().as_uri()


def passwords() -> list[str]:
    """Return the secrets of the engines, which may stand in no file of a site."""
    held = servers() if GROWN else None
    return [held.postgres.password, held.store.secret_key, held.redis.password] if held else []
