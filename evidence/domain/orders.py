"""What somebody asks to have made from an original: which part, what is hidden in it and why, whom it is for.

Seconds count from the beginning of the original, as players show them, and are whole milliseconds here.
Points count from the upper left corner of its picture. What is about people (title, reasons, recipient)
stands apart from what is not: the log holds commitments to the one and the other in full.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from evidence.domain.derivatives import Operation
from evidence.errors import Invalid

MOST_REGIONS, MOST_SPANS, MOST_BOXES = 20, 100, 1000
LONGEST_MS = 24 * 3600 * 1000
SQUARES_ACROSS = 6  # of a blur, across the shorter side of a region
LEAST_SQUARE, LARGEST_SQUARE = 16, 256
_LARGEST = 16_384
_LONGEST_TITLE, _LONGEST_REASON = 200, 1000


class Cover(StrEnum):
    """How a part of the picture is hidden."""

    BLACK = "black"
    BLUR = "blur"  # squares, each of one colour: none of the detail within them is left


class Hush(StrEnum):
    """How sound is hidden."""

    MUTE = "mute"
    BLEEP = "bleep"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a region is at a moment."""

    at_ms: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture that is hidden from its first box on until a moment. Between two boxes it moves
    in a straight line; behind the last it stays. reason: why it is hidden.
    """

    cover: Cover
    boxes: tuple[Box, ...]
    until_ms: int
    reason: str

    @property
    def square(self) -> int:
        """Return how wide the squares of a blur are at least: few of them across the shorter side."""
        side = max(min(one.width, one.height) for one in self.boxes)
        return min(LARGEST_SQUARE, max(LEAST_SQUARE, -(-side // SQUARES_ACROSS)))

    def at(self, ms: float) -> Box | None:
        """Return where it is at a moment, None where it is not there."""
        if not self.boxes[0].at_ms <= ms < self.until_ms:
            return None
        next_ = bisect_right(self.boxes, ms, key=lambda one: one.at_ms)
        if next_ == len(self.boxes):
            return self.boxes[-1]
        return _between(self.boxes[next_ - 1], self.boxes[next_], ms)

    def within(self, since_ms: int, until_ms: int) -> list[Box]:
        """Return boxes between which it is at every moment from one to another, both included."""
        first = bisect_right(self.boxes, since_ms, key=lambda one: one.at_ms)
        last = bisect_right(self.boxes, until_ms, key=lambda one: one.at_ms)
        ends = [self.at(since_ms), self.at(until_ms)]
        return [one for one in (*ends, *self.boxes[first:last]) if one is not None]


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds whose sound is hidden, and why."""

    from_ms: int
    to_ms: int
    hush: Hush
    reason: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made. from_ms, to_ms: the part, all of it where None; of a still, from_ms is its moment.
    at_key_frames: the clip is not encoded anew, and begins with the key picture before its beginning.
    """

    operation: Operation
    title: str
    reason: str
    from_ms: int | None = None
    to_ms: int | None = None
    at_key_frames: bool = False
    regions: tuple[Region, ...] = ()
    spans: tuple[Span, ...] = ()
    recipient: str | None = None

    @property
    def parameters(self) -> Mapping[str, object]:
        """Return all of it that is about nobody."""
        return {
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "at_key_frames": self.at_key_frames,
            "regions": [_region_out(one) for one in self.regions],
            "spans": [
                {"from_ms": one.from_ms, "to_ms": one.to_ms, "hush": one.hush.value} for one in self.spans
            ],
            "is_marked": self.recipient is not None,
        }

    @property
    def is_whole(self) -> bool:
        """Whether its words are there too; after a rebuild they are not, and nobody can say any more for
        whom.
        """
        return bool(self.title and self.reason)

    @property
    def words(self) -> Mapping[str, object]:
        """Return what may be about somebody."""
        return {
            "title": self.title,
            "reason": self.reason,
            "regions": [one.reason for one in self.regions],
            "spans": [one.reason for one in self.spans],
            **({} if self.recipient is None else {"recipient": self.recipient}),
        }


def verify_order(order: Order) -> None:
    """Verify that an order can be carried out, and that each thing hidden has its reason.

    Raises: Invalid("order-wrong") naming the field, "reason-needed".
    """
    _verify_text("title", order.title, _LONGEST_TITLE)
    why = [order.reason, *(one.reason for one in order.regions), *(one.reason for one in order.spans)]
    for text in why:
        _verify_text("reason", text, _LONGEST_REASON)
    _verify_part(order)
    _verify_kind(order)
    if len(order.regions) > MOST_REGIONS or len(order.spans) > MOST_SPANS:
        raise Invalid("order-wrong", field="regions" if len(order.regions) > MOST_REGIONS else "spans")
    for region in order.regions:
        _verify_region(region)
    if sum(one.boxes[-1].at_ms - one.boxes[0].at_ms for one in order.regions) > LONGEST_MS:
        raise Invalid("order-wrong", field="boxes")
    for span in order.spans:
        if not 0 <= span.from_ms < span.to_ms <= LONGEST_MS:
            raise Invalid("order-wrong", field="spans")


def read_order(operation: Operation, parameters: Mapping[str, Any], words: Mapping[str, Any]) -> Order:
    """Read an order back from what stands of it. After a rebuild there are no words: reasons are empty."""
    reasons, why = list(words.get("regions", ())), list(words.get("spans", ()))
    regions, spans = parameters["regions"], parameters["spans"]
    return Order(
        operation=operation,
        title=words.get("title", ""),
        reason=words.get("reason", ""),
        from_ms=parameters["from_ms"],
        to_ms=parameters["to_ms"],
        at_key_frames=parameters["at_key_frames"],
        regions=tuple(_region_in(one, _nth(reasons, n)) for n, one in enumerate(regions)),
        spans=tuple(
            Span(one["from_ms"], one["to_ms"], Hush(one["hush"]), _nth(why, n)) for n, one in enumerate(spans)
        ),
        recipient=words.get("recipient"),
    )


def _verify_text(field: str, text: str, longest: int) -> None:
    if not text.strip():
        raise Invalid("reason-needed", field=field)
    if len(text) > longest or not text.replace("\n", " ").replace("\u3000", " ").isprintable():
        raise Invalid("invalid-text", field=field)


def _verify_part(order: Order) -> None:
    start, end = order.from_ms or 0, order.to_ms
    if not 0 <= start <= LONGEST_MS or (end is not None and not start < end <= LONGEST_MS):
        raise Invalid("order-wrong", field="from")
    needs_part = order.operation in (Operation.CLIP, Operation.STILL)
    if needs_part and order.from_ms is None:
        raise Invalid("order-wrong", field="from")
    if order.operation is Operation.CLIP and end is None:
        raise Invalid("order-wrong", field="to")


def _verify_kind(order: Order) -> None:
    """Each operation has its own parts, and no other: what is asked for is done, or nothing is."""
    is_hiding = order.operation is Operation.REDACTION
    if is_hiding != bool(order.regions or order.spans):
        raise Invalid("order-wrong", field="regions")
    if order.at_key_frames and order.operation is not Operation.CLIP:
        raise Invalid("order-wrong", field="at_key_frames")
    is_marked = order.recipient is not None
    if is_marked:
        _verify_text("recipient", order.recipient or "", _LONGEST_TITLE)
    may_be_marked = order.operation in (Operation.WATERMARK, Operation.REDACTION)
    if (order.operation is Operation.WATERMARK and not is_marked) or (is_marked and not may_be_marked):
        raise Invalid("order-wrong", field="recipient")
    if order.operation is Operation.PROXY:
        raise Invalid("order-wrong", field="operation")


def _verify_region(region: Region) -> None:
    times = [one.at_ms for one in region.boxes]
    in_order = all(one < other for one, other in pairwise([-1, *times, region.until_ms]))
    if not 0 < len(times) <= MOST_BOXES or not in_order or region.until_ms > LONGEST_MS:
        raise Invalid("order-wrong", field="boxes")
    for one in region.boxes:
        is_inside = 0 <= one.x < _LARGEST and 0 <= one.y < _LARGEST
        if not is_inside or not 0 < one.width <= _LARGEST or not 0 < one.height <= _LARGEST:
            raise Invalid("order-wrong", field="boxes")


def _between(one: Box, other: Box, ms: float) -> Box:
    share = (ms - one.at_ms) / (other.at_ms - one.at_ms)
    values = (
        round(getattr(one, name) + share * (getattr(other, name) - getattr(one, name)))
        for name in ("x", "y", "width", "height")
    )
    return Box(round(ms), *values)


def _region_out(one: Region) -> dict[str, object]:
    boxes = [[box.at_ms, box.x, box.y, box.width, box.height] for box in one.boxes]
    return {"cover": one.cover.value, "boxes": boxes, "until_ms": one.until_ms}


def _region_in(one: Mapping[str, Any], reason: str) -> Region:
    return Region(Cover(one["cover"]), tuple(Box(*box) for box in one["boxes"]), one["until_ms"], reason)


def _nth(texts: list[str], n: int) -> str:
    return texts[n] if n < len(texts) else ""
