"""The signer signs only what continues what it signed, as the vault has it, and never another past."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.errors import IntegrityFault, Invalid, Unavailable
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.entries import write_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.segments import Kind, Piece, write_segment
from evidence.signer.desk import OVERLAP, Desk, open_desk
from evidence.signer.keys import KeyFolder
from evidence.signer.store import Store
from storage.memory import MemoryVault
from storage.vault import Lock

SITE = "test.example"
LOG = "custody"
START = datetime(2026, 11, 21, 5, tzinfo=UTC)
LOCK = Lock(START + timedelta(days=365))


def entries(start: int, end: int, site: str = SITE, act: str = "site.init") -> list[bytes]:
    """Make entries of a log, the same for the same numbers."""
    fields = {"act": act, "obj": [], "res": "ok", "t": "2026-11-21T05:00:00.000000Z"}
    return [
        write_entry({**fields, "id": f"{n:032x}"}, f"{site}/{LOG}", n, n.to_bytes(16, "big"), {})[0]
        for n in range(start, end)
    ]


class Room:
    """A signer over a vault, with a clock that stands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.vault, self.now = folder, MemoryVault(), START
        self.desk = self.open()

    def open(self, folder: Path | None = None) -> Desk:
        folder = folder or self.folder
        return open_desk(
            SITE, Store(folder / "state.db"), KeyFolder(folder / "keys"), self.vault, lambda: self.now
        )

    def seal(self, after: int, end: int, body: Sequence[bytes] | None = None) -> None:
        raw = write_segment(entries(after, end) if body is None else body)
        self.vault.seal_bytes(Piece(LOG, end, Kind.ENTRIES).key(), raw, LOCK)

    def checkpoint(self, note: bytes) -> Checkpoint:
        """Read a checkpoint that the signer's keys of now signed."""
        keys = [VerifierKey.parse(vkey) for vkey in self.desk.key_lines(LOG)]
        read = notes.parse(note)
        assert len(notes.verify(read, keys, NOTE_CHECKS)) == len(keys)
        return Checkpoint.parse(read.text)

    def refuses(self, code: str, ask: Callable[[], object]) -> None:
        """Assert that a question is refused and nothing of the state has changed."""
        before = self.desk.last(LOG)
        with pytest.raises((IntegrityFault, Invalid, Unavailable)) as caught:
            ask()
        assert caught.value.code == code
        assert self.desk.last(LOG) == before


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A signer that has signed nothing."""
    room = Room(tmp_path)
    yield room
    room.desk.store.close()


def test_what_is_signed_is_the_root_over_what_the_vault_holds(room: Room) -> None:
    room.seal(0, 3)
    room.seal(3, 10)
    first = room.checkpoint(room.desk.sign(LOG, 0, [3]))
    assert first == Checkpoint(f"{SITE}/{LOG}", 3, root_of(map(SHA256.leaf, entries(0, 3))))
    second = room.checkpoint(room.desk.sign(LOG, 3, [10]))
    assert second.root == root_of(map(SHA256.leaf, entries(0, 10)))


def test_several_segments_are_signed_at_once(room: Room) -> None:
    for after, end in ((0, 2), (2, 5), (5, 6)):
        room.seal(after, end)
    assert room.checkpoint(room.desk.sign(LOG, 0, [2, 5, 6])).root == root_of(map(SHA256.leaf, entries(0, 6)))


def test_a_question_asked_again_is_answered_with_the_same_bytes(room: Room) -> None:
    room.seal(0, 3)
    note = room.desk.sign(LOG, 0, [3])
    assert room.desk.sign(LOG, 0, [3]) == note == room.desk.last(LOG)


def test_the_state_outlives_the_process(room: Room) -> None:
    room.seal(0, 3)
    note = room.desk.sign(LOG, 0, [3])
    room.desk.store.close()
    room.desk = room.open()
    assert room.desk.last(LOG) == note
    room.seal(3, 4)
    assert room.checkpoint(room.desk.sign(LOG, 3, [4])).size == 4


def test_a_log_that_was_cut_or_restored_is_not_signed(room: Room) -> None:
    room.seal(0, 8)
    room.desk.sign(LOG, 0, [8])
    room.seal(0, 5)
    room.seal(5, 9)
    room.refuses("log-not-continued", lambda: room.desk.sign(LOG, 5, [9]))
    room.refuses("log-not-continued", lambda: room.desk.sign(LOG, 0, [5]))


def test_a_segment_that_is_not_there_is_not_signed(room: Room) -> None:
    room.refuses("segment-missing", lambda: room.desk.sign(LOG, 0, [3]))


def test_a_segment_with_a_hole_before_it_is_not_signed(room: Room) -> None:
    room.seal(1, 4)
    room.refuses("segment-wrong", lambda: room.desk.sign(LOG, 0, [4]))


def test_an_entry_of_another_log_is_not_signed(room: Room) -> None:
    room.seal(0, 3, [*entries(0, 2), *entries(2, 3, site="other.example")])
    room.refuses("segment-altered", lambda: room.desk.sign(LOG, 0, [3]))


def test_what_is_no_entry_is_not_signed(room: Room) -> None:
    room.seal(0, 2, [entries(0, 1)[0], b"{}"])
    room.refuses("entry-malformed", lambda: room.desk.sign(LOG, 0, [2]))


@pytest.mark.parametrize(
    ("log", "after", "ends"),
    [
        ("other", 0, [1]),
        ("custody", -1, [1]),
        ("custody", 0, []),
        ("custody", 0, [2, 1]),
        ("custody", 0, [0]),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(room: Room, log: str, after: int, ends: list[int]) -> None:
    room.refuses("signer-question-malformed", lambda: room.desk.sign(log, after, ends))


def test_a_halted_signer_signs_nothing_until_it_is_resumed(room: Room) -> None:
    room.seal(0, 3)
    room.desk.sign(LOG, 0, [3])
    room.seal(3, 4)
    room.desk.halt("entry-altered custody/1")
    room.desk.halt("another reason")
    room.refuses("signer-halted", lambda: room.desk.sign(LOG, 3, [4]))
    room.refuses("signer-halted", lambda: room.desk.rotate(LOG))
    assert room.desk.store.halted() == ("entry-altered custody/1", "2026-11-21T05:00:00.000000Z")
    room.desk.store.resume()
    assert room.checkpoint(room.desk.sign(LOG, 3, [4])).size == 4


def test_a_lost_state_does_not_begin_a_log_anew(room: Room, tmp_path: Path) -> None:
    room.seal(0, 3)
    note = room.desk.sign(LOG, 0, [3])
    room.vault.seal_bytes(Piece(LOG, 3, Kind.CHECKPOINT).key(), note, LOCK)
    (tmp_path / "fresh").mkdir()
    fresh = room.open(tmp_path / "fresh")
    with pytest.raises(Unavailable, match="signer-state-missing"):
        fresh.sign(LOG, 0, [3])
    fresh.store.close()


def test_after_a_change_of_keys_both_sign_for_thirty_days(room: Room) -> None:
    (old,) = room.desk.key_lines(LOG)
    new = room.desk.rotate(LOG)
    room.seal(0, 1)
    assert len(notes.parse(room.desk.sign(LOG, 0, [1])).signatures) == 2
    assert room.desk.key_lines(LOG) == [old, new]
    room.now += OVERLAP
    room.seal(1, 2)
    assert len(notes.parse(room.desk.sign(LOG, 1, [2])).signatures) == 1
    assert room.desk.key_lines(LOG) == [new]


def test_of_many_who_ask_at_once_one_moves_the_state_and_none_gets_another_past(room: Room) -> None:
    room.seal(0, 2)
    room.seal(0, 3)  # a second way to go on: only one may be taken
    answers: list[bytes | str] = []

    def ask(end: int) -> None:
        try:
            answers.append(room.desk.sign(LOG, 0, [end]))
        except IntegrityFault as problem:
            answers.append(problem.code)

    threads = [threading.Thread(target=ask, args=(2 + n % 2,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    signed = {answer for answer in answers if isinstance(answer, bytes)}
    assert signed == {room.desk.last(LOG)}
    assert {answer for answer in answers if isinstance(answer, str)} <= {"log-not-continued"}


def test_a_key_that_others_may_read_signs_nothing(room: Room) -> None:
    room.seal(0, 1)
    room.desk.key_lines(LOG)
    (file,) = (room.folder / "keys").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    file.chmod(0o644)
    room.refuses("key-file-open-to-others", lambda: room.desk.sign(LOG, 0, [1]))


def test_a_lost_key_signs_no_more_and_the_log_goes_on_under_the_new_one(room: Room) -> None:
    room.seal(0, 1)
    room.desk.sign(LOG, 0, [1])
    (file,) = (room.folder / "keys").iterdir()
    file.unlink()
    room.seal(1, 2)
    room.refuses("signing-key-missing", lambda: room.desk.sign(LOG, 1, [2]))
    new = room.desk.rotate(LOG, retire=True)
    assert room.desk.key_lines(LOG) == [new]
    assert room.checkpoint(room.desk.sign(LOG, 1, [2])).root == root_of(map(SHA256.leaf, entries(0, 2)))


def test_a_lost_state_is_taken_over_from_the_vault_and_goes_on_under_a_new_key(
    room: Room, tmp_path: Path
) -> None:
    for after, end in ((0, 3), (3, 5)):
        room.seal(after, end)
        note = room.desk.sign(LOG, after, [end])
        room.vault.seal_bytes(Piece(LOG, end, Kind.CHECKPOINT).key(), note, LOCK)
    room.seal(5, 6)  # sealed, and never signed
    (old,) = room.desk.key_lines(LOG)
    room.desk.store.close()
    (tmp_path / "fresh").mkdir()
    room.desk = room.open(tmp_path / "fresh")
    assert room.desk.adopt(LOG) == 5
    assert room.desk.last(LOG) == note
    assert room.desk.key_lines(LOG) != [old]
    assert room.checkpoint(room.desk.sign(LOG, 5, [6])).root == root_of(map(SHA256.leaf, entries(0, 6)))


@pytest.mark.parametrize("reason", ["signer-behind-log custody", "entry-altered custody/1"])
def test_taking_over_ends_the_halt_that_came_of_the_lost_state_and_no_other(room: Room, reason: str) -> None:
    room.seal(0, 3)
    room.desk.halt(reason)
    assert room.desk.adopt(LOG) == 0
    room.desk.end_halt_of_lost_state()
    if reason.startswith("entry-altered"):
        room.refuses("signer-halted", lambda: room.desk.sign(LOG, 0, [3]))
        assert room.desk.store.halted() == (reason, "2026-11-21T05:00:00.000000Z")
    else:
        assert room.checkpoint(room.desk.sign(LOG, 0, [3])).size == 3


def test_where_the_keys_are_left_only_what_one_of_them_signed_is_taken_over(
    room: Room, tmp_path: Path
) -> None:
    room.seal(0, 3, entries(0, 3, act="dock.add"))
    forged = Checkpoint(f"{SITE}/{LOG}", 3, root_of(map(SHA256.leaf, entries(0, 3, act="dock.add"))))
    nobody = notes.NoteSignature(f"{SITE}/{LOG}", "00000000", b"x")
    note = notes.write(forged.text(), [nobody])
    room.vault.seal_bytes(Piece(LOG, 3, Kind.CHECKPOINT).key(), note, LOCK)
    key = room.desk.keys.make(f"{SITE}/{LOG}")
    room.desk.keys.make(f"{SITE}/access/2026")
    room.refuses("signer-unknown", lambda: room.desk.adopt(LOG))
    assert room.desk.store.logs() == []
    room.vault = MemoryVault()
    (tmp_path / "state.db").unlink()
    room.desk.store.close()
    room.desk = room.open()
    room.seal(0, 3)
    text = Checkpoint(f"{SITE}/{LOG}", 3, root_of(map(SHA256.leaf, entries(0, 3)))).text()
    note = notes.write(text, [nobody, room.desk.keys.sign(key, text)])
    room.vault.seal_bytes(Piece(LOG, 3, Kind.CHECKPOINT).key(), note, LOCK)
    assert room.desk.adopt(LOG) == 3


def test_nothing_is_taken_over_where_vault_and_checkpoint_differ_or_a_state_stands(
    room: Room, tmp_path: Path
) -> None:
    room.seal(0, 3)
    note = room.desk.sign(LOG, 0, [3])
    room.vault.seal_bytes(Piece(LOG, 3, Kind.CHECKPOINT).key(), note, LOCK)
    room.refuses("signed-already", lambda: room.desk.adopt(LOG))
    (tmp_path / "other").mkdir()
    other = Room(tmp_path / "other")
    other.seal(0, 3, entries(0, 3, act="dock.add"))
    other.vault.seal_bytes(Piece(LOG, 3, Kind.CHECKPOINT).key(), note, LOCK)
    other.refuses("root-differs", lambda: other.desk.adopt(LOG))
    assert other.desk.store.logs() == []
    other.desk.store.close()
