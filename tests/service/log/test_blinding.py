"""Nobody blinds the check of the logs: what it cannot read is an alarm of its own, and hides nothing else."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest

from evidence.adapters.db.repositories import log as log_repository
from evidence.domain.audit import Act, Entry
from evidence.errors import Conflict
from evidence.ledger.segments import Kind, Piece
from tests import inside, tampering
from tests.forms import embedded_only
from tests.log_room import OPERATOR, LogRoom


def remove_an_original(room: LogRoom) -> tuple[str, str]:
    """What somebody would like to hide."""
    ((key,),) = inside.rows(room.folder, "SELECT data_key FROM recording")
    tampering.remove(room.folder, key)
    return ("object-missing", key)


def remove_a_segment(room: LogRoom) -> tuple[str, str]:
    """What somebody would like to hide where the rows of recordings are what cannot be read."""
    ((size,),) = inside.rows(room.folder, "SELECT min(size) FROM log_segment WHERE log = 'custody'")
    key = Piece("custody", size, Kind.ENTRIES).key()
    tampering.remove(room.folder, key)
    return ("segment-missing", key)


def log_falsely(room: LogRoom, act: Act, facts: dict[str, object] | None) -> str:
    """Write an entry as whoever owns the database can: everything fits but what it says. Return its place."""
    whole = log_repository._fields

    def without_facts(entry: Entry, time: str) -> dict[str, object]:
        return {name: value for name, value in whole(entry, time).items() if name != "facts"}

    with pytest.MonkeyPatch.context() as patch, room.small.database.writing() as unit:
        if facts is None:
            patch.setattr(log_repository, "_fields", without_facts)
        place = unit.log.append(Entry(act, "service", facts=facts or {}), room.small.clock.now())
    return f"custody/{place.index}"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE recording SET sealed_at = 'yesterday'",
        "UPDATE recording SET labels = 'none'",
        "UPDATE upload SET created_at = 'x'",
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_hides_nothing_else(room: LogRoom, sql: str) -> None:
    inside.change(room.folder, sql)  # with the database's own triggers at work
    hidden = remove_a_segment(room)
    alarms = {(one.kind, one.item): one for one in room.fsck()}
    assert hidden in alarms
    ((recording,),) = inside.rows(room.folder, "SELECT id FROM recording")
    assert recording in str(alarms["check-broken", "recordings"].detail["reason"])
    assert room.desk.store.halted()


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        (Act.LOG_CHECK, None),
        (Act.LOG_CHECK, {"began": "never"}),
        (Act.ALARM_CLEAR, {"accepted": 5}),
        (Act.PERSONAL_ERASE, {"log": "custody", "index": "x", "field": "why"}),
        (Act.LOG_TIMESTAMP, {"log": "custody"}),
        (Act.LOG_TIMESTAMP, {"log": "custody", "sha256": "", "size": 0}),
        (Act.LOG_KEY, {"keys": ["none"], "log": "custody"}),
        (Act.LOG_ROWS, {"serial": -5, "sha256": ""}),
        (Act.HOLD_PLACE, {}),
        (Act.SEAL, {}),
        (Act.START, None),
    ],
)
def test_an_entry_that_says_too_little_is_named_and_hides_nothing_else(
    room: LogRoom, act: Act, facts: dict[str, object] | None
) -> None:
    place = log_falsely(room, act, facts)
    hidden = remove_an_original(room)
    found = room.found()
    assert {hidden, ("entry-malformed", place)} <= found
    assert "check-broken" not in {kind for kind, _ in found}


@embedded_only("a bucket takes no such name")
def test_a_file_whose_name_is_no_text_is_named_and_hides_nothing_else(room: LogRoom) -> None:
    stray = os.fsencode(room.folder / "vault" / "recordings") + b"/\xff\xfe"
    os.close(os.open(stray, os.O_CREAT | os.O_WRONLY))
    hidden = remove_an_original(room)
    named = {hidden, ("object-damaged", "recordings/\\udcff\\udcfe")}
    assert named <= room.found()
    assert named <= {(one.kind, one.item) for one in room.auditing.standing()}
    assert room.desk.store.halted()


def test_what_could_not_be_looked_at_is_never_accepted(room: LogRoom) -> None:
    inside.change(room.folder, "UPDATE recording SET sealed_at = 'yesterday'")
    room.publishing.publish_all()
    with pytest.raises(Conflict, match="still-broken"):
        room.auditing.clear(OPERATOR, accept=True)
    assert room.auditing.standing()


def test_a_counter_of_no_entry_is_found(room: LogRoom) -> None:
    """The next entry about the object would stand behind it, and its history could never be shown."""
    ((recording, n),) = inside.rows(
        room.folder,
        "SELECT object_id, max(n) FROM audit_about WHERE family = 'custody' AND object_id IN "
        "(SELECT id FROM recording) GROUP BY object_id",
    )
    new = "INSERT INTO audit_about (family, object_id, n, log, idx) VALUES (:family, :id, :n, :log, :idx)"
    for family, log, index in (
        ("custody", "custody", 0),
        ("custody", "custody", 10**6),
        ("custody", "nowhere", 0),
        ("access", "custody", 1),
    ):
        n += 1
        inside.change(room.folder, new, family=family, id=recording, n=n, log=log, idx=index)
    items = {item for kind, item in room.found() if kind == "counter-wrong"}
    assert items == {"custody/0", "custody/1000000", "nowhere", "custody"}


def test_a_step_over_a_serial_of_the_pieces_of_rows_is_found(room: LogRoom) -> None:
    """Behind it no row could be judged, and nobody would hear of that."""
    body = b'{"gone":{"id":"x"},"table":"unit"}\n'
    ((last,),) = inside.rows(room.folder, "SELECT max(serial) FROM row_piece")
    new = "INSERT INTO row_piece (serial, sha256, lines, body) VALUES (:serial, :sha256, 1, :body)"
    sha256 = hashlib.sha256(body).hexdigest()
    inside.change(room.folder, new, serial=last + 2, sha256=sha256, body=body)
    room.publishing.publish_all()
    missing = f"log/rows/{last + 1:015d}/rows"
    assert ("rows-missing", missing) in room.found()


def test_a_time_stamp_that_no_entry_names_is_found(room: LogRoom) -> None:
    """With one of a far day nothing would ever be stamped again."""
    sql = "INSERT INTO log_timestamp (log, size, token, at) VALUES ('custody', 999999, :token, :at)"
    inside.change(room.folder, sql, token=b"x", at="2099-01-01T00:00:00.000000Z")
    assert room.found() == {("timestamp-wrong", "log_timestamp custody 999999")}


def test_a_state_of_the_signer_that_was_put_back_is_found_by_the_check_itself(room: LogRoom) -> None:
    before = (room.signer_folder / "state.db").read_bytes()
    room.seal("b.mp4")
    room.publish()
    room.store.close()
    (room.signer_folder / "state.db").write_bytes(before)
    room.open()
    assert room.found() == {("signer-behind-log", "custody")}


def test_what_is_no_alarm_of_ours_in_the_table_of_alarms_stands_as_one(room: LogRoom) -> None:
    sql = "INSERT INTO alarm (id, at, kind, item, detail) VALUES (:id, 'x', 'k', 'i', 'junk')"
    inside.change(room.folder, sql, id="a" * 32)
    hidden = remove_an_original(room)
    assert hidden in room.found()
    *told, junk = room.auditing.standing()
    assert hidden in {(one.kind, one.item) for one in told}
    assert junk.latest > datetime(9999, 1, 1, tzinfo=UTC)
    assert junk.detail == {"unreadable": "junk"}
    assert room.desk.store.halted()


def test_none_of_it_is_found_where_nobody_did_anything(room: LogRoom) -> None:
    for name in ("b.mp4", "c.mp4"):
        room.seal(name)
        room.publish()
        room.small.clock.pass_by(timedelta(days=200))  # the log of a new year among them
        assert room.fsck() == []
