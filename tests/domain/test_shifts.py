"""Time lines of shifts: nothing is left out, and the picture is read without colour, scripts or luck."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from evidence.domain.explanations import GapState
from evidence.domain.shift_pictures import draw
from evidence.domain.shifts import Shift, Sort, Trace, shifts_of
from evidence.domain.spans import Span
from evidence.locale import CHINESE, ENGLISH, text

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 3, 2)
SVG = "{http://www.w3.org/2000/svg}"


def at(hour: int, minute: int = 0, second: int = 0, day: int = 2) -> datetime:
    """A moment of the zone."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=ZONE).astimezone(UTC)


def trace(sort: Sort, start: datetime | None = None, end: datetime | None = None, **more: object) -> Trace:
    """A trace of a recorder on the day."""
    span = None if start is None or end is None else Span(start, end)
    values = {"device": "DSJ1", "wearer": "012345", "day": DAY, "span": span, "at": start, **more}
    return Trace(sort, **values)  # type: ignore[arg-type]


def drawn(*traces: Trace, tongue: str = CHINESE) -> ET.Element:
    """The picture of some traces."""
    return ET.fromstring(draw(shifts_of(traces, ZONE), ZONE, partial(text, tongue)))


def boxes(picture: ET.Element, name: str) -> list[tuple[float, float]]:
    """Return start and width of what is drawn with a class, without the legend."""
    found = [one for one in picture.iter(f"{SVG}rect") if name in one.get("class", "").split()]
    places = [(float(one.get("x", 0)), float(one.get("width", 0))) for one in found]
    return [(x, wide) for x, wide in places if x > 100]


def test_what_passes_midnight_stands_on_both_days_and_counts_on_one() -> None:
    night = trace(Sort.LATE, at(22), at(2, day=3), state=GapState.OPEN, day=date(2026, 3, 3))
    first, second = shifts_of([night], ZONE)
    assert [one.day.day for one in (first, second)] == [2, 3]
    spans = [one.traces[0].span for one in (first, second)]
    assert spans == [Span(at(22), at(0, day=3)), Span(at(0, day=3), at(2, day=3))]
    assert [one.count(Sort.LATE) for one in (first, second)] == [0, 1]


def test_recorders_and_days_have_a_row_each_in_order() -> None:
    traces = [trace(Sort.RECORDED, at(9, day=day), at(10, day=day), device=device, day=date(2026, 3, day))
              for device in ("B", "A") for day in (3, 2)]  # fmt: skip
    assert [(one.day.day, one.device) for one in shifts_of(traces, ZONE)] == [
        (2, "A"),
        (2, "B"),
        (3, "A"),
        (3, "B"),
    ]


def test_a_shift_is_whole_only_where_nothing_is_in_doubt() -> None:
    sure, unsure = trace(Sort.RECORDED, at(9), at(10)), trace(Sort.RECORDED, at(9), at(10), is_certain=False)
    late, other = trace(Sort.LATE, at(9), at(10)), trace(Sort.OTHER)
    whole = [
        Shift("DSJ1", DAY, (), traces).is_whole
        for traces in ((sure,), (sure, unsure), (late,), (sure, other))
    ]
    assert whole == [True, False, False, False]


def test_a_gap_of_a_second_in_a_day_is_still_seen() -> None:
    picture = drawn(
        trace(Sort.RECORDED, at(0), at(23, 59)),
        trace(Sort.GAP, at(12), at(12, 0, 1), state=GapState.EXPLAINED),
    )
    ((x, wide),) = boxes(picture, "g-explained")
    assert wide >= 5
    ((start, length),) = boxes(picture, "rec")
    assert x == pytest.approx(start + length * 12 / (24 - 1 / 60), abs=1)


def test_what_waits_lies_on_top_and_a_few_seconds_recorded_stay_in_sight() -> None:
    picture = drawn(
        trace(Sort.RECORDED, at(10), at(10, 0, 10)),
        trace(Sort.GAP, at(10, 0, 10), at(10, 0, 50), state=GapState.OPEN),
        trace(Sort.GAP, at(10, 0, 11), at(10, 20), state=GapState.EXPLAINED),
    )
    rows = [one for one in picture.iter(f"{SVG}rect") if float(one.get("x", 0)) > 100]
    names = [one.get("class", "").split()[0] for one in rows]
    assert names == ["rec", "g-explained", "g-open"], "drawn later is on top"
    widths = [float(one.get("width", 0)) for one in rows]
    assert all(wide >= least for wide, least in zip(widths, (3, 5, 5), strict=True))
    feet = [float(one.get("y", 0)) + float(one.get("height", 0)) for one in rows]
    assert feet[0] >= max(feet[1:]) + 4, "a bar shows below every block"


def test_each_state_has_a_hatch_of_its_own() -> None:
    source = draw([], ZONE, partial(text, CHINESE))
    hatches = re.findall(r'<pattern id="h-([a-z-]+)".*?<path d="([^"]*)"', source)
    assert {state for state, _ in hatches} == {*GapState} - {GapState.OPEN}, (
        "what is open is plain and darkest"
    )
    assert len({lines for _, lines in hatches}) == len(hatches)


def test_what_has_no_time_stands_beside_the_hours_and_is_said_so() -> None:
    picture = drawn(trace(Sort.RECORDED, at(9), at(10)), trace(Sort.GAP, state=GapState.OPEN))
    titles = [one.text for one in picture.iter(f"{SVG}title")]
    assert any(text(CHINESE, "picture.no-time") in (one or "") for one in titles)
    assert text(CHINESE, "picture.to-do", number=1) in (picture.findtext(f"{SVG}desc") or "")


def test_hours_are_those_of_the_zone_and_cover_everything() -> None:
    words = [one.text for one in drawn(trace(Sort.RECORDED, at(7, 30), at(18, 10))).iter(f"{SVG}text")]
    assert {"07:00", "19:00", "2026-03-02", "UTC+08:00"} <= set(words)
    assert "20:00" not in words


def test_names_from_outside_are_text_and_nothing_else() -> None:
    hostile = '"><script>alert(1)</script>&\u202e\x00'
    picture = drawn(trace(Sort.RECORDED, at(9), at(10), device=hostile, wearer=hostile))
    assert not list(picture.iter(f"{SVG}script"))
    assert not [one for one in picture.iter() for name in one.attrib if name.startswith("on")]
    assert "\\u202e" in (picture.findtext(f"{SVG}desc") or "")


def test_an_empty_picture_says_so_in_both_languages() -> None:
    for tongue in (CHINESE, ENGLISH):
        assert drawn(tongue=tongue).findtext(f"{SVG}desc") == text(tongue, "picture.nothing")
