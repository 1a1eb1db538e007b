"""A row that somebody edited past the service differs from what its pieces in the vault say, and is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.db.repositories import journal as journal_module
from evidence.adapters.db.tables import JOURNALLED, account
from evidence.domain.access import Caller, Grant
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind, Role
from evidence.ledger.rows import Line
from evidence.service.keeping.holds import Holds
from evidence.service.log import journaling, row_checks
from storage.errors import StoreUnavailable
from tests import inside, tampering
from tests.builders import an_origin
from tests.log_room import LogRoom

CUSTODIAN = Caller(
    "c" * 32, Kind.PERSON, "c", grants=(Grant(Role.CUSTODIAN),), person_type=PersonType.OFFICER
)
KIND = "row-differs-from-journal"
TIME = "'2026-01-01T00:00:00.000000Z'"
EDITS = {
    "a later end of the recording": f"UPDATE recording SET ended_at = {TIME} WHERE id = :key",
    "a check that never was": f"UPDATE recording SET checked_at = {TIME} WHERE id = :key",
    "its outcome": "UPDATE recording SET check_result = 'ok' WHERE id = :key",
    "a promised file": "DELETE FROM announced WHERE id = :key",
    "a promised file that came": "UPDATE announced SET recording_id = NULL WHERE id = :key",
    "its time": f"UPDATE announced SET modified_at = {TIME} WHERE id = :key",
    "a finding": "DELETE FROM finding WHERE id = :key",
    "its severity": "UPDATE finding SET severity = 'info' WHERE id = :key",
    "an examination": "UPDATE examination SET current = NOT current WHERE id = :key",
    "a hold": "DELETE FROM hold WHERE id = :key",
    "a hold's end": f"UPDATE hold SET released_at = {TIME} WHERE id = :key",
    "a mark": "UPDATE standing SET on_hold = NOT on_hold WHERE recording_id = :key",
    "a transfer": "DELETE FROM upload WHERE id = :key AND recording_id IS NULL",
    "its state": "UPDATE upload SET state = 'expired' WHERE id = :key",
    "what a dock may send": "UPDATE account SET devices = '[]' WHERE id = :key",
    "who has a name": "UPDATE claim SET name = 'x' WHERE name_sha256 || device = :key",
}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with something in most tables; all of it published."""
    room = LogRoom(tmp_path)
    first, owed = an_origin("a.mp4", size_bytes=5000), an_origin("owed.mp4", size_bytes=10)
    room.small.cards.announce(room.small.dock, first, [first, owed])
    room.small.send(first, b"x" * 5000)
    room.small.do_jobs()
    room.small.uploads.create(room.small.dock, an_origin("going.mp4", size_bytes=10), None)
    ((recording,),) = inside.rows(room.folder, "SELECT id FROM recording")
    Holds(room.small.site).place(CUSTODIAN, recording, "objection", "当事人投诉")
    room.publish()
    yield room
    room.close()


def differing(room: LogRoom) -> set[str]:
    """Check; return the rows that differ from the journal."""
    return {item for kind, item in room.found() if kind == KIND}


def a_key(room: LogRoom, sql: str) -> tuple[str, str]:
    """Return table and key of the row that a change is about."""
    table = next(word for word in sql.split() if word in JOURNALLED)  # first; a column may be called so too
    key = " || ".join(JOURNALLED[table])
    state = " WHERE state = 'receiving'" if table == "upload" else ""
    if "recording_id = NULL" in sql:  # one that came: of the other this changes nothing
        state = " WHERE recording_id IS NOT NULL"
    rows = inside.rows(room.folder, f"SELECT {key} FROM {table}{state} ORDER BY 1")  # noqa: S608
    return table, str(rows[0][0])


@pytest.mark.parametrize("sql", EDITS.values(), ids=EDITS.keys())
def test_a_row_that_was_edited_past_the_service_is_named(room: LogRoom, sql: str) -> None:
    assert room.fsck() == []
    table, key = a_key(room, sql)
    assert room.as_administrator(sql, key=key) == 1
    found = differing(room)
    assert found == {f"{table} {key}"} or (table == "claim" and len(found) == 1)
    assert not any("DSJ" in one for one in found), "no device in the log"


def test_a_row_that_was_added_past_the_service_is_named(room: LogRoom) -> None:
    columns = "id, card_id, device, wearer, size, modified_at, clock_offset_ms, announced_at"
    room.as_administrator(
        f"INSERT INTO announced ({columns}, name, name_sha256) "  # noqa: S608
        f"SELECT {columns.replace('id,', ':id,', 1)}, 'x', :sha256 FROM announced LIMIT 1",
        id="e" * 32,
        sha256="e" * 64,
    )
    assert differing(room) == {f"announced {'e' * 32}"}


def test_a_row_that_was_gone_and_is_back_is_named(room: LogRoom) -> None:
    (claim,) = inside.records(room.folder, "SELECT * FROM claim")
    inside.change(room.folder, "DELETE FROM claim")
    room.publish()
    assert room.fsck() == []
    names = ", ".join(claim)
    places = ", ".join(f":{name}" for name in claim)
    room.as_administrator(f"INSERT INTO claim ({names}) VALUES ({places})", **claim)  # noqa: S608
    assert len(differing(room)) == 1


def test_a_row_that_waits_for_its_piece_is_no_fault_and_stands_in_it_then(room: LogRoom) -> None:
    inside.change(room.folder, "UPDATE announced SET recording_id = NULL")  # the triggers note it
    inside.change(room.folder, f"UPDATE upload SET expires_at = {TIME}")  # which is not worth a line
    assert room.fsck() == []
    room.publish()
    assert room.fsck() == []


def test_a_piece_on_its_way_is_taken_for_what_it_says(room: LogRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable(reason="away")

    inside.change(room.folder, "UPDATE announced SET recording_id = NULL")
    monkeypatch.setattr(journaling, "seal_piece", away)
    with pytest.raises(StoreUnavailable):
        room.publishing.publish_all()
    assert room.fsck() == []
    (_, key) = a_key(room, "announced")
    room.as_administrator("UPDATE announced SET size = 7 WHERE id = :key", key=key)
    assert differing(room) == {f"announced {key}"}


def test_behind_a_lost_piece_no_row_is_judged_and_before_it_each_is(room: LogRoom) -> None:
    room.small.accounts.add_dock(room.small.administrator, "later dock")
    room.publish()
    ((dock,),) = inside.rows(room.folder, "SELECT id FROM account WHERE name = 'later dock'")
    tampering.remove(room.folder, journaling.key_of(1))
    assert {kind for kind, _ in room.found()} == {"rows-missing"}
    room.as_administrator("UPDATE account SET devices = '[]'")
    assert differing(room) == {f"account {dock}"}


def test_rows_are_compared_some_at_a_time_and_each_by_its_last_line(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_checks, "_AT_ONCE", 2)
    monkeypatch.setattr(journal_module, "MOST_ROWS", 3)
    for number in range(5):
        room.seal(f"{number}.mp4")
        room.publish()
    assert room.fsck() == []
    ((recording,),) = inside.rows(room.folder, "SELECT min(id) FROM recording")
    room.as_administrator("UPDATE recording SET check_result = 'x' WHERE id = :id", id=recording)
    assert differing(room) == {f"recording {recording}"}


def test_a_line_of_an_earlier_schema_names_fewer_columns_and_agrees_while_the_others_are_empty(
    room: LogRoom,
) -> None:
    with room.small.database.reading() as unit:
        (row,) = [
            journal_module.told(account, dict(row))
            for row in unit.log._db.execute(account.select().limit(1)).mappings()
        ]
        key = str(row.values["id"])
        earlier = {name: value for name, value in row.values.items() if name != "devices"}
        assert list(unit.journal.differing("account", {key: Line("account", earlier, is_gone=False)})) == []
    room.as_administrator("UPDATE account SET devices = '[]'")
    with room.small.database.reading() as unit:
        lines = {key: Line("account", earlier, is_gone=False)}
        assert list(unit.journal.differing("account", lines)) == [(key, ["devices"])]
