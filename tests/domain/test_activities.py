"""Rows of activities: times, labels, and what was recorded meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evidence.domain.activities import Activity, read_activity
from evidence.domain.sheets import Fault, Reason
from evidence.domain.spans import Span

ZONE = ZoneInfo("Asia/Shanghai")
GOOD = {"wearer": "1", "from": "2026-03-02 09:00", "to": "2026-03-02 10:00", "case_number": "杭1"}


def test_a_row_says_who_when_and_which_labels() -> None:
    one = read_activity(7, {**GOOD, "place": "某街"}, ZONE)
    assert isinstance(one, Activity)
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert (one.row, one.name, one.wearer) == (7, "杭1", "1")
    assert one.span == Span(start, start + timedelta(hours=1))
    assert one.labels == {"case-number": "杭1", "place": "某街"}
    named = read_activity(7, {**GOOD, "activity": "A-1"}, ZONE)
    assert isinstance(named, Activity)
    assert named.name == "A-1"


@pytest.mark.parametrize(
    "text", ["2026/3/2 9:00", "2026-03-02T09:00:00", "2026-03-02 01:00:00Z", "2026-3-2 09:00:00.000+08:00"]
)
def test_a_time_is_read_in_the_forms_that_tables_have(text: str) -> None:
    one = read_activity(2, {**GOOD, "from": text}, ZONE)
    assert isinstance(one, Activity)
    assert one.span.start == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"wearer": None}, "wearer", Reason.MISSING),
        ({"from": None}, "from", Reason.MISSING),
        ({"case_number": None}, "case_number", Reason.MISSING),
        ({"from": "2026-03-02"}, "from", Reason.NO_TIME),
        ({"to": "2026-02-30 09:00"}, "to", Reason.NO_TIME),
        ({"to": "2026-03-02 24:61"}, "to", Reason.NO_TIME),
        ({"to": "２026-03-02 09:00"}, "to", Reason.NO_TIME),
        ({"to": "2026-03-02 09:00"}, "to", Reason.ENDS_BEFORE_START),
        ({"to": "2026-03-02 08:00"}, "to", Reason.ENDS_BEFORE_START),
    ],
)
def test_a_row_that_cannot_be_taken_says_which_cell_and_why(
    said: dict[str, str | None], column: str, reason: Reason
) -> None:
    row = {key: text for key, text in {**GOOD, **said}.items() if text is not None}
    found = read_activity(3, row, ZONE)
    assert isinstance(found, Fault)
    assert (found.row, found.column, found.reason) == (3, column, reason)


def test_a_recording_was_made_meanwhile_if_any_of_it_was_or_else_its_end() -> None:
    one = read_activity(2, GOOD, ZONE)
    assert isinstance(one, Activity)
    start, end, minute = one.span.start, one.span.end, timedelta(minutes=1)
    for begins, ends, shown in (
        (start - minute, start + minute, True),
        (end - minute, end + minute, True),
        (start - minute, end + minute, True),
        (start - minute, start, False),
        (end, end + minute, False),
    ):
        assert one.shows(Span(begins, ends), ends) is shown
    for ends, shown in ((start, True), (end, True), (start - minute, False), (end + minute, False)):
        assert one.shows(None, ends) is shown
