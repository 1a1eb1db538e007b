"""Rows: changes of the catalogue as they lie in the vault, piece by piece, in order, each piece once.

A piece is text: one line of canonical JSON for each row that changed, as it was when the piece was made. What
stands last for a key is the row. An entry of custody vouches for each piece. Form: docs/formats/log-rows.md.
Which tables there are, and how rows are read from a database, is not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.canonical import canonical, read_said
from evidence.ledger.segments import DIGITS

PREFIX = "log/rows/"
MOST_ROWS = 4096
MOST_BYTES = 8 << 20  # of a piece of more than one row

_KEY = re.compile(r"log/rows/([0-9]{15})/rows")


@dataclass(frozen=True, slots=True)
class Line:
    """One row. is_gone: it is no more, and `values` is its key. raw: the line it was read from."""

    table: str
    values: Mapping[str, Any]
    is_gone: bool
    raw: bytes = field(default=b"", compare=False)


def key_of(serial: int) -> str:
    """Write the key of a piece in the vault. Raises: Invalid `rows-malformed`: `serial`."""
    if not 0 < serial < 10**DIGITS:
        raise Invalid("rows-malformed", reason="serial", serial=serial)
    return f"{PREFIX}{serial:0{DIGITS}d}/rows"


def serial_of(key: str) -> int:
    """Read what `key_of` writes. Raises: Invalid `rows-malformed`: `key`, `serial`."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise Invalid("rows-malformed", reason="key", key=key)
    serial = int(found.group(1))
    key_of(serial)
    return serial


def write_line(line: Line) -> bytes:
    """Write one line. Raises: Invalid `not-canonical`."""
    word = "gone" if line.is_gone else "row"
    return canonical({word: line.values, "table": line.table}) + b"\n"


def read_lines(raw: bytes) -> Iterator[Line]:
    """Yield the lines of a piece whose bytes the log vouches for. Raises: as `read_rows`."""
    return starmap(Line, read_rows(raw))


def read_rows(raw: bytes) -> Iterator[tuple[str, dict[str, Any], bool, bytes]]:
    """Yield the same as plain values, for whoever reads millions.

    Raises: IntegrityFault `rows-wrong`: `cut`, `line`, `members`.
    """
    if not raw.endswith(b"\n"):
        raise IntegrityFault("rows-wrong", reason="cut")
    for number, one in enumerate(raw[:-1].split(b"\n"), 1):
        try:
            said = read_said(one)
        except (ValueError, RecursionError) as problem:
            raise IntegrityFault("rows-wrong", reason="line", line=number) from problem
        if not isinstance(said, dict) or len(said) != 2 or not isinstance(table := said.get("table"), str):
            raise IntegrityFault("rows-wrong", reason="members", line=number)
        values = said.get("row", said.get("gone"))
        if not isinstance(values, dict):
            raise IntegrityFault("rows-wrong", reason="members", line=number)
        yield table, values, "gone" in said, one
