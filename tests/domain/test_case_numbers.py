"""Case numbers are the same however their brackets, digits and spaces were typed."""

from __future__ import annotations

import pytest

from evidence.domain.case_numbers import normal_form

SAME = [
    "大柘罚〔2026〕1号",
    "大柘罚（2026）1号",
    "大柘罚(2026)1号",
    "大柘罚［２０２６］１号",
    "大柘罚[2026]1 号",
    " 大柘罚\u3000〔2026〕 1号 ",
]
OTHERS = [
    "大柘罚〔2026〕11号",
    "大柘罚2026〕1号",
    "大柘罚〔2026〕1",
    "大柘处〔2026〕1号",
    "",
    "〔2026)1号大柘罚",
]


@pytest.mark.parametrize("number", SAME)
def test_a_number_is_the_same_in_whatever_brackets_digits_and_spaces(number: str) -> None:
    assert normal_form(number) == normal_form(SAME[0])


@pytest.mark.parametrize("number", OTHERS)
def test_another_number_is_another(number: str) -> None:
    assert normal_form(number) != normal_form(SAME[0])
