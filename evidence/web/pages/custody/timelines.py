"""Time lines as figures: where on a line from 0 to `WIDTH` things begin and end. The templates draw them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from evidence.domain.spans import Span

WIDTH = 1000.0
_LEAST = 3.0  # that a thing is drawn wide, however short it is
_SPARE = 0.02
_HALF_A_SECOND = timedelta(seconds=0.5)
_BREAK = 70.0  # wide is a stretch without anything that is drawn short
_TICKS = 8
_WRITTEN = 60.0  # wide is what is written at a tick, to the right of it
_STEPS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400, 604_800, 2_592_000)


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
class Piece:
    """A part of a line, even in itself. empty: how long nothing was recorded, of a stretch that is drawn
    short; None of any other."""

    span: Span
    x: float
    width: float
    empty: timedelta | None = None

    @property
    def middle(self) -> float:
        """Where a break is told."""
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns moments into places; in pieces, one after the other, from 0 to `WIDTH`."""

    pieces: tuple[Piece, ...]

    @classmethod
    def over(cls, spans: Sequence[Span], *, folds: bool = False) -> Scale | None:
        """Return a scale over all of these, with a little room at both ends; None over nothing. folds: long
        stretches without anything are drawn short, so that what lies years apart is no smear."""
        if not spans:
            return None
        empty = _long_empty(spans) if folds else []
        edges = [min(one.start for one in spans), *(at for one in empty for at in (one.start, one.end))]
        edges.append(max(one.end for one in spans))
        busy = [Span(*edges[place : place + 2]) for place in range(0, len(edges), 2)]
        length = sum((one.length for one in busy), timedelta())
        spare = min([max(length * _SPARE, _HALF_A_SECOND), *(one.length / 4 for one in empty)])
        parts = [Span(one.start - spare, one.end + spare) for one in busy]
        return cls(tuple(_laid(parts, [one.length for one in empty])))

    @property
    def breaks(self) -> list[Piece]:
        """The stretches without anything that are drawn short."""
        return [one for one in self.pieces if one.empty is not None]

    def x(self, at: datetime) -> float:
        """Return the place of a moment; of one beyond an end, where the line would go on."""
        here = next((one for one in self.pieces if at < one.span.end), self.pieces[-1])
        return round(here.x + (at - here.span.start) / here.span.length * here.width, 2)

    def bar(
        self, span: Span, tone: str, label: str, href: str | None = None, at_s: float | None = None
    ) -> Bar:
        """Return the bar of a span."""
        x = self.x(span.start)
        return Bar(x, max(round(self.x(span.end) - x, 2), _LEAST), tone, label, href, at_s)

    def ticks(self) -> list[tuple[float, datetime]]:
        """Return moments to write below the line, at whole units of a clock; of each piece at least one."""
        return [one for piece in self.pieces if piece.empty is None for one in self._ticks(piece)]

    def told(self, zone: tzinfo) -> list[tuple[float, str]]:
        """Return the same as people read them: with the day where a piece begins, if the line is broken."""
        told, days, free = [], set[date](), 0.0
        for x, at in self.ticks():
            local = at.astimezone(zone)
            is_new = bool(self.breaks) and local.date() not in days
            text = f"{local:%Y-%m-%d %H:%M}" if is_new else f"{local:%H:%M:%S}"
            if x < free:  # beside what is written already there is no room: a line only
                told.append((x, ""))
                continue
            told.append((x, text))
            free = x + _WRITTEN / 8 * len(text)
            days.add(local.date())
        return told

    def _ticks(self, piece: Piece) -> list[tuple[float, datetime]]:
        start, length_s = piece.span.start, piece.span.length.total_seconds()
        most = max(_TICKS * piece.width / WIDTH, 1)
        step = next((one for one in _STEPS if length_s / one <= most), _STEPS[-1])
        first = start.timestamp() // step * step + step
        found = []
        while first < piece.span.end.timestamp():
            moment = datetime.fromtimestamp(first, start.tzinfo)
            if (x := self.x(moment)) < WIDTH - _WRITTEN:
                found.append((x, moment))
            first += step
        return found or [(piece.x, start)]


def _long_empty(spans: Sequence[Span]) -> list[Span]:
    """Return the stretches without anything that would leave too little room for the rest: those longer than
    all that was recorded together, and where there are many, than a part of it."""
    empty = gaps_between(spans, timedelta())
    whole = max(one.end for one in spans) - min(one.start for one in spans)
    busy = whole - sum((one.length for one in empty), timedelta())
    longest = max(busy * min(1.0, 4 / max(len(empty), 1)), 2 * _HALF_A_SECOND)
    return [one for one in empty if one.length > longest]


def _laid(parts: Sequence[Span], empty: Sequence[timedelta]) -> Iterator[Piece]:
    """Yield parts beside each other, each as wide as it is long, with a break between two. empty: what lies
    there, without the little room around the parts."""
    wide = min(_BREAK, WIDTH * 0.3 / max(len(parts) - 1, 1))
    seconds = sum((one.length for one in parts), timedelta())
    left, x = WIDTH - wide * (len(parts) - 1), 0.0
    for place, one in enumerate(parts):
        if place:
            between = Span(parts[place - 1].end, one.start)
            yield Piece(between, round(x, 2), wide, empty[place - 1])
            x += wide
        width = left * (one.length / seconds)
        yield Piece(one, round(x, 2), width)
        x += width


def gaps_between(spans: Iterable[Span], least: timedelta) -> list[Span]:
    """Return where nothing was recorded between the first and the last, longer than `least`."""
    found, end = [], None
    for one in sorted(spans, key=lambda span: span.start):
        if end is not None and one.start - end > least:
            found.append(Span(end, one.start))
        end = one.end if end is None else max(end, one.end)
    return found
