"""The gap report as a document: at the same place of the log the same bytes; with the numbers of the page
data, and no more than they tell."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from evidence.adapters import printing
from evidence.adapters.books import XlsxBinder
from evidence.adapters.printing import TypstPress
from evidence.answers.recordings import GAP_PARTS, gaps_out
from evidence.documents.gaps import FORMS, file_name, gap_document, tongue_of
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.explanations import GapState, Outcome
from evidence.domain.fault_files import Verdict
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Kind, Role
from evidence.errors import Invalid, Refused, Unavailable
from evidence.ledger.merkle import SHA256, Frontier
from evidence.locale import CHINESE, ENGLISH, text
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.reports import Reports
from evidence.service.printing_ports import Makers
from tests.builders import START, SmallSite, an_origin
from tests.gap_room import REPORT, GapRoom, a_gap
from tests.people_room import OPERATOR

MAKERS = Makers(TypstPress(), XlsxBinder())
RARE = "𠮷"


def times(start: str = "2026-03-02T07:50:00Z", end: str = "2026-03-02T08:00:00Z") -> str:
    """When a recording was, as an examination would say it."""
    return json.dumps({"start": start, "end": end, "certain": True})


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    """One gap accepted, one explained, one open; a file that came late, and one that never did."""
    room = GapRoom(small)
    late = room.record(room.wearer.id, f"{RARE}.wav", modified_at=START - timedelta(hours=40))
    room.miss(room.wearer)
    room.find(recording=late, facts=times("2026-02-28T16:50:00Z", "2026-02-28T17:00:00Z"))
    room.find(*(a_gap(41.0 * n, 600.0 + 400 * n) for n in (1, 2, 3)), facts=times())
    lines = room.lines()
    done = [room.desk.explain(room.wearer, one["gap"], REPORT) for one in lines[:2]]
    room.desk.review(room.head, done[0].id, Outcome.ACCEPTED, "")
    return room


def later(room: GapRoom, **length: float) -> None:
    """Let time pass."""
    room.small.clock.pass_by(timedelta(**length))


def made(room: GapRoom, form: str, caller: Caller = OPERATOR, tongue: str = CHINESE, **asked: Any) -> bytes:
    """Return a document."""
    report = Reports(room.site).gaps(caller, Asked(**asked), form)
    return gap_document(report, caller, form, MAKERS, tongue)


def words(pdf: bytes) -> str:
    """Return the text of a PDF, without the breaks of its lines."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\n", "")


def cells(xlsx: bytes) -> dict[str, list[list[Any]]]:
    """Return the tables of a workbook by name."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    return {one.title: [[cell.value for cell in row] for row in one.iter_rows()] for one in book.worksheets}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_question_at_the_same_place_of_the_log_gives_the_same_bytes(
    room: GapRoom, form: str
) -> None:
    before = made(room, form)
    later(room, minutes=7)  # looks were logged meanwhile, in the log of access
    assert made(room, form) == before


@pytest.mark.parametrize("form", FORMS)
def test_another_place_of_the_log_gives_another_name_and_other_bytes(room: GapRoom, form: str) -> None:
    first = Reports(room.site).gaps(OPERATOR)
    before, name = made(room, form), file_name(first, form)
    room.miss(room.wearer, "another.wav")
    second = Reports(room.site).gaps(OPERATOR)
    assert second.position.size > first.position.size
    assert second.position.root != first.position.root
    assert (made(room, form) != before, file_name(second, form) != name) == (True, True)


def test_the_place_that_a_report_names_is_that_of_the_log_itself(room: GapRoom) -> None:
    where = gaps_out(Reports(room.site).gaps(OPERATOR), OPERATOR)["log"]
    with room.small.database.reading() as unit:
        bodies = list(unit.tree.leaves("custody", 0, where["size"]))
        assert unit.tree.size("custody") == where["size"]
    tree = Frontier()
    tree.extend(SHA256.leaf(body) for body in bodies)
    assert where == {"log": "test.example/site/custody", "size": len(bodies), "root": tree.root().hex()}


def test_time_alone_moves_a_report_only_when_it_changes_what_is_told(room: GapRoom) -> None:
    coming = an_origin(
        "coming.wav", size_bytes=3, wearer=room.wearer.name, modified_at=room.small.clock.now()
    )
    room.small.cards.announce(room.small.dock, coming, [coming])
    before = room.report()
    later(room, minutes=50)
    assert room.report() == before
    later(room, hours=23, minutes=10, microseconds=1)
    after = room.report()
    assert after["log"] == before["log"]
    states = [{one["name"]: one["state"] for one in told["missing"]} for told in (before, after)]
    assert [one["coming.wav"] for one in states] == ["pending", "overdue"]
    assert after["as_of"] > before["as_of"]


def test_two_processes_make_the_same_bytes(room: GapRoom) -> None:
    printed: list[dict[str, object]] = []

    class Kept(TypstPress):
        def print(self, template: str, values: Mapping[str, object], at: datetime) -> bytes:
            printed.append({"values": values, "at": at.isoformat()})
            return b""

    report = Reports(room.site).gaps(OPERATOR, Asked(), "pdf")
    gap_document(report, OPERATOR, "pdf", replace(MAKERS, press=Kept()))
    script = (
        "import json, sys; from datetime import datetime; from hashlib import sha256\n"
        "from evidence.adapters.printing import TypstPress\n"
        "from evidence.adapters.books import XlsxBinder\n"
        "from evidence.service.printing_ports import Leaf\n"
        "told = json.load(sys.stdin)\n"
        "at = datetime.fromisoformat(told['at'])\n"
        "pdf = TypstPress().print('report', told['values'], at)\n"
        "xlsx = XlsxBinder().bind([Leaf('t', ['a'], [['=1', 2.5, None]])], at)\n"
        "print(sha256(pdf).hexdigest(), sha256(xlsx).hexdigest())\n"
    )
    words = [sys.executable, "-c", script]
    how = {"check": True, "capture_output": True, "text": True, "input": json.dumps(printed[0])}
    told = [subprocess.run(words, **how).stdout.split()[0] for _ in range(2)]  # type: ignore[call-overload]
    assert told == [hashlib.sha256(gap_document(report, OPERATOR, "pdf", MAKERS)).hexdigest()] * 2


def test_a_page_holds_the_numbers_of_the_page_data(room: GapRoom) -> None:
    told, page = room.report(), words(made(room, "pdf"))
    for part in GAP_PARTS:
        assert text(CHINESE, f"heading.{part}") in page
    for part in ("missing", "late", "interruptions"):
        assert f"{text(CHINESE, f'heading.{part}')} · {told['totals'][part]}" in page
    assert told["log"]["root"] in page
    assert str(told["log"]["size"]) in page
    for one in told["missing"] + told["interruptions"]:
        assert one["device"] in page
    assert sum(one["lost_s"] for one in told["by_state"]) == 41 + 82 + 123
    assert "0:04:06" in page


def test_a_workbook_holds_every_line_and_the_numbers_can_be_added_up(room: GapRoom) -> None:
    told, sheets = room.report(), cells(made(room, "xlsx", tongue=ENGLISH))
    assert list(sheets) == ["Summary", "Counts", "Lines", "Not recorded or in part"]
    assert len(sheets["Lines"]) == 1 + sum(told["totals"].values())
    summary = dict(sheets["Summary"][1:])
    assert summary["root of the log's tree (SHA-256)"] == told["log"]["root"]
    assert summary["time lost (hours)"] == round(sum(one["lost_s"] for one in told["by_state"]) / 3600, 4)
    head, *rows = sheets["Counts"]
    for axis in ("unit", "wearer", "recorder", "day"):
        mine = [row for row in rows if row[0] == axis]
        for state, total in ((one["state"], one["count"]) for one in told["by_state"]):
            column = head.index(text(ENGLISH, f"gap-state.{state}"))
            assert sum(row[column] for row in mine) == total, (axis, state)


def test_who_said_and_who_decided_is_named_to_whoever_may_know_of_them(room: GapRoom) -> None:
    column = [text(CHINESE, f"paper.{key}") for key in ("explained_by", "decided_by")]
    numbers = room.wearer.name, room.head.name
    blind = Caller("e" * 32, Kind.INTEGRATION, scopes=frozenset({Action.READ_GAPS}))
    for caller, told in ((OPERATOR, numbers), (room.head, numbers), (blind, (room.wearer.id, room.head.id))):
        head, *rows = cells(made(room, "xlsx", caller))[text(CHINESE, "paper.lines")]
        said = [[row[head.index(one)] for one in column] for row in rows]
        decided = next(row for row in said if row[1])
        assert tuple(str(one).split()[0] for one in decided) == told


@pytest.mark.article("dazhe-2020:16")
def test_a_workbook_names_who_cleared_somebody_beside_who_opened_the_fault_file(room: GapRoom) -> None:
    explained = next(one for one in room.lines() if one["gap_state"] == "explained")["gap"]
    (one,) = room.desk.history(room.head, explained).explanations
    room.desk.review(room.head, one.id, Outcome.FAULT, "擅自关机", "not-recorded")
    (file,) = FaultFiles(room.site).all(room.head, waiting=True)

    def line() -> list[Any]:
        head, *rows = cells(made(room, "xlsx"))[text(CHINESE, "paper.lines")]
        gap = head.index(text(CHINESE, "paper.gap"))
        (row,) = [row for row in rows if row[gap] == explained]
        keys = ("outcome", "decided_by", "verdict", "judged_by", "judged")
        return [row[head.index(text(CHINESE, f"paper.{key}"))] for key in keys]

    outcome, opened_by, verdict, by, at = line()
    assert (outcome, opened_by.split()[0]) == ("建立过错档案", room.head.name)
    assert (verdict, by, at) == (f"{room.wearer.name}: {text(CHINESE, 'gap-state.fault-open')}", "—", "—")
    judge = room.new(Role.UNIT_HEAD)
    FaultFiles(room.site).decide(judge, file.id, room.wearer.name, Verdict.NO_FAULT, "电池故障")
    outcome, opened_by, verdict, by, at = line()
    assert (outcome, opened_by.split()[0]) == ("建立过错档案", room.head.name)
    assert (verdict, by.split()[0]) == (f"{room.wearer.name}: 不构成执法过错", judge.name)
    assert datetime.fromisoformat(at) == room.small.clock.now().replace(microsecond=0)


def test_nothing_in_a_workbook_is_a_formula(room: GapRoom) -> None:
    room.miss(room.wearer, '=HYPERLINK("http://x")')
    room.miss(room.wearer, "@sum.wav")
    book = openpyxl.load_workbook(io.BytesIO(made(room, "xlsx")))
    values = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in values if cell.data_type == "f"]
    assert {'\'=HYPERLINK("http://x")', "'@sum.wav"} <= {cell.value for cell in values}


def test_a_letter_that_the_font_lacks_is_replaced_and_named(room: GapRoom) -> None:
    page = words(made(room, "pdf"))
    assert "〓.wav" in page
    assert f"U+{ord(RARE):04X}" in page
    assert RARE not in page


def test_a_name_from_outside_is_text_and_nothing_else(room: GapRoom) -> None:
    hostile = '#panic()<script>alert(1)</script>"&\u202e.wav'
    room.miss(room.wearer, hostile)
    picture = made(room, "svg").decode()
    assert "<script" not in picture
    page = words(made(room, "pdf")).replace(" ", "")
    assert '#panic()<script>alert(1)</script>"&\\u202e.wav' in page


def test_without_its_font_no_page_is_made(room: GapRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "FONT_PACKAGE", "no_such_package")
    with pytest.raises(Unavailable) as refused:
        made(room, "pdf")
    assert refused.value.code == "font-missing"


def test_the_digest_of_the_font_stands_in_the_page(room: GapRoom) -> None:
    font = printing.font_file()
    assert hashlib.sha256(font.read_bytes()).hexdigest() in words(made(room, "pdf"))


def test_the_picture_shows_each_state_with_a_hatch_and_is_told_in_words(room: GapRoom) -> None:
    picture = ET.fromstring(made(room, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    told = picture.findtext(f"{space}desc") or ""
    assert picture.findtext(f"{space}title") == text(CHINESE, "picture.title")
    assert "2026-03-02" in told
    assert text(CHINESE, "picture.to-do", number=2) in told
    drawn = [one.get("class", "") for one in picture.iter() if "edge" in one.get("class", "")]
    for state in (GapState.OPEN, GapState.EXPLAINED, GapState.ACCEPTED):
        assert sum(f"g-{state}" in one for one in drawn) > 1, state  # the legend has one of each
    assert not list(picture.iter(f"{space}script"))


def test_a_document_speaks_one_language(room: GapRoom) -> None:
    english, chinese = made(room, "svg", tongue=ENGLISH).decode(), made(room, "svg").decode()
    assert "to be explained" in english
    assert "to be explained" not in chinese
    assert " / " not in english + chinese
    with pytest.raises(Invalid):
        tongue_of("fr")


def test_a_document_is_a_look_like_another_and_refused_like_another(room: GapRoom) -> None:
    made(room, "pdf", room.head)
    looks = [one for one in room.entries(Act.READ_LIST) if one["by"] == room.head.id]
    assert looks[-1]["facts"] == {"form": "pdf", "list": "gaps"}
    number = len(room.entries(Act.READ_LIST))
    with pytest.raises(Refused):
        made(room, "pdf", Caller("dock", Kind.DOCK))
    assert len(room.entries(Act.READ_LIST)) == number


def test_a_document_tells_an_auxiliary_no_more_than_the_page_data(room: GapRoom) -> None:
    helper = room.new(Role.FIELD_OFFICER, type_=PersonType.AUXILIARY)
    mine = room.record(helper.id, "mine.wav")
    room.find(Finding(Code.UNREADABLE, Severity.ATTENTION, "mine.wav"), recording=mine, facts=times())
    told = gaps_out(Reports(room.site).gaps(helper), helper)
    assert told["totals"]["interruptions"] == 1
    device = room.lines()[0]["device"]
    documents = [made(room, form, helper) for form in FORMS]
    assert device not in documents[0].decode() + words(documents[1]) + json.dumps(cells(documents[2]))


def test_too_many_shifts_for_one_picture_are_refused(room: GapRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence.service.gaps.gap_shifts.MOST_SHIFTS", 1)
    with pytest.raises(Invalid) as refused:
        made(room, "svg")
    assert refused.value.code == "too-many-shifts"
    assert made(room, "svg", since=START.date(), until=START.date())


def test_more_lines_than_a_workbook_holds_are_refused_and_not_left_out(
    room: GapRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence.adapters.books.MOST_ROWS", 1)
    with pytest.raises(Invalid) as refused:
        made(room, "xlsx")
    assert refused.value.code == "too-many-rows"
