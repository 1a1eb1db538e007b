"""The documents a court is given: PDF/A-2b by their own marks, all fonts inside, read by another library."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from evidence.domain.exports import Medium
from evidence.service.court.export_access import transfer_unit_of
from evidence.service.court.export_lists import seals_of
from evidence.service.examining.fixity import Fixity
from evidence.service.people.units import full_names
from tests.export_room import ExportRoom
from tests.people_room import OPERATOR

ACTIVE = (
    "/JavaScript",
    "/JS",
    "/Launch",
    "/EmbeddedFile",
    "/EmbeddedFiles",
    "/URI",
    "/SubmitForm",
    "/GoToR",
    "/Movie",
    "/Sound",
)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    room = ExportRoom(tmp_path_factory.mktemp("court"))
    room.designate()
    one = room.approved()
    list(Fixity(room.site).verify_all(OPERATOR))
    room.build(one)
    room.hand_over(one)
    room.court.handing_over.note_receipt(room.clerk, one, "SEAL-2026-001")
    kinds = ("custody-report", "evidence-list", "hand-over", "us-certificate")
    return {kind: room.court.taking_out.document(room.head, one, kind).body for kind in kinds}


def fonts_of(reader: PdfReader) -> list[Any]:
    """Return the fonts of all pages, those inside composed ones in their place."""
    found = []
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[union-attr]
            font = font.get_object()
            found += [one.get_object() for one in font.get("/DescendantFonts", [font])]
    return found


def test_each_document_marks_itself_as_an_archive_page_and_holds_its_fonts(
    documents: dict[str, bytes], tmp_path: Path
) -> None:
    for kind, body in documents.items():
        reader = PdfReader(io.BytesIO(body), strict=True)
        catalogue = reader.trailer["/Root"]
        said = catalogue["/Metadata"].get_object().get_data().decode("utf-8")  # type: ignore[union-attr]
        assert "<pdfaid:part>2</pdfaid:part>" in said, kind
        assert "<pdfaid:conformance>B</pdfaid:conformance>" in said, kind
        (intent,) = catalogue["/OutputIntents"]  # type: ignore[union-attr, misc]
        assert intent.get_object()["/S"] == "/GTS_PDFA1"
        assert not reader.is_encrypted
        assert "/ID" in reader.trailer
        fonts = fonts_of(reader)
        assert fonts, kind
        for font in fonts:
            described = font["/FontDescriptor"].get_object()
            assert any(f"/FontFile{n}" in described for n in ("", "2", "3")), (kind, font.get("/BaseFont"))


def test_papers_say_of_the_time_before_receipt_only_what_was_stated_and_bear_the_seal(
    documents: dict[str, bytes],
) -> None:
    told = {kind: text_of(body) for kind, body in documents.items()}
    assert "未经剪辑" not in told["custody-report"].replace("自接收以来未经剪辑", "")
    assert "据采集端所述" in told["custody-report"]
    assert "acts before that are not in the log" in told["us-certificate"]
    assert "SEAL-2026-001" in told["hand-over"]
    assert "程序未读取" in told["hand-over"].replace(" ", ""), "a digest that somebody typed is their word"


def test_a_paper_begins_to_count_its_parts_at_one(documents: dict[str, bytes]) -> None:
    told = {kind: text_of(body) for kind, body in documents.items()}
    assert "1. Electronic evidence list" in told["us-certificate"]
    assert "一、电子数据清单" in told["evidence-list"]
    assert "二、电子数据清单" in told["custody-report"]
    assert "2. Electronic" not in told["us-certificate"]
    assert "二、" not in told["evidence-list"]


def test_the_report_says_which_check_was_made_when_and_what_was_compared(documents: dict[str, bytes]) -> None:
    report = "".join(text_of(documents["custody-report"]).split())
    integrity = report.partition("六、完整性")[2].partition("六之二")[0]
    assert integrity.count("全部字节与封存时的长度、SHA-256、SM3一致；锁定期限、签名清单和回执相符") == 2
    assert "从封存库读出原件" in integrity
    assert not re.search(r"\bok\b", text_of(documents["custody-report"])), "no code of a program stands on it"


def test_the_form_of_a_hand_over_counts_what_is_handed_over(documents: dict[str, bytes]) -> None:
    form = "".join(text_of(documents["hand-over"]).split())
    assert "共2件：原件的副本2件，派生件0件" in form
    assert "接收单位（盖章）某区人民法院" in form
    assert "文件总数（介质data目录）6" in form, "two recordings, of each what is known and its manifest"


@pytest.mark.article("dazhe-2020:14")
def test_the_form_of_a_hand_over_bears_the_seal_and_the_unit_that_hands_over(tmp_path: Path) -> None:
    room = ExportRoom(tmp_path)
    room.designate()
    one = room.approved(medium=Medium.ZIP)
    room.build(one)
    room.hand_over(one)
    form = "".join(text_of(room.court.taking_out.document(room.head, one, "hand-over").body).split())
    with room.small.database.reading() as unit:
        found = unit.exports.get(one)
        assert found is not None
        (seal,) = seals_of(unit, found).values()
        desk = transfer_unit_of(unit, found)
        assert desk is not None
        name = full_names(unit.units.all())[desk.id]
    assert f"tagmanifest-sha256.txt{seal}" in form
    assert f"移交科室{name}" in form
    assert "制作时间" not in form, "a form is printed; what was made has its time in the report"


def text_of(body: bytes) -> str:
    """Return the words of a document, line ends apart."""
    pages = PdfReader(io.BytesIO(body)).pages
    return " ".join(page.extract_text() for page in pages).replace("\n", "")


def test_no_document_does_anything_when_it_is_opened(documents: dict[str, bytes]) -> None:
    for kind, body in documents.items():
        reader = PdfReader(io.BytesIO(body), strict=True)
        assert "/OpenAction" not in reader.trailer["/Root"], kind  # type: ignore[operator]
        assert "/AA" not in reader.trailer["/Root"], kind  # type: ignore[operator]
        for one in range(1, len(reader.xref[0]) if 0 in reader.xref else 1):
            shown = str(reader.get_object(one))
            names = set(re.findall(r"/[A-Za-z]+", shown))  # a font's random tag may begin like one of these
            assert not names & set(ACTIVE), (kind, shown[:80])


def test_chinese_comes_out_as_it_went_in(documents: dict[str, bytes]) -> None:
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(documents["evidence-list"])).pages)
    assert "电子数据清单" in text.replace("\u200b", "")
    assert "〓" not in text, "the font has every letter"
