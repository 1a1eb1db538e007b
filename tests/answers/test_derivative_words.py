"""Several derivatives of one recording are told apart by their lines, without a title."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evidence.answers.derivative_words import derivative_words
from evidence.domain.derivatives import Derivative, Operation
from evidence.domain.orders import Box, Cover, Hush, Order, Region, Span
from evidence.locale import CHINESE, ENGLISH

AT = datetime(2026, 11, 30, tzinfo=UTC)
BOX = Box(0, 1, 1, 8, 8)
TWO = (Region(Cover.BLACK, (BOX,), 900, "路人"), Region(Cover.BLUR, (BOX, Box(5, 1, 1, 8, 8)), 900, "车牌"))
SOUND = (Span(0, 9, Hush.MUTE, "电话"),)


@pytest.mark.parametrize(
    ("order", "chinese", "english"),
    [
        (
            Order(Operation.REDACTION, "一", "二", regions=TWO, spans=SOUND),
            "遮蔽件 · 0a1b2c3d · 全程 · 遮蔽画面 2 处、声音 1 段",
            "redaction · 0a1b2c3d · all of it · hides 2 in the picture, 1 in the sound",
        ),
        (
            Order(Operation.REDACTION, "一", "二", 61_500, regions=TWO[:1]),
            "遮蔽件 · 0a1b2c3d · 1:01.50–末尾 · 遮蔽画面 1 处、声音 0 段",
            "redaction · 0a1b2c3d · 1:01.50–the end · hides 1 in the picture, 0 in the sound",
        ),
        (
            Order(Operation.CLIP, "一", "二", 0, 1000),
            "片段 · 0a1b2c3d · 0:00.00–0:01.00",
            "clip · 0a1b2c3d · 0:00.00–0:01.00",
        ),
        (
            Order(Operation.STILL, "一", "二", 1500),
            "截图 · 0a1b2c3d · 0:01.50",
            "still · 0a1b2c3d · 0:01.50",
        ),
    ],
)
def test_the_line_says_operation_id_part_and_how_much_is_hidden(
    order: Order, chinese: str, english: str
) -> None:
    one = Derivative("0a1b2c3d" + "0" * 24, "f" * 32, order.operation, order.parameters, "someone", AT)
    assert (derivative_words(one, CHINESE), derivative_words(one, ENGLISH)) == (chinese, english)


def test_a_proxy_has_no_part_and_hides_nothing() -> None:
    one = Derivative("0a1b2c3d" + "0" * 24, "f" * 32, Operation.PROXY, {}, "service", AT)
    assert derivative_words(one, CHINESE) == "播放用副本 · 0a1b2c3d · 全程"
