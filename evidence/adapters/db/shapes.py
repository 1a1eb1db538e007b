"""What the rows of a table look like: from a line of a piece to the values of its columns, many at a time.

A row whose values are plain goes into its table past SQLAlchemy's types: they would let it pass as it is. Any
other takes the long way (replay.py), which says what is wrong with it.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import LargeBinary, Table
from sqlalchemy.types import TypeEngine

from evidence.adapters.db.columns import Words
from evidence.adapters.db.tables import account
from evidence.ledger.encodings import MAX_NUMBER

Row = dict[str, Any]
_NUMBERS = {int, bool}


class OddRow(ValueError):
    """A row that is none of its table's; says why."""


class Shape:
    """The columns of a table, in order."""

    def __init__(self, table: Table) -> None:
        self.names = tuple(table.columns.keys())
        self._take = itemgetter(*self.names)
        self._empty = dict.fromkeys(self.names)  # a later schema has columns that earlier pieces do not name
        self._binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
        self._is_account = table is account
        self._is_as_said = not self._is_account and not self._binary
        self._kinds = [column.type for column in table.columns]

    def whole(self, row: Mapping[str, Any]) -> Row:
        """Return a row with all columns, bytes as bytes. Raises: OddRow."""
        whole = {**self._empty, **row}
        if len(whole) > len(self._empty):
            raise OddRow(f"unknown columns: {', '.join(sorted(whole.keys() - self._empty.keys()))}")
        if self._is_account:
            whole["token_sha256"] = f"-{whole['id']}"  # the hash of no token
        for name in self._binary:
            if (value := whole[name]) is not None and not isinstance(value, bytes):
                try:
                    whole[name] = binascii.a2b_base64(value, strict_mode=True)
                except (binascii.Error, TypeError, ValueError):
                    raise OddRow(f"not base64: {name}") from None
        return whole

    def values(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...] | None]:
        """Return the values of rows, None for one that is not plain."""
        if not rows:
            return []
        try:
            if self._is_as_said and len(self.names) == min(map(len, rows)) == max(map(len, rows)):
                found = [*map(self._take, rows)]
            else:
                found = [self._take(self.whole(row)) for row in rows]
            if self.are_plain(found):
                return [*found]
        except (OddRow, KeyError):  # as many columns, and others
            pass
        return [None] if len(rows) == 1 else [one for row in rows for one in self.values([row])]

    def are_plain(self, rows: Iterable[tuple[Any, ...]]) -> bool:
        """Tell whether all texts are short enough and of whole characters, without NUL, and what is no text
        is a number or bytes, as each column wants it; else our types refuse, or the engine.
        """
        columns = zip(self._kinds, zip(*rows, strict=True), strict=True)
        return all(_are_plain(kind, [one for one in values if one is not None]) for kind, values in columns)


def _are_plain(kind: TypeEngine[Any], values: list[Any]) -> bool:
    if isinstance(kind, LargeBinary):
        return True
    if not isinstance(kind, Words):
        return _NUMBERS.issuperset(map(type, values)) and max(map(abs, values), default=0) <= MAX_NUMBER
    try:
        whole = "".join(values)
        whole.isascii() or whole.encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return "\0" not in whole and not (kind.longest and max(map(len, values), default=0) > kind.longest)
