"""Printing: the letters that a font has are read from the font, and broken fonts or templates are told."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from evidence.adapters import printing
from evidence.adapters.printing import TypstPress
from evidence.adapters.printing.letters import letters_of
from evidence.errors import Unavailable

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORMAT = Path(__file__).parents[2] / "docs" / "formats" / "gap-report.md"


def test_the_font_has_chinese_latin_and_the_sign_for_what_it_lacks() -> None:
    letters = letters_of(printing.font_file().read_bytes())
    assert {ord(one) for one in "缺口报告，：（）〓✓‼·–— Aa09é"} <= letters
    assert ord("𠮷") not in letters


def test_the_font_is_the_one_that_the_format_names() -> None:
    assert sha256(printing.font_file().read_bytes()).hexdigest() in FORMAT.read_text("utf-8")


@pytest.mark.parametrize("broken", [b"", b"OTTO", b"OTTO\0\1" + bytes(60), bytes(4096)])
def test_a_file_that_is_no_font_is_refused(broken: bytes) -> None:
    with pytest.raises(Unavailable) as refused:
        letters_of(broken)
    assert refused.value.code == "font-unreadable"


def test_values_that_do_not_fit_a_template_are_told_and_nothing_is_printed() -> None:
    with pytest.raises(Unavailable) as refused:
        TypstPress().print("report", {"title": "x"}, AT)
    assert refused.value.code == "not-printed"
