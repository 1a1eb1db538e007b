"""Every test that asks for `fresh` or `database` runs on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.db.unit_of_work import SqlDatabase
from tests import builders
from tests.adapters.db.engines import Fresh, FreshDatabase, FreshFile, open_migrated
from tests.builders import SmallSite
from tests.servers.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """An empty database of each engine in turn."""
    if request.param == "sqlite":
        return FreshFile(tmp_path / "evidence.db")
    return FreshDatabase(request.getfixturevalue("postgres_server").new_database())


@pytest.fixture(scope="session")
def migrated() -> dict[str, str]:
    """The URL of a migrated database that others are copied from, by the name of its engine."""
    return {}


@pytest.fixture
def database(fresh: Fresh, request: pytest.FixtureRequest, migrated: dict[str, str]) -> Iterator[SqlDatabase]:
    """A migrated database of each engine in turn: a copy of one for which the migrations ran."""
    if isinstance(fresh, FreshFile):
        fresh.path.write_bytes(builders.migrated_file())
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        if "postgres" not in migrated:
            first = server.new_database()
            open_migrated(FreshDatabase(first)).close()
            migrated["postgres"] = first
        fresh.url = server.new_database(migrated["postgres"])
    database = open_migrated(fresh)
    yield database
    database.close()


@pytest.fixture
def small(fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallSite]:
    """A small site whose database is of each engine in turn."""
    monkeypatch.setattr(builders, "SqlDatabase", lambda _url, name: SqlDatabase(fresh.url, name))
    small = SmallSite(tmp_path)
    yield small
    small.database.close()
