"""Tables as files: what people's programs write is read, and what is written computes nothing."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from evidence.adapters.sheets import MOST_BYTES, SheetFiles
from evidence.domain.sheets import Cell
from evidence.errors import Invalid

FILES = SheetFiles()
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "＠x", "'=1"]


def book(*rows: list[Any]) -> bytes:
    """Return an XLSX file with these rows, as another program writes it."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_in_the_encodings_and_with_the_delimiters_that_are_in_use(
    encoding: str, delimiter: str
) -> None:
    text = f"编号{delimiter}姓名\r\n0001{delimiter}张三\r\n\r\n0002{delimiter}欧阳丽\r\n"
    sheet = FILES.read(text.encode(encoding))
    assert sheet.headings == ["编号", "姓名"]
    assert [(row, [cell.text for cell in cells]) for row, cells in sheet.rows] == [
        (2, ["0001", "张三"]),
        (4, ["0002", "欧阳丽"]),
    ]


def test_xlsx_is_read_with_its_days_and_says_what_is_a_number_or_a_formula() -> None:
    sheet = FILES.read(book(["编号", "合同开始"], ["0001", date(2026, 3, 1)], [12, "=1+1"], [1.5, True]))
    assert sheet.rows[0][1] == [Cell("0001"), Cell("2026-03-01")]
    assert sheet.rows[1][1] == [Cell("12", is_number=True), Cell("=1+1", is_formula=True)]
    assert sheet.rows[2][1] == [Cell("1.5", is_number=True), Cell("yes")]
    at_noon = datetime.fromisoformat("2026-03-01T12:00")
    assert FILES.read(book(["a"], [at_noon])).rows[0][1] == [Cell("2026-03-01")]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_written_computes_nothing_and_is_read_again_as_it_was(form: str) -> None:
    written = FILES.write(["number", "name"], [(text, "张三") for text in EVIL], form)
    sheet = FILES.read(written)
    assert sheet.headings == ["编号 / number", "姓名 / name"]
    cells = [row[0] for _, row in sheet.rows]
    assert not any(cell.is_formula for cell in cells)
    assert all(cell.text.startswith("'") for cell in cells)
    for text, cell in zip(EVIL, cells, strict=True):
        assert cell.text == f"'{text}" or not text.isprintable()


def test_an_xlsx_of_ours_holds_no_formula_and_no_link() -> None:
    written = FILES.write(["number"], [('=HYPERLINK("http://x")',), ("http://example.org",)], "xlsx")
    with zipfile.ZipFile(io.BytesIO(written)) as packed:
        text = b"".join(packed.read(name) for name in packed.namelist())
    assert b"<f>" not in text
    assert b"<hyperlink " not in text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet-empty"),
        (b"\n\n", "sheet-empty"),
        (b"PK\x03\x04 no archive", "sheet-unreadable"),
        (b"\xff\xff\xff", "sheet-unreadable"),
        (b"a\0b\n", "sheet-unreadable"),
        (b'"never closed', "sheet-unreadable"),
        (b"a" * (MOST_BYTES + 1), "sheet-too-large"),
        (b"a\n" * 50_002, "sheet-too-large"),
        (b"," * 65 + b"a", "sheet-too-large"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        FILES.read(content)


def test_an_xlsx_that_unpacks_without_end_is_refused_before_it_is_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (257 << 20))
    assert len(packed.getvalue()) < MOST_BYTES
    with pytest.raises(Invalid, match="sheet-too-large"):
        FILES.read(packed.getvalue())


def test_an_entity_in_an_xlsx_is_not_resolved() -> None:
    good = book(["a"], ["b"])
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "xl/workbook.xml":
                start = body.index(b"<workbook")
                body = b'<!DOCTYPE x [<!ENTITY e "boom">]>' + body[start:].replace(b"Sheet", b"&e;", 1)
            new.writestr(name, body)
    with pytest.raises(Invalid, match="sheet-unreadable"):
        FILES.read(packed.getvalue())


def _packed(sheet: str) -> bytes:
    """Return an XLSX file whose one sheet has this for its rows, as no honest program writes it."""
    there, written = io.BytesIO(book(["a"])), io.BytesIO()
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    with zipfile.ZipFile(there) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            is_sheet = one == "xl/worksheets/sheet1.xml"
            new.writestr(one, f"{head}{sheet}</sheetData></worksheet>" if is_sheet else old.read(one))
    return written.getvalue()


FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="9999999999"><c r="A9999999999"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "content",
    [
        _packed(FAR),
        _packed("<row/>" * 150_000),
        b"number\n" * 2 + b"\n" * 150_000,
        _packed("<c/>" * 9_000_000),
    ],
    ids=["far apart", "empty rows", "empty lines", "too many tags"],
)
def test_a_small_file_that_would_be_read_for_hours_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(Invalid, match="sheet-too-large"):
        FILES.read(content)


def test_rows_and_columns_that_are_empty_stand_in_nobodys_way() -> None:
    far = _packed(FAR.replace("9999999999", "90000"))
    assert [row for row, _ in FILES.read(far).rows] == [90000]
    assert FILES.read(b"number" + b"," * 100_000 + b"\n1\n").headings == ["number"]
