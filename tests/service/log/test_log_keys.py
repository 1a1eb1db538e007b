"""A log's key is changed by an act in the log, and the chain goes on; old checkpoints verify for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import IntegrityFault, Refused
from evidence.ledger import notes
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import VerifierKey
from evidence.service.log.log_keys import Reason
from evidence.signer.desk import OVERLAP
from tests import inside
from tests.builders import SITE
from tests.log_room import OPERATOR, LogRoom


def rotations(room: LogRoom) -> list[dict[str, object]]:
    """Return the facts of all changes of keys, as the log has them."""
    rows = inside.rows(room.folder, "SELECT body FROM audit_entry WHERE act = 'log.rotate' ORDER BY id")
    return [read_entry(bytes(body))["facts"] for (body,) in rows]


def test_a_planned_change_is_signed_by_both_and_then_by_the_new_key(room: LogRoom) -> None:
    new = room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED)
    assert rotations(room) == [{"keys": [new], "log": "custody", "reason": "planned"}]
    room.publish()
    assert len(notes.parse(room.line.last("custody")).signatures) == 2
    room.small.clock.pass_by(OVERLAP + timedelta(days=1))
    room.seal("b.mp4")
    room.publish()
    assert len(notes.parse(room.line.last("custody")).signatures) == 1
    assert room.fsck() == []


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.STOLEN])
def test_after_a_loss_or_theft_the_new_key_signs_alone_and_old_checkpoints_still_verify(
    room: LogRoom, reason: Reason
) -> None:
    for file in (room.signer_folder / "keys").iterdir():
        if reason is Reason.LOST:
            file.unlink()
    new = room.log_keys.rotate(OPERATOR, "custody", reason, "2026-03-01")
    assert rotations(room) == [
        {"keys": [new], "log": "custody", "reason": reason.value, "since": "2026-03-01"}
    ]
    room.publish()
    (signature,) = notes.parse(room.line.last("custody")).signatures
    assert signature.key_id in new
    assert room.fsck() == []


def test_a_key_that_a_crash_kept_from_being_logged_is_taken_over(room: LogRoom) -> None:
    forgotten = room.line.rotate("custody")
    assert room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED) == forgotten
    room.publish()
    assert room.fsck() == []


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.STOLEN])
def test_a_lost_or_stolen_key_signs_no_more_even_where_a_crash_came_into_a_planned_change_before(
    room: LogRoom, reason: Reason
) -> None:
    (old,) = room.line.keys("custody")
    forgotten = room.line.rotate("custody")  # the service died before it was logged
    new = room.log_keys.rotate(OPERATOR, "custody", reason)
    assert list(room.line.keys("custody")) == [new]
    assert new not in (old, forgotten)
    assert rotations(room)[-1]["keys"] == [forgotten, new]
    room.publish()
    assert room.fsck() == []


def test_a_change_of_a_stolen_key_that_a_crash_broke_off_is_gone_on_with(room: LogRoom) -> None:
    forgotten = room.line.rotate("custody", retire=True)
    assert room.log_keys.rotate(OPERATOR, "custody", Reason.STOLEN) == forgotten
    assert list(room.line.keys("custody")) == [forgotten]


def test_a_key_in_the_catalogue_that_no_act_has_named_is_found(room: LogRoom) -> None:
    """Docks pin what the catalogue says, and one plain INSERT adds a key to it."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    foreign = VerifierKey(f"{SITE}/custody", public)
    sql = "INSERT INTO log_key (vkey, log, at) VALUES (:vkey, 'custody', '2026-03-02T09:00:00.000000Z')"
    inside.change(room.folder, sql, vkey=foreign.text())
    assert room.found() == {("key-unknown", f"log_key custody {foreign.label}")}
    assert room.desk.store.halted()


def test_a_key_that_was_taken_out_of_the_catalogue_is_found(room: LogRoom) -> None:
    (vkey,) = room.line.keys("custody")
    room.as_administrator("DELETE FROM log_key WHERE vkey = :vkey", vkey=vkey)
    label = VerifierKey.parse(vkey).label
    assert room.found() == {("key-missing", f"log_key custody {label}")}


def test_a_lost_state_of_the_signer_goes_on_from_the_vault_under_a_logged_key(room: LogRoom) -> None:
    room.store.close()
    for file in (room.signer_folder / "state.db", *(room.signer_folder / "keys").iterdir()):
        file.unlink()
    room.open()
    room.seal("b.mp4")
    with pytest.raises(IntegrityFault, match="signer-behind-log"):
        room.publishing.publish("custody")
    room.desk.adopt("custody")
    room.log_keys.rotate(OPERATOR, "custody", Reason.LOST)
    room.publish()
    assert room.fsck() == []


def test_a_check_before_a_lost_state_was_taken_over_stops_the_signer_only_until_then(room: LogRoom) -> None:
    room.store.close()
    (room.signer_folder / "state.db").unlink()
    room.open()
    assert {one.kind for one in room.fsck()} == {"signer-behind-log"}
    room.desk.adopt("custody")
    room.desk.end_halt_of_lost_state()
    room.log_keys.rotate(OPERATOR, "custody", Reason.LOST)
    assert room.auditing.clear(OPERATOR) == 1
    room.publish()
    assert room.fsck() == []


def test_a_dock_may_not_change_a_key(room: LogRoom) -> None:
    before = room.line.keys("custody")
    with pytest.raises(Refused, match="not-permitted"):
        room.log_keys.rotate(room.small.dock, "custody", Reason.PLANNED)
    assert room.line.keys("custody") == before
    assert rotations(room) == []
