"""How a message is written: both languages on one line, figures with their unit, unknown facts as a dash."""

from __future__ import annotations

import pytest

from evidence.locale import CHINESE, ENGLISH, duration, say, text


def test_a_message_stands_in_chinese_first_and_english_second() -> None:
    assert say("severity.breach") == "违规 / breach"


def test_measured_and_limit_carry_the_unit_of_the_finding() -> None:
    gap = {"measured": 41.0, "limit": 1.0}
    assert "41 秒（限值 1 秒）" in text(CHINESE, "finding.gap-in-file.text", **gap)
    assert "41 s apart (limit 1 s)" in text(ENGLISH, "finding.gap-in-file.text", **gap)
    tail = {"measured": 4096, "limit": 0, "unit": "bytes"}
    assert "4096 字节" in text(CHINESE, "finding.data-after-end.text", **tail)
    assert "7 wheels" in text(ENGLISH, "finding.data-after-end.text", measured=7, unit="wheels")


def test_a_sign_of_damage_is_written_in_words() -> None:
    assert "索引没有写入" in text(CHINESE, "finding.truncated.text", measured="no-index")
    assert "the index was never written" in text(ENGLISH, "finding.truncated.text", measured="no-index")


def test_a_fact_that_is_text_is_written_as_it_is_and_braces_in_it_do_no_harm() -> None:
    written = text(ENGLISH, "finding.type-differs.text", measured="{file}", limit="{0.__class__}")
    assert written == "The name says {0.__class__}, the content is {file}."


def test_an_unknown_fact_is_a_dash() -> None:
    assert text(ENGLISH, "finding.type-differs.text", measured=None) == "The name says —, the content is —."


def test_a_message_without_text_is_shown_as_its_key_and_asking_strictly_is_an_error() -> None:
    assert say("error.no-such-code", key="any") == "error.no-such-code"
    with pytest.raises(KeyError):
        text(ENGLISH, "error.no-such-code")
    with pytest.raises(KeyError):
        text("fr", "severity.info")


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0.1999, "0.2 秒", "0.2 s"),
        (0, "0 秒", "0 s"),
        (119.9994, "119.999 秒", "119.999 s"),
        (120.0, "2 分钟", "2 min"),
        (86460, "24 小时 1 分钟", "24 h 1 min"),
        (90061.2, "25 小时 1 分钟 1 秒", "25 h 1 min 1 s"),
        (359_999, "99 小时 59 分钟 59 秒", "99 h 59 min 59 s"),
        (360_000, "4 天 4 小时", "4 d 4 h"),
        (-3600, "-1 小时", "-1 h"),
    ],
)
def test_lengths_of_time_are_written_for_people(seconds: float, zh: str, en: str) -> None:
    assert (duration(CHINESE, seconds), duration(ENGLISH, seconds)) == (zh, en)
