"""The 24-hour rule: exact at its edge, honest where the end of recording cannot be known."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.deadlines import (
    CLOCK_ERROR,
    EARLIEST_PLAUSIBLE,
    DeadlineKind,
    DeadlineState,
    corrected,
    findings_for,
    is_plausible_end,
    judge_deadline,
    time_taken,
)
from evidence.domain.findings import Code, Severity

RULE = load_pack("dazhe-2020").latest.upload_deadline
DAY = RULE.within
END = datetime(2026, 3, 5, 9, 41, 30, tzinfo=UTC)
LATER = END + timedelta(days=9)
BEIJING = timezone(timedelta(hours=8))


def stored(after: timedelta, ended_at: datetime | None = END) -> DeadlineState:
    """Judge a file that was stored some time after END."""
    return judge_deadline(ended_at, END + after, LATER, RULE)


def missing(after: timedelta, ended_at: datetime | None = END) -> DeadlineState:
    """Judge a file that is missing some time after END; it was announced an hour after END."""
    announced_at = END + timedelta(hours=1)
    return judge_deadline(ended_at, None, END + after, RULE, certain_from=announced_at)


@pytest.mark.article("dazhe-2020:12")
@pytest.mark.article("longquan:7")
def test_stored_24_hours_after_the_end_is_on_time_and_a_minute_more_is_late() -> None:
    assert stored(DAY).kind is DeadlineKind.ON_TIME
    assert stored(DAY).late_by is None
    late = stored(DAY + timedelta(minutes=1))
    assert (late.kind, late.late_by) == (DeadlineKind.LATE, timedelta(minutes=1))
    assert late.due_at == END + DAY
    assert late.cites == ("dazhe-2020:12",)
    assert stored(DAY + timedelta(microseconds=1)).kind is DeadlineKind.LATE


@pytest.mark.article("dazhe-2020:12")
def test_a_missing_file_is_pending_then_due_soon_then_overdue() -> None:
    before_warning = DAY - RULE.warn_before - timedelta(microseconds=1)
    assert missing(before_warning).kind is DeadlineKind.PENDING
    assert missing(DAY - RULE.warn_before).kind is DeadlineKind.DUE_SOON
    assert missing(DAY).kind is DeadlineKind.DUE_SOON
    overdue = missing(DAY + timedelta(seconds=1))
    assert (overdue.kind, overdue.late_by) == (DeadlineKind.OVERDUE, timedelta(seconds=1))


def test_the_clock_offset_measured_at_the_dock_moves_the_end() -> None:
    device_says = END - timedelta(minutes=10)  # a clock ten minutes behind
    on_its_word = judge_deadline(device_says, END + DAY, LATER, RULE)
    assert on_its_word.kind is DeadlineKind.LATE
    assert corrected(device_says, 600) == END
    assert judge_deadline(corrected(device_says, 600), END + DAY, LATER, RULE).kind is DeadlineKind.ON_TIME
    assert corrected(END + timedelta(seconds=1.5), -1.5) == END


@pytest.mark.parametrize(
    "ended_at",
    [
        None,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2036, 1, 1, tzinfo=UTC),
    ],
    ids=["unknown", "1970", "2000", "future"],
)
def test_an_end_that_cannot_be_true_is_never_called_on_time(ended_at: datetime | None) -> None:
    state = stored(timedelta(hours=3), ended_at)
    assert (state.kind, state.end_certain, state.late_by) == (DeadlineKind.END_UNKNOWN, False, None)
    waiting = missing(timedelta(hours=3), ended_at)
    assert (waiting.kind, waiting.end_certain) == (DeadlineKind.END_UNKNOWN, False)


def test_with_an_unknown_end_the_clock_runs_from_the_announcement() -> None:
    announced = timedelta(hours=1)
    assert missing(announced + DAY - RULE.warn_before, None).kind is DeadlineKind.DUE_SOON
    state = missing(announced + DAY + timedelta(seconds=1), None)
    assert (state.kind, state.end_certain) == (DeadlineKind.OVERDUE, False)
    assert state.due_at == END + announced + DAY
    sealed_later = judge_deadline(
        None, END + announced + DAY + timedelta(seconds=1), LATER, RULE, certain_from=END + announced
    )
    assert (sealed_later.kind, sealed_later.end_certain) == (DeadlineKind.LATE, False)


def test_a_small_error_of_the_measured_offset_does_not_make_an_end_unknown() -> None:
    assert is_plausible_end(END + CLOCK_ERROR, END)
    assert not is_plausible_end(END + CLOCK_ERROR + timedelta(microseconds=1), END)
    assert is_plausible_end(EARLIEST_PLAUSIBLE, END)
    assert not is_plausible_end(EARLIEST_PLAUSIBLE - timedelta(microseconds=1), END)
    assert judge_deadline(END + CLOCK_ERROR, END, LATER, RULE).kind is DeadlineKind.ON_TIME


def test_a_time_without_a_zone_is_refused() -> None:
    naive = END.replace(tzinfo=None)
    for times in ((naive, END, END), (END, naive, END), (END, END, naive)):
        with pytest.raises(ValueError, match="aware"):
            judge_deadline(*times, RULE)
    with pytest.raises(ValueError, match="aware"):
        judge_deadline(END, END, END, RULE, certain_from=naive)


@pytest.mark.parametrize(
    ("state", "code", "severity"),
    [
        (stored(DAY + timedelta(minutes=1)), Code.LATE, Severity.BREACH),
        (missing(DAY + timedelta(minutes=1)), Code.OVERDUE, Severity.BREACH),
        (missing(DAY - timedelta(hours=1)), Code.DUE_SOON, Severity.ATTENTION),
        (stored(DAY, None), Code.END_UNKNOWN, Severity.ATTENTION),
    ],
    ids=lambda value: str(value) if isinstance(value, Code) else "",
)
@pytest.mark.article("dazhe-2020:12")
def test_a_judgement_becomes_one_finding_with_its_figures_and_article(
    state: DeadlineState, code: Code, severity: Severity
) -> None:
    (finding,) = findings_for(state, "卡/0001.MP4")
    assert (finding.code, finding.severity, finding.file) == (code, severity, "卡/0001.MP4")
    assert finding.measured == (state.judged_at - state.counted_from).total_seconds()
    assert finding.limit == 86400.0
    assert finding.cites == ("dazhe-2020:12",)
    assert json.loads(json.dumps(finding.as_json()))["detail"]["due_at"] == state.due_at.isoformat()


def test_on_time_and_pending_are_no_findings() -> None:
    assert findings_for(stored(DAY), "a") == ()
    assert findings_for(missing(timedelta(hours=2)), "a") == ()


_FIRST, _LAST = datetime(2010, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - the zone stands in the next line
_TIMES = st.datetimes(_FIRST, _LAST, timezones=st.just(UTC))
_LENGTHS = st.timedeltas(timedelta(0), timedelta(days=4))


@settings(deadline=None)
@given(_TIMES, _LENGTHS)
def test_a_stored_file_is_late_exactly_when_more_than_24_hours_have_passed(
    end: datetime, after: timedelta
) -> None:
    state = judge_deadline(end, end + after, end + after, RULE)
    assert state.kind is (DeadlineKind.LATE if after > timedelta(hours=24) else DeadlineKind.ON_TIME)
    assert state.late_by == (after - timedelta(hours=24) if after > timedelta(hours=24) else None)


@settings(deadline=None)
@given(_TIMES, _LENGTHS, _LENGTHS)
def test_time_never_makes_a_missing_file_less_urgent(end: datetime, a: timedelta, b: timedelta) -> None:
    order = [DeadlineKind.PENDING, DeadlineKind.DUE_SOON, DeadlineKind.OVERDUE]
    sooner, later = (
        judge_deadline(end, None, end + after, RULE, certain_from=end).kind for after in sorted((a, b))
    )
    assert order.index(sooner) <= order.index(later)


@settings(deadline=None)
@given(_TIMES, _LENGTHS, st.booleans())
def test_the_zone_a_time_is_written_in_changes_nothing(
    end: datetime, after: timedelta, is_stored: bool
) -> None:
    seen = end + after
    utc = judge_deadline(end, seen if is_stored else None, seen, RULE)
    local_seen = seen.astimezone(BEIJING)
    local = judge_deadline(end.astimezone(BEIJING), local_seen if is_stored else None, local_seen, RULE)
    assert utc == local


@settings(deadline=None)
@given(_TIMES, _LENGTHS, _LENGTHS, st.booleans())
def test_what_is_said_of_an_unknown_end_holds_for_every_end_that_is_possible(
    announced: datetime, before: timedelta, after: timedelta, is_stored: bool
) -> None:
    seen = announced + after
    at = seen if is_stored else None
    unknown = judge_deadline(None, at, seen, RULE, certain_from=announced)
    known = judge_deadline(announced - before, at, seen, RULE, certain_from=announced)
    assert unknown.kind is not DeadlineKind.ON_TIME
    assert unknown.due_at >= known.due_at
    if unknown.kind in (DeadlineKind.LATE, DeadlineKind.OVERDUE):
        assert known.kind is unknown.kind


@settings(max_examples=200, deadline=None)
@given(
    st.none() | st.integers(-20_000 * 24, 10 * 24).map(lambda hours: END + timedelta(hours=hours)),
    st.timedeltas(timedelta(), timedelta(days=3)),
    st.timedeltas(-timedelta(hours=1), timedelta(days=3)),
)
def test_the_time_taken_tells_what_a_judgement_tells(
    ended_at: datetime | None, took: timedelta, heard_before: timedelta
) -> None:
    stored_at, seen_at = END + took, END + took - heard_before
    judged = judge_deadline(ended_at, stored_at, LATER, RULE, certain_from=seen_at)
    start, length = time_taken(ended_at, stored_at, seen_at)
    assert start == judged.counted_from
    assert (length is not None) == judged.end_certain
    assert (length is not None and length <= RULE.within) == (judged.kind is DeadlineKind.ON_TIME)
