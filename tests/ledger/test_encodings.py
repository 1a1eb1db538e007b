"""Numbers and bytes as text: one value has one spelling."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.ledger.encodings import MAX_NUMBER, read_base64, read_decimal, read_hash, write_base64


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_bytes_survive_writing_and_reading(raw: bytes) -> None:
    assert read_base64(write_base64(raw)) == raw


def test_each_byte_has_one_spelling() -> None:
    digits = "AB" + "Pg" + "/+-_="
    read = [read_base64("".join(four)) for four in product(digits, repeat=4)]
    found = [one for one in read if one is not None]
    assert len(found) == len(set(found)) > 100


@pytest.mark.parametrize(
    "text", ["AB==", "AAB=", "AA", "AA=", "A===", "=", "AA== ", "AA==\n", "A A=", "AA==AA==", "ＡA=="]
)
def test_other_spellings_are_not_read(text: str) -> None:
    assert read_base64(text) is None


def test_a_hash_has_32_bytes() -> None:
    for length in (0, 31, 33):
        assert read_hash(write_base64(bytes(length))) is None
    assert read_hash(write_base64(bytes(32))) == bytes(32)


@settings(deadline=None)
@given(st.integers(0, MAX_NUMBER))
def test_numbers_survive_writing_and_reading(number: int) -> None:
    assert read_decimal(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "01",
        "-0",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1_0",
        "1.0",
        "1e3",
        "0x1",
        "١",
        "１",
        str(2**63),
        "9" * 5000,
    ],
)
def test_other_numbers_are_not_read(text: str) -> None:
    assert read_decimal(text) is None
