"""Enforcement documents: their times and signers are held against footage; what differs needs a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evidence.domain.access import Caller
from evidence.domain.act_documents import ActDocument, MismatchKind
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.enforcement import DocumentType
from evidence.service.cases.act_documents import ActDocuments, DocumentSaid
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.cases.compared_documents import ComparedDocument
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.refusals import OutOfSight
from tests.builders import SmallSite
from tests.people_room import OPERATOR
from tests.step_room import BEGAN, StepRoom

PACKS = ("dazhe-2020", "longquan", "inner-mongolia", "strict")
TIMES, NOTHING, SIGNER = MismatchKind.TIMES, MismatchKind.NO_FOOTAGE, MismatchKind.SIGNER


class PaperRoom(StepRoom):
    """The same with the desk for documents."""

    @property
    def desk(self) -> ActDocuments:
        """The desk."""
        return ActDocuments(self.site)

    def write(
        self, start: float = 0, minutes: float = 60, by: Caller | None = None, **how: Any
    ) -> ActDocument:
        """Register a document of a time so many minutes after BEGAN."""
        said = {"number": f"检字{new_id()[:4]}", "type": "inspection-record", "signers": ["012345"], **how}
        times = {"start": self.at(start), "end": self.at(start + minutes)}
        return self.desk.register(by or self.custodian, self.case, DocumentSaid(**said, **times))

    def one(self, caller: Caller | None = None) -> ComparedDocument:
        """Return the only document of the case."""
        (one,) = self.desk.of_case(caller or self.head, self.case).documents
        return one

    def open(self) -> list[MismatchKind]:
        """Return what is open about it."""
        return [one.mismatch.kind for one in self.one().open]

    def explain(self, kind: MismatchKind = TIMES, reason: str = "先亮证后开机", **how: Any) -> None:
        """Give a reason about it."""
        self.desk.explain(self.custodian, self.case, self.one().document.id, kind, reason, **how)


@pytest.fixture
def room(small: SmallSite) -> PaperRoom:
    return PaperRoom(small)


@pytest.mark.article("dazhe-2020:8")
@pytest.mark.parametrize("pack", PACKS)
def test_a_mismatch_of_six_minutes_with_a_margin_of_two_is_open_until_there_is_a_written_reason(
    room: PaperRoom, pack: str
) -> None:
    room.under(pack)
    room.shoot(6, 54)
    room.write()
    (found,) = room.one().open
    media = found.mismatch.media
    assert media is not None
    assert (found.mismatch.kind, found.cites) == (TIMES, ("dazhe-2020:8",))
    assert (media.start_off.total_seconds(), media.end_off.total_seconds()) == (360, 0)
    assert [one.case.id for one in room.desk.mismatches(room.head).documents] == [room.case]
    with room.refused("reason-needed", Invalid):
        room.explain(reason=" ")
    room.explain()
    assert room.desk.mismatches(room.head).documents == []
    (closed,) = room.one().found
    assert closed.reason is not None
    assert (closed.reason.reason, closed.reason.by) == ("先亮证后开机", room.custodian.id)


@pytest.mark.article("dazhe-2020:8")
@pytest.mark.parametrize(("start", "minutes"), [(2, 58), (-2, 60), (0, 62), (2, 60)])
def test_what_differs_by_the_margin_agrees(room: PaperRoom, start: float, minutes: float) -> None:
    room.shoot(start, minutes)
    room.write()
    assert room.open() == []


@pytest.mark.article("dazhe-2020:8")
@pytest.mark.parametrize(("start", "minutes"), [(2.1, 57.9), (-2.1, 62.1), (0, 62.1), (0, 57.9)])
def test_either_end_can_differ(room: PaperRoom, start: float, minutes: float) -> None:
    room.shoot(start, minutes)
    room.write()
    assert room.open() == [TIMES]


@pytest.mark.article("dazhe-2020:8")
def test_times_are_those_of_the_corrected_clock_and_the_drift_is_told(room: PaperRoom) -> None:
    room.shoot(0, 60, shift_s=-420.0)
    room.write()
    media = room.one().media
    assert media is not None
    assert (media.first.shift_s, room.open()) == (-420.0, [])


@pytest.mark.article("dazhe-2020:8")
def test_footage_of_both_ends_alone_is_too_little_until_there_is_a_written_reason(room: PaperRoom) -> None:
    room.shoot(0, 2)
    room.shoot(58, 2)
    room.write()
    (found,) = room.one().open
    assert (found.mismatch.kind, found.mismatch.measured_ms) == (MismatchKind.PARTLY, (240_000, 3_600_000))
    room.explain(kind=MismatchKind.PARTLY)
    assert room.open() == []
    room.shoot(10, 5)
    assert room.open() == [MismatchKind.PARTLY], "it was said of another share"
    room.shoot(15, 25)
    assert room.open() == []


def test_files_that_follow_upon_each_other_are_one_time(room: PaperRoom) -> None:
    room.shoot(0, 30)
    room.shoot(30, 30)
    room.write()
    assert room.open() == []


def test_of_several_recorders_that_of_a_signer_counts(room: PaperRoom) -> None:
    room.shoot(-30, 120, wearer=room.second)
    room.shoot(0, 60)
    room.write()
    assert room.open() == []


def test_a_document_of_a_time_of_which_nothing_was_recorded_is_open(room: PaperRoom) -> None:
    room.shoot(60, 10)
    room.shoot(None)
    room.write()
    assert room.open() == [NOTHING, SIGNER]
    room.explain(NOTHING, "设备故障")
    room.explain(SIGNER, "在场未佩戴", signer="012345")
    assert room.open() == []


@pytest.mark.article("dazhe-2020:6")
def test_what_need_not_be_recorded_is_no_mismatch(room: PaperRoom) -> None:
    room.enter("on-site-check")
    room.write()
    assert room.open() == [NOTHING]
    room.exempt()
    assert room.open() == []


@pytest.mark.article("xinping-2022-aux:18(1)")
@pytest.mark.parametrize("pack", PACKS)
def test_an_officers_signature_without_any_trace_of_presence_is_listed(room: PaperRoom, pack: str) -> None:
    room.under(pack)
    aux = room.new(number="XG330001", type_=PersonType.AUXILIARY)
    room.shoot(wearer=aux)
    room.write(signers=["012345", "012346"])
    (document,) = room.desk.mismatches(room.head).documents
    found = [(one.mismatch.kind, one.mismatch.person_id) for one in document.open]
    assert found == [(SIGNER, room.officer.id), (SIGNER, room.second.id)]
    assert {one.cites for one in document.open} == {("xinping-2022-aux:18(1)",)}
    with room.refused("nothing-to-explain", Conflict):
        room.explain(SIGNER, "在场")
    room.explain(SIGNER, "在场指挥，未佩戴", signer="012345")
    assert [one.mismatch.person_id for one in room.one().open] == [room.second.id]


@pytest.mark.article("xinping-2022-aux:18(1)")
@pytest.mark.parametrize("trace", ["wearer", "docked label", "label", "step"])
def test_a_signer_was_there_who_wore_a_recorder_or_whom_a_label_or_a_step_names(
    room: PaperRoom, trace: str
) -> None:
    aux = room.new(number="XG330001", type_=PersonType.AUXILIARY)
    said = {"officer": "012346，012345"} if trace == "docked label" else {}
    recording = room.shoot(wearer=room.officer if trace == "wearer" else aux, labels=said)
    if trace == "label":
        room.label(recording, officer="012345")
    if trace == "step":
        room.enter("on-site-check")
    room.write()
    assert room.open() == []


def test_a_step_or_a_recording_of_another_time_is_no_trace(room: PaperRoom) -> None:
    room.shoot(wearer=room.second)
    room.shoot(60, 10)
    room.enter("on-site-check", start=60)
    room.write()
    assert room.open() == [SIGNER]


def test_a_reason_holds_for_what_did_not_agree_then(room: PaperRoom) -> None:
    room.shoot(10, 50)
    room.write()
    room.explain()
    room.shoot(9, 1)
    assert room.open() == [], "a minute more or less is within the margin"
    room.shoot(60, 10)
    assert room.open() == [], "what was recorded afterwards is another time"
    room.shoot(5, 5)
    assert room.open() == [TIMES]
    room.explain(reason="中途换机")
    assert room.open() == []


def test_documents_are_logged_without_their_numbers_and_reasons(room: PaperRoom) -> None:
    room.shoot(6, 54)
    one = room.write(number="检字第77号")
    room.explain(reason="张三拒不开门")
    room.desk.strike(room.head, room.case, one.id, "误登")
    assert room.desk.of_case(room.head, room.case).documents == []
    first, why, over = (
        room.entries(act)[0] for act in (Act.ACT_DOCUMENT, Act.ACT_DOCUMENT_EXPLAIN, Act.ACT_DOCUMENT_STRIKE)
    )
    assert (set(first["pd"]), set(why["pd"]), set(over["pd"])) == ({"number"}, {"reason"}, {"reason"})
    assert why["facts"] == {"kind": "times", "start_ms": 360_000, "end_ms": 0, "cites": ["dazhe-2020:8"]}
    text = json.dumps([first, why, over], ensure_ascii=False)
    assert "检字第77号" not in text
    assert "张三" not in text


def test_who_signed_does_not_take_the_document_out(room: PaperRoom) -> None:
    there = room.new(Role.CUSTODIAN, number="0011")
    one = room.write(signers=["0011"])
    with room.refused("own-document"):
        room.desk.strike(there, room.case, one.id, "误登")
    with room.refused("document-not-found", NotFound):
        room.desk.strike(room.head, room.case, new_id(), "误登")
    with room.refused("reason-needed", Invalid):
        room.desk.strike(room.head, room.case, one.id, "")
    with room.refused("nothing-to-explain", Conflict):
        room.explain(TIMES)


@pytest.mark.article("xinping-2022-aux:18(1)", "dazhe-2020:8")
def test_who_signed_does_not_say_why_the_document_does_not_agree(room: PaperRoom) -> None:
    there = room.new(Role.CUSTODIAN, number="0011")
    one = room.write(signers=["0011", "012345"])
    for kind, signer in ((NOTHING, None), (SIGNER, "0011"), (SIGNER, "012345")):
        with room.refused("own-document"):
            room.desk.explain(there, room.case, one.id, kind, "在场", signer)
    room.explain(SIGNER, "在场指挥，未佩戴", signer="0011")


def test_what_cannot_be_registered_changes_nothing(room: PaperRoom) -> None:
    assert room.add(type_=PersonType.AUXILIARY, number="XG330001")
    for type_ in DocumentType:
        room.write(type=type_.value)
    room.write(number="检1")
    for code, how in {
        "unknown-document-type": {"type": "letter"},
        "not-an-officer": {"signers": ["XG330001"]},
        "officers-needed": {"signers": []},
        "ends-before-start": {"minutes": 0},
        "end-ahead": {"minutes": 3 * 24 * 60},
        "invalid-text": {"number": "a\nb"},
    }.items():
        with room.refused(code, Invalid):
            room.write(**how)
    with room.refused("person-not-found", NotFound):
        room.write(signers=["none"])
    with room.refused("document-number-taken", Conflict):
        room.write(number="检1")


def test_nothing_goes_into_an_archived_case_but_a_reason(room: PaperRoom) -> None:
    room.shoot(6, 54)
    one, filing = room.write(), CaseFiling(room.site)
    filing.end(room.custodian, room.case, BEGAN.date())
    filing.add_document(room.custodian, room.case, "决定书", 1, BEGAN.date())
    filing.archive(room.custodian, room.case, "档1", "0008", "0009", "后补")
    with room.refused("case-archived", Conflict):
        room.write()
    with room.refused("case-archived", Conflict):
        room.desk.strike(room.head, room.case, one.id, "误登")
    room.explain()


def test_another_unit_finds_no_documents_and_an_auxiliary_is_barred(room: PaperRoom) -> None:
    room.steps.name_legal_unit(OPERATOR, room.beside.id)
    room.enter(room.matter("听证"))
    room.shoot(6, 54)
    one, other = room.write(), room.legal
    for act in (
        lambda: room.write(by=other),
        lambda: room.desk.of_case(other, room.case),
        lambda: room.desk.strike(other, room.case, one.id, "误登"),
        lambda: room.desk.explain(other, room.case, one.id, TIMES, "x"),
    ):
        with room.refused("case-not-found", OutOfSight):
            act()
    assert room.desk.mismatches(other).documents == [], "though a hearing of this case is theirs"
    with room.refused("unit-not-found", OutOfSight):
        room.desk.mismatches(other, room.unit.id)
    auditor, aux = room.new(Role.AUDITOR), room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    with room.refused("not-permitted", Refused):
        room.write(by=auditor)
    with room.refused("barred-by-law", Refused):
        room.write(by=aux)
    assert len(room.desk.mismatches(auditor).documents) == 1


def test_a_recording_that_the_reader_may_not_know_of_is_compared_and_not_named(room: PaperRoom) -> None:
    recording = room.shoot(6, 54)
    Classes(room.site).classify(room.head, recording, "minors", "未成年人")
    room.write()
    found = room.desk.of_case(room.custodian, room.case)
    assert [one.mismatch.kind for one in found.documents[0].open] == [TIMES]
    assert found.seen == frozenset()
    assert room.desk.of_case(OPERATOR, room.case).seen == {recording}
