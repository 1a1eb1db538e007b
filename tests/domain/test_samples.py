"""Samples: whoever knows the seed and the ids draws the same; the quota; what was seen at least once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.samples import Look, commitment, draw, population_digest, quota, seen_bytes

SEED = bytes(range(32))
AT = datetime(2026, 3, 1, tzinfo=UTC)
IDS = st.sets(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=30)


def test_the_arithmetic_is_what_the_format_page_says() -> None:
    ids = [f"{n:032x}" for n in range(10)]
    ranked = sorted(
        ids, key=lambda one: hashlib.sha256(b"evidence-sample-rank/1\0" + SEED + one.encode()).digest()
    )
    assert draw(SEED, ids, 4) == ranked[:4]
    assert commitment(SEED) == hashlib.sha256(b"evidence-sample/1\0" + SEED).hexdigest()
    assert (
        population_digest(reversed(ids))
        == hashlib.sha256(  # type: ignore[arg-type]
            "".join(f"{one}\n" for one in ids).encode()
        ).hexdigest()
    )


@given(IDS, st.integers(0, 40), st.randoms(use_true_random=False))
def test_the_order_of_the_ids_does_not_matter_and_more_begins_with_less(
    ids: set[str], number: int, chance: object
) -> None:
    del chance
    drawn = draw(SEED, sorted(ids), number)
    assert drawn == draw(SEED, sorted(ids, reverse=True), number)
    assert len(drawn) == min(number, len(ids))
    assert draw(SEED, ids, number + 1)[: len(drawn)] == drawn


@given(IDS)
def test_another_seed_draws_another_order(ids: set[str]) -> None:
    if len(ids) > 20:
        assert draw(SEED, ids, 20) != draw(bytes(32), ids, 20)


@pytest.mark.article("dazhe-2020:16")
@pytest.mark.parametrize(
    ("population", "number"), [(0, 0), (2, 2), (3, 3), (60, 3), (61, 4), (100, 5), (101, 6)]
)
def test_the_quota_is_a_share_rounded_up_and_a_least_number(population: int, number: int) -> None:
    assert quota(population, 5, 3) == number


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=10))
def test_what_was_seen_twice_counts_once(ranges: list[tuple[int, int]]) -> None:
    looks = [Look("by", AT, min(pair), max(pair)) for pair in ranges]
    assert seen_bytes(looks) == len({n for one in looks for n in range(one.start, one.end)})
