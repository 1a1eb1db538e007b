"""Printing: the letters that a font has are read from the font, and broken fonts or templates are told."""

from __future__ import annotations

import io
import resource
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from pypdf import PdfReader

from evidence.adapters import printing
from evidence.adapters.printing import TypstPress
from evidence.adapters.printing.letters import letters_of
from evidence.errors import Unavailable

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIB = 1 << 20
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


def test_a_long_name_breaks_in_its_cell_and_hides_nothing_beside_it() -> None:
    name = "F" * 255
    row = {"cells": [name, "open"], "bad": True}
    table = {"title": "t", "columns": ["a", "b"], "rows": [row], "widths": [1, 1], "numbers": False}
    words = dict.fromkeys(("page", "font", "lacking", "nothing"), "x")
    values = {"language": "en", "title": "t", "facts": [["x", name]], "marks": [], "tables": [table]}
    values |= {"pictures": [], "pictured": "x", "position": "x", "words": words}
    printed = TypstPress().print("report", values, AT)
    assert printed == TypstPress().print("report", values, AT)
    lines = PdfReader(io.BytesIO(printed)).pages[0].extract_text().splitlines()
    cut = [one for one in lines if "FF" in one]
    assert sum(one.count("F") for one in cut) == 2 * len(name), "all of it is there, twice"
    assert max(one.count("F") for one in cut) < 200, "and no line leaves its place"
    assert len(cut) > 5


def test_what_a_long_document_needed_is_given_back_when_it_is_printed() -> None:
    section = {"heading": "", "facts": [], "text": [], "columns": ["a", "b"], "widths": [1, 1]}
    section |= {"code": "", "picture": "", "alt": "", "signatures": []}
    words = dict.fromkeys(("page", "font", "lacking"), "x")
    values = {"agency": "x", "language": "zh", "number": "1", "running": "x", "title": "t", "wide": False}

    def print_rows(name: str) -> None:
        told = {**section, "rows": [[f"{name}{row:030d}", "2026-03-02 09:00:00+08:00"] for row in range(300)]}
        assert TypstPress().print("document", {**values, "words": words, "sections": [told]}, AT)

    print_rows("a")
    before = resident()
    for name in "bcd":
        print_rows(name)
    assert resident() - before < 10 * MIB, "the typesetter keeps what it made of ten documents"


def resident() -> int:
    """Return how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
