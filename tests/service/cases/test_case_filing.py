"""Case files: thirty days from the end of the act, an index, two people, and nothing changes afterwards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from evidence.adapters.packs import load_pack
from evidence.domain.audit import Act
from evidence.domain.case_files import FilingState, OpenMatters
from evidence.domain.fault_files import Link, LinkKind, Verdict
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.cases.case_filing import CaseFiling, ListedFile
from evidence.service.cases.cases import Cases
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.instruments import local_day
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.refusals import OutOfSight
from tests import inside
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room

PACKS = ("dazhe-2020", "longquan", "inner-mongolia", "strict")


class FileRoom(Room):
    """A case of a unit, its custodian, an archivist; and the desks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.custodian = self.new(Role.CUSTODIAN, number="0008")
        self.head = self.new(Role.UNIT_HEAD, number="0009")
        self.add(number="0700", type_=PersonType.CIVILIAN)
        self.case = self.cases.open(self.head, "龙医保罚〔2026〕1号", self.unit.id).id

    @property
    def cases(self) -> Cases:
        """The desk for cases."""
        return Cases(self.site)

    @property
    def desk(self) -> CaseFiling:
        """The desk for case files."""
        return CaseFiling(self.site)

    def day(self, before: int = 0) -> date:
        """Return the day of the law that is so many days ago."""
        return local_day(self.site.policies, self.small.clock.now()) - timedelta(days=before)

    def under(self, pack: str) -> None:
        """Let another pack be in force."""
        self.small.site = replace(self.small.site, policies=load_pack(pack))

    def archive(self, number: str = "档2026-001", reason: str | None = "标注后补") -> ListedFile:
        """Hand the file over."""
        return self.desk.archive(self.custodian, self.case, number, "0008", "0700", reason)

    def line(self, **asked: Any) -> ListedFile:
        """Return the case's line of the list."""
        (one,) = self.desk.all(self.head, **asked)
        return one


@pytest.fixture
def room(small: SmallSite) -> FileRoom:
    return FileRoom(small)


@pytest.mark.article("longquan:8")
@pytest.mark.parametrize("pack", PACKS)
def test_day_31_without_an_archive_number_is_red_in_the_list_of_the_supervisor(
    room: FileRoom, pack: str
) -> None:
    room.under(pack)
    assert room.line().clock.state is FilingState.NOT_ENDED
    room.desk.end(room.custodian, room.case, room.day(30))
    assert (room.line().clock.state, room.line().cites) == (FilingState.RUNNING, ("longquan:8",))
    assert room.desk.all(room.head, red=True) == []
    room.small.clock.pass_by(timedelta(days=1))
    line = room.line(red=True)
    assert (line.clock.state, line.clock.days_over) == (FilingState.OVERDUE, 1)
    room.desk.add_document(room.custodian, room.case, "处罚决定书", 2, room.day(31))
    assert room.archive().clock.state is FilingState.ARCHIVED_LATE
    assert room.desk.all(room.head, red=True) == []


@pytest.mark.article("longquan:8")
def test_a_case_file_is_an_index_of_documents_and_media_and_both_people_stand_at_its_hand_over(
    room: FileRoom,
) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER), "a.wav")
    room.cases.link(room.head, room.case, recording)
    room.desk.end(room.custodian, room.case, room.day())
    second = room.desk.add_document(room.custodian, room.case, "送达回证", 1, room.day(1))
    first = room.desk.add_document(room.custodian, room.case, "对张三的询问笔录", 5, room.day(9))
    wrong = room.desk.add_document(room.custodian, room.case, "误列", 1, room.day(2))
    with room.refused("reason-needed", Invalid):
        room.desk.take_out(room.custodian, room.case, wrong.id, " ")
    room.desk.take_out(room.custodian, room.case, wrong.id, "属于另一案")
    done = room.archive()
    assert done.archived is not None
    assert (done.clock.state, done.clock.days_over) == (FilingState.ARCHIVED, 0)
    index = room.desk.index(room.head, room.case)
    assert [one.id for one in index.documents] == [first.id, second.id]
    (media,) = index.recordings
    assert media is not None
    lines = [{"dated": str(one.dated), "document": one.id, "pages": one.pages} for one in index.documents] + [
        {
            "bytes": media.recording.origin.size_bytes,
            "recording": recording,
            "sha256": media.recording.digests.sha256,
        }
    ]
    text = json.dumps(
        {"archive": "档2026-001", "case": room.case, "lines": lines},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    assert done.archived.index_sha256 == hashlib.sha256(text.encode()).hexdigest(), "anybody can make it anew"
    (entry,) = room.entries(Act.CASE_ARCHIVE)
    assert entry["facts"]["index_sha256"] == done.archived.index_sha256
    assert (entry["facts"]["documents"], entry["facts"]["recordings"]) == (2, 1)
    named = [one["id"] for one in entry["obj"] if one["k"] == "person"]
    assert named == [done.archived.handed_by, done.archived.received_by]
    assert all("张三" not in json.dumps(one, ensure_ascii=False) for one in room.entries())


@pytest.mark.article("longquan:8")
def test_nothing_goes_into_or_out_of_an_archived_file(room: FileRoom) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    other = room.record(room.add(Role.FIELD_OFFICER))
    room.cases.link(room.head, room.case, recording)
    room.desk.end(room.custodian, room.case, room.day())
    document = room.desk.add_document(room.custodian, room.case, "决定书", 1, room.day())
    room.archive()
    for act in (
        lambda: room.cases.link(room.head, room.case, other),
        lambda: room.cases.unlink(room.head, room.case, recording, "误列"),
        lambda: room.desk.add_document(room.custodian, room.case, "补列", 1, room.day()),
        lambda: room.desk.take_out(room.custodian, room.case, document.id, "误列"),
        lambda: room.desk.end(room.custodian, room.case, room.day(), "更正"),
        lambda: room.archive("档2026-002"),
    ):
        with room.refused("case-archived", Conflict):
            act()


def test_what_is_not_ready_is_not_archived(room: FileRoom) -> None:
    with room.refused("case-not-ended", Conflict):
        room.archive()
    room.desk.end(room.custodian, room.case, room.day())
    with room.refused("case-file-empty", Conflict):
        room.archive()
    room.desk.add_document(room.custodian, room.case, "决定书", 1, room.day())
    with room.refused("one-person"):
        room.desk.archive(room.custodian, room.case, "档1", "0008", "0008")
    with room.refused("person-not-found", NotFound):
        room.desk.archive(room.custodian, room.case, "档1", "0008", "none")
    with room.refused("invalid-text", Invalid):
        room.desk.archive(room.custodian, room.case, " ", "0008", "0700")
    room.archive("档1")
    case, other = room.case, room.cases.open(room.head, "另案", room.unit.id).id
    room.case = other
    room.desk.end(room.custodian, other, room.day())
    room.desk.add_document(room.custodian, other, "决定书", 1, room.day())
    with room.refused("archive-number-taken", Conflict):
        room.archive("档1")
    with room.refused("document-not-found", NotFound):
        room.desk.take_out(room.custodian, other, new_id(), "误列")
    assert [one.case.id for one in room.desk.all(room.head) if one.archived] == [case]


def test_another_day_of_the_end_needs_a_reason_and_none_lies_ahead(room: FileRoom) -> None:
    with room.refused("day-to-come", Invalid):
        room.desk.end(room.custodian, room.case, room.day(-1))
    room.desk.end(room.custodian, room.case, room.day(5))
    with room.refused("reason-needed", Invalid):
        room.desk.end(room.custodian, room.case, room.day(1))
    with room.refused("own-request"):
        room.desk.end(room.custodian, room.case, room.day(1), "以送达之日为准")
    room.desk.end(room.head, room.case, room.day(1), "以送达之日为准")
    assert room.line().ended_on == room.day(1)
    facts = [one["facts"] for one in room.entries(Act.CASE_END)]
    assert facts[1] == {"ended_on": str(room.day(1)), "before": str(room.day(5))}
    room.desk.end(room.head, room.case, room.day(7), "更正")
    assert room.line().ended_on == room.day(7), "an earlier day is nobody's gain"


@pytest.mark.article("longquan:8")
def test_who_is_late_with_a_case_file_does_not_set_their_own_clock_back(room: FileRoom) -> None:
    room.desk.end(room.custodian, room.case, room.day(40))
    assert [one.case.id for one in room.desk.all(room.head, red=True)] == [room.case]
    with room.refused("own-request"):
        room.desk.end(room.custodian, room.case, room.day(2), "更正")
    assert [one.case.id for one in room.desk.all(room.head, red=True)] == [room.case]


def test_another_units_custodian_finds_no_file_and_an_auxiliary_is_barred(room: FileRoom) -> None:
    other = room.new(Role.CUSTODIAN, where=room.beside)
    for act in (
        lambda: room.desk.end(other, room.case, room.day()),
        lambda: room.desk.add_document(other, room.case, "决定书", 1, room.day()),
        lambda: room.desk.archive(other, room.case, "档1", "0008", "0700"),
        lambda: room.desk.index(other, room.case),
    ):
        with room.refused("case-not-found", OutOfSight):
            act()
    assert room.desk.all(other) == []
    auditor, aux = room.new(Role.AUDITOR), room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    with room.refused("not-permitted", Refused):
        room.desk.end(auditor, room.case, room.day())
    with room.refused("barred-by-law", Refused):
        room.desk.end(aux, room.case, room.day())


def test_the_index_keeps_the_line_of_a_recording_that_the_reader_may_not_know_of(room: FileRoom) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    room.cases.link(room.head, room.case, recording)
    Classes(room.site).classify(room.head, recording, "minors", "未成年人")
    assert room.desk.index(room.custodian, room.case).recordings == [None]
    assert len(room.desk.index(OPERATOR, room.case).recordings) == 1
    assert room.desk.index(OPERATOR, room.case).recordings[0] is not None


@pytest.mark.article("longquan:8", "dazhe-2020:12")
def test_a_file_of_which_something_is_open_is_archived_with_a_reason_that_stays_with_it(
    room: FileRoom,
) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    room.cases.link(room.head, room.case, recording)
    room.desk.end(room.custodian, room.case, room.day())
    still = room.desk.index(room.head, room.case).open
    assert still == OpenMatters(labels=1)
    with room.refused("case-file-open", Conflict) as told:
        room.archive(reason=None)
    assert told.fields == {"steps": 0, "explanations": 0, "labels": 1, "documents": 0, "fault_files": 0}
    with room.refused("reason-needed", Invalid):
        room.archive(reason=" ")
    room.archive(reason="当事人名称不详")
    archived = room.desk.index(room.head, room.case).listed.archived
    assert archived is not None
    assert (archived.open, archived.reason) == (still, "当事人名称不详")
    (entry,) = room.entries(Act.CASE_ARCHIVE)
    assert entry["facts"]["open"] == told.fields
    assert set(entry["pd"]) == {"number", "reason"}
    assert "当事人名称不详" not in json.dumps(entry, ensure_ascii=False)


@pytest.mark.article("longquan:8", "dazhe-2020:16")
def test_a_fault_file_about_the_footage_that_nobody_has_decided_is_open(room: FileRoom) -> None:
    wearer = room.new(Role.FIELD_OFFICER)
    mine, other = (room.record(wearer.id, name) for name in ("a.wav", "b.wav"))
    room.cases.link(room.head, room.case, mine)
    room.desk.end(room.custodian, room.case, room.day())
    files, kind = FaultFiles(room.site), "not-recorded"
    about = files.open(OPERATOR, kind, "擅自关机", [Link(LinkKind.RECORDING, mine)], {})
    files.open(OPERATOR, kind, "擅自关机", [Link(LinkKind.RECORDING, other)], {})
    assert room.desk.index(room.head, room.case).open == OpenMatters(labels=1, fault_files=1)
    with room.refused("case-file-open", Conflict) as told:
        room.archive(reason=None)
    assert told.fields["fault_files"] == 1
    room.archive(reason="过错另行处理")
    files.decide(room.new(Role.UNIT_HEAD), about.id, wearer.name, Verdict.NO_FAULT, "查无实据")
    index = room.desk.index(room.head, room.case)
    assert index.open.fault_files == 0
    assert index.listed.archived is not None
    assert index.listed.archived.open == OpenMatters(labels=1, fault_files=1), "as it was then"


def test_what_an_archive_noted_before_fault_files_were_counted_says_nothing_of_them(room: FileRoom) -> None:
    room.desk.end(room.custodian, room.case, room.day())
    room.desk.add_document(room.custodian, room.case, "决定书", 1, room.day())
    room.archive()
    noted = json.dumps({"steps": 0, "explanations": 1, "labels": 0, "documents": 0})
    assert inside.change(room.small.folder, "UPDATE case_archive SET open = :noted", noted=noted) == 1
    archived = room.line().archived
    assert archived is not None
    assert archived.open == OpenMatters(explanations=1, fault_files=None)


def test_a_file_of_which_nothing_is_open_needs_no_reason(room: FileRoom) -> None:
    room.desk.end(room.custodian, room.case, room.day())
    room.desk.add_document(room.custodian, room.case, "决定书", 1, room.day())
    done = room.archive(reason=None).archived
    assert done is not None
    assert (done.open, done.reason) == (OpenMatters(), None)
