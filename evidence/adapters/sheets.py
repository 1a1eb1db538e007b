"""Tables as files: CSV (UTF-8 with or without BOM, GB18030) and XLSX, read and written.

Whoever opens our tables runs a table calculation over them: every text is written as text and defused
(domain/wording.py). What comes in is data from outside: bounded in bytes, rows and columns, also unpacked,
and in how far apart rows may stand.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from evidence.domain.sheets import MOST_ROWS, Cell, Sheet
from evidence.domain.wording import defused
from evidence.errors import Invalid
from evidence.locale import CHINESE, LANGUAGES, catalogue, say, text

MOST_BYTES = 16 << 20
_MOST_UNPACKED_BYTES = 64 << 20
_MOST_TAGS = 8_000_000  # a full table needs fewer than seven; each costs time, and memory within its row
_MOST_LINES = 2 * MOST_ROWS  # empty ones too: a file of 1 kB can name line 9999999999 and nothing before it
_MOST_COLUMNS = 64
_XLSX = b"PK\x03\x04"
_WIDEST = 40


class SheetFiles:
    """See service.sheet_ports.SheetFiles."""

    def read(self, content: bytes) -> Sheet:
        """Read a table. Raises: Invalid("sheet-too-large", "sheet-unreadable", "sheet-empty")."""
        if len(content) > MOST_BYTES:
            raise Invalid("sheet-too-large", limit=MOST_BYTES)
        rows = _xlsx_rows(content) if content.startswith(_XLSX) else _csv_rows(content)
        numbered: list[tuple[int, list[Cell]]] = []
        for number, cells in enumerate(rows, 1):
            if len(numbered) > MOST_ROWS or number > _MOST_LINES or len(cells) > _MOST_COLUMNS:
                raise Invalid("sheet-too-large", limit=MOST_ROWS)
            if any(cell.text.strip() for cell in cells):
                numbered.append((number, cells))
        if not numbered:
            raise Invalid("sheet-empty")
        return Sheet([cell.text.strip() for cell in numbered[0][1]], numbered[1:])

    def write(self, columns: Sequence[str], rows: Iterable[Sequence[str]], form: str) -> bytes:
        """Write a table with these columns as "csv" (UTF-8 with BOM, as Excel wants it) or "xlsx"."""
        headings = [say(f"sheet-column.{column}") for column in columns]
        lines = [headings, *([defused(cell) for cell in row] for row in rows)]
        return _xlsx(lines) if form == "xlsx" else _csv(lines)

    def headings(self, columns: Iterable[str]) -> Mapping[str, str]:
        """Return the column of each heading, in both languages, in lower case."""
        return _names("sheet-column", tuple(columns))

    def words(self, group: str, words: Iterable[str]) -> Mapping[str, str]:
        """Return the word of each name in a group of the catalogues, in lower case."""
        return _names(group, tuple(words))

    def word(self, key: str) -> str:
        """Return a text of the catalogues as tables have it: in Chinese."""
        return text(CHINESE, key)


@cache
def _names(group: str, keys: tuple[str, ...]) -> Mapping[str, str]:
    found = {}
    for key in keys:
        both = [catalogue(language)[f"{group}.{key}"] for language in LANGUAGES]
        for name in (key, *both, say(f"{group}.{key}")):
            found[name.lower()] = key
    return found


def _csv_rows(content: bytes) -> Iterator[list[Cell]]:
    decoded = _decoded(content)
    if "\0" in decoded:
        raise Invalid("sheet-unreadable", reason="NUL")
    first = decoded.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        for row in csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter, strict=True):
            while row and not row[-1]:
                row.pop()
            if len(row) > _MOST_COLUMNS:
                raise Invalid("sheet-too-large", limit=MOST_ROWS)
            yield [Cell(value) for value in row]
    except csv.Error as problem:
        raise Invalid("sheet-unreadable", reason=str(problem)) from problem


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("sheet-unreadable", reason="UTF-8, GB18030")


def _xlsx_rows(content: bytes) -> Iterator[list[Cell]]:
    import openpyxl  # here, because few commands read a workbook and all would wait for it

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > _MOST_UNPACKED_BYTES:
                raise Invalid("sheet-too-large", limit=_MOST_UNPACKED_BYTES)
            if sum(packed.read(one).count(b"<") for one in packed.infolist()) > _MOST_TAGS:
                raise Invalid("sheet-too-large", limit=_MOST_TAGS)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        for row in book.worksheets[0].iter_rows(max_row=_MOST_LINES + 1, max_col=_MOST_COLUMNS + 1):
            yield _trimmed(row)
    except Invalid:
        raise
    except Exception as problem:  # noqa: BLE001 (from outside: the parser's own errors are of every kind)
        raise Invalid("sheet-unreadable", reason=type(problem).__name__) from problem


def _trimmed(row: Sequence[Any]) -> list[Cell]:
    """Return the cells of a row without the empty ones at its end, of which most rows that are far apart have
    nothing else."""
    last = next((place for place in range(len(row), 0, -1) if row[place - 1].value is not None), 0)
    cells = [_cell(one) for one in row[:last]]
    while cells and not cells[-1].text:
        cells.pop()
    return cells


def _cell(one: Any) -> Cell:
    value = one.value
    if value is None:
        return Cell()
    if isinstance(value, datetime | date):
        return Cell(value.strftime("%Y-%m-%d").rjust(10, "0"))
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, int | float):
        whole = int(value) if value == value and abs(value) < 1e15 and value == int(value) else value
        return Cell(str(whole), is_number=True)
    return Cell(str(value), is_formula=one.data_type == "f")


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(lines)
    return written.getvalue().encode("utf-8-sig")


def _xlsx(lines: Sequence[Sequence[str]]) -> bytes:
    import xlsxwriter

    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    as_text = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "num_format": "@"})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column in range(len(lines[0])):
        wide = max(sum(2 if ord(one) > 0x2E7F else 1 for one in line[column]) for line in lines[:200])
        sheet.set_column(column, column, min(wide + 2, _WIDEST), as_text)
    for row, line in enumerate(lines):
        for column, cell in enumerate(line):
            if cell:
                sheet.write_string(row, column, cell, bold if row == 0 else as_text)
    book.close()
    return written.getvalue()
