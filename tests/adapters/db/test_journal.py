"""The journal of rows on both engines: the database itself notes what changes, in the act's transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.rights import Kind
from tests.builders import START


def pending(database: SqlDatabase) -> list[tuple[str, str]]:
    """Return what was noted."""
    with database.reading() as unit:
        rows = unit.log._db.execute(text("SELECT kind, row_key FROM row_pending ORDER BY kind, row_key"))
        return [(str(kind), str(key)) for kind, key in rows]


def next_piece(database: SqlDatabase) -> list[dict[str, Any]]:
    """Decide the next piece, and settle it as one that was sealed; return its lines."""
    with database.writing() as unit:
        unit.journal.plan()
        planned = unit.journal.planned()
        assert planned is not None
        settled = unit.journal.settle(planned[0])
        assert settled is not None
        assert unit.journal.settle(planned[0]) is None
    return [json.loads(line) for line in planned[1].splitlines()]


def test_an_insert_a_change_and_a_delete_are_each_a_line_of_the_next_piece(database: SqlDatabase) -> None:
    dock = Caller(new_id(), Kind.DOCK, "执法站 'x'")
    with database.writing() as unit:
        unit.accounts.add(dock, "a" * 64, START)
    assert pending(database) == [("account", dock.id)]
    (line,) = next_piece(database)
    assert line["table"] == "account"
    assert (line["row"]["name"], line["row"]["revoked_at"]) == (dock.name, None)
    assert "token_sha256" not in line["row"]
    assert pending(database) == []
    with database.writing() as unit:
        unit.accounts.revoke(dock.id, START)
    (line,) = next_piece(database)
    assert line["row"]["revoked_at"] is not None
    with database.writing() as unit:
        unit.log._db.execute(text("DELETE FROM account"))
    assert next_piece(database) == [{"gone": {"id": dock.id}, "table": "account"}]


def test_what_a_rollback_takes_back_is_not_noted(database: SqlDatabase) -> None:
    with pytest.raises(ConnectionError), database.writing() as unit:
        unit.accounts.add(Caller(new_id(), Kind.DOCK, "dock"), "a" * 64, START)
        raise ConnectionError
    assert pending(database) == []


def test_a_row_that_changes_while_its_piece_is_on_its_way_is_noted_again(database: SqlDatabase) -> None:
    dock = Caller(new_id(), Kind.DOCK, "dock")
    with database.writing() as unit:
        unit.accounts.add(dock, "a" * 64, START)
        unit.journal.plan()
    with database.writing() as unit:
        unit.accounts.revoke(dock.id, START)
    with database.writing() as unit:
        assert unit.journal.settle(1) is not None
    assert pending(database) == [("account", dock.id)]
