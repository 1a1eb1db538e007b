"""Until when a recording is kept: whole calendar years, never a day less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.retention import retain_until, stricter, stricter_floor
from evidence.policy.rules import RetentionFloor

RULE = load_pack("dazhe-2020").latest.retention
OTHER = load_pack("longquan").latest.retention


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.article("longquan:8")
def test_a_recording_is_kept_for_one_calendar_year_from_its_seal() -> None:
    sealed_at = datetime(2026, 11, 21, 5, 0, 0, 667178, tzinfo=UTC)
    assert retain_until(sealed_at, RULE) == datetime(2027, 11, 21, 5, 0, 0, 667178, tzinfo=UTC)
    assert retain_until(sealed_at, OTHER) == retain_until(sealed_at, RULE)


def test_the_29th_of_february_leads_to_the_1st_of_march() -> None:
    leap = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
    assert retain_until(leap, RULE) == datetime(2025, 3, 1, 23, 59, tzinfo=UTC)
    assert retain_until(leap, RetentionFloor(4, RULE.cites)) == datetime(2028, 2, 29, 23, 59, tzinfo=UTC)


def test_the_later_of_the_local_and_the_universal_year_counts() -> None:
    west = datetime(2024, 2, 29, 21, 0, tzinfo=timezone(-timedelta(hours=5)))  # 1 March in UTC
    assert retain_until(west, RULE) == datetime(2025, 3, 2, 2, 0, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        retain_until(datetime(2026, 1, 1), RULE)  # noqa: DTZ001


@pytest.mark.article("dazhe-2020:11")
def test_of_two_dates_the_later_holds_and_of_two_rules_the_longer() -> None:
    near, far = datetime(2027, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    assert stricter(near, far) == stricter(far, near) == far
    ten = RetentionFloor(10, OTHER.cites)
    assert stricter_floor(RULE, ten) is ten
    assert stricter_floor(ten, RULE) is ten
    both = stricter_floor(RULE, OTHER)
    assert (both.years, set(both.cites)) == (1, set(RULE.cites) | set(OTHER.cites))


_FIRST, _LAST = datetime(2005, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - the zone stands in the next line
_TIMES = st.datetimes(_FIRST, _LAST, timezones=st.just(UTC))
_YEARS = st.integers(1, 100)


@settings(deadline=None)
@given(_TIMES, _YEARS)
def test_no_recording_is_kept_for_less_than_its_years(sealed_at: datetime, years: int) -> None:
    until = retain_until(sealed_at, RetentionFloor(years, RULE.cites))
    assert until - sealed_at >= timedelta(days=365 * years)
    assert until - sealed_at <= timedelta(days=366 * years)
    same_day = (until.month, until.day) == (sealed_at.month, sealed_at.day)
    assert same_day or (sealed_at.month, sealed_at.day, until.month, until.day) == (2, 29, 3, 1)


@settings(deadline=None)
@given(_TIMES, st.timedeltas(timedelta(0), timedelta(days=800)), _YEARS)
def test_what_is_sealed_later_is_never_free_earlier(
    sealed_at: datetime, after: timedelta, years: int
) -> None:
    rule = RetentionFloor(years, RULE.cites)
    assert retain_until(sealed_at, rule) <= retain_until(sealed_at + after, rule)
