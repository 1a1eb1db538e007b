"""The line of every key, exactly: on purpose-built hard text, on drawn text, and on the shipped packs."""

from __future__ import annotations

import json
import tomllib
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.policy.positions import key_lines, line_of

HARD = '''# a comment with [brackets] and "quotes"
title = "a # no comment"   # a comment = not a key

[one]                      # 4
a = 1
"quoted.key" = 2           # 6
b.c = """
[not.a.table]
not_a_key = 1
"""
d = [                      # 11
  "x", # ] not the end
  { e = 1 },
]
f = 2                      # 15

[[list]]                   # 17
g = \'\'\'
[nor.this]\'\'\'
h = 3                      # 20
[list.inner]               # 21
i = { j = "}", k = [1, 2] }
[[list]]                   # 23
g = "\\\\"
l = "\\""                  # 25
[one.more]
m = 1979-05-27'''


def test_keys_stand_where_a_person_would_look_for_them() -> None:
    tomllib.loads(HARD)
    assert dict(key_lines(HARD)) == {
        ("title",): 2,
        ("one",): 4,
        ("one", "a"): 5,
        ("one", "quoted.key"): 6,
        ("one", "b"): 7,
        ("one", "b", "c"): 7,
        ("one", "d"): 11,
        ("one", "f"): 15,
        ("list",): 17,
        ("list", 0): 17,
        ("list", 0, "g"): 18,
        ("list", 0, "h"): 20,
        ("list", 0, "inner"): 21,
        ("list", 0, "inner", "i"): 22,
        ("list", 1): 23,
        ("list", 1, "g"): 24,
        ("list", 1, "l"): 25,
        ("one", "more"): 26,
        ("one", "more", "m"): 27,
    }


def test_windows_line_ends_do_not_shift_the_lines() -> None:
    assert dict(key_lines(HARD.replace("\n", "\r\n"))) == dict(key_lines(HARD))


def test_a_place_that_is_not_noted_has_the_line_of_what_holds_it() -> None:
    lines = key_lines(HARD)
    assert line_of(lines, ("list", 0, "inner", "i", "j")) == 22
    assert line_of(lines, ("list", 0, "missing")) == 17
    assert line_of(lines, ("nowhere",)) == 1


_KEYS = st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True)
_TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=["Cs", "Cc"]), max_size=9
)
_VALUES = st.one_of(
    st.integers(-9, 9).map(str),
    _TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False).replace("\x7f", "")),
    st.just("'it is \"raw\" # here'"),
    st.just('"""\nkey = "in a text"\n[table]\n"""'),
    st.just("'''\n#\n]\n'''"),
    st.just("[\n  1, # ]\n  [2, 3],\n]"),
    st.just('{ a = "{", b = [1, "]"] }'),
)


@settings(deadline=None)
@given(
    st.lists(st.tuples(_KEYS, _VALUES, st.sampled_from(["", "\n", "# = [\n"])), unique_by=lambda row: row[0])
)
def test_every_key_of_a_drawn_text_is_on_its_line(rows: list[tuple[str, str, str]]) -> None:
    text, expected = "", {}
    for key, value, between in rows:
        expected[(key,)] = text.count("\n") + 1
        text += f"{key} = {value} # end\n{between}"
    assert set(tomllib.loads(text)) == {key for key, _, _ in rows}
    assert dict(key_lines(text)) == expected


@pytest.mark.parametrize("name", ["dazhe-2020.toml", "longquan.toml", "strict.toml"])
def test_every_key_of_a_shipped_pack_is_on_its_line(name: str) -> None:
    text = (resources.files("evidence.policy") / "packs" / name).read_text(encoding="utf-8")
    rows, lines = text.splitlines(), key_lines(text)
    for place, line in lines.items():
        name_there = [part for part in place if isinstance(part, str)][-1]
        assert name_there in rows[line - 1], place
    assert len(lines) > 60
