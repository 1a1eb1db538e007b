"""Steps: what shows one, and when recordings show all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evidence.domain.spans import Span
from evidence.domain.steps import (
    Footage,
    Margins,
    Matter,
    Step,
    StepState,
    covered_by,
    is_enough,
    is_whole,
    shown_by,
    state_of,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MARGINS = Margins(timedelta(minutes=2), timedelta(seconds=1))
HOUR = Span(START, START + timedelta(hours=1))
SERVICE = Matter("行政处罚", "文书送达", "留置送达")


def shot(start: float, end: float, **labels: str | None) -> Footage:
    """A recording from and to minutes after START."""
    span = Span(START + timedelta(minutes=start), START + timedelta(minutes=end))
    words = dict.fromkeys(("category", "stage", "matter")) | labels
    return Footage("r", None, (), span=span, ended_at=span.end, **words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spans", "whole"),
    [
        ([(0, 60)], True),
        ([(2, 58)], True),
        ([(2.1, 60)], False),
        ([(0, 57.9)], False),
        ([(30, 60), (0, 30)], True),
        ([(0, 30), (30.01, 60)], True),
        ([(0, 30), (30.1, 60)], False),
        ([(0, 60), (10, 20)], True),
        ([(-30, 90)], True),
        ([], False),
    ],
)
def test_a_whole_has_no_hole_and_small_margins_at_its_ends(
    spans: list[tuple[float, float]], whole: bool
) -> None:
    assert is_whole(HOUR, [shot(*one) for one in spans], MARGINS) is whole


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ([], 0),
        ([(0, 60)], 60),
        ([(-30, 90)], 60),
        ([(0, 10), (5, 20), (6, 7)], 20),
        ([(50, 70), (-5, 5)], 15),
        ([(0, 10), (0, 10)], 10),
    ],
)
def test_each_moment_of_a_step_is_covered_once_and_nothing_beside_it(
    spans: list[tuple[float, float]], minutes: float
) -> None:
    assert covered_by(HOUR, [shot(*one) for one in spans]) == timedelta(minutes=minutes)


def test_of_what_has_no_known_length_nobody_says_how_much_it_shows() -> None:
    unknown = Footage("a", None, (), None, None, None, None, HOUR.end)
    assert covered_by(HOUR, [shot(0, 60), unknown]) is None
    assert covered_by(HOUR, [shot(10, 10)]) is None, "a picture"
    assert is_enough(HOUR, None, 100)


def test_a_step_has_enough_from_its_share_on() -> None:
    assert [is_enough(HOUR, timedelta(seconds=one), 50) for one in (1799, 1800, 1801)] == [False, True, True]
    assert is_enough(HOUR, timedelta(), 0), "no pack asks for a share"


def test_a_matter_is_shown_by_its_own_words_and_the_kind_may_be_left_out() -> None:
    step = Step("s", "c", SERVICE, HOUR, None, "u", (), "x", START)
    words = {"stage": SERVICE.stage, "matter": SERVICE.matter}
    good = [shot(0, 5, **words), shot(50, 70, **words, category="行政处罚")]
    bad = [
        shot(60, 70, **words),
        shot(0, 5, stage=SERVICE.stage),
        shot(0, 5, **words, category="行政检查"),
        shot(0, 5),
    ]
    assert shown_by(step, [*good, *bad]) == good


def test_an_end_alone_tells_when_and_no_time_at_all_shows_no_activity() -> None:
    step = Step("s", "c", "on-site-check", HOUR, None, "u", (), "x", START)
    ended = Footage("a", None, (), None, None, None, None, START + timedelta(hours=1))
    later = Footage("b", None, (), None, None, None, None, START + timedelta(hours=1, seconds=1))
    never = Footage("c", None, (), None, None, None, None, None)
    assert shown_by(step, [ended, later, never]) == [ended]


def test_footage_goes_before_an_exemption_and_both_before_the_clock() -> None:
    due, late = START, START + timedelta(microseconds=1)
    assert state_of(True, True, due, late) is StepState.COVERED
    assert state_of(False, True, due, late) is StepState.EXEMPT
    assert state_of(False, False, due, START) is StepState.DUE
    assert state_of(False, False, due, late) is StepState.RED
    assert state_of(True, False, due, late, enough=False) is StepState.PARTLY
    assert state_of(True, True, due, late, enough=False) is StepState.EXEMPT
