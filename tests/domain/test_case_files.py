"""Case files: the last day of the period counts, the next is red; the digest of an index holds every line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evidence.domain.case_files import CaseDocument, FilingClock, FilingState, filing_clock, index_digest

END = date(2026, 1, 31)
DAY = timedelta(days=1)


@pytest.mark.article("longquan:8")
@pytest.mark.parametrize(
    ("day", "state", "over"),
    [
        (0, FilingState.RUNNING, 0),
        (30, FilingState.RUNNING, 0),
        (31, FilingState.OVERDUE, 1),
        (40, FilingState.OVERDUE, 10),
    ],
)
def test_day_30_counts_and_day_31_is_red(day: int, state: FilingState, over: int) -> None:
    assert filing_clock(END, None, END + day * DAY, 30) == FilingClock(state, date(2026, 3, 2), over)


@pytest.mark.article("longquan:8")
def test_what_was_archived_stays_in_time_or_late_for_ever() -> None:
    later = END + 400 * DAY
    assert filing_clock(END, END + 30 * DAY, later, 30).state is FilingState.ARCHIVED
    assert filing_clock(END, END + 31 * DAY, later, 30) == FilingClock(
        FilingState.ARCHIVED_LATE, date(2026, 3, 2), 1
    )


def test_no_time_runs_before_the_end_and_none_without_a_rule() -> None:
    assert filing_clock(None, None, END, 30) == FilingClock(FilingState.NOT_ENDED)
    assert filing_clock(END, None, END + 4000 * DAY, None) == FilingClock(FilingState.RUNNING)


def test_the_digest_of_an_index_is_another_for_every_other_index() -> None:
    one = CaseDocument("d", "c", "title", 3, END, "by", datetime(2026, 2, 1, tzinfo=UTC))
    two = replace(one, id="e")
    digests = {
        index_digest("c", "1", [one], []),
        index_digest("c", "2", [one], []),
        index_digest("x", "1", [one], []),
        index_digest("c", "1", [replace(one, pages=4)], []),
        index_digest("c", "1", [replace(one, dated=END + DAY)], []),
        index_digest("c", "1", [one, two], []),
        index_digest("c", "1", [two, one], []),
    }
    assert len(digests) == 7
    assert index_digest("c", "1", [replace(one, title=None)], []) == index_digest("c", "1", [one], [])
