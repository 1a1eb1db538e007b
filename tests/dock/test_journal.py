"""The journal: pins are for good, receipts outlive the process, and it never lies on a card."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from evidence.dock.finding import Found
from evidence.dock.journal import Journal, Owed
from evidence.errors import IntegrityFault, Invalid, Unavailable
from evidence.ledger.keys import VerifierKey

KEY = VerifierKey("evidence.example", bytes(range(32)))
OTHER = VerifierKey("evidence.example", bytes(32))
FOUND = Found("a.mp4", "/card/a.mp4", 5, 10**30)


def journal(tmp_path: Path, service: str = "https://a:443") -> Journal:
    return Journal(tmp_path / "state", service, tmp_path / "card")


def test_a_pinned_key_is_there_after_opening_again_and_only_for_its_service(tmp_path: Path) -> None:
    first = journal(tmp_path)
    assert first.pinned() is None
    first.pin(KEY, "given")
    first.close()
    assert journal(tmp_path).pinned() == KEY
    assert journal(tmp_path, "https://b:443").pinned() is None


def test_another_key_is_never_pinned_over_the_first(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.pin(KEY, "first-use")
    book.pin(KEY, "given")
    with pytest.raises(IntegrityFault, match="key-changed"):
        book.pin(OTHER, "given")
    assert book.pinned() == KEY


def test_a_receipt_is_found_only_for_the_same_service_device_name_size_and_time(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.keep("D1", FOUND, "ab", b"receipt", "u1")
    book.close()
    book = journal(tmp_path)
    assert book.receipt("D1", FOUND) == ("ab", b"receipt")
    assert book.receipt("D2", FOUND) is None
    for other in (
        Found("b.mp4", FOUND.path, 5, FOUND.mtime_ns),
        Found("a.mp4", FOUND.path, 6, FOUND.mtime_ns),
        Found("a.mp4", FOUND.path, 5, FOUND.mtime_ns + 1),
    ):
        assert book.receipt("D1", other) is None
    assert journal(tmp_path, "https://b:443").receipt("D1", FOUND) is None


def test_the_proof_of_a_receipt_is_owed_until_it_is_in_hand_and_only_by_its_service(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.keep("D1", FOUND, "ab", b"receipt", "u1")
    book.owe([Owed(b"another", "u2"), Owed(b"another", "u3")])
    book.close()
    book = journal(tmp_path)
    assert set(book.owed()) == {Owed(b"receipt", "u1"), Owed(b"another", "u3")}
    assert journal(tmp_path, "https://b:443").owed() == []
    book.keep_proof(b"receipt", b"proof")
    book.owe([Owed(b"receipt", "u1")])
    assert book.owed() == [Owed(b"another", "u3")]
    assert book.proof(b"receipt") == b"proof"
    assert book.proof(b"another") is None
    book.keep_proof(b"receipt", None)
    assert Owed(b"receipt", "u1") in book.owed()


def test_log_keys_once_pinned_stay_and_only_for_their_service(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.pin_log_keys([KEY])
    book.pin_log_keys([OTHER, OTHER])
    assert set(journal(tmp_path).log_keys()) == {KEY, OTHER}
    assert journal(tmp_path, "https://b:443").log_keys() == ()


def test_a_journal_from_before_there_were_proofs_goes_on(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.keep("D1", FOUND, "ab", b"receipt", "u1")
    book.close()
    with closing(sqlite3.connect(tmp_path / "state/dock.sqlite3")) as file:
        file.executescript("DROP TABLE proof; DROP TABLE log_key")
    book = journal(tmp_path)
    assert book.receipt("D1", FOUND) == ("ab", b"receipt")
    assert (book.owed(), book.log_keys(), book.proof(b"receipt")) == ([], (), None)


def test_a_journal_on_the_card_is_refused_and_nothing_is_written_there(tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    (tmp_path / "link").symlink_to(card)
    for folder in (card, card / "state", tmp_path / "link/state"):
        with pytest.raises(Invalid, match="state-on-card"):
            Journal(folder, "https://a:443", card)
    assert list(card.iterdir()) == []


def test_a_journal_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "state/dock.sqlite3"
    file.parent.mkdir()
    file.write_bytes(b"not a database, but somebody's file" * 100)
    before = file.read_bytes()
    with pytest.raises(Unavailable, match="state-unusable"):
        journal(tmp_path)
    assert file.read_bytes() == before


def test_the_state_folder_is_for_the_dock_alone(tmp_path: Path) -> None:
    journal(tmp_path)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from evidence.dock.finding import Found\n"
        "from evidence.dock.journal import Journal\n"
        f"place = Path({str(tmp_path)!r})\n"
        "book = Journal(place / 'state', 'https://a:443', place / 'card')\n"
        "for n in range(20):\n"
        "    book.keep('D1', Found(f'{n}.mp4', '', n, n), 'ab', b'receipt', 'u1')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], env=dict(os.environ)
    )
    assert ended.returncode == -signal.SIGKILL
    book = journal(tmp_path)
    assert all(book.receipt("D1", Found(f"{n}.mp4", "", n, n)) for n in range(20))
