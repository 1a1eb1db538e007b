"""The same vault gives the same catalogue on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.db import whole
from evidence.adapters.db.unit_of_work import SqlDatabase
from tests import forms, movable
from tests.builders import SITE
from tests.forms import embedded_only
from tests.log_room import LogRoom
from tests.rebuilding_room import CLOSING, MADE_ANEW, lose_database, make_site, restore
from tests.servers.postgres import PostgresServer

pytestmark = embedded_only("it has both engines itself")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    room = make_site(tmp_path)
    yield room
    forms.embed(room.folder)


def digests(url: str) -> tuple[str, dict[str, list[tuple[object, ...]]]]:
    """Return the digest over all tables but those that a rebuild makes anew, and the rows themselves."""
    database = SqlDatabase(url, SITE)

    def change(table: str, row: whole.Row) -> None:
        if table == "account":
            row["token_sha256"] = "new"
        elif table in MADE_ANEW or (table == "audit_entry" and row["act"] in CLOSING):
            row.update(dict.fromkeys(row, "made anew"))

    with database.reading() as unit:
        found = whole.contents(unit, change).sha256
    database.close()
    return found, movable.rows(url)


def test_a_rebuild_on_either_engine_has_the_same_digest(
    room: LogRoom, postgres_server: PostgresServer
) -> None:
    lose_database(room)
    assert restore(room).faults == []
    first, held = digests(f"sqlite:///{room.folder / 'evidence.db'}")
    url = postgres_server.new_database()
    file = room.folder / "site.toml"
    secret = forms.password_file(room.folder / "keys", postgres_server.password)
    named = f"postgresql://evidence@127.0.0.1:{postgres_server.port}/{url.rpartition('/')[2]}?password_file={secret}"
    file.write_text(file.read_text("utf-8") + f'database = "{named}"\n', "utf-8")
    assert restore(room).faults == []
    second, there = digests(url)
    assert first == second
    assert {name: len(found) for name, found in held.items()} == {
        name: len(found) for name, found in there.items()
    }
