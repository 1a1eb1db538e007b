"""Orders for derivatives as people send them: the same JSON over HTTP and on the command line
(docs/formats/derivatives.md). Seconds become whole milliseconds here; what they may be is domain/orders.py's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.domain.derivatives import Operation
from evidence.domain.orders import (
    MOST_BOXES,
    MOST_REGIONS,
    MOST_SPANS,
    Box,
    Cover,
    Hush,
    Order,
    Region,
    Span,
)
from evidence.errors import Invalid
from evidence.service.court.derivative_ports import Question

Seconds = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Points = Annotated[int, Field(ge=0, le=16_384)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BoxIn(_Strict):
    """Where a region is at a second of the original."""

    at_s: Seconds
    x: Points
    y: Points
    width: Points
    height: Points


class RegionIn(_Strict):
    """A part of the picture to hide, from its first box on until a second."""

    cover: Cover
    boxes: list[BoxIn] = Field(min_length=1, max_length=MOST_BOXES)
    until_s: Seconds
    reason: Reason


class SpanIn(_Strict):
    """Seconds whose sound is to be hidden."""

    from_s: Seconds
    to_s: Seconds
    hush: Hush
    reason: Reason


class OrderIn(_Strict):
    """What is to be made, for what, and which part of it; of a still, from_s is its moment."""

    operation: Literal["clip", "still", "redaction", "watermark"]
    title: str = Field(min_length=1, max_length=200)
    reason: Reason
    from_s: Seconds | None = None
    to_s: Seconds | None = None
    at_key_frames: bool = False
    regions: list[RegionIn] = Field(default_factory=list, max_length=MOST_REGIONS)
    spans: list[SpanIn] = Field(default_factory=list, max_length=MOST_SPANS)
    recipient: str | None = Field(default=None, min_length=1, max_length=200)

    def order(self) -> Order:
        """Return it in the terms of the domain."""
        return Order(
            operation=Operation(self.operation),
            title=self.title.strip(),
            reason=self.reason.strip(),
            from_ms=None if self.from_s is None else _ms(self.from_s),
            to_ms=None if self.to_s is None else _ms(self.to_s),
            at_key_frames=self.at_key_frames,
            regions=tuple(_region(one) for one in self.regions),
            spans=tuple(
                Span(_ms(one.from_s), _ms(one.to_s), one.hush, one.reason.strip()) for one in self.spans
            ),
            recipient=None if self.recipient is None else self.recipient.strip(),
        )


class QuestionIn(_Strict):
    """What the operator's detector is asked: a part of the film, and where something is at a moment of it."""

    from_s: Seconds
    to_s: Seconds
    boxes: list[BoxIn] = Field(default_factory=list, max_length=MOST_REGIONS)

    def question(self) -> Question:
        """Return it in the terms of the service."""
        boxes = tuple(Box(_ms(box.at_s), box.x, box.y, box.width, box.height) for box in self.boxes)
        return Question(_ms(self.from_s), _ms(self.to_s), boxes)


def order_from(text: bytes) -> Order:
    """Read an order from JSON. Raises: Invalid("order-wrong") naming what is wrong."""
    try:
        return OrderIn.model_validate_json(text).order()
    except ValidationError as problem:
        found = problem.errors(include_url=False, include_context=False, include_input=False)
        reason = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found[:5])
        raise Invalid("order-wrong", field=reason) from None


def _region(one: RegionIn) -> Region:
    boxes = tuple(Box(_ms(box.at_s), box.x, box.y, box.width, box.height) for box in one.boxes)
    return Region(one.cover, boxes, _ms(one.until_s), one.reason.strip())


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
