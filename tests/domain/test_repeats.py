"""A stretch that comes twice in one file is told; pictures without noise and frozen pictures are not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.findings import Finding
from evidence.domain.media import MediaFacts
from evidence.domain.repeats import repeated_stretches
from tests.domain.packs import a_pack


def found(marks: list[str]) -> list[Finding]:
    facts = MediaFacts(
        "a.mp4",
        1,
        "mp4",
        True,
        duration_s=float(len(marks)),
        content_marks=tuple(marks),
        mark_times=tuple(float(n) for n in range(len(marks))),
    )
    return list(repeated_stretches(facts, a_pack()))


def test_a_copied_stretch_is_found_where_it_comes_again() -> None:
    (one,) = found(list("abcdefg") + list("cde") + list("hi"))
    assert (one.start_s, one.end_s, one.measured) == (7.0, 10.0, 3)
    assert one.detail["same_as_s"] == 2.0


def test_two_equal_key_frames_prove_nothing() -> None:
    assert found(list("abcdabef")) == []


def test_a_frozen_or_black_picture_is_not_a_copy() -> None:
    assert found(list("abc") + ["x"] * 9 + list("def")) == []


def test_pictures_that_come_again_and_again_are_not_a_copy() -> None:
    assert found(list("abc") * 6) == []


@given(st.lists(st.integers(0, 2**60), unique=True, min_size=8, max_size=20), st.data())
def test_every_planted_copy_is_found_and_nothing_else(numbers: list[int], data: st.DataObject) -> None:
    marks = [str(number) for number in numbers]
    assert found(marks) == []
    run = data.draw(st.integers(3, 6))
    start = data.draw(st.integers(0, len(marks) - run))
    place = data.draw(st.integers(start + run, len(marks)))
    (one,) = found(marks[:place] + marks[start : start + run] + marks[place:])
    assert one.measured is not None
    assert float(one.measured) >= run
