"""Segments: each entry of a log once, under a key that sorts as the log grew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger.segments import (
    MOST_BYTES,
    MOST_ENTRIES,
    Kind,
    Piece,
    ends_after,
    read_segment,
    write_segment,
)


def test_a_piece_is_named_as_the_format_says() -> None:
    assert Piece("custody", 42, Kind.ENTRIES).key() == "log/custody/000000000000042/entries"
    assert Piece("access/2026", 7, Kind.CHECKPOINT).key() == "log/access/2026/000000000000007/checkpoint"


@given(st.integers(1, 10**15 - 1), st.sampled_from(["custody", "access/2026"]), st.sampled_from(Kind))
def test_a_name_survives_writing_and_reading(size: int, log: str, kind: Kind) -> None:
    assert Piece.parse(Piece(log, size, kind).key()) == Piece(log, size, kind)


@given(st.lists(st.integers(1, 10**15 - 1), min_size=2))
def test_keys_sort_as_the_log_grew(sizes: list[int]) -> None:
    keys = [Piece("custody", size, Kind.ENTRIES).key() for size in sorted(sizes)]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "key",
    [
        "log/custody/42/entries",
        "log/custody/000000000000000/entries",
        "log/custody/000000000000042/tiles",
        "log/other/000000000000042/entries",
        "log/access/000000000000042/entries",
        "log/custody/000000000000042/entries\n",
        "LOG/custody/000000000000042/entries",
    ],
)
def test_a_key_that_is_no_piece_is_refused(key: str) -> None:
    with pytest.raises(Invalid) as caught:
        Piece.parse(key)
    assert caught.value.code == "segment-malformed"


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=40), st.integers(0, 10**9))
def test_a_segment_survives_writing_and_reading(entries: list[bytes], after: int) -> None:
    assert read_segment(write_segment(entries), after, after + len(entries)) == entries


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8), st.data())
def test_a_segment_that_is_cut_or_has_another_number_of_entries_is_refused(
    entries: list[bytes], data: st.DataObject
) -> None:
    raw = write_segment(entries)
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
    with pytest.raises(IntegrityFault, match="segment-wrong"):
        read_segment(cut, 0, len(entries))
    with pytest.raises(IntegrityFault, match="number of entries"):
        read_segment(raw, 0, len(entries) + 1)


def test_nothing_is_no_segment() -> None:
    with pytest.raises(EvidenceError, match="segment-malformed"):
        write_segment([])


@given(st.lists(st.integers(1, 65_535), max_size=300), st.integers(0, 10**6))
def test_segments_end_where_the_next_entry_would_not_fit(lengths: list[int], after: int) -> None:
    ends = ends_after(after, lengths)
    assert (ends[-1] if ends else after) == after + len(lengths)
    start = after
    for end in ends:
        part = lengths[start - after : end - after]
        assert 0 < len(part) <= MOST_ENTRIES
        assert sum(length + 2 for length in part) <= MOST_BYTES
        if end != ends[-1]:
            more = lengths[end - after]
            assert len(part) == MOST_ENTRIES or sum(n + 2 for n in part) + more + 2 > MOST_BYTES
        start = end


def test_many_short_entries_are_cut_by_their_number() -> None:
    assert ends_after(10, [100] * (2 * MOST_ENTRIES + 5)) == [
        10 + MOST_ENTRIES,
        10 + 2 * MOST_ENTRIES,
        15 + 2 * MOST_ENTRIES,
    ]
