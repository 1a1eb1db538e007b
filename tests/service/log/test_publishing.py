"""Publishing: what the log holds is in the vault before it is signed, whatever breaks off, and once only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.segments import Kind, Piece, read_segment
from evidence.service.log import publishing as publishing_module
from evidence.service.log.publishing import Publishing
from storage.errors import StoreUnavailable
from tests import inside
from tests.builders import SITE
from tests.chains import leaves_of
from tests.log_room import DeskLine, LogRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with a signer."""
    room = LogRoom(tmp_path)
    yield room
    room.close()


def sealed_log(room: LogRoom, log: str) -> list[bytes]:
    """Read a log back from the vault alone."""
    pieces = [Piece.parse(one.key) for one in room.small.vault.census(f"log/{log}/")]
    entries: list[bytes] = []
    for piece in pieces:
        if piece.kind is Kind.ENTRIES:
            raw = inside.sealed(room.folder, piece.key())
            entries += read_segment(raw, len(entries), piece.size)
    return entries


def checkpoints(room: LogRoom, log: str) -> list[Checkpoint]:
    """Read the checkpoints of a log from the vault, each with its signature."""
    keys = [VerifierKey.parse(vkey) for vkey in room.line.keys(log)]
    found = []
    for one in room.small.vault.census(f"log/{log}/"):
        if Piece.parse(one.key).kind is Kind.CHECKPOINT:
            note = notes.parse(inside.sealed(room.folder, one.key))
            notes.verify(note, keys, NOTE_CHECKS)
            found.append(Checkpoint.parse(note.text))
    return found


def test_every_entry_of_every_log_lies_in_the_vault_under_a_signed_root(room: LogRoom) -> None:
    recording = room.seal()
    room.publish()
    room.small.recordings.get(room.small.administrator, recording)
    room.publish()
    logs = leaves_of(room.small.database)
    assert logs.keys() == {f"{SITE}/custody", f"{SITE}/access/2026"}
    for origin, leaves in logs.items():
        log = origin.removeprefix(f"{SITE}/")
        assert sealed_log(room, log) == leaves
        newest = checkpoints(room, log)[-1]
        assert newest == Checkpoint(origin, len(leaves), root_of(map(SHA256.leaf, leaves)))


def test_the_key_of_a_new_log_is_an_entry_of_custody(room: LogRoom) -> None:
    room.seal()
    room.publish()
    ((vkey,),) = inside.rows(room.folder, "SELECT vkey FROM log_key")
    assert any(f'"{vkey}"'.encode() in entry for entry in leaves_of(room.small.database)[f"{SITE}/custody"])


def test_a_log_that_has_not_grown_is_left_alone(room: LogRoom) -> None:
    room.seal()
    room.publish()
    before = room.small.files()
    room.publishing.publish_all()
    assert room.small.files() == before
    assert room.publishing.grown() == []


def test_segments_are_locked_as_long_as_a_recording_of_that_moment(room: LogRoom) -> None:
    room.seal()
    room.publish()
    (recording,) = inside.rows(room.folder, "SELECT retain_until FROM recording")
    for one in room.small.vault.list("log/"):
        assert one.lock.retain_until.isoformat()[:10] == recording[0][:10]


STEPS = ["plan", "seal", "sign", "note"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("side", ["before", "after"])
def test_what_broke_off_at_any_step_goes_on_to_the_same_root(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch, step: str, side: str
) -> None:
    room.seal()
    room.publish()
    room.seal("b.mp4")
    name = {"plan": "_plan", "seal": "_seal_segment", "sign": "_read", "note": "_note"}[step]
    whole = getattr(publishing_module.Publishing, name)

    def broken(self: object, *args: object) -> object:
        if side == "after":
            whole(self, *args)
        raise StoreUnavailable(reason="broken off")

    monkeypatch.setattr(publishing_module.Publishing, name, broken)
    with pytest.raises(StoreUnavailable):
        room.publishing.publish("custody")
    monkeypatch.undo()
    room.seal("c.mp4")  # life goes on: the plan of then is kept, and what came later follows
    room.close()
    room.open()
    newest = room.publish()
    leaves = leaves_of(room.small.database)[f"{SITE}/custody"]
    assert sealed_log(room, "custody") == leaves
    assert newest.root == root_of(map(SHA256.leaf, leaves))
    sizes = [one.size for one in checkpoints(room, "custody")]
    assert sizes == sorted(set(sizes))
    assert room.fsck() == []


def test_without_a_signer_nothing_is_lost_and_nothing_pretended(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.seal()
    monkeypatch.setattr(room.line, "keys", _unreachable)
    with pytest.raises(Unavailable, match="signer-unreachable"):
        room.publishing.publish_all()
    assert inside.count(room.folder, "SELECT count(*) FROM log_checkpoint") == 0
    monkeypatch.undo()
    assert room.publish().size == len(leaves_of(room.small.database)[f"{SITE}/custody"])


def _unreachable(*_: object) -> None:
    raise Unavailable("signer-unreachable")


@pytest.mark.parametrize("step", ["_catch_up", "_plan", "_seal_segment", "_read", "_note"])
@pytest.mark.parametrize("goes_on", [False, True])
def test_two_publishers_at_once_make_one_log_and_no_alarm(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch, step: str, goes_on: bool
) -> None:
    """The other one does everything while we stand at a step; and has gone on to later entries perhaps."""
    room.seal()
    room.publish()
    room.seal("b.mp4")
    whole = getattr(publishing_module.Publishing, step)
    entered: list[int] = []

    def overtaken(self: publishing_module.Publishing, *args: object) -> object:
        if not entered:
            entered.append(1)
            self.publish("custody")
            if goes_on:
                room.seal("c.mp4")
                self.publish("custody")
        return whole(self, *args)

    monkeypatch.setattr(publishing_module.Publishing, step, overtaken)
    room.publishing.publish_all()
    monkeypatch.undo()
    assert entered
    assert room.auditing.standing() == []
    assert room.publish().size == len(leaves_of(room.small.database)[f"{SITE}/custody"])
    assert room.fsck() == []


@pytest.mark.parametrize("asked", ["last", "sign"])
def test_another_publisher_between_signer_and_rows_is_no_fault(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    room.seal()
    room.publish()
    room.seal("b.mp4")
    whole, other = getattr(room.line, asked), Publishing(room.small.site, DeskLine(room.desk), NOTE_CHECKS)
    entered: list[int] = []

    def overtaken(*args: object) -> bytes:
        if entered:
            return bytes(whole(*args))
        entered.append(1)
        before = bytes(whole(*args)) if asked == "last" else b""
        other.publish("custody")
        room.seal("c.mp4")
        other.publish("custody")
        return before or bytes(whole(*args))

    monkeypatch.setattr(room.line, asked, overtaken)
    room.publishing.publish_all()
    assert room.auditing.standing() == []
    assert room.publish().size == len(leaves_of(room.small.database)[f"{SITE}/custody"])
    assert room.fsck() == []


def test_a_foreign_piece_in_the_way_is_an_alarm_and_nothing_is_signed(room: LogRoom) -> None:
    room.seal()
    room.publish()
    size = inside.count(room.folder, "SELECT count(*) FROM audit_entry WHERE log = 'custody'")
    room.seal("b.mp4")
    end = 1 + inside.count(room.folder, "SELECT count(*) FROM audit_entry WHERE log = 'custody'")  # log.rows
    lock = next(iter(room.small.vault.list("log/"))).lock
    room.small.vault.seal_bytes(Piece("custody", end, Kind.ENTRIES).key(), b"\x00\x01x", lock)
    room.publishing.publish_all()
    assert [one.kind for one in room.auditing.standing()] == ["segment-differs"]
    assert Checkpoint.parse(notes.parse(room.line.last("custody")).text).size == size
    with pytest.raises(Unavailable, match="signer-halted"):
        room.desk.sign("custody", size, [end])


def test_while_an_alarm_stands_nothing_is_published_and_evidence_is_still_taken_in(room: LogRoom) -> None:
    room.seal()
    room.publish()
    room.as_administrator("UPDATE audit_entry SET body = body || 'x' WHERE log = 'custody' AND idx = 1")
    assert room.fsck()
    before = room.line.last("custody")
    recording = room.seal("b.mp4")
    room.publishing.publish_all()
    assert room.line.last("custody") == before
    assert room.small.recordings.get(room.small.administrator, recording)


def test_an_alarm_that_was_taken_away_comes_back_from_the_signer(room: LogRoom) -> None:
    room.seal()
    room.publish()
    room.desk.halt("entry-altered custody/1")
    room.seal("b.mp4")
    with pytest.raises(Unavailable, match="signer-halted"):
        room.publishing.publish_all()
    assert [one.kind for one in room.auditing.standing()] == ["signer-halted"]


def test_a_checkpoint_that_no_known_key_signed_is_refused(room: LogRoom) -> None:
    room.seal()
    room.publish()
    room.as_administrator("UPDATE log_key SET vkey = :vkey", vkey=_other_key().text())
    room.seal("b.mp4")
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        room.publishing.publish("custody")


def _other_key() -> VerifierKey:
    return VerifierKey(f"{SITE}/custody", bytes(32))
