"""Tables judged many numbers at once say what a plain loop over their numbers says."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.adapters.probing import packed
from evidence.adapters.probing.packed import Numbers, survey

WORD = st.integers(0, 2**32 - 1)
SMALL = st.integers(0, 40)


def numbers(values: list[int], width: int = 4, lead: int = 3) -> Numbers:
    """Return a table of these values that starts in the midst of other bytes."""
    body = b"".join(value.to_bytes(width, "big") for value in values)
    return Numbers(b"\xee" * lead + body + b"\xee" * 5, lead, len(values), width)


def surveyed(rows: list[tuple[int, int, int]], chunks: int) -> tuple[int, int, set[int]] | None:
    """Return what `survey` says of rows of stsc."""
    data = b"\xee" + b"".join(struct.pack(">III", *row) for row in rows) + b"\xee" * 12
    found = survey(data, 1, len(rows), chunks + 1)
    return found and (found.placed, found.most, found.descriptions)


def counted(rows: list[tuple[int, int, int]], chunks: int) -> tuple[int, int, set[int]] | None:
    """Return the same by a plain loop."""
    firsts = [first for first, _, _ in rows] + [chunks + 1]
    ascending = all(after > before for before, after in zip(firsts, firsts[1:], strict=False))
    if rows and (firsts[0] != 1 or not ascending):
        return None
    placed = sum(per * (after - first) for (first, per, _), after in zip(rows, firsts[1:], strict=True))
    return placed, max((per for _, per, _ in rows), default=0), {used for _, _, used in rows}


@given(st.lists(st.tuples(st.integers(1, 40), st.one_of(SMALL, WORD), st.integers(1, 3))), st.integers(0, 3))
def test_rows_that_ascend_are_added_up_as_by_a_loop(steps: list[tuple[int, int, int]], shift: int) -> None:
    first, rows = 1, []
    for step, per, used in steps:
        rows.append((first, per, used))
        first += step
    assert surveyed(rows, first - 1) == counted(rows, first - 1)
    assert surveyed(rows, first - 1 - shift) == counted(rows, first - 1 - shift)


@given(st.lists(st.tuples(st.one_of(st.integers(0, 12), WORD), SMALL, SMALL), max_size=8), st.integers(0, 20))
def test_rows_in_any_order_are_told_from_those_that_ascend(
    rows: list[tuple[int, int, int]], chunks: int
) -> None:
    assert surveyed(rows, chunks) == counted(rows, chunks)


@pytest.mark.parametrize("extra", [-1, 0, 1, packed._BLOCK + 7])
@pytest.mark.parametrize("most", [15, 16])
def test_many_rows_are_added_up_across_their_blocks(extra: int, most: int) -> None:
    chance = random.Random(7)
    first, rows = 1, []
    for _ in range(packed._BLOCK + extra):
        rows.append((first, chance.randint(1, most), 1))
        first += chance.randint(1, 3)
    assert surveyed(rows, first - 1) == counted(rows, first - 1)
    for place in (0, packed._BLOCK - 2, len(rows) - 1):  # one row that goes back, also from block to block
        bent = [*rows[:place], (rows[place][0] - 1, 1, 2), *rows[place + 1 :]]
        if place == 0 or bent[place][0] <= bent[place - 1][0]:
            assert surveyed(bent, first - 1) is None
        stuck = [*rows[: place + 1], (rows[place][0], 1, 1), *rows[place + 1 :]]
        assert surveyed(stuck, first - 1) is None


@given(st.lists(st.one_of(SMALL, st.integers(0, 70_000), WORD), max_size=60))
def test_no_number_exceeds_the_bound_of_its_table(values: list[int]) -> None:
    largest = max(values, default=0)
    assert largest <= numbers(values).bound() <= 2 * largest


def test_the_bound_holds_for_the_last_number_of_many() -> None:
    assert numbers([1] * 40_000 + [9_000_000]).bound() >= 9_000_000


@given(
    st.lists(st.one_of(SMALL, st.integers(0, 2**34), st.integers(0, 2**64 - 1)), max_size=60),
    st.one_of(st.integers(-5, 50), st.integers(0, 2**34), st.integers(0, 2**65)),
    st.booleans(),
)
def test_before_the_place_of_a_limit_all_numbers_are_below_it(
    values: list[int], limit: int, ordered: bool
) -> None:
    for width in (4, 8):
        fitting = [value & (1 << 8 * width) - 1 for value in (sorted(values) if ordered else values)]
        place = numbers(fitting, width).first_not_below(limit)
        assert 0 <= place <= len(fitting)
        assert all(value < limit for value in fitting[:place])


@given(st.lists(WORD, max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_numbers_are_decoded_one_by_one_and_in_rows(values: list[int], first: int, end: int) -> None:
    table = numbers(values)
    assert [table[place] for place in range(len(table))] == list(table) == values
    assert list(table.between(min(first, len(values)), end)) == values[min(first, len(values)) : end]
    for outside in (-1, len(values)):
        with pytest.raises(IndexError):
            table[outside]
