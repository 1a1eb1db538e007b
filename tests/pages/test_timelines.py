"""A time line keeps its order, and what lies far apart stays wide enough to be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.spans import Span
from evidence.web.pages.custody.timelines import WIDTH, Scale

START = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
MINUTE, YEAR = timedelta(minutes=1), timedelta(days=365)


def span(after: timedelta, length: timedelta = 10 * MINUTE) -> Span:
    return Span(START + after, START + after + length)


def test_years_without_anything_are_one_marked_break_and_the_files_stay_wide() -> None:
    files = [span(timedelta()), span(YEAR), span(YEAR + 20 * MINUTE)]
    scale = Scale.over(files, folds=True)
    smear = Scale.over(files)
    assert scale is not None
    assert smear is not None
    (fold,) = scale.breaks
    assert fold.empty == YEAR - 10 * MINUTE
    for one in files:
        assert scale.x(one.end) - scale.x(one.start) > WIDTH / 10
        assert smear.x(one.end) - smear.x(one.start) < 1
    told = [text for _, text in scale.told(UTC)]
    assert [text[:10] for text in told if len(text) > 8] == ["2026-03-05", "2027-03-05"]
    assert smear.breaks == []


def test_a_line_without_long_stretches_is_not_broken() -> None:
    scale = Scale.over([span(timedelta()), span(15 * MINUTE)], folds=True)
    assert scale is not None
    assert scale == Scale.over([span(timedelta()), span(15 * MINUTE)])
    assert all(len(text) == 8 for _, text in scale.told(UTC))


def test_what_is_written_below_a_line_never_stands_on_what_is_written_already() -> None:
    scale = Scale.over([span(place * YEAR) for place in range(40)], folds=True)
    assert scale is not None
    told = scale.told(UTC)
    assert len(told) >= 40
    written = [(x, text) for x, text in told if text]
    assert written[0] == (told[0][0], "2026-03-05 09:00")
    assert all(after - before >= 7 * len(text) for (before, text), (after, _) in pairwise(written))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), st.integers(0, 20_000)).map(
            lambda told: span(timedelta(seconds=told[0]), timedelta(seconds=told[1]))
        ),
        min_size=1,
        max_size=30,
    )
)
def test_what_is_later_stands_further_to_the_right(files: list[Span]) -> None:
    scale = Scale.over(files, folds=True)
    assert scale is not None
    moments = sorted({at for one in files for at in (one.start, one.end)})
    places = [scale.x(at) for at in moments]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= WIDTH
    ends = [(one.x, one.x + one.width) for one in scale.pieces]
    assert all(abs(before[1] - after[0]) < 0.05 for before, after in pairwise(ends))
    assert abs(ends[-1][1] - WIDTH) < 0.05
    assert all(0 <= x <= WIDTH for x, _ in scale.ticks())
    for one in scale.breaks:
        assert not any(it.start < one.span.end and one.span.start < it.end for it in files)
