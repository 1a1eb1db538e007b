"""The officer's guide: the same in both languages, and every picture in it is one that a test takes."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
MOST_BYTES, MOST_PICTURES = 60_000, 6


def pictures(guide: str) -> list[str]:
    return re.findall(r"!\[[^\]]+\]\(pictures/(officer-[a-z-]+)\.png\)", (GUIDES / guide).read_text("utf-8"))


def headings(guide: str) -> int:
    return len(re.findall(r"^#+ ", (GUIDES / guide).read_text("utf-8"), re.MULTILINE))


def test_both_languages_show_the_same_pictures_under_the_same_headings() -> None:
    assert pictures("officer.zh.md") == pictures("officer.en.md")
    assert headings("officer.zh.md") == headings("officer.en.md")


def test_every_picture_is_small_and_taken_by_a_test() -> None:
    named = pictures("officer.zh.md")
    assert 0 < len(named) <= MOST_PICTURES
    tests = "".join(one.read_text("utf-8") for one in Path(__file__).parent.glob("test_*.py"))
    for name in named:
        file = GUIDES / "pictures" / f"{name}.png"
        assert file.stat().st_size <= MOST_BYTES, name
        assert f'"{name}"' in tests or f'"{name}.png"' in tests, f"no test takes {name}"
