"""A database as a whole: its digest says what its rows say; a copy that differs is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from evidence.adapters.db import whole
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.errors import IntegrityFault
from tests.builders import SITE
from tests.movable import Movable, make_site, rows
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Movable:
    return make_site(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def old(site: Movable) -> Iterator[SqlDatabase]:
    database = SqlDatabase(f"sqlite:///{site.data / 'evidence.db'}", SITE)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlDatabase]:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    database = SqlDatabase(url, SITE)
    yield database
    database.close()


def digest(database: SqlDatabase) -> whole.Contents:
    with database.reading() as unit:
        return whole.contents(unit)


def test_a_copy_says_the_same_on_either_engine_and_the_log_goes_on_with_the_next_number(
    old: SqlDatabase, new: SqlDatabase
) -> None:
    new.migrate()
    contents = whole.copy(old, new, whole.unchanged, lambda *_: None)
    assert contents == digest(old) == digest(new)
    assert contents.rows["recording"] == 3
    assert rows(str(old.engine.url)) == rows(new.engine.url.render_as_string(False).replace("+psycopg", ""))


def test_a_copy_waits_for_the_vault_with_what_waited_before_and_with_what_changed_on_its_way(
    old: SqlDatabase, new: SqlDatabase
) -> None:
    def pending(database: SqlDatabase) -> set[tuple[str, str]]:
        with database.reading() as unit:
            found = unit.log._db.execute(text("SELECT kind, row_key FROM row_pending"))
            return {(str(kind), str(key)) for kind, key in found}

    def change(table: str, row: dict[str, Any]) -> None:
        if table == "recording":
            row["data_version"] = "2"

    with old.writing() as unit:
        unit.journal.plan()  # everything is on its way into the vault
    assert pending(old) == set()
    new.migrate()
    whole.copy(old, new, change, lambda *_: None)
    with old.reading() as unit:
        ids = {("recording", one.recording.id) for one in unit.recordings.all()}
    assert pending(new) == ids
    assert len(ids) == 3


def test_each_value_that_changes_changes_the_digest(old: SqlDatabase) -> None:
    before = digest(old).sha256
    seen = {before}
    with old.reading() as unit:
        for column, other in (
            ("name", "x"),
            ("size", 1),
            ("receipt", b"x"),
            ("checked_at", "x"),
            ("sm3", ""),
        ):

            def change(table: str, row: dict[str, Any], column: str = column, other: object = other) -> None:
                if table == "recording":
                    row[column] = other

            seen.add(whole.contents(unit, change).sha256)
    assert len(seen) == 6
    assert digest(old).sha256 == before


def test_a_copy_that_differs_from_what_was_read_is_not_kept(old: SqlDatabase, tmp_path: Path) -> None:
    new = SqlDatabase(f"sqlite:///{tmp_path / 'new.db'}", SITE)
    new.migrate()
    with new.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER meddle AFTER INSERT ON card BEGIN UPDATE card SET wearer = 'x'; END"
        )
    with pytest.raises(IntegrityFault, match="rows-differ"):
        whole.copy(old, new, whole.unchanged, lambda *_: None)
    assert sum(digest(new).rows.values()) == 0
    new.close()


def test_an_empty_database_is_empty_before_and_after_its_tables_are_made(
    old: SqlDatabase, new: SqlDatabase
) -> None:
    for _ in range(2):
        assert whole.standing(old, new) == (whole.Standing.EMPTY, None)
        new.migrate()
    whole.clear(new)
    new.migrate()
    assert whole.standing(old, new) == (whole.Standing.EMPTY, None)


def test_a_mere_copy_without_the_entry_of_a_move_is_not_ours(old: SqlDatabase, new: SqlDatabase) -> None:
    new.migrate()
    whole.copy(old, new, whole.unchanged, lambda *_: None)
    assert whole.standing(old, new) == (whole.Standing.FOREIGN, None)
