"""Which version of a pack speaks for a day: the one in force at capture, and never none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.policy.reading import read_pack
from evidence.policy.rules import Pack
from evidence.policy.sets import PolicySet, overlap
from tests.policy.packs import GOOD

FIRST = replace(read_pack(GOOD, "here.toml"), in_force_to=date(2022, 1, 1))
SECOND = replace(FIRST, version="2", in_force_from=date(2023, 1, 1), in_force_to=date(2024, 1, 1))
BOTH = PolicySet((FIRST, SECOND))


@pytest.mark.article("dazhe-2020:17")
@pytest.mark.article("dazhe-2020-aux:17")
def test_old_footage_keeps_the_rule_in_force_at_its_capture() -> None:
    assert BOTH.at(date(2020, 12, 3)) is FIRST
    assert BOTH.at(date(2021, 12, 31)) is FIRST
    assert BOTH.at(date(2023, 1, 1)) is SECOND
    assert load_pack("dazhe-2020").latest.in_force_from == date(2020, 12, 3)


@pytest.mark.article("dazhe-2020:17")
def test_a_clock_that_was_never_set_does_not_escape_the_deadline() -> None:
    for day in (date(1970, 1, 1), date(2000, 1, 1), date(2020, 12, 2)):
        assert BOTH.at(day) is FIRST
        assert load_pack("dazhe-2020").at(day).upload_deadline.within == timedelta(hours=24)


@pytest.mark.article("longquan:10")
def test_a_pack_whose_text_gives_no_date_speaks_for_every_day() -> None:
    packs = load_pack("longquan")
    assert not packs.latest.in_force_stated
    assert packs.latest.in_force_note_zh
    for day in (date.min, date(2000, 1, 1), date.max):
        assert packs.at(day) is packs.latest


def test_between_two_versions_the_earlier_one_goes_on_and_after_the_last_the_last() -> None:
    assert BOTH.at(date(2022, 6, 1)) is FIRST
    assert BOTH.at(date(2030, 1, 1)) is SECOND
    assert BOTH.latest is SECOND


def test_a_set_refuses_nothing_and_what_does_not_belong_together() -> None:
    stranger = replace(SECOND, id="there")
    endless = replace(FIRST, in_force_to=None)
    for packs in ((), (FIRST, stranger), (endless, SECOND), (SECOND, FIRST, SECOND)):
        with pytest.raises(ValueError):
            PolicySet(packs)


_DAYS = st.dates(date(2019, 1, 1), date(2026, 1, 1))


@settings(deadline=None)
@given(_DAYS, st.none() | _DAYS, _DAYS, st.none() | _DAYS)
def test_overlap_means_that_some_day_has_two_rules(a: date, b: date | None, c: date, d: date | None) -> None:
    one, other = (
        replace(FIRST, in_force_from=a, in_force_to=b),
        replace(FIRST, in_force_from=c, in_force_to=d),
    )
    if (b is not None and b <= a) or (d is not None and d <= c):
        return  # reading refuses such a pack
    starts = max(a, c)  # if they share a day, they share the day on which the later one starts

    def in_force(pack: Pack, day: date) -> bool:
        return pack.in_force_from <= day and (pack.in_force_to is None or day < pack.in_force_to)

    assert overlap(one, other) == (in_force(one, starts) and in_force(other, starts))
    assert overlap(one, other) == overlap(other, one)


@settings(deadline=None)
@given(st.dates())
def test_every_day_has_exactly_one_rule(day: date) -> None:
    assert BOTH.at(day) in BOTH.packs
