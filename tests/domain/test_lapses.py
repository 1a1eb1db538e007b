"""Time passes as the log bears it out; a clock that jumps frees nothing (drill F30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.lapses import Lapses

LONGEST = timedelta(hours=12)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
_STEPS = st.timedeltas(timedelta(minutes=1), LONGEST)
_JUMPS = st.timedeltas(-timedelta(days=4000), timedelta(days=4000)).filter(lambda one: abs(one) > LONGEST * 2)


@given(st.lists(_STEPS, max_size=40), _STEPS)
def test_a_steady_clock_is_believed_to_the_microsecond(steps: list[timedelta], last: timedelta) -> None:
    times = [START]
    for step in steps:
        times.append(times[-1] + step)
    checks = list(enumerate(times[1:], 1))
    assert Lapses(checks, LONGEST).since((0, START), times[-1] + last) == sum(steps, last)


@given(st.lists(st.tuples(_STEPS, st.none() | _JUMPS), max_size=40), st.none() | _JUMPS)
def test_no_jump_of_the_clock_makes_more_time_than_has_passed(
    steps: list[tuple[timedelta, timedelta | None]], at_seal: timedelta | None
) -> None:
    """The true time, and the clock that is off by the sum of its jumps, also at the seal itself."""
    zero = timedelta(0)
    true, off, checks = START, at_seal or zero, []
    sealed = (0, START + off)
    for number, (step, jump) in enumerate(steps, 1):
        true, off = true + step, off + (jump or zero)
        checks.append((number, true + off))
    assert Lapses(checks, LONGEST).since(sealed, true + off) <= true - START


def test_a_service_that_was_down_for_long_counts_that_as_nothing() -> None:
    checks = [(1, START + timedelta(hours=1)), (2, START + timedelta(days=30))]
    passed = Lapses(checks, LONGEST).since((0, START), START + timedelta(days=30, hours=2))
    assert passed == timedelta(hours=3)
    assert Lapses([], LONGEST).since((0, START), START + timedelta(days=30)) == timedelta(0)
