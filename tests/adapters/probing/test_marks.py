"""Which key frames of a file are compared, and what a sound packet says of its own form."""

from __future__ import annotations

import pytest

from evidence.adapters.probing.draft import TrackDraft
from evidence.adapters.probing.marks import IN_A_ROW, MOST_AGAIN, MOST_MARKS, chosen
from evidence.adapters.probing.packets import note_sound


def test_a_short_file_is_compared_whole() -> None:
    assert chosen(list(range(MOST_MARKS))) == list(range(MOST_MARKS))


def test_of_a_long_file_both_ends_are_compared() -> None:
    half = MOST_MARKS // 2
    assert chosen(list(range(1000))) == [*range(half), *range(1000 - half, 1000)]


@pytest.mark.parametrize("length", [IN_A_ROW, 10])
def test_what_comes_again_in_the_middle_is_compared_too(length: int) -> None:
    sizes = list(range(1000))
    sizes[600 : 600 + length] = sizes[200 : 200 + length]
    assert {*range(200, 200 + length), *range(600, 600 + length)} <= set(chosen(sizes))


def test_a_still_picture_does_not_fill_the_comparison() -> None:
    assert len(chosen([77] * 100_000)) <= MOST_MARKS + MOST_AGAIN + 2 * IN_A_ROW


def test_another_sample_rate_is_another_form_of_sound_and_other_bytes_are_none() -> None:
    track = TrackDraft(1, "audio", "aac")
    for head in (b"\xff\xf1\x50\x80", b"\xff\xf1\x50\x80", b"\xff\xf1\x4c\x80", b"\x21\x10\x04\x60"):
        note_sound(track, head)
    assert len(track.parameters) == 2
