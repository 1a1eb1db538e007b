"""Personal values: committed to by entries, disclosed one by one, erased for good; the proofs stay."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.domain.audit import Act, Entry
from evidence.errors import Conflict, IntegrityFault, NotFound, Refused
from evidence.ledger.entries import read_entry, verify_field, verify_history
from evidence.service.log.disclosing import Disclosing
from tests import inside
from tests.builders import SITE
from tests.log_room import OPERATOR, LogRoom
from tests.rebuilding_room import lose_database, make_site, reopen, restore


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    room = LogRoom(tmp_path)
    yield room
    room.close()


def committed(room: LogRoom, recording: str) -> int:
    """Write an entry about a recording with two personal values; return its index in custody."""
    with room.small.database.writing() as unit:
        personal = {"actor": "张三", "reason": "look"}
        about = (("recording", recording),)
        return unit.log.append(
            Entry(Act.VERIFY, "service", about, personal=personal), room.small.clock.now()
        ).index


def payload(room: LogRoom) -> list[tuple[object, ...]]:
    """Return what is kept."""
    return inside.rows(room.folder, "SELECT * FROM audit_payload ORDER BY log, idx, field")


def test_a_disclosed_value_fits_what_the_entry_committed_to_and_the_look_is_logged(room: LogRoom) -> None:
    index = committed(room, room.seal())
    found = Disclosing(room.small.site).disclose(OPERATOR, "custody", index, "actor")
    entry = read_entry(bytes(inside.rows(
        room.folder, "SELECT body FROM audit_entry WHERE log = 'custody' AND idx = :at", at=index
    )[0][0]))  # fmt: skip
    verify_field(entry, "actor", base64.b64decode(found.salt), found.value)
    assert found.value == "张三"
    assert "张三" not in json.dumps(entry, ensure_ascii=False)
    last = json.loads(room.small.log()[-1])
    assert (last["act"], last["facts"]) == ("log.read", {"field": "actor", "index": index, "log": "custody"})
    assert room.fsck() == []


def test_an_erased_value_is_gone_for_good_and_every_proof_stays(room: LogRoom) -> None:
    recording = room.seal()
    index = committed(room, recording)
    room.publish()
    Disclosing(room.small.site).erase(OPERATOR, "custody", index, "actor", "asked for")
    assert "张三" not in str(payload(room))
    with pytest.raises(Conflict, match="field-gone"):
        Disclosing(room.small.site).erase(OPERATOR, "custody", index, "actor", "again")
    assert Disclosing(room.small.site).disclose(OPERATOR, "custody", index, "actor").plain() == {
        "state": "erased"
    }
    room.publish()
    proven = room.proving.of_recording(OPERATOR, recording, {"actor", "reason"})
    custody = [one for one in proven if one.log == "custody"]
    assert verify_history(recording, [(f"{SITE}/custody", one.index, one.entry) for one in custody])
    (fields,) = [one.fields for one in custody if one.index == index]
    assert fields["actor"].plain() == {"state": "erased"}
    assert (fields["reason"].state, fields["reason"].value) == ("disclosed", "look")
    assert room.fsck() == []


def test_what_is_not_asked_for_is_withheld_and_never_absent(room: LogRoom) -> None:
    recording = room.seal()
    index = committed(room, recording)
    (fields,) = [one.fields for one in room.proving.of_recording(OPERATOR, recording) if one.index == index
                 and one.log == "custody"]  # fmt: skip
    assert {name: one.plain() for name, one in fields.items()} == {
        "actor": {"state": "withheld"},
        "reason": {"state": "withheld"},
    }


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("UPDATE audit_payload SET value = '\"李四\"' WHERE field = 'actor'", "field-wrong"),
        ("UPDATE audit_payload SET salt = zeroblob(16) WHERE field = 'actor'", "field-wrong"),
        ("UPDATE audit_payload SET salt = NULL, value = NULL WHERE field = 'actor'", "field-missing"),
        ("DELETE FROM audit_payload WHERE field = 'actor'", "field-missing"),
    ],
)
def test_a_value_that_was_changed_or_taken_away_is_found(room: LogRoom, sql: str, kind: str) -> None:
    index = committed(room, room.seal())
    room.publish()
    room.as_administrator(sql.replace("zeroblob(16)", "'0123456789abcdef'"))
    assert (kind, f"custody/{index}") in room.found()
    with pytest.raises(IntegrityFault, match=kind):
        Disclosing(room.small.site).disclose(OPERATOR, "custody", index, "actor")


def test_a_value_that_no_entry_committed_to_and_one_that_came_back_are_found(room: LogRoom) -> None:
    index = committed(room, room.seal())
    (kept,) = inside.rows(room.folder, "SELECT salt, value FROM audit_payload WHERE field = 'actor'")
    Disclosing(room.small.site).erase(OPERATOR, "custody", index, "actor", "asked for")
    room.publish()
    back = "UPDATE audit_payload SET salt = :salt, value = :value WHERE field = 'actor'"
    room.as_administrator(back, salt=kept[0], value=kept[1])
    room.as_administrator(
        "INSERT INTO audit_payload (log, idx, field, salt, value) VALUES ('custody', 0, 'x', NULL, '1')"
    )
    assert {("field-not-erased", f"custody/{index}"), ("field-unknown", "custody")} <= room.found()


def test_nobody_without_the_right_discloses_or_erases_and_nothing_changes(room: LogRoom) -> None:
    index = committed(room, room.seal())
    before = payload(room)
    desk, dock = Disclosing(room.small.site), room.small.dock
    with pytest.raises(Refused):
        desk.disclose(dock, "custody", index, "actor")
    with pytest.raises(Refused):
        desk.erase(dock, "custody", index, "actor", "no")
    for log, at, field, code in (
        ("custody", index, "name", "field-not-found"),
        ("custody", 10**6, "actor", "log-entry-not-found"),
        ("other", 0, "actor", "log-entry-not-found"),
    ):
        with pytest.raises(NotFound, match=code):
            desk.erase(OPERATOR, log, at, field, "no")
    assert payload(room) == before
    assert [json.loads(one)["act"] for one in room.small.log()[-2:]] == ["access.denied", "access.denied"]


def test_after_a_rebuild_the_values_are_lost_and_nothing_is_alarmed(tmp_path: Path) -> None:
    room = make_site(tmp_path)
    index = committed(room, room.seal("again.mp4"))
    room.publish()
    lose_database(room)
    assert restore(room).faults == []
    reopen(room)
    assert room.fsck() == []
    found = Disclosing(room.small.site).disclose(OPERATOR, "custody", index, "actor")
    assert found.plain() == {"state": "lost"}
    room.close()
