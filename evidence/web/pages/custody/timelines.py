"""Time lines as figures: where on a line from 0 to `WIDTH` things begin and end. The templates draw them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.spans import Span

WIDTH = 1000.0
_LEAST = 3.0  # that a thing is drawn wide, however short it is
_SPARE = 0.02


@dataclass(frozen=True, slots=True)
class Bar:
    """Something on a line. x, width: in units of the picture. tone: recording, this, gap, mark, find."""

    x: float
    width: float
    tone: str
    label: str
    href: str | None = None
    at_s: float | None = None  # in the recording, for the player


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns moments into places."""

    start: datetime
    length_s: float

    @classmethod
    def over(cls, spans: Sequence[Span]) -> Scale | None:
        """Return a scale over all of these, with a little room at both ends; None over nothing."""
        if not spans:
            return None
        start, end = min(one.start for one in spans), max(one.end for one in spans)
        spare = max((end - start).total_seconds() * _SPARE, 0.5)
        return cls(start - timedelta(seconds=spare), (end - start).total_seconds() + 2 * spare)

    def x(self, at: datetime) -> float:
        """Return the place of a moment."""
        return round((at - self.start).total_seconds() / self.length_s * WIDTH, 2)

    def bar(
        self, span: Span, tone: str, label: str, href: str | None = None, at_s: float | None = None
    ) -> Bar:
        """Return the bar of a span."""
        x = self.x(span.start)
        return Bar(x, max(round(self.x(span.end) - x, 2), _LEAST), tone, label, href, at_s)

    def ticks(self) -> list[tuple[float, datetime]]:
        """Return moments to write below the line, at whole units of a clock."""
        steps = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400, 604_800)
        step = next((one for one in steps if self.length_s / one <= 8), 2_592_000)
        first = self.start.timestamp() // step * step + step
        zone, found = self.start.tzinfo, []
        while first < self.start.timestamp() + self.length_s:
            moment = datetime.fromtimestamp(first, zone)
            found.append((self.x(moment), moment))
            first += step
        return found


def gaps_between(spans: Iterable[Span], least: timedelta) -> list[Span]:
    """Return where nothing was recorded between the first and the last, longer than `least`."""
    found, end = [], None
    for one in sorted(spans, key=lambda span: span.start):
        if end is not None and one.start - end > least:
            found.append(Span(end, one.start))
        end = one.end if end is None else max(end, one.end)
    return found
