"""Names of devices become names that any disc, Windows and any manifest can carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.bundle.layout import name_on_disc, original


@pytest.mark.parametrize(
    ("device", "disc"),
    [
        ("DCIM/100/执法记录_0001.MP4", "执法记录_0001.MP4"),
        ("D:\\视频\\a b.mp4", "a b.mp4"),
        ("a:b*c?.mp4", "a_b_c_.mp4"),
        ("50%.mp4", "50_.mp4"),
        ("new\nline\x1b[2J.mp4", "new_line_[2J.mp4"),
        ("田\U00020bb7.mp4", "田_.mp4"),
        ("..", "_"),
        ("", "_"),
        ("/", "_"),
        (" . ", "_"),
        ("end. ", "end"),
        ("\u202egpj.mp4", "_gpj.mp4"),
        ("DCIM/nul.mp4", "_nul.mp4"),
        ("CON", "_CON"),
        ("com1 .tar.gz", "_com1 .tar.gz"),
        ("console.mp4", "console.mp4"),
    ],
)
def test_what_a_disc_cannot_carry_is_replaced(device: str, disc: str) -> None:
    assert name_on_disc(device) == disc


def test_a_long_name_keeps_its_ending() -> None:
    name = name_on_disc("现" * 200 + ".mp4")
    assert name.endswith("现.mp4")
    assert len(name.encode()) <= 180


@given(st.text(max_size=300))
def test_every_name_is_one_harmless_part_of_a_path(device: str) -> None:
    name = name_on_disc(device)
    assert 1 <= len(name.encode("utf-8")) <= 180
    assert len(name.encode("utf-16-le")) <= 2 * 95
    assert all(ord(one) < 0x10000 for one in name)
    assert name.isprintable()
    assert not set(name) & set('\\/:*?"<>|%')
    assert name == name.strip(". ")
    assert name == name_on_disc(name)


def test_parts_are_numbered() -> None:
    assert original("0" * 32, "x/a.mp4", 2) == f"data/originals/{'0' * 32}/a.mp4.part002"
