"""Enforcement documents from a table: a dry run first, all rows or none, every bad cell told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from evidence.adapters.sheets import SheetFiles
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Invalid
from evidence.service.cases import act_document_table
from evidence.service.cases.act_document_table import ActDocumentTable, DocumentOutcome
from evidence.service.cases.act_documents import ActDocuments
from tests.builders import SmallSite
from tests.people_room import OPERATOR
from tests.step_room import NUMBER, StepRoom

HEADINGS = "案号,文号,文书种类,开始时间,结束时间,签名人编号"
TIMES = ("2026-02-28 17:00", "2026-02-28 18:00")  # in the law's time zone: BEGAN, and an hour after it


@pytest.fixture
def room(small: SmallSite) -> StepRoom:
    return StepRoom(small)


def row(number: str = "检1", **said: str) -> str:
    cells = {"case": NUMBER, "number": number, "type": "现场检查笔录", "from": TIMES[0], "to": TIMES[1]}
    return ",".join({**cells, "signers": "012345、012346", **said}.values())


def take(room: StepRoom, *rows: str, who: Caller = OPERATOR, apply: bool = True) -> DocumentOutcome:
    content = "\n".join([HEADINGS, *rows]).encode()
    return ActDocumentTable(room.site, SheetFiles()).import_table(who, content, apply=apply)


def faults(done: DocumentOutcome) -> Sequence[tuple[int, str, str]]:
    return [(one.row, one.column, one.reason.value) for one in done.faults]


@pytest.mark.article("dazhe-2020:8")
def test_a_table_is_registered_as_by_hand(room: StepRoom) -> None:
    room.shoot(6, 54, labels={"officer": "012346"})
    before = room.rows()
    done = take(room, row(), row("问1", type="questioning-record"), apply=False)
    assert (len(done.rows), done.faults, done.applied) == (2, [], False)
    assert room.rows() == before, "a dry run changes nothing"
    assert take(room, row(), row("问1", type="questioning-record"), who=room.custodian).applied
    found = ActDocuments(room.site).of_case(room.head, room.case).documents
    assert sorted(one.document.number for one in found) == ["检1", "问1"]
    assert found[0].document.span.start == room.at(0)
    assert found[0].document.signers == (room.officer.id, room.second.id)
    assert [one.mismatch.kind.value for one in found[0].open] == ["times"]
    assert len(room.entries(Act.ACT_DOCUMENT)) == 2


def test_a_case_number_in_other_brackets_and_digits_is_that_of_the_case(room: StepRoom) -> None:
    assert take(room, row(case="大柘罚（２０２６）1 号"), row("检2", case="大柘罚[2026]1号")).applied
    assert {one.case.id for one in ActDocuments(room.site).of_case(room.head, room.case).documents} == {
        room.case
    }


def test_with_one_bad_cell_nothing_is_registered_and_each_is_told(room: StepRoom) -> None:
    room.add(type_=PersonType.AUXILIARY, number="XG330001")
    ahead = (room.small.clock.now() + timedelta(days=2)).strftime("%Y-%m-%d %H:%M")
    before = room.rows()
    done = take(
        room,
        row(),
        row("检2", case="另案"),
        row("检3", type="信函"),
        row("检4", **{"from": "昨天"}),
        row("检5", to=TIMES[0]),
        row("检6", signers="XG330001"),
        row("检7", signers="none"),
        row("检1"),
        row("检8", to=ahead),
        row(""),
    )
    assert not done.applied
    assert room.rows() == before
    assert faults(done) == [
        (3, "case_number", "no-case"),
        (4, "document_type", "no-word"),
        (5, "from", "no-time"),
        (6, "to", "ends-before-start"),
        (7, "signers", "no-document"),
        (8, "signers", "no-document"),
        (9, "document_number", "name-taken"),
        (10, "to", "no-document"),
        (11, "document_number", "missing"),
    ]


def test_another_units_case_is_none(room: StepRoom) -> None:
    other = room.new(Role.CUSTODIAN, where=room.beside)
    assert faults(take(room, row(), who=other)) == [(2, "case_number", "no-case")]
    room.steps.name_legal_unit(OPERATOR, room.beside.id)
    room.enter(room.matter("听证"))
    assert faults(take(room, row(), who=other)) == [(2, "case_number", "no-case")], "owing is not conducting"


def test_no_table_and_too_long_a_one_are_refused(room: StepRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    with room.refused("sheet-empty", Invalid):
        ActDocumentTable(room.site, SheetFiles()).import_table(OPERATOR, b"")
    done = ActDocumentTable(room.site, SheetFiles()).import_table(OPERATOR, "编号\n1".encode())
    assert {one.reason.value for one in done.faults} == {"unknown-column", "missing-column"}
    monkeypatch.setattr(act_document_table, "MOST_DOCUMENTS", 1)
    with room.refused("sheet-too-large", Invalid):
        take(room, row(), row("检2"))
