"""The time lines of shifts as one SVG: at a glance what is missing, late and unexplained. Pure; no scripts.

Read without colour, too: each state has a hatch of its own, and what still waits for an explanation is the
darkest. Whole rows are words as well, in the description for screen readers. Every text from outside is
escaped, and what cannot be printed is made visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby
from math import ceil, floor
from zoneinfo import ZoneInfo

from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.shifts import Shift, Sort, Trace, day_span
from evidence.domain.spans import Span
from evidence.domain.wording import printable

Say = Callable[..., str]
"""Returns a text of the catalogues in one language, by its key and fields."""

WIDTH = 1000
_LEFT, _GUTTER, _RIGHT = 222, 178, 770  # the axis; what has no place in time; the summary
_TOP, _HEAD, _ROW, _LEGEND = 62, 30, 44, 123
_LEAST_HOURS, _LEAST_WIDTH, _LEAST_RECORDED = 6, 5.0, 3.0
_LONGEST_LABEL = 20
_COLUMNS = 4  # of the legend

# Of each state: its ground by day and by night, the colour of its hatch, and the hatch in a square of 8.
_HATCHES: dict[GapState, tuple[str, str, str, str]] = {
    GapState.OPEN: ("#b00020", "#ff4d5e", "#b00020", ""),
    GapState.SENT_BACK: ("#b00020", "#ff4d5e", "#ffffff", "M0 0 8 8M8 0 0 8"),
    GapState.EXPLAINED: ("#f2b134", "#f2b134", "#3d2b00", "M-2 6 6 -2M2 10 10 2"),
    GapState.FAULT_OPEN: ("#e6e6e6", "#3a3a3a", "#6b6b6b", "M0 4H8M4 0V8"),
    GapState.FAULT: ("#1a1a1a", "#f5f5f5", "#9a9a9a", "M0 2H8M0 6H8M2 0V8M6 0V8"),
    GapState.NO_FAULT: ("#e3f0e5", "#1c3a26", "#4f9a63", "M4 0V8"),
    GapState.ACCEPTED: ("#d5ecd8", "#1f4a2b", "#4f9a63", "M0 4H8"),
    GapState.EXEMPT: ("#ffffff", "#263241", "#8a94a3", "M4 3V5M0 7V8M8 7V8"),
}
_STYLE = """
.paper{fill:#fff}.ink{fill:#16202c}.dim{fill:#55616f}.alarm{fill:#b00020}.good{fill:#1d6b35}
.band{fill:#f1f4f8}.grid{stroke:#cfd6de;stroke-width:1}.rest{stroke:#9aa5b1;stroke-width:1}
.rec{fill:#7f9bb8}.unsure{fill:#dfe7ef;stroke:#54708d;stroke-width:1.2;stroke-dasharray:4 3}
.edge{stroke:#16202c;stroke-width:1.2}.bad{fill:#000;stroke:#000}.badmark{fill:#fff}
text{font-size:13px}.small{font-size:11px}.big{font-size:20px}.mid{text-anchor:middle}
"""
_NIGHT = """
.paper{fill:#0f1620}.ink{fill:#edf2f8}.dim{fill:#aab7c6}.alarm{fill:#ff7a86}.good{fill:#6fce8d}
.band{fill:#1a2431}.grid{stroke:#33404f}.rest{stroke:#6d7b8b}.rec{fill:#5b7f9f}
.unsure{fill:#1d2a38;stroke:#8fb0cf}.edge{stroke:#edf2f8}.bad{fill:#fff;stroke:#fff}.badmark{fill:#000}
"""
_FONTS = "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei','WenQuanYi Micro Hei',sans-serif"


def style() -> str:
    """Return the style of pictures, by day and by night: in a picture that is a file of its own, or in a file
    of styles for a page that may hold none."""
    night = f"{_NIGHT}{_grounds(night=True)}"
    return f"{_STYLE}{_grounds(night=False)}@media (prefers-color-scheme:dark){{{night}}}"


def draw(
    shifts: Sequence[Shift], zone: ZoneInfo, say: Say, subtitle: str = "", *, is_styled: bool = True
) -> str:
    """Return the picture of shifts, by day and recorder. say: a text of the catalogues, in one language.
    is_styled: whether it holds its style itself."""
    days = [(day, list(rows)) for day, rows in groupby(shifts, key=lambda one: one.day)]
    height = _TOP + len(days) * _HEAD + len(shifts) * _ROW + _LEGEND
    body, y, axis = list[str](), _TOP, _Axis(shifts, zone)
    for _, rows in days:
        body += axis.head(say, rows[0], y, len(rows))
        y += _HEAD
        for row in rows:
            body += _row(row, axis, say, y)
            y += _ROW
    title = say("picture.title")
    told = " ".join(_told(one, say) for one in shifts) or say("picture.nothing")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="t d" font-family="{_FONTS}">',
            f'<title id="t">{_safe(title)}</title>',
            f'<desc id="d">{_safe(told)}</desc>',
            *([f"<style>{style()}</style>"] if is_styled else []),
            f"<defs>{''.join(_pattern(state) for state in GapState)}</defs>",
            f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
            _text(12, 28, title, "ink big"),
            _text(12, 50, subtitle, "dim"),
            *body,
            *([] if shifts else [_text(12, _TOP + 4, say("picture.nothing"), "dim")]),
            *_legend(say, height - _LEGEND),
            "</svg>",
        ]
    )


class _Axis:
    """The hours that all rows share, from the first that something happened in to the last."""

    def __init__(self, shifts: Sequence[Shift], zone: ZoneInfo) -> None:
        self._zone = zone
        hours = [
            (moment - day_span(one.day, zone).start) / timedelta(hours=1)
            for one in shifts
            for trace in one.traces
            for moment in _moments(trace)
        ]
        first, last = floor(min(hours, default=0)), ceil(max(hours, default=24))
        spare = max(_LEAST_HOURS - (last - first), 0)
        self.first = min(max(first - spare // 2, 0), 24 - _LEAST_HOURS)
        self.last = min(max(last, self.first + _LEAST_HOURS), 24)

    def x(self, shift: Shift, moment: datetime) -> float:
        """Return where a moment of a shift's day stands, within the axis in any case."""
        hours = (moment - day_span(shift.day, self._zone).start) / timedelta(hours=1)
        share = (hours - self.first) / (self.last - self.first)
        return _LEFT + (_RIGHT - _LEFT) * min(max(share, 0.0), 1.0)

    def head(self, say: Say, first: Shift, y: int, rows: int) -> Iterator[str]:
        """Yield the heading of a day: its date and zone, the hours, and their lines through its rows."""
        offset = day_span(first.day, self._zone).start.strftime("%z")
        yield f'<rect class="band" x="0" y="{y}" width="{WIDTH}" height="{_HEAD - 6}"/>'
        yield _text(12, y + 17, first.day.isoformat(), "ink")
        yield _text(92, y + 17, f"UTC{offset[:3]}:{offset[3:]}", "dim small")
        step = 1 if self.last - self.first <= 12 else 2
        for hour in range(self.first, self.last + 1, step):
            x = _LEFT + (_RIGHT - _LEFT) * (hour - self.first) / (self.last - self.first)
            yield _text(x, y + 17, f"{hour:02}:00", "dim small mid")
            yield f'<path class="grid" d="M{x:.1f} {y + _HEAD - 6}V{y + _HEAD + rows * _ROW}"/>'
        yield _text(_RIGHT + 26, y + 17, say("picture.summary"), "dim small")

    def time(self, moment: datetime) -> str:
        """Return a moment as people read it."""
        return moment.astimezone(self._zone).isoformat(" ", "seconds")


def _moments(one: Trace) -> Iterator[datetime]:
    if one.span is not None:
        yield from (one.span.start, one.span.end)
    elif one.at is not None:
        yield one.at


def _row(shift: Shift, axis: _Axis, say: Say, y: int) -> Iterator[str]:
    """Yield one time line, with its label and its summary."""
    middle = y + 16
    yield _text(12, y + 14, _short(shift.device), "ink")
    yield _text(12, y + 29, _short(" ".join(shift.wearers)), "dim small")
    yield f'<path class="rest" d="M{_LEFT} {middle}H{_RIGHT}"/>'
    order = (Sort.RECORDED, Sort.LATE, Sort.GAP, Sort.OTHER, Sort.MISSING, Sort.FAULT)
    beside = 0
    waiting_last = sorted(shift.traces, key=lambda one: (order.index(one.sort), one.state in TO_DO))
    for one in waiting_last:  # on top: what waits is never under what does not
        place, words = _span_or_moment(one), _words(one, axis, say)
        if place is None:
            yield _sign(one, _GUTTER + 9 * min(beside, 3), middle, words)
            beside += 1
        elif isinstance(place, Span):
            yield _bar(one, axis.x(shift, place.start), axis.x(shift, place.end), middle, words)
        else:
            yield _sign(one, axis.x(shift, place), middle, words)
    first, second = _summary(shift, say)
    yield _text(_RIGHT + 26, y + 14, first, "good" if shift.is_whole else "alarm" if _to_do(shift) else "ink")
    yield _text(_RIGHT + 26, y + 29, second, "dim small")


def _span_or_moment(one: Trace) -> Span | datetime | None:
    """Return where a trace is drawn: only what has a length of its own is a bar."""
    if one.sort in (Sort.RECORDED, Sort.LATE, Sort.GAP):
        return one.span or one.at
    return one.span.start if one.span else one.at


def _bar(one: Trace, x: float, end: float, middle: int, words: str) -> str:
    wide = max(end - x, _LEAST_WIDTH if one.sort is Sort.GAP else _LEAST_RECORDED)
    if one.sort is Sort.GAP:  # it ends above the foot of a bar: the few seconds beside it stay in sight
        return _group(words, _box(f"{_ground(one)} edge", x, middle - 13, wide, 15))
    drawn = _box("rec" if one.is_certain else "unsure", x, middle - 7, wide, 14)
    if one.sort is Sort.LATE:
        drawn += _box(f"{_ground(one)} edge", x, middle + 10, max(wide, _LEAST_WIDTH), 7)
    return _group(words, drawn)


def _sign(one: Trace, x: float, middle: int, words: str) -> str:
    """Return the sign of what has no length: a diamond for a file, a circle for a fault, else a triangle."""
    if one.sort is Sort.FAULT:
        drawn = f'<circle class="bad" cx="{x:.1f}" cy="{middle}" r="8"/>'
        return _group(
            words,
            drawn + f'<path class="badmark" d="M{x - 1.3:.1f} {middle - 5}h2.6v6h-2.6zm0 8h2.6v2.4h-2.6z"/>',
        )
    if one.sort in (Sort.RECORDED, Sort.LATE):
        strip = _box(f"{_ground(one)} edge", x - 4, middle + 10, 8, 7) if one.sort is Sort.LATE else ""
        return _group(words, _box("unsure", x - 4, middle - 7, 8, 14) + strip)
    if one.sort is Sort.OTHER:
        shape = f"M{x:.1f} {middle + 4}l6 11h-12z"
    elif one.sort is Sort.MISSING:
        shape = f"M{x:.1f} {middle - 10}l9 10-9 10-9-10z"
    else:
        shape = f"M{x - 4:.1f} {middle - 12}h8v24h-8z"
    return _group(words, f'<path class="{_ground(one)} edge" d="{shape}"/>')


def _words(one: Trace, axis: _Axis, say: Say) -> str:
    """Return what a trace is, in words: for whoever points at it."""
    when = "–".join(axis.time(moment) for moment in _moments(one)) or say("picture.no-time")
    state = "" if one.state is None else f" · {say(f'gap-state.{one.state}')}"
    unsure = "" if one.is_certain else f" · {say('picture.unsure')}"
    return f"{say(f'picture.{one.sort}')} {when}{state}{unsure}"


def _told(shift: Shift, say: Say) -> str:
    first, second = _summary(shift, say)
    return say("picture.row", day=shift.day.isoformat(), device=shift.device, first=first, second=second)


def _summary(shift: Shift, say: Say) -> tuple[str, str]:
    """Return what a row comes to: what waits for an explanation, and what there is of each kind."""
    if shift.is_whole:
        return say("picture.whole"), ""
    sorts = [sort for sort in Sort if sort is not Sort.RECORDED and shift.count(sort)]
    counts = " · ".join(f"{say(f'picture.short-{sort}')} {shift.count(sort)}" for sort in sorts)
    waiting = _to_do(shift)
    return (say("picture.to-do", number=waiting) if waiting else say("picture.nothing-to-do")), counts


def _to_do(shift: Shift) -> int:
    return sum(one.state in TO_DO and one.day == shift.day for one in shift.traces)


def _legend(say: Say, top: int) -> Iterator[str]:
    """Yield what each bar, sign and hatch means."""
    signs = [
        (_box("rec", 0, 6, 22, 14), "recorded"),
        (_box("unsure", 1, 6, 21, 14), "unsure"),
        (_box("rec", 0, 2, 22, 10) + _box("paper edge", 0, 14, 22, 7), "late"),
        ('<path class="paper edge" d="M11 3l9 10-9 10-9-10z"/>', "missing"),
        ('<path class="paper edge" d="M11 6l7 13h-14z"/>', "other"),
        ('<circle class="bad" cx="11" cy="13" r="8"/>', "fault"),
    ]
    words = [(drawn, say(f"picture.{key}")) for drawn, key in signs]
    words += [(_box(f"g-{state} edge", 0, 4, 22, 18), say(f"gap-state.{state}")) for state in GapState]
    for place, (drawn, word) in enumerate(words):
        x, y = 12 + place % _COLUMNS * (WIDTH // _COLUMNS), top + 4 + place // _COLUMNS * 29
        yield f'<g transform="translate({x} {y})">{drawn}{_text(30, 17, word, "ink small")}</g>'


def _ground(one: Trace) -> str:
    """Return the class of what a state looks like; paper, where nothing has to be explained (yet)."""
    return "paper" if one.state is None else f"g-{one.state}"


def _grounds(*, night: bool) -> str:
    """Return what the states look like; one without a hatch is plain, so that no seams show in print."""
    hatched = [] if night else [state for state in GapState if _HATCHES[state][3]]
    fills = "".join(f".g-{state}{{fill:url(#h-{state})}}" for state in hatched)
    return fills + "".join(
        f".{'b' if hatch[3] else 'g'}-{state}{{fill:{hatch[night]}}}" for state, hatch in _HATCHES.items()
    )


def _pattern(state: GapState) -> str:
    *_, colour, lines = _HATCHES[state]
    if not lines:
        return ""
    drawn = f'<path d="{lines}" stroke="{colour}" stroke-width="1.6" fill="none"/>'
    return (
        f'<pattern id="h-{state}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect class="b-{state}" width="8" height="8"/>{drawn}</pattern>'
    )


def _box(classes: str, x: float, y: float, wide: float, high: float) -> str:
    return f'<rect class="{classes}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'


def _group(words: str, drawn: str) -> str:
    return f"<g><title>{_safe(words)}</title>{drawn}</g>"


def _text(x: float, y: float, text: str, classes: str) -> str:
    return f'<text class="{classes}" x="{x:.1f}" y="{y}">{_safe(text)}</text>' if text else ""


def _short(text: str) -> str:
    seen = printable(text)
    return seen if len(seen) <= _LONGEST_LABEL else f"{seen[: _LONGEST_LABEL - 1]}…"


def _safe(text: str) -> str:
    return escape(printable(text))
