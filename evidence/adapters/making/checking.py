"""The child that checks a redaction before it is kept: what was to be hidden is gone, what was not is there.

Runs inside the sandbox only, started by adapters/making. It decodes original and copy side by side, picture
by picture and 10 ms by 10 ms, and writes one JSON object: the first fault, and what was measured. Of the
copy it knows nothing but its bytes: not the filters, not their commands.

Detail is how light changes from point to point along a line. The share of it that is left is the slope of the
copy's detail over the original's: 1 where nothing was hidden, 0 where nothing of it can be seen. Of a blur
the same is asked over half a square: a blur through which one reads leaves that.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import log10, sqrt
from typing import Any

import av

from evidence.adapters.probing.packets import OPTIONS
from evidence.domain.derivatives import Operation
from evidence.domain.orders import Box, Cover, Hush, Order, read_order

MOST_DETAIL = {Cover.BLACK: 0.05, Cover.BLUR: 0.15}
MOST_SHAPE = 0.6  # of what changes over half a square
LEAST_DETAIL = 4.0  # mean square from point to point: below, there is nothing to hide
MOST_LIGHT = 12.0  # of 255, mean of what is black
MOST_CHANGE = 8.0  # of 255, mean, outside of all that is hidden
LOUDEST_MUTED_DB, LOUDEST_BESIDE_BLEEP_DB = -50.0, -40.0
MOST_LOUDNESS_DB, SHARE_OF_LOUDNESS = 3.0, 0.9  # outside: how much it may differ, and in how much of it
AUDIBLE_DB = -50.0
RATE, WINDOW = 16_000, 320  # of sound that is compared: 20 ms at 16000 Hz
_LINES, _AROUND = 24, 24  # lines looked at; points around a region where a codec may smear
_SAME_S = 0.002
_GAP = RATE // 10
_BLEEP_HZ = 1000


@dataclass
class _Verdict:
    """What was found: the first fault, and the worst of each kind."""

    fault: str = ""
    measured: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, value: float, is_fault: bool, fault: str) -> None:
        """Note a measure; the largest is kept."""
        self.measured[name] = round(max(value, self.measured.get(name, value)), 3)
        if is_fault and not self.fault:
            self.fault = fault


@dataclass(frozen=True, slots=True)
class _Picture:
    """One picture's light, in lines."""

    at_s: float
    width: int
    height: int
    line: int
    light: memoryview

    def row(self, y: int, left: int, right: int) -> memoryview:
        return self.light[y * self.line + left : y * self.line + right]


def check(original: str, copy: str, order: Order) -> Mapping[str, Any]:
    """Return {"fault": a word or "", "measured": what was found}."""
    verdict = _Verdict()
    kinds = _kinds(copy)
    if kinds - {"video", "audio"}:
        verdict.fault = "tracks-left"
    if "video" in kinds:
        _check_pictures(original, copy, order, verdict)
    elif order.regions:
        verdict.fault = verdict.fault or "no-picture"
    if "audio" in kinds:
        _check_sound(original, copy, order, verdict)
    elif order.spans and "audio" in _kinds(original):
        verdict.fault = verdict.fault or "no-sound"
    return {"fault": verdict.fault, "measured": verdict.measured}


def _check_pictures(original: str, copy: str, order: Order, verdict: _Verdict) -> None:
    start = (order.from_ms or 0) / 1000
    before = _pictures(original)
    old, count = next(before, None), 0
    for new in _pictures(copy):
        count += 1
        at_s = new.at_s + start
        while old is not None and old.at_s < at_s - _SAME_S:
            old = next(before, None)
        if old is None or abs(old.at_s - at_s) > _SAME_S:
            verdict.note("unmatched", 1, True, "pictures-differ")
            continue
        if (old.width // 2 * 2, old.height // 2 * 2) != (new.width, new.height):
            verdict.note("unmatched", 1, True, "pictures-differ")
            return
        _compare(old, new, order, at_s * 1000, verdict)
    verdict.measured["pictures"] = count
    if not count:
        verdict.note("unmatched", 1, True, "no-picture")


def _compare(old: _Picture, new: _Picture, order: Order, ms: float, verdict: _Verdict) -> None:
    hidden = []
    for region in order.regions:
        box = region.at(ms)
        if box is None:
            continue
        hidden.append(box)
        is_edge = ms < region.boxes[0].at_ms + 2 or ms > region.until_ms - 2  # times are rounded there
        if is_edge or (inner := _within(box, new)) is None:
            continue
        share, word = _detail_left(old, new, inner, 1), region.cover.value
        verdict.note(f"detail-{word}", share, share > MOST_DETAIL[region.cover], "region-not-hidden")
        if region.cover is Cover.BLUR:
            share = _detail_left(old, new, inner, region.square // 2)
            verdict.note("shape-blur", share, share > MOST_SHAPE, "region-not-hidden")
        if region.cover is Cover.BLACK:
            light = _light(new, inner)
            verdict.note("light-black", light, light > MOST_LIGHT, "region-not-hidden")
    change = _change(old, new, hidden, is_marked=order.recipient is not None)
    verdict.note("change-outside", change, change > MOST_CHANGE, "outside-changed")


def _within(box: Box, picture: _Picture) -> tuple[int, int, int, int] | None:
    left, top = max(0, box.x), max(0, box.y)
    right, bottom = min(picture.width, box.x + box.width), min(picture.height, box.y + box.height)
    return (left, top, right, bottom) if right - left >= 4 and bottom > top else None


def _detail_left(old: _Picture, new: _Picture, box: tuple[int, int, int, int], step: int) -> float:
    """Return the share of the changes over so many points that is left."""
    left, top, right, bottom = box
    both, all_, count = 0, 0, 0
    for y in range(top, bottom, max(1, (bottom - top) // _LINES)):
        before, after = old.row(y, left, right), new.row(y, left, right)
        changes = [b - a for a, b in zip(before, before[step:], strict=False)]
        both += sum(one * (b - a) for one, a, b in zip(changes, after, after[step:], strict=False))
        all_ += sum(one * one for one in changes)
        count += len(changes)
    return 0.0 if all_ < LEAST_DETAIL * count else max(0.0, both / all_)


def _light(new: _Picture, box: tuple[int, int, int, int]) -> float:
    left, top, right, bottom = box
    rows = [new.row(y, left, right) for y in range(top, bottom, max(1, (bottom - top) // _LINES))]
    return sum(map(sum, rows)) / sum(map(len, rows))


def _change(old: _Picture, new: _Picture, hidden: list[Box], *, is_marked: bool) -> float:
    """Return the mean change outside of boxes; under a mark, of the middle half of the picture."""
    first, last = (new.height // 4, new.height * 3 // 4) if is_marked else (0, new.height)
    total, count = 0, 0
    for y in range(first, last, max(1, (last - first) // _LINES)):
        shut = [one for one in hidden if one.y - _AROUND <= y < one.y + one.height + _AROUND]
        for x in range(0, new.width, 8):
            if any(one.x - _AROUND <= x < one.x + one.width + _AROUND for one in shut):
                continue
            total += abs(old.light[y * old.line + x] - new.light[y * new.line + x])
            count += 1
    return total / count if count else 0.0


def _pictures(path: str) -> Iterator[_Picture]:
    with av.open(path, options=OPTIONS) as container:
        start = (container.start_time or 0) / av.time_base
        stream = next(one for one in container.streams if one.type == "video")
        upright: _Turned | None = None
        for frame in _decoded(container, stream):
            turn = round(getattr(frame, "rotation", 0))
            if turn and upright is None:
                upright = _Turned(stream, turn)
            grey = (frame if upright is None else upright.turn(frame)).reformat(format="gray")
            plane = grey.planes[0]
            at_s = 0.0 if frame.time is None else frame.time - start
            yield _Picture(at_s, grey.width, grey.height, plane.line_size, memoryview(plane))


class _Turned:
    """Turns pictures as their header says, as players and ffmpeg do."""

    def __init__(self, stream: Any, degrees: int) -> None:
        self._graph = av.filter.Graph()
        steps = {90: [("transpose", "cclock")], -90: [("transpose", "clock")]}.get(degrees)
        last = self._graph.add_buffer(template=stream)
        for name, how in steps or [("hflip", ""), ("vflip", "")]:
            step = self._graph.add(name, how or None)
            last.link_to(step)
            last = step
        last.link_to(self._graph.add("buffersink"))
        self._graph.configure()

    def turn(self, frame: Any) -> Any:
        self._graph.push(frame)
        return self._graph.pull()


def _check_sound(original: str, copy: str, order: Order, verdict: _Verdict) -> None:
    start = (order.from_ms or 0) / 1000
    old = {round(at_s * 1000 / 20): loudness for at_s, loudness, _ in _windows(original, 0.0)}
    alike, compared = 0, 0
    for at_s, loudness, beside in _windows(copy, start):
        middle = at_s * 1000 + 10
        span = next(
            (one for one in order.spans if one.from_ms <= middle - 10 and middle + 10 <= one.to_ms), None
        )
        near = any(one.from_ms - 200 <= middle <= one.to_ms + 200 for one in order.spans)
        if span is not None and span.hush is Hush.MUTE:
            verdict.note("loudness-muted", loudness, loudness > LOUDEST_MUTED_DB, "span-not-hidden")
        elif span is not None:
            verdict.note("loudness-beside-bleep", beside, beside > LOUDEST_BESIDE_BLEEP_DB, "span-not-hidden")
        elif not near and (was := old.get(round(at_s * 1000 / 20))) is not None and was > AUDIBLE_DB:
            compared += 1
            alike += abs(was - loudness) <= MOST_LOUDNESS_DB
    if compared:
        share = alike / compared
        verdict.measured["sound-alike"] = round(share, 3)
        verdict.note("sound-differs", 1 - share, share < SHARE_OF_LOUDNESS, "sound-changed")


def _windows(path: str, start: float) -> Iterator[tuple[float, float, float]]:
    """Yield the beginning of each 20 ms, its loudness, and that of what is no bleep in it, in dB."""
    with av.open(path, options=OPTIONS) as container:
        zero = (container.start_time or 0) / av.time_base
        stream = next((one for one in container.streams if one.type == "audio"), None)
        if stream is None:
            return
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        waiting, at = array("h"), None
        for frame in _decoded(container, stream):
            told = round(((frame.time or 0.0) - zero + start) * RATE)
            if at is None or told - at - len(waiting) > _GAP:  # sound is missing: what comes is of later
                waiting, at = array("h"), told
            for piece in resampler.resample(frame):
                waiting.frombytes(bytes(piece.planes[0])[: piece.samples * 2])
            while len(waiting) >= WINDOW + (-at) % WINDOW:
                skip = (-at) % WINDOW
                yield (at + skip) / RATE, *_loudness(waiting[skip : skip + WINDOW])
                del waiting[: skip + WINDOW]
                at += skip + WINDOW


def _loudness(window: array[int]) -> tuple[float, float]:
    power = sum(one * one for one in window) / len(window)
    turns = RATE // _BLEEP_HZ
    wave = _WAVE[turns]
    sine = 2 * sum(a * wave[n % turns][0] for n, a in enumerate(window)) / len(window)
    cosine = 2 * sum(a * wave[n % turns][1] for n, a in enumerate(window)) / len(window)
    beside = max(0.0, power - (sine * sine + cosine * cosine) / 2)
    return _db(power), _db(beside)


def _db(power: float) -> float:
    return 20 * log10(max(sqrt(power), 0.1) / 32768)


def _waves() -> dict[int, list[tuple[float, float]]]:
    from math import cos, pi, sin

    turns = RATE // _BLEEP_HZ
    return {turns: [(sin(2 * pi * n / turns), cos(2 * pi * n / turns)) for n in range(turns)]}


_WAVE = _waves()


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Yield what can be decoded; what cannot is passed over, as ffmpeg does."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def _kinds(path: str) -> set[str]:
    with av.open(path, options=OPTIONS) as container:
        return {one.type for one in container.streams}


def main() -> None:
    """Check the copy named by the second argument against the original named by the first, by the order in
    the file named by the third."""
    av.logging.set_level(av.logging.PANIC)
    original, copy, said = sys.argv[1:4]
    with open(said, encoding="utf-8") as file:
        told = json.load(file)
    order = read_order(Operation(told["operation"]), told["parameters"], told["words"])
    json.dump(check(original, copy, order), sys.stdout)
