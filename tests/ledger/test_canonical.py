"""Canonical JSON: one way of writing, strict reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.canonical import canonical, read_canonical
from tests.ledger.values import VALUES


@settings(deadline=None)
@given(VALUES)
def test_canonical_equals_rfc8785_on_what_it_takes(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        float("inf"),
        {"a": [0.5]},
        {"é": 1},
        {1: 1},
        "\ud800",
        {"a": "x\udcff"},
        {"\ud800": 1},
        2**53,
        -(2**53),
        b"bytes",
        {1, 2},
        object(),
    ],
)
def test_canonical_refuses_what_readers_might_disagree_on(value: object) -> None:
    with pytest.raises(Invalid, match="not-canonical"):
        canonical(value)


def test_canonical_refuses_a_value_that_is_too_deep_or_contains_itself() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(Invalid, match="too deep"):
        canonical(loop)


@settings(deadline=None)
@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert read_canonical(canonical(value)) == value


def jcs(vectors: Path, name: str) -> tuple[str, bytes]:
    """Return a vector's input and the bytes expected."""
    folder = vectors / "jcs"
    expected = (folder / "output" / f"{name}.json").read_bytes()
    assert expected == bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())
    return (folder / "input" / f"{name}.json").read_text(encoding="utf-8"), expected


@pytest.mark.parametrize("name", ["arrays", "structures"])
def test_the_vectors_of_rfc_8785_come_out_byte_for_byte(vectors: Path, name: str) -> None:
    given_, expected = jcs(vectors, name)
    # One of them has 56.0, which is written 56; we have no fractions.
    whole = json.loads(given_, parse_float=lambda digits: int(float(digits)))
    assert canonical(whole) == expected
    assert read_canonical(expected) == whole


def test_keys_outside_ascii_which_the_vectors_of_rfc_8785_have_are_refused(vectors: Path) -> None:
    given_, expected = jcs(vectors, "french")
    with pytest.raises(Invalid, match="not-canonical.*key"):
        canonical(json.loads(given_))
    with pytest.raises(IntegrityFault, match="json-not-canonical"):
        read_canonical(expected)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" 1",
        b"1 ",
        b"1\n",
        b"01",
        b"-0",
        b"1.0",
        b"1e3",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"9" * 5000,
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'"\\u0061"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xff"',
        b'\xef\xbb\xbf""',
        b'{"\xc3\xa9":1}',
        b"[" * 40 + b"]" * 40,
        b"[" * 100_000,
    ],
)
def test_a_line_written_in_any_other_way_is_refused(line: bytes) -> None:
    with pytest.raises(IntegrityFault, match="json-not-canonical"):
        read_canonical(line)


@settings(deadline=None)
@given(st.binary())
def test_reading_raises_nothing_else_and_takes_only_what_it_would_write(line: bytes) -> None:
    try:
        value = read_canonical(line)
    except IntegrityFault:
        return
    assert canonical(value) == line
