"""Orders for derivatives: what may be asked for, where a region is, and that an order comes back as it
was.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.answers.derivative_orders import order_from
from evidence.domain.derivatives import Operation
from evidence.domain.orders import Box, Cover, Hush, Order, Region, Span, read_order, verify_order
from evidence.errors import Invalid

REGION = Region(Cover.BLACK, (Box(1000, 10, 20, 30, 40), Box(2000, 110, 20, 30, 60)), 3000, "face")
DAY_LONG = replace(REGION, boxes=(Box(0, 0, 0, 5, 5), Box(50_000_000, 9, 0, 5, 5)), until_ms=60_000_000)
REDACTION = Order(
    Operation.REDACTION, "copy", "application", 500, 9000, regions=(REGION,),
    spans=(Span(1000, 2000, Hush.MUTE, "name"),), recipient="某人",
)  # fmt: skip
CLIP = Order(Operation.CLIP, "clip", "court", 1000, 2000)


def test_a_region_moves_in_a_straight_line_and_stays_behind_its_last_box() -> None:
    assert REGION.at(999) is None
    assert REGION.at(1000) == Box(1000, 10, 20, 30, 40)
    assert REGION.at(1500) == Box(1500, 60, 20, 30, 50)
    assert REGION.at(2999) == Box(2000, 110, 20, 30, 60)
    assert REGION.at(3000) is None


def test_an_order_comes_back_as_it_was_and_its_parameters_name_nobody() -> None:
    verify_order(REDACTION)
    assert read_order(Operation.REDACTION, REDACTION.parameters, REDACTION.words) == REDACTION
    for word in ("copy", "application", "face", "name", "某人"):
        assert word not in str(REDACTION.parameters)
    bare = read_order(Operation.REDACTION, REDACTION.parameters, {})
    assert not bare.is_whole
    assert bare.parameters["regions"] == REDACTION.parameters["regions"]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (replace(CLIP, to_ms=None), "to"),
        (replace(CLIP, from_ms=None), "from"),
        (replace(CLIP, from_ms=2000), "from"),
        (replace(CLIP, regions=(REGION,)), "regions"),
        (replace(CLIP, recipient="x"), "recipient"),
        (replace(CLIP, operation=Operation.STILL, from_ms=None, to_ms=None), "from"),
        (replace(CLIP, operation=Operation.WATERMARK), "recipient"),
        (replace(CLIP, operation=Operation.PROXY), "operation"),
        (replace(REDACTION, regions=(), spans=()), "regions"),
        (replace(REDACTION, at_key_frames=True), "at_key_frames"),
        (replace(REDACTION, regions=(replace(REGION, until_ms=2000),)), "boxes"),
        (replace(REDACTION, regions=(replace(REGION, boxes=()),)), "boxes"),
        (replace(REDACTION, regions=(replace(REGION, boxes=(Box(0, 0, 0, 0, 5),)),)), "boxes"),
        (replace(REDACTION, regions=(DAY_LONG, DAY_LONG)), "boxes"),
        (replace(REDACTION, regions=(REGION,) * 21), "regions"),
        (replace(REDACTION, spans=(Span(2000, 2000, Hush.MUTE, "x"),)), "spans"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_field(order: Order, field: str) -> None:
    with pytest.raises(Invalid) as problem:
        verify_order(order)
    assert (problem.value.code, problem.value.fields["field"]) == ("order-wrong", field)


@pytest.mark.parametrize(
    "order",
    [
        replace(REDACTION, reason=" "),
        replace(REDACTION, title=""),
        replace(REDACTION, regions=(replace(REGION, reason=""),)),
        replace(REDACTION, spans=(Span(1, 2, Hush.MUTE, "\n"),)),
    ],
)
def test_everything_hidden_has_a_reason(order: Order) -> None:
    with pytest.raises(Invalid) as problem:
        verify_order(order)
    assert problem.value.code == "reason-needed"


def test_an_order_in_json_is_read_strictly() -> None:
    said = b'{"operation":"clip","title":"t","reason":"r","from_s":1.0004,"to_s":2.5}'
    assert order_from(said) == Order(Operation.CLIP, "t", "r", 1000, 2500)
    for wrong in (b"{}", b"[]", b"x", said.replace(b"clip", b"proxy"), said.replace(b"title", b"tilte"),
                  said.replace(b"1.0004", b"NaN")):  # fmt: skip
        with pytest.raises(Invalid) as problem:
            order_from(wrong)
        assert problem.value.code == "order-wrong"
