"""The check of the logs names every tampering by its item, and finds nothing where nothing was touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from evidence.domain.access import Caller, Grant
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind as Callers
from evidence.domain.rights import Role
from evidence.errors import Conflict, IntegrityFault
from evidence.ledger.entries import read_entry
from evidence.ledger.segments import Kind, Piece
from evidence.service.keeping.holds import Holds
from evidence.service.log.log_keys import Reason
from evidence.service.log.publishing import Publishing
from tests import inside, tampering
from tests.forms import embedded_only
from tests.log_room import OPERATOR, LogRoom

ACCESS = "access/2026"
CUSTODIAN = Caller(
    "c" * 32, Callers.PERSON, "c", grants=(Grant(Role.CUSTODIAN),), person_type=PersonType.CIVILIAN
)
ABOUT_THE_LOG = (Act.LOG_KEY, Act.LOG_ROTATE, Act.LOG_CHECK, Act.ALARM_CLEAR, Act.PROVE, Act.READ_LOG)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with two recordings, looked at, all of it published."""
    room = LogRoom(tmp_path)
    for name in ("a.mp4", "b.mp4"):
        recording = room.seal(name)
        room.small.recordings.get(room.small.administrator, recording)
        room.publish()
    yield room
    room.close()


def sizes(room: LogRoom) -> list[int]:
    """Where the segments of custody end."""
    return [
        size for (size,) in inside.rows(room.folder, "SELECT size FROM log_segment WHERE log = 'custody'")
    ]


def test_where_nothing_was_touched_nothing_is_found_and_that_is_logged(room: LogRoom) -> None:
    assert room.fsck() == []
    room.seal("c.mp4")  # not published yet
    assert room.fsck() == []
    room.publish()
    assert room.fsck() == []
    assert room.auditing.standing() == []
    (last,) = inside.rows(
        room.folder, "SELECT body FROM audit_entry WHERE act = 'log.check' ORDER BY id DESC LIMIT 1"
    )
    assert b'"res":"ok"' in bytes(last[0])


def test_a_log_that_the_signer_has_begun_and_nobody_wrote_is_no_fault(room: LogRoom) -> None:
    room.line.keys("access/2031")
    assert room.fsck() == []


@embedded_only("a bucket shows an object whole or not at all")
def test_a_publication_that_is_in_hand_or_was_killed_in_the_vault_is_no_fault(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.seal("c.mp4")
    with monkeypatch.context() as broken:
        broken.setattr(room.line, "sign", lambda *_: pytest.fail("killed before it was signed"))
        with pytest.raises(pytest.fail.Exception):
            room.publishing.publish("custody")
    published = inside.count(room.folder, "SELECT max(size) FROM log_checkpoint WHERE log = 'custody'")
    end = max(sizes(room))
    assert end > published
    piece = Piece("custody", end, Kind.ENTRIES).key()
    tampering.remove(room.folder, piece)  # its lock record stands
    # What a crash leaves where the file system knows no nameless files.
    for folder in (f"vault/{piece}", "vault/log/rows/x"):
        (room.folder / folder).with_name("~new.0123456789abcdef").write_bytes(b"{")
    assert room.fsck() == []
    room.publish()
    assert room.fsck() == []


def altered_entry(room: LogRoom) -> set[tuple[str, str]]:
    ((body,),) = inside.rows(room.folder, "SELECT body FROM audit_entry WHERE log = 'custody' AND idx = 1")
    room.as_administrator(
        "UPDATE audit_entry SET body = :body WHERE log = 'custody' AND idx = 1",
        body=bytes(body).replace(b'"res":"ok"', b'"res":"no"'),
    )
    return {("entry-altered", "custody/1")}


def deleted_entry(room: LogRoom) -> set[tuple[str, str]]:
    room.as_administrator("DELETE FROM audit_entry WHERE log = 'custody' AND idx = 2")
    return {("entry-missing", "custody/2")}


def cut_log(room: LogRoom) -> set[tuple[str, str]]:
    room.as_administrator("DELETE FROM audit_entry WHERE log = 'custody' AND idx >= 3")
    return {("log-behind-signer", "custody"), ("log-shorter-than-published", "custody")}


def deleted_log(room: LogRoom) -> set[tuple[str, str]]:
    """A log of a year that is over: nothing is written behind it any more."""
    room.as_administrator("DELETE FROM audit_about WHERE log LIKE 'access/%'")
    room.as_administrator("DELETE FROM audit_entry WHERE log LIKE 'access/%'")
    return {("log-missing", ACCESS)}


def deleted_log_as_the_vault_knows(room: LogRoom) -> set[tuple[str, str]]:
    deleted_log(room)
    room.as_administrator("DELETE FROM log_checkpoint WHERE log LIKE 'access/%'")
    room.as_administrator("DELETE FROM log_segment WHERE log LIKE 'access/%'")
    room.store._db.execute("DELETE FROM signed WHERE log LIKE 'access/%'")
    return {("log-missing", ACCESS)}


def deleted_log_as_the_signer_knows(room: LogRoom) -> set[tuple[str, str]]:
    deleted_log(room)
    room.as_administrator("DELETE FROM log_checkpoint WHERE log LIKE 'access/%'")
    room.as_administrator("DELETE FROM log_segment WHERE log LIKE 'access/%'")
    tampering.remove_all(room.folder, "log/access/")
    return {("log-missing", ACCESS)}


def deleted_log_everywhere(room: LogRoom) -> set[tuple[str, str]]:
    """Rows, vault and the signer's state: only the entry in custody that named its key is left."""
    deleted_log_as_the_vault_knows(room)
    room.as_administrator("DELETE FROM log_key WHERE log LIKE 'access/%'")
    tampering.remove_all(room.folder, "log/access/")
    return {("log-missing", ACCESS)}


def edited_counter(room: LogRoom) -> set[tuple[str, str]]:
    room.as_administrator("UPDATE audit_about SET idx = idx + 1 WHERE family = 'access' AND n = 1")
    return set()


def edited_row(room: LogRoom) -> set[tuple[str, str]]:
    ((recording,),) = inside.rows(room.folder, "SELECT id FROM recording ORDER BY sealed_at LIMIT 1")
    room.as_administrator("UPDATE recording SET wearer = 'somebody' WHERE id = :id", id=recording)
    return {("row-altered", f"recording {recording}")}


def deleted_row(room: LogRoom) -> set[tuple[str, str]]:
    ((recording,),) = inside.rows(room.folder, "SELECT id FROM recording ORDER BY sealed_at LIMIT 1")
    room.as_administrator(
        "DELETE FROM standing WHERE recording_id = :id", id=recording
    )  # it holds to the row
    room.as_administrator("DELETE FROM recording WHERE id = :id", id=recording)
    return {("row-missing", f"recording {recording}")}


def deleted_whole(room: LogRoom) -> set[tuple[str, str]]:
    """Row and objects of a recording: nothing is left of it but its entries."""
    ((recording,),) = inside.rows(room.folder, "SELECT id FROM recording ORDER BY sealed_at LIMIT 1")
    deleted_row(room)
    tampering.remove_all(room.folder, f"recordings/{recording}/")
    objects = {("object-missing", f"recordings/{recording}/{part}") for part in ("data", "manifest.json")}
    return {("row-missing", f"recording {recording}"), *objects}


def deleted_row_of_what_is_being_sealed(room: LogRoom) -> set[tuple[str, str]]:
    expected = deleted_row(room)
    room.as_administrator("UPDATE upload SET state = 'complete'")  # then its objects may well lie there
    return expected


def renamed_act(room: LogRoom) -> set[tuple[str, str]]:
    """The act in the column, by which entries are found; its bytes are untouched."""
    ((at,),) = inside.rows(room.folder, "SELECT min(idx) FROM audit_entry WHERE act = 'evidence.seal'")
    room.as_administrator("UPDATE audit_entry SET act = 'x' WHERE log = 'custody' AND idx = :at", at=at)
    return {("entry-altered", f"custody/{at}")}


def removed_segment(room: LogRoom) -> set[tuple[str, str]]:
    key = Piece("custody", sizes(room)[0], Kind.ENTRIES).key()
    tampering.remove(room.folder, key)
    return {("segment-missing", key)}


def altered_segment(room: LogRoom) -> set[tuple[str, str]]:
    key = Piece("custody", sizes(room)[0], Kind.ENTRIES).key()
    whole = inside.sealed(room.folder, key)
    tampering.overwrite(room.folder, key, whole.replace(b'"res":"ok"', b'"res":"no"', 1))
    return {("entry-altered", "custody/0")}


def altered_checkpoint(room: LogRoom) -> set[tuple[str, str]]:
    key = Piece("custody", sizes(room)[0], Kind.CHECKPOINT).key()
    whole = inside.sealed(room.folder, key)
    tampering.overwrite(room.folder, key, whole[:-6] + b"AAAA=\n")
    return {("checkpoint-wrong", key)}


def edited_checkpoint_row(room: LogRoom) -> set[tuple[str, str]]:
    size = sizes(room)[0]
    room.as_administrator("UPDATE log_checkpoint SET note = :note WHERE size = :size", note=b"x", size=size)
    return {("checkpoint-altered", f"log_checkpoint custody {size}")}


def altered_tile(room: LogRoom) -> set[tuple[str, str]]:
    room.as_administrator("UPDATE log_tile SET hashes = :zero WHERE log = 'custody'", zero=bytes(64))
    return {("tile-wrong", "custody/tile/0/000")}


def alien_object(room: LogRoom) -> set[tuple[str, str]]:
    lock = next(iter(room.small.vault.list("log/"))).lock
    room.small.vault.seal_bytes(f"recordings/{'f' * 32}/data", b"forged", lock)
    return {("object-without-entry", f"recordings/{'f' * 32}")}


def removed_original(room: LogRoom) -> set[tuple[str, str]]:
    ((key,),) = inside.rows(room.folder, "SELECT data_key FROM recording ORDER BY sealed_at LIMIT 1")
    tampering.remove(room.folder, key)
    return {("object-missing", key)}


def forged_lock(room: LogRoom) -> set[tuple[str, str]]:
    ((key,),) = inside.rows(room.folder, "SELECT data_key FROM recording ORDER BY sealed_at LIMIT 1")
    tampering.shorten(room.folder, key, timedelta(days=300))
    return {("lock-weaker", key)}


def held(room: LogRoom) -> tuple[str, str]:
    """Hold a recording, publish that; return the recording and the hold."""
    ((recording,),) = inside.rows(room.folder, "SELECT id FROM recording ORDER BY sealed_at LIMIT 1")
    hold = Holds(room.small.site).place(CUSTODIAN, recording, "objection", "当事人投诉")
    room.publish()
    return recording, hold.id


def removed_hold(room: LogRoom) -> set[tuple[str, str]]:
    """The records of the hold in the folder: what is left is a sound lock without one."""
    recording, _ = held(room)
    for part in ("data", "manifest.json"):
        tampering.remove(room.folder, f"recordings/{recording}/{part}~lock.000002.json")
    return {("hold-differs", f"recording {recording}")}


def deleted_hold(room: LogRoom) -> set[tuple[str, str]]:
    recording, hold = held(room)
    room.as_administrator("DELETE FROM hold WHERE id = :id", id=hold)
    room.as_administrator("UPDATE standing SET on_hold = :no", no=False)
    return {("hold-differs", f"recording {recording}")}


def released_hold(room: LogRoom) -> set[tuple[str, str]]:
    """In the row, by itself, with the database's own triggers at work; the sweep tells the vault."""
    recording, hold = held(room)
    sql = "UPDATE hold SET released_by = 'x', released_at = placed_at, settled = :no WHERE id = :id"
    inside.change(room.folder, sql, no=False, id=hold)
    inside.change(room.folder, "UPDATE standing SET on_hold = :no", no=False)
    Holds(room.small.site).settle_all()
    room.publish()
    return {("hold-differs", f"recording {recording}")}


def unmarked_hold(room: LogRoom) -> set[tuple[str, str]]:
    recording, _ = held(room)
    room.as_administrator("UPDATE standing SET on_hold = :no", no=False)
    return {("hold-differs", f"recording {recording}")}


TAMPERS: list[Callable[[LogRoom], set[tuple[str, str]]]] = [
    altered_entry,
    deleted_entry,
    cut_log,
    deleted_log,
    deleted_log_as_the_vault_knows,
    deleted_log_as_the_signer_knows,
    deleted_log_everywhere,
    edited_counter,
    edited_row,
    deleted_row,
    deleted_whole,
    deleted_row_of_what_is_being_sealed,
    renamed_act,
    removed_segment,
    altered_segment,
    altered_checkpoint,
    edited_checkpoint_row,
    altered_tile,
    alien_object,
    removed_original,
    deleted_hold,
    released_hold,
    unmarked_hold,
    *(
        pytest.param(one, marks=embedded_only("no operator forges a bucket's lock record: it has none"))
        for one in (forged_lock, removed_hold)
    ),
]


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_a_tampering_is_found_and_named_and_stops_the_signing(
    room: LogRoom, tamper: Callable[[LogRoom], set[tuple[str, str]]]
) -> None:
    assert room.fsck() == []
    sound_at = room.small.clock.now()
    room.small.clock.pass_by(timedelta(minutes=30))
    expected, tampered_at = tamper(room), room.small.clock.now()
    alarms = room.fsck()
    assert alarms
    assert expected <= {(one.kind, one.item) for one in alarms}
    for one in alarms:  # the window in which it happened; who cut the log took the last sound check with it
        assert tamper is cut_log or one.earliest is not None
        assert one.earliest is None or sound_at - timedelta(seconds=5) < one.earliest <= sound_at
        assert tampered_at <= one.latest
    assert room.auditing.standing()
    before = room.line.last("custody")
    room.publishing.publish_all()
    assert room.line.last("custody") == before
    assert room.desk.store.halted()


def test_an_alarm_is_raised_once_however_often_it_is_found(room: LogRoom) -> None:
    edited_row(room)
    assert len(room.fsck()) == len(room.fsck()) == len(room.auditing.standing())


def test_alarms_are_cleared_only_after_a_check_that_finds_nothing(room: LogRoom) -> None:
    ((wearer,),) = inside.rows(room.folder, "SELECT DISTINCT wearer FROM recording")
    edited_row(room)
    found = room.fsck()
    with pytest.raises(Conflict, match="still-broken"):
        room.auditing.clear(OPERATOR)
    assert room.auditing.standing()
    room.as_administrator("UPDATE recording SET wearer = :wearer", wearer=wearer)
    assert room.auditing.clear(OPERATOR) == len(found)
    assert room.auditing.standing() == []
    room.store.resume()
    room.publish()


def test_what_is_lost_for_good_is_accepted_by_name_and_anything_else_is_still_found(room: LogRoom) -> None:
    expected = removed_original(room)
    assert expected <= room.found()
    with pytest.raises(Conflict, match="still-broken"):
        room.auditing.clear(OPERATOR)
    assert room.auditing.clear(OPERATOR, accept=True) > 0
    room.store.resume()
    assert room.fsck() == []
    room.publish()
    ((body,),) = inside.rows(room.folder, "SELECT body FROM audit_entry WHERE act = 'alarm.clear'")
    ((kind, item),) = expected
    assert f"{kind} {item} " in bytes(body).decode()
    further = removed_segment(room)
    assert further <= room.found()
    assert not expected & room.found()


def test_an_acceptance_holds_only_for_what_stood_there(room: LogRoom) -> None:
    edited_row(room)
    key = Piece("custody", sizes(room)[0], Kind.ENTRIES).key()
    whole = inside.sealed(room.folder, key)
    tampering.overwrite(room.folder, key, whole.replace(b'"res":"ok"', b'"res":"no"', 1))
    room.auditing.clear(OPERATOR, accept=True)
    assert room.fsck() == []
    tampering.overwrite(room.folder, key, whole.replace(b'"res":"ok"', b'"res":"ko"', 1))
    assert ("entry-altered", "custody/0") in room.found()


def test_the_guards_of_the_published_tables_refuse_a_change(room: LogRoom) -> None:
    for table in ("log_segment", "log_checkpoint", "log_key"):
        for sql in (f"UPDATE {table} SET log = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="append-only"):
                inside.change(room.folder, sql)


def test_a_clock_that_was_set_back_is_found(room: LogRoom) -> None:
    room.small.clock.pass_by(-timedelta(days=30))
    room.seal("c.mp4")
    room.small.clock.pass_by(timedelta(days=30))
    assert {kind for kind, _ in room.found()} == {"clock-went-back"}


def test_what_is_published_while_it_is_checked_is_no_fault(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.seal("c.mp4")
    census = room.small.vault.census
    other = Publishing(room.small.site, room.line, room.publishing.checks)
    done = []

    def meanwhile(prefix: str = "") -> object:
        if not done:
            done.append(other.publish("custody"))
        return census(prefix)

    monkeypatch.setattr(type(room.small.vault), "census", lambda _, prefix="": meanwhile(prefix))
    assert room.fsck() == []
    assert done


def test_a_hold_that_is_placed_lifted_or_owed_to_the_vault_while_it_is_checked_is_no_fault(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, hold = held(room)
    other, holds, census = replace(CUSTODIAN, id="b" * 32), Holds(room.small.site), room.small.vault.census
    waiting: list[Callable[[], object]] = [
        lambda: holds.release(other, hold, "不再需要"),
        lambda: holds.place(CUSTODIAN, recording, "objection", "当事人投诉"),
    ]
    holds.ask_release(CUSTODIAN, hold, "结案")

    def meanwhile(prefix: str = "") -> object:
        listed = list(census(prefix))
        if prefix == "recordings/" and waiting:
            waiting.pop()()
        return listed

    monkeypatch.setattr(type(room.small.vault), "census", lambda _, prefix="": meanwhile(prefix))
    assert room.fsck() == []
    assert room.fsck() == []
    assert not waiting
    with room.small.database.writing() as unit:  # of which the vault has not been told
        unit.holds.put(replace(unit.holds.of(recording)[-1], settled=False))
    room.small.vault.release(f"recordings/{recording}/data", *in_vault(room, recording))
    assert room.fsck() == []


def in_vault(room: LogRoom, recording: str) -> set[str]:
    """Return the holds on an original in the vault."""
    return set(room.small.vault.stat(f"recordings/{recording}/data").lock.holds)


def test_the_root_of_the_rows_must_be_the_signed_one(room: LogRoom) -> None:
    size = sizes(room)[-1]
    room.seal("c.mp4")
    room.as_administrator(
        "UPDATE log_tile SET hashes = :zero WHERE log = 'custody' AND level = 0", zero=bytes(32 * size)
    )
    with pytest.raises(IntegrityFault, match="root-differs"):
        room.publishing.publish("custody")


def test_no_entry_about_the_logs_names_a_file_a_person_or_a_device(room: LogRoom) -> None:
    ((recording, *secrets),) = inside.rows(
        room.folder, "SELECT id, name, wearer, device FROM recording ORDER BY sealed_at LIMIT 1"
    )
    edited_row(room)
    room.fsck()
    room.as_administrator("UPDATE recording SET wearer = :wearer", wearer=secrets[1])
    room.auditing.clear(OPERATOR)
    room.store.resume()
    room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED)
    room.proving.of_recording(OPERATOR, recording)
    entries = [read_entry(body) for body in room.small.log()]
    assert {entry["act"] for entry in entries} >= {act.value for act in ABOUT_THE_LOG}
    for entry in entries:
        if entry["act"] in {act.value for act in ABOUT_THE_LOG}:
            assert set(entry) - {"ref"} == {"act", "by", "facts", "id", "log", "obj", "res", "salt", "t", "v"}
            for secret in [*secrets, "somebody"]:
                assert secret not in str(entry)
