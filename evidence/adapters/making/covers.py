"""Covers on the picture and hushes on the sound, as ffmpeg's filters do them.

A region moves between its boxes: ffmpeg is told its place again every 40 ms, each time the smallest box that
holds where it is then and 40 ms later, a margin around it. So no picture in between shows what is to be
hidden, whatever its time. A blur is squares of one colour each, large enough that a face is few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Any

import ffmpeg

from evidence.adapters.sandbox import inside
from evidence.domain.orders import Box, Cover, Order, Region, Span

STEP_MS = 40
MARGIN = 2  # points around a region: half the size of a point of colour, and rounding
SOUND_MARGIN_MS = 60  # before and after a span: AAC's window is 43 ms at 48000 Hz
COMMANDS = 1  # which input holds them
BLEEP_HZ, _BLEEP_LOUDNESS = 1000, 0.1


def commands(order: Order) -> Iterator[str]:
    """Yield what is told to the filters, at which second of the output: a line for each moment, for hours."""
    told = merge(*_told(order), key=lambda one: one[0])
    return (f"{at:.3f} {what};\n" for at, what in told)


def _told(order: Order) -> Iterator[Iterator[tuple[float, str]]]:
    start = order.from_ms or 0
    for number, region in enumerate(order.regions):
        if region.until_ms > start:
            yield _moves(f"drawbox@r{number}", region, start)


def _moves(name: str, region: Region, start: int) -> Iterator[tuple[float, str]]:
    """Yield each move of a region; what was before the part is told once, as it is where it begins."""
    before: Box | None = None
    for ms, box in places(region):
        if ms > start and before is not None:
            yield 0.0, _told_at(name, before)
        before = box if ms <= start else None
        if before is None:
            yield (ms - start) / 1000, _told_at(name, box)
    if before is not None:
        yield 0.0, _told_at(name, before)


def _told_at(name: str, box: Box) -> str:
    told = zip("xywh", (box.x, box.y, box.width, box.height), strict=True)
    return ", ".join(f"{name} {which} {value}" for which, value in told)


def places(region: Region) -> Iterator[tuple[int, Box]]:
    """Yield from when on a region is drawn where: its own places, and a margin."""
    last: Box | None = None
    ms = region.boxes[0].at_ms
    while ms < region.until_ms:
        box = _around(region.within(ms, min(ms + STEP_MS, region.until_ms - 1)))
        if last is None or (box.x, box.y, box.width, box.height) != (last.x, last.y, last.width, last.height):
            yield ms, box
            last = box
        ms = ms + STEP_MS if ms < region.boxes[-1].at_ms else region.until_ms


def cover(picture: Any, order: Order) -> Any:
    """Return the picture with its regions hidden. The second input holds the commands."""
    if not order.regions:
        return picture
    blurred = [(n, one) for n, one in enumerate(order.regions) if one.cover is Cover.BLUR]
    picture = picture.filter("sendcmd", filename=inside(COMMANDS)).filter("format", "yuv444p")
    if blurred:
        parts = picture.filter_multi_output("split", 3)
        square = max(one.square for _, one in blurred)
        squares = parts[1].filter("pixelize", w=square, h=square)
        mask = parts[2].filter("lutyuv", y=0, u=0, v=0).filter("format", "gray")
        mask = _drawn(mask, blurred, "white", order).filter("format", "gray").filter_multi_output("split", 3)
        planes = _joined([mask[0], mask[1], mask[2]], "mergeplanes", "0x001020", "yuv444p")
        picture = _joined([parts[0], squares, planes], "maskedmerge")
    black = [(n, one) for n, one in enumerate(order.regions) if one.cover is Cover.BLACK]
    return _drawn(picture, black, "black", order)


def hush(sound: Any, order: Order) -> Any:
    """Return the sound, in pieces of 10 ms, with its spans hidden."""
    start = order.from_ms or 0
    for span in order.spans:
        sound = sound.filter("volume", 0, enable=_within(span, start))
    bleeps = [one for one in order.spans if one.hush.value == "bleep"]
    if not bleeps:
        return sound
    there = "+".join(_within(one, start) for one in bleeps)
    tone = ffmpeg.input(f"sine=frequency={BLEEP_HZ}:sample_rate=48000:samples_per_frame=480", f="lavfi")  # type: ignore[no-untyped-call]
    heard = tone.filter("volume", _BLEEP_LOUDNESS).filter("volume", 0, enable=f"not({there})")
    return _joined([sound, heard], "amix", duration="first", normalize=0)


def _drawn(picture: Any, regions: Sequence[tuple[int, Region]], colour: str, order: Order) -> Any:
    start = order.from_ms or 0
    for number, region in regions:
        since, until = (max(0, one - start) / 1000 for one in (region.boxes[0].at_ms, region.until_ms))
        if region.until_ms <= start:
            continue
        when = f"gte(t,{since:.3f})*lt(t,{until:.3f})"
        picture = picture.filter(
            f"drawbox@r{number}", x=0, y=0, w=2, h=2, color=colour, t="fill", enable=when
        )
    return picture


def _joined(streams: list[Any], name: str, *how: Any, **more: Any) -> Any:
    return ffmpeg.filter(streams, name, *how, **more)


def _within(span: Span, start: int) -> str:
    since, until = span.from_ms - start - SOUND_MARGIN_MS, span.to_ms - start + SOUND_MARGIN_MS
    return f"between(t,{max(0, since) / 1000:.3f},{max(0, until) / 1000:.3f})"


def _around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box at even points that holds these boxes and the margin."""
    left, top = min(one.x for one in boxes) - MARGIN, min(one.y for one in boxes) - MARGIN
    right = max(one.x + one.width for one in boxes) + MARGIN
    bottom = max(one.y + one.height for one in boxes) + MARGIN
    left, top = max(0, left) // 2 * 2, max(0, top) // 2 * 2
    return Box(boxes[0].at_ms, left, top, -(-(right - left) // 2) * 2, -(-(bottom - top) // 2) * 2)
