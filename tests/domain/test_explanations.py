"""The state of a gap is a function of its history; what spoken words must be; what an exemption covers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evidence.domain.explanations import (
    TO_DO,
    Exemption,
    Explanation,
    GapState,
    Heard,
    Outcome,
    Spoken,
    spoken_fault,
    state_of,
)
from evidence.domain.fault_files import Judged, Verdict
from evidence.domain.findings import Code
from evidence.domain.spans import Span
from evidence.domain.subjects import Place

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def said(outcome: Outcome | None) -> Explanation:
    return Explanation("1" * 32, "0" * 64, None, None, "x", None, "a", NOW, outcome)


def told(outcomes: Sequence[Outcome | None], is_exempt: bool) -> GapState:
    """The same by walking through the history, one act after the other."""
    state = GapState.EXEMPT if is_exempt else GapState.OPEN
    for outcome in outcomes:
        state = state if is_exempt else GapState.EXPLAINED
        if outcome is Outcome.ACCEPTED:
            return GapState.ACCEPTED
        if outcome is Outcome.FAULT:
            return GapState.FAULT_OPEN
        if outcome is Outcome.SENT_BACK and not is_exempt:
            state = GapState.SENT_BACK
    return state


@pytest.mark.article("dazhe-2020:9.1", "dazhe-2020:16", "dazhe-2020:6")
def test_the_state_of_every_history_is_what_walking_through_it_gives() -> None:
    """Every history there can be: sent back some times, then anything; exempt or not."""
    for length in range(4):
        for last, is_exempt in itertools.product([*Outcome, None], (False, True)):
            outcomes = [*[Outcome.SENT_BACK] * length, last]
            history = [said(one) for one in outcomes]
            assert state_of(history, is_exempt) is told(outcomes, is_exempt), (outcomes, is_exempt)
    assert state_of([], is_exempt=False) is GapState.OPEN
    assert state_of([], is_exempt=True) is GapState.EXEMPT
    assert {GapState.OPEN, GapState.SENT_BACK} == TO_DO


@pytest.mark.article("dazhe-2020:16")
def test_a_line_stands_as_the_fault_file_found_its_wearer_and_else_as_it_found_all() -> None:
    fault, cleared, waits = Verdict.FAULT, Verdict.NO_FAULT, None

    def stands(wearer: str | None, **verdicts: Verdict | None) -> GapState:
        history = [replace(said(Outcome.FAULT), verdicts=tuple(Judged(*one) for one in verdicts.items()))]
        return state_of(history, False, wearer)

    assert stands("w") is GapState.FAULT_OPEN, "a file that names nobody found nothing"
    assert stands("w", w=waits, c=fault) is GapState.FAULT_OPEN
    assert stands("w", w=cleared, c=fault) is GapState.NO_FAULT, "another's fault is none of the wearer"
    assert stands("w", w=fault, c=cleared) is GapState.FAULT
    assert stands("x", w=cleared, c=waits) is GapState.FAULT_OPEN
    assert stands(None, w=cleared, c=fault) is GapState.FAULT
    assert stands(None, w=cleared, c=cleared) is GapState.NO_FAULT


BEFORE = Heard("before", "D", "w", "a.mp4", NOW, 60_000)
AFTER = Heard("after", "D", "w", "b.mp4", None, 60_000)
LATER = Heard("later", "D", "w", "c.mp4", NOW + HOUR, 60_000)
OUTSIDE, WITHIN = Place(60_000, 101_000, 41_000), Place(20_000, 30_000, 10_000)


@pytest.mark.article("dazhe-2020:9.1")
@pytest.mark.parametrize(
    ("seconds", "heard", "why"),
    [
        ((0, 10), AFTER, None),
        ((50, 60), AFTER, None),
        ((50, 60.001), AFTER, "spoken-place"),
        ((10, 10), AFTER, "spoken-place"),
        ((10, 5), AFTER, "spoken-place"),
        ((-1, 5), AFTER, "spoken-place"),
        ((0, 10_000), replace(AFTER, length_ms=None), None),
        ((0, 10), LATER, None),
        ((0, 10), replace(LATER, ended_at=NOW), "spoken-not-after"),
        ((0, 10), replace(LATER, ended_at=None), "spoken-not-after"),
        ((0, 10), BEFORE, "spoken-not-after"),
        ((0, 10), replace(LATER, device="E"), None),
        ((0, 10), replace(LATER, wearer="v"), None),
        ((0, 10), replace(LATER, device="E", wearer="v"), "spoken-elsewhere"),
        ((0, 10), replace(AFTER, device="E"), "spoken-not-after"),
    ],
)
def test_the_cause_is_spoken_in_a_recording_of_the_same_when_recording_began_anew_or_later(
    seconds: tuple[float, float], heard: Heard, why: str | None
) -> None:
    spoken = Spoken(heard.id, round(seconds[0] * 1000), round(seconds[1] * 1000))
    assert spoken_fault(spoken, heard, Code.GAP_BETWEEN_FILES, OUTSIDE, BEFORE, "b.mp4") == why


@pytest.mark.article("dazhe-2020:9.1")
@pytest.mark.parametrize(("start", "why"), [(30.0, None), (29.999, "spoken-not-after")])
def test_of_an_interruption_inside_a_file_it_may_be_spoken_behind_it_in_the_same_file(
    start: float, why: str | None
) -> None:
    spoken = Spoken("before", round(start * 1000), 40_000)
    assert spoken_fault(spoken, BEFORE, Code.GAP_IN_FILE, WITHIN, BEFORE, None) == why
    assert spoken_fault(spoken, BEFORE, Code.TRUNCATED, Place(20_000), BEFORE, None) == "spoken-not-after"


@pytest.mark.article("dazhe-2020:6")
def test_an_exemption_covers_what_lies_in_its_time_once_a_head_has_agreed() -> None:
    stated = Exemption("1" * 32, "p", "urgency", "b", Span(NOW, NOW + HOUR), "s", "a", NOW)
    agreed = replace(stated, agrees=True)
    whole, half = Span(NOW, NOW + HOUR), Span(NOW + HOUR / 2, NOW + 2 * HOUR)
    assert agreed.covers("p", whole)
    for one, person, span in (
        (stated, "p", whole),
        (replace(stated, agrees=False), "p", whole),
        (agreed, "q", whole),
        (agreed, None, whole),
        (agreed, "p", half),
        (agreed, "p", None),
    ):
        assert not one.covers(person, span)
