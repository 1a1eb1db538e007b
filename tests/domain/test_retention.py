"""Until when a recording is kept: whole calendar years, never a day less."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.retention import (
    Keeps,
    Kept,
    Law,
    LinkedCase,
    is_due,
    keep_until,
    lock_until,
    retain_until,
    rules_of,
)
from evidence.policy.keeping import case_terms_of
from evidence.policy.rules import RetentionFloor

RULE = load_pack("dazhe-2020").latest.retention
OTHER = load_pack("longquan").latest.retention
STRICT = load_pack("strict").latest
LAWS = {
    name: Law.of(pack, case_terms_of(pack, STRICT))
    for name in ("dazhe-2020", "longquan", "inner-mongolia")
    if (pack := load_pack(name).latest)
}
LAW = LAWS["dazhe-2020"]
SEALED = datetime(2026, 3, 2, 9, tzinfo=UTC)
YEAR = retain_until(SEALED, RULE)
PLAIN = Kept("r" * 32, SEALED, YEAR)


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


CLOSED = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.article("longquan:8")
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_evidence_is_kept_as_long_as_its_case_file_and_names_the_article(law: Law) -> None:
    """In each pack: the case of a 10-year file decides, and cites the article on case files."""
    plain = keep_until(PLAIN, law)
    assert (plain.keeps, plain.until, plain.cites) == (Keeps.FLOOR, YEAR, law.floor.cites)
    one = replace(PLAIN, cases=(LinkedCase("c", CLOSED, "10-years"),))
    rule = keep_until(one, law)
    assert (rule.keeps, rule.until, rule.about) == (Keeps.CASE, CLOSED.replace(year=2036), "c")
    assert rule.cites == law.case_terms.cites
    two = replace(PLAIN, cases=(*one.cases, LinkedCase("d", CLOSED, "30-years")))
    assert keep_until(two, law).until == CLOSED.replace(year=2056)


@pytest.mark.parametrize(
    ("case", "keeps"),
    [
        (LinkedCase("c", None, "10-years"), Keeps.OPEN_CASE),
        (LinkedCase("c", CLOSED, None), Keeps.CASE_WITHOUT_TERM),
        (LinkedCase("c", CLOSED, "permanent"), Keeps.PERMANENT_CASE),
    ],
)
@pytest.mark.article("dazhe-2020:11")
def test_a_case_that_is_open_or_without_a_class_or_permanent_keeps_without_an_end(
    case: LinkedCase, keeps: Keeps
) -> None:
    rule = keep_until(replace(PLAIN, cases=(case,)), LAW)
    assert (rule.keeps, rule.until) == (keeps, None)
    assert not is_due(rule, datetime(2999, 1, 1, tzinfo=UTC))


@pytest.mark.article("dazhe-2020:12")
def test_what_lacks_a_label_is_kept() -> None:
    rule = keep_until(replace(PLAIN, lacks=("case-number",)), LAW)
    assert (rule.keeps, rule.until, rule.cites) == (Keeps.UNLABELLED, None, LAW.label_cites)


@pytest.mark.article("dazhe-2020:17")
def test_old_footage_keeps_its_date_unless_the_new_rule_is_longer() -> None:
    three = replace(LAW, floor=RetentionFloor(3, RULE.cites))
    assert keep_until(PLAIN, three).until == SEALED.replace(year=2029)
    locked = replace(PLAIN, locked_until=SEALED.replace(year=2031))
    rule = keep_until(locked, three)
    assert (rule.keeps, rule.until) == (Keeps.LOCK, SEALED.replace(year=2031))


_CASES = st.builds(
    LinkedCase,
    st.sampled_from("cdef"),
    st.none() | st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)),
    st.none() | st.sampled_from(LAW.case_terms.classes),
)
_KEPT = st.builds(
    Kept,
    st.just("r" * 32),
    _TIMES,
    _TIMES,
    st.lists(st.sampled_from("hij"), max_size=2).map(tuple),
    st.lists(_CASES, max_size=3).map(tuple),
    st.sampled_from([(), ("case-number",)]),
    st.booleans(),
    st.booleans(),
    st.lists(_CASES, max_size=2).map(tuple),
)


@given(_KEPT, _TIMES)
def test_a_hold_always_wins(one: Kept, now: datetime) -> None:
    held = replace(one, holds=(*one.holds, "x"))
    rule = keep_until(held, LAW)
    assert (rule.keeps, rule.until) == (Keeps.HOLD, None)
    assert not is_due(rule, now)


@given(_KEPT, _TIMES)
def test_what_is_due_is_kept_by_no_rule(one: Kept, now: datetime) -> None:
    by_each = all(rule.until is not None and rule.until <= now for rule in rules_of(one, LAW))
    assert is_due(keep_until(one, LAW), now) == by_each


_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("case"), _CASES),
        st.tuples(st.just("unlink"), st.sampled_from("cdef")),
        st.tuples(st.just("hold"), st.sampled_from("hij")),
        st.tuples(st.just("lift"), st.sampled_from("hij")),
        st.tuples(st.just("pack"), st.integers(1, 60)),
        st.tuples(st.just("label"), st.booleans()),
    ),
    max_size=12,
)


@given(_TIMES, _ACTS, st.lists(st.timedeltas(timedelta(0), timedelta(days=900)), min_size=12, max_size=12))
def test_the_date_never_decreases_under_any_sequence_of_acts(
    sealed_at: datetime, acts: list[tuple[str, Any]], waits: list[timedelta]
) -> None:
    """Cases, classes, holds, other packs, labels: each act tells the vault what
    is due to it, and neither the lock nor the date that the rules come to is ever earlier than it was.
    """
    law, now = LAW, sealed_at
    one = Kept("r" * 32, sealed_at, retain_until(sealed_at, law.floor))
    for (act, value), wait in zip(acts, waits, strict=False):
        before, now = one, now + wait
        match act:
            case "case":
                one = replace(one, cases=(*(c for c in one.cases if c.id != value.id), value))
            case "unlink":
                one = replace(one, cases=tuple(c for c in one.cases if c.id != value))
            case "hold":
                one = replace(one, holds=(*one.holds, value))
            case "lift":
                one = replace(one, holds=tuple(h for h in one.holds if h != value))
            case "label":
                one = replace(one, lacks=() if value else ("case-number",))
            case "pack":
                law = replace(law, floor=RetentionFloor(value, RULE.cites))
        until, rule = lock_until(one, law, now)
        assert until >= before.locked_until
        assert rule.cites
        one = replace(one, locked_until=until)
        decided = keep_until(one, law).until
        assert decided is None or decided >= before.locked_until
