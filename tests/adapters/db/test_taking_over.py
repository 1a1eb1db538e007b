"""Rows from the scratch of a rebuild go into their tables, and what does not fit is told and left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from evidence.adapters.db import replay
from evidence.adapters.db.people_tables import unit as unit_table
from evidence.adapters.db.tables import account, card
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.adapters.rebuilding import Scratch
from tests.builders import SITE, migrated_file

NOW = "2026-11-21T05:00:00.667178Z"


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[SqlUnitOfWork]:
    (tmp_path / "evidence.db").write_bytes(migrated_file())
    database = SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}", SITE)
    with database.writing() as unit:
        yield unit
    database.close()


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    scratch = Scratch(tmp_path / "rebuild.db")
    yield scratch
    scratch.close()


def an_account(id_: str, **more: object) -> tuple[str, str, dict[str, Any]]:
    row = {"id": id_, "role": "dock", "name": f"dock {id_}", "created_at": NOW, "revoked_at": None, **more}
    return "account", id_, row


def a_card(id_: str, **more: object) -> tuple[str, str, dict[str, Any]]:
    row = {"id": id_, "account_id": "a", "device": "D", "wearer": "012345", "clock_offset_ms": 0}
    return "card", id_, {**row, "labels": "{}", "announced_at": NOW, **more}


def taken_over(unit: SqlUnitOfWork, scratch: Scratch, *tables: Any) -> tuple[list[int], list[Any]]:
    """How many rows of each went in, and what was told."""
    told: list[Any] = []
    with replay.filling(unit, scratch):
        counts = [replay.take_over(unit, scratch, one, lambda *said: told.append(said)) for one in tables]
    return counts, told


def ids(unit: SqlUnitOfWork, table: str) -> list[str]:
    return [row.id for row in unit.log._db.execute(text(f"SELECT id FROM {table} ORDER BY rowid"))]


def test_the_last_line_about_a_row_counts_and_one_that_is_gone_is_none(
    unit: SqlUnitOfWork, scratch: Scratch
) -> None:
    scratch.put([an_account("a"), an_account("b"), an_account("c")])
    scratch.put([("account", "b", None), an_account("a", name="the last")])
    assert taken_over(unit, scratch, account) == ([2], [])
    assert ids(unit, "account") == ["c", "a"]
    names = unit.log._db.execute(text("SELECT name FROM account")).scalars().all()
    assert names == ["dock c", "the last"]


def test_an_account_whose_last_line_says_that_it_is_gone_is_lost_to_the_card_that_names_it(
    scratch: Scratch,
) -> None:
    scratch.put([an_account("a"), an_account("b"), a_card("1"), a_card("2", account_id="b")])
    scratch.put([("account", "a", None), ("account", "b", None), an_account("b", name="again")])
    assert scratch.lost_accounts() == ["a"]
    assert (scratch.row("account", "b") or {})["name"] == "again"


def test_an_entry_that_stands_twice_is_told_and_the_log_refuses_to_replace_any_as_before(
    unit: SqlUnitOfWork,
) -> None:
    told: list[Any] = []
    with replay.entering(unit):
        writer = replay.Writer(unit, lambda table, row, reason: told.append((table, row["body"])))
        for number, (place, body) in enumerate([(0, b"first"), (1, b"second"), (1, b"another")], 1):
            writer.add("audit_entry", number, "custody", place, NOW, "log.key", body)
        writer.flush()
    assert told == [("audit_entry", b"another")]
    again = "INSERT OR REPLACE INTO audit_entry VALUES (1, 'custody', 0, 'x', 'x', x'00')"
    with pytest.raises(IntegrityError, match="append-only"):
        unit.log._db.exec_driver_sql(again)
    entries = unit.log._db.execute(text("SELECT body FROM audit_entry ORDER BY id")).scalars().all()
    assert entries == [b"first", b"second"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "half a character \ud800"},
        {"device": "NUL \0"},
        {"device": 5},
        {"device": None},
        {"device": ["D"]},
        {"announced_at": NOW + "9"},
        {"clock_offset_ms": 2**70},
        {"clock_offset_ms": {"a": 1}},
        {"account_id": "nobody"},
        {"colour": "red"},
    ],
)
def test_a_row_that_does_not_fit_is_told_and_all_others_go_in(
    unit: SqlUnitOfWork, scratch: Scratch, wrong: dict[str, object]
) -> None:
    scratch.put([an_account("a"), a_card("1"), a_card("2", **wrong), a_card("3")])
    counts, told = taken_over(unit, scratch, account, card)
    assert counts == [1, 2]
    assert [one[:2] for one in told] == [("card", "2")]
    assert sorted(ids(unit, "card")) == ["1", "3"]


def test_a_unit_goes_in_behind_the_one_above_it(unit: SqlUnitOfWork, scratch: Scratch) -> None:
    below = {"id": "1", "path": "/f/1/", "parent_id": "f", "name": "below", "created_at": NOW}
    above = {"id": "f", "path": "/f/", "parent_id": None, "name": "above", "created_at": NOW}
    scratch.put([("unit", "1", below), ("unit", "f", above)])
    assert taken_over(unit, scratch, unit_table) == ([2], [])


def test_indexes_and_triggers_stand_afterwards_as_they_stood(unit: SqlUnitOfWork, scratch: Scratch) -> None:
    asked = text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')")
    before = sorted(map(tuple, unit.log._db.execute(asked)), key=str)
    scratch.put([an_account("a")])
    taken_over(unit, scratch, account)
    replay.make_searchable(unit)
    assert sorted(map(tuple, unit.log._db.execute(asked)), key=str) == before
