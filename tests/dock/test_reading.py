"""Reading: one pass, the digest of what is settled, and never another file than the one that was listed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.dock.finding import CardFault, Found, list_card
from evidence.dock.reading import Original
from tests.simulators.card import content, write_card


def card_file(folder: Path, data: bytes) -> Found:
    (found,) = list_card(write_card(folder / "card", {"a.mp4": data})).files
    return found


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 120)), max_size=12),
)
def test_any_order_of_offsets_gives_the_bytes_of_the_file_and_its_digest(
    size: int, steps: list[tuple[float, int]]
) -> None:
    data = content(size)
    with tempfile.TemporaryDirectory() as folder, Original(card_file(Path(folder), data)) as original:
        for place, length in steps:
            offset = int(place * size)
            if offset < size:
                chunk = bytes(original.chunk_at(offset, length))
                assert 1 <= len(chunk) <= length
                assert data[offset:].startswith(chunk)
        assert original.digest_to_end() == hashlib.sha256(data).hexdigest()


def test_a_chunk_that_must_be_sent_again_is_not_read_again(tmp_path: Path) -> None:
    found = card_file(tmp_path, content(1000))
    with Original(found) as original:
        first = bytes(original.chunk_at(0, 600))
        Path(found.path).write_bytes(bytes(1000))  # another reading would show zeros
        os.utime(found.path, ns=(found.mtime_ns, found.mtime_ns))
        assert bytes(original.chunk_at(0, 600)) == first
        assert bytes(original.chunk_at(0, 100)) == first[:100]
        assert bytes(original.chunk_at(100, 600)) == first[100:]


@pytest.mark.parametrize("change", ["shorter", "longer", "touched", "other"])
def test_the_last_bytes_of_a_file_that_changed_are_never_given_out(tmp_path: Path, change: str) -> None:
    found = card_file(tmp_path, content(1000))
    with Original(found) as original:
        original.chunk_at(0, 400)
        if change == "shorter":
            os.truncate(found.path, 500)
        elif change == "longer":
            with open(found.path, "ab") as file:
                file.write(b"x")
        elif change == "touched":
            os.utime(found.path)
        else:
            Path(found.path).write_bytes(bytes(1000))
        with pytest.raises(CardFault, match="card-file-changed"):
            original.chunk_at(400, 600)


def test_an_empty_file_that_grew_is_not_passed_off_as_empty(tmp_path: Path) -> None:
    found = card_file(tmp_path, b"")
    with Original(found) as original:
        Path(found.path).write_bytes(b"x")
        with pytest.raises(CardFault, match="card-file-changed"):
            original.digest_to_end()


def test_a_file_that_is_gone_or_replaced_by_a_link_or_a_pipe_is_a_fault_that_names_it(tmp_path: Path) -> None:
    found = card_file(tmp_path, b"1")
    path = Path(found.path)
    path.unlink()
    with pytest.raises(CardFault, match=r"card-unreadable.*a\.mp4"):
        Original(found)
    other = tmp_path / "other"
    other.write_bytes(b"1")
    os.utime(other, ns=(found.mtime_ns, found.mtime_ns))
    path.symlink_to(other)
    with pytest.raises(CardFault, match="card-unreadable"):
        Original(found)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CardFault, match="card-file-changed"):
        Original(found)


def test_a_file_that_is_unlinked_while_it_is_open_is_still_read_whole(tmp_path: Path) -> None:
    found = card_file(tmp_path, content(1000))
    with Original(found) as original:
        Path(found.path).unlink()
        assert original.digest_to_end() == hashlib.sha256(content(1000)).hexdigest()


def test_reading_leaves_the_time_of_last_access_alone(tmp_path: Path) -> None:
    found = card_file(tmp_path, content(1000))
    os.utime(found.path, ns=(1, found.mtime_ns))
    with Original(found) as original:
        original.digest_to_end()
    assert os.stat(found.path).st_atime_ns == 1


def test_memory_holds_one_chunk_whatever_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "card/sparse.mp4"
    path.parent.mkdir()
    path.touch()
    os.truncate(path, 10 << 30)
    (found,) = list_card(path.parent).files
    assert found.size_bytes == 10 << 30
    with Original(found) as original:
        for offset in (0, 1 << 20, 2 << 20):
            assert len(original.chunk_at(offset, 1 << 20)) == 1 << 20
        assert len(original._buffer) == 1 << 20
