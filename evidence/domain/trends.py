"""How uploads and gaps went, month by month; and each of it as a small SVG. Pure; no scripts, no styles.

Every share is told with the counts it is made of: 1 of 1 is not more than 99 of 100. What nobody can judge is
in no share. A picture takes the colour of the text around it, by day and by night.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from html import escape

from evidence.domain.wording import printable

Say = Callable[..., str]
"""Returns a text of the catalogues in one language, by its key and fields."""

_WIDTH, _HEIGHT = 420, 170
_TOP, _BOTTOM = 24, 142
_SIDE = 10
_FAINT = "0.45"


@dataclass(frozen=True, slots=True)
class Month:
    """The counts of a month. judged: files of which a clock tells whether they came in time; unknown:
    interruptions of which nobody can say how long they were; owed: what must be explained; explained: of
    which nothing is asked any more; accepted: of these, what somebody agreed with."""

    first: date
    on_time: int = 0
    judged: int = 0
    gaps: int = 0
    lost: timedelta = timedelta()
    unknown: int = 0
    owed: int = 0
    explained: int = 0
    accepted: int = 0

    @property
    def name(self) -> str:
        """The month as people write it."""
        return f"{self.first:%Y-%m}"


class Measure(StrEnum):
    """What is drawn."""

    ON_TIME = "on-time"
    GAPS = "gaps"
    LOST = "lost"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True)
class _Bar:
    """height, solid: parts of the whole height (the solid one within); label: the counts."""

    height: float
    solid: float
    label: str
    words: str


def months_back(day: date, count: int) -> list[date]:
    """Return the first days of so many months, that of a day as the last."""
    number = day.year * 12 + day.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(number - count + 1, number + 1)]


def share(part: int, whole: int) -> str:
    """Return a share as people read it, with its counts; a dash where there is nothing."""
    return f"{100 * part / whole:.0f}% ({part}/{whole})" if whole else "—"


def hours(length: timedelta) -> str:
    """Return hours with at most two decimals; what is shorter is not nothing."""
    if timedelta() < length < timedelta(seconds=18):
        return "<0.01"
    return f"{length / timedelta(hours=1):.2f}".rstrip("0").rstrip(".")


def draw(measure: Measure, months: Sequence[Month], say: Say) -> str:
    """Return one measure of months, the oldest first, as a picture. say: a text of the catalogues."""
    title = say(f"trend.{measure}")
    bars = _bars(measure, months, say)
    step = (_WIDTH - 2 * _SIDE) / max(len(bars), 1)
    drawn = [
        part
        for place, (one, month) in enumerate(zip(bars, months, strict=True))
        for part in _column(one, month, _SIDE + place * step, step)
    ]
    told = "; ".join(one.words for one in bars)
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" '
            f'role="img" aria-label="{_safe(title)}. {_safe(told)}" fill="currentColor" font-size="11">',
            f'<path d="M{_SIDE} {_BOTTOM}H{_WIDTH - _SIDE}" stroke="currentColor"/>',
            *drawn,
            "</svg>",
        ]
    )


def _column(one: _Bar, month: Month, x: float, step: float) -> Sequence[str]:
    """Return a bar with its counts above and its month below; the year where it begins."""
    middle, wide, whole = x + step / 2, step * 0.6, _BOTTOM - _TOP - 12
    high = one.height * whole
    below = [f"{month.first:%m}", *([f"{month.first:%Y}"] if month.first.month == 1 or x == _SIDE else [])]
    return [
        f"<g><title>{_safe(one.words)}</title>",
        _box(middle - wide / 2, wide, high, f' opacity="{_FAINT}"'),
        _box(middle - wide / 2, wide, one.solid * whole),
        _text(middle, _BOTTOM - high - 5, one.label),
        *(_text(middle, _BOTTOM + 13 * line, name) for line, name in enumerate(below, 1)),
        "</g>",
    ]


def _box(x: float, wide: float, high: float, more: str = "") -> str:
    return f'<rect x="{x:.1f}" y="{_BOTTOM - high:.1f}" width="{wide:.1f}" height="{high:.1f}"{more}/>'


def _bars(measure: Measure, months: Sequence[Month], say: Say) -> list[_Bar]:
    most_gaps = max((one.gaps for one in months), default=0) or 1
    longest = max((one.lost for one in months), default=timedelta()) or timedelta(hours=1)
    bars = []
    for one in months:
        if measure is Measure.ON_TIME:
            height = solid = one.on_time / one.judged if one.judged else 0.0
            label, told = _counts(one.on_time, one.judged), share(one.on_time, one.judged)
        elif measure is Measure.GAPS:
            height = solid = one.gaps / most_gaps
            label = told = str(one.gaps)
        elif measure is Measure.LOST:
            height = solid = one.lost / longest
            label = told = hours(one.lost)
            told += f" {say('trend.unknown', count=one.unknown)}" if one.unknown else ""
        else:
            height, solid = (part / one.owed if one.owed else 0.0 for part in (one.explained, one.accepted))
            label = _counts(one.explained, one.owed)
            told = say(
                "trend.both", explained=share(one.explained, one.owed), accepted=share(one.accepted, one.owed)
            )
        bars.append(_Bar(height, solid, label, f"{one.name}: {told}"))
    return bars


def _counts(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else "—"


def _text(x: float, y: float, text: str) -> str:
    size = ' font-size="9"' if len(text) > 6 else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle"{size}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(printable(text))
