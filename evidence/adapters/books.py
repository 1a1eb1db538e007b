"""Workbooks of several tables (XLSX), row by row and with no time but the one given: the same tables, the
same bytes.

Texts are written as texts and defused (domain/wording.py), numbers as numbers, so that they can be added up.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain

from evidence.domain.wording import defused, printable
from evidence.errors import Invalid
from evidence.service.printing_ports import Leaf, Value

_WIDEST, _NARROWEST, _LOOKED_AT = 48, 6, 100
_LONGEST = 32_767  # letters in a cell
MOST_ROWS = 1_048_575  # of a table, below its heading: what is beyond would be left out in silence
_SIGNS = str.maketrans("[]:*?/\\", "       ")  # that the name of a table must not have
_LONGEST_NAME = 31


class XlsxBinder:
    """See service.printing_ports.Binder."""

    def bind(self, leaves: Iterable[Leaf], at: datetime) -> bytes:
        """Return a workbook. Raises: Invalid("too-many-rows")."""
        import xlsxwriter  # here, because few commands write one

        written = io.BytesIO()
        book = xlsxwriter.Workbook(written, {"constant_memory": True})
        book.set_properties({"created": at.astimezone(UTC).replace(tzinfo=None, microsecond=0)})
        bold = book.add_format({"bold": True, "num_format": "@", "bottom": 1})
        as_text = book.add_format({"num_format": "@"})
        for leaf in leaves:
            sheet = book.add_worksheet(leaf.name.translate(_SIGNS)[:_LONGEST_NAME])
            rows: list[Sequence[Value]] = [list(row) for row in leaf.rows]
            if len(rows) > MOST_ROWS:
                raise Invalid("too-many-rows", found=len(rows), most=MOST_ROWS)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(rows), 1), len(leaf.columns) - 1)
            for column, heading in enumerate(leaf.columns):
                some = chain([heading], (row[column] for row in rows[:_LOOKED_AT]))
                sheet.set_column(column, column, _width(some))
            for place, line in enumerate([leaf.columns, *rows]):
                for column, value in enumerate(line):
                    if isinstance(value, str) and value:
                        safe = defused(printable(value))[:_LONGEST]
                        sheet.write_string(place, column, safe, bold if place == 0 else as_text)
                    elif isinstance(value, int | float):
                        sheet.write_number(place, column, value)
        book.close()
        return written.getvalue()


def _width(values: Iterable[Value]) -> int:
    """Return how wide a column must be; Chinese letters are twice as wide."""
    wide = (sum(2 if ord(one) > 0x2E7F else 1 for one in str(value)) for value in values if value is not None)
    return min(max(max(wide, default=0) + 2, _NARROWEST), _WIDEST)
