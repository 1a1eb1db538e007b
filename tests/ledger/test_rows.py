"""Pieces of rows: names and lines, read back as written; what is no piece is refused."""

from __future__ import annotations

import pytest

from evidence.errors import EvidenceError, IntegrityFault
from evidence.ledger.rows import Line, key_of, read_lines, serial_of, write_line


def test_a_name_is_read_back_and_names_sort_as_serials_do() -> None:
    serials = [1, 2, 10, 999, 10**15 - 1]
    keys = [key_of(serial) for serial in serials]
    assert keys == sorted(keys)
    assert [serial_of(key) for key in keys] == serials
    assert keys[0] == "log/rows/000000000000001/rows"


@pytest.mark.parametrize("key", ["log/rows/1/rows", "log/rows/000000000000000/rows", "log/custody/x", ""])
def test_another_name_is_refused(key: str) -> None:
    with pytest.raises(EvidenceError, match="rows-malformed"):
        serial_of(key)


def test_lines_are_read_back_as_they_were_written() -> None:
    lines = [
        Line("card", {"id": "a", "device": "执法\u2028仪", "n": 2**53 - 1, "x": None}, is_gone=False),
        Line("claim", {"device": "d", "name_sha256": "0"}, is_gone=True),
    ]
    raw = b"".join(map(write_line, lines))
    assert raw.endswith(b'{"gone":{"device":"d","name_sha256":"0"},"table":"claim"}\n')
    assert list(read_lines(raw)) == lines


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "cut"),
        (b'{"row":{},"table":"card"}', "cut"),
        (b"x\n", "line"),
        (b'{"row":{},"table":"card"}\n[]\n', "members"),
        (b'{"row":{},"table":1}\n', "members"),
        (b'{"row":{},"gone":{},"table":"card"}\n', "members"),
    ],
)
def test_what_is_no_piece_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(IntegrityFault, match="rows-wrong") as caught:
        list(read_lines(raw))
    assert caught.value.fields["reason"] == reason
