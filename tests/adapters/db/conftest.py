"""Every test that asks for `fresh` or `database` runs on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.db.unit_of_work import SqlDatabase
from tests import builders
from tests.adapters.db.engines import Fresh, FreshDatabase, FreshFile, fresh_database, open_migrated
from tests.builders import SmallSite
from tests.servers.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """An empty database of each engine in turn; one for which the migrations ran where a test asks for
    `database` or `small`.
    """
    if request.param == "sqlite":
        return FreshFile(tmp_path / "evidence.db")
    return fresh_database(request)


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer) -> str:
    """The URL of a migrated database of PostgreSQL that others are copied from."""
    url = postgres_server.new_database()
    open_migrated(FreshDatabase(url)).close()
    return url


@pytest.fixture
def at_hand(fresh: Fresh) -> Fresh:
    """A database of each engine in turn: a copy of one for which the migrations ran."""
    if isinstance(fresh, FreshFile):
        fresh.path.write_bytes(builders.migrated_file())
    return fresh


@pytest.fixture
def database(at_hand: Fresh) -> Iterator[SqlDatabase]:
    """A migrated database of each engine in turn."""
    database = open_migrated(at_hand)
    yield database
    database.close()


@pytest.fixture
def small(at_hand: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallSite]:
    """A small site whose database is of each engine in turn."""
    monkeypatch.setattr(builders, "SqlDatabase", lambda _url, name: SqlDatabase(at_hand.url, name))
    small = SmallSite(tmp_path)
    yield small
    small.database.close()
