"""What belongs to a case: footage that is linked to it, and what bears its number; one answer for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.exports import Said, Way
from evidence.domain.rights import Action, Role
from evidence.errors import Conflict, NotFound
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.cases.marker_lists import MarkerLists
from evidence.service.court.export_ports import MadeDerivatives
from evidence.service.court.exports import Exports, Wish
from evidence.service.instruments import local_day
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.recordings import Recordings
from tests.keeping_room import LABELS, KeepingRoom

NUMBER = LABELS["case-number"]
SPELT = "(2026)1 号"  # the same number, typed otherwise


@pytest.fixture
def room(tmp_path: Path) -> KeepingRoom:
    return KeepingRoom(tmp_path)


def ids(found: object) -> list[str]:
    """Return the ids of recordings."""
    return sorted(one.recording.id for one in found)  # type: ignore[attr-defined]


def archive(room: KeepingRoom, case: str) -> None:
    """Hand the file over."""
    filing, day = CaseFiling(room.site), local_day(room.site.policies, room.small.clock.now())
    filing.end(room.custodian, case, day)
    with room.small.database.reading() as unit:
        people = [unit.people.get(one.id) for one in (room.custodian, room.head)]
    gave, took = (one.number for one in people if one is not None)
    filing.archive(room.custodian, case, "档1", gave, took, "标注后补")


@pytest.mark.article("dazhe-2020:12")
def test_what_bears_the_number_is_of_the_case_for_everyone_who_asks(room: KeepingRoom) -> None:
    docked, labelled, linked = room.sealed(), room.sealed(commander="1"), room.sealed(commander="1")
    case = room.case(NUMBER)
    Labelling(room.site).give(room.custodian, [labelled], {"case-number": SPELT})
    room.cases.link(room.head, case, linked)
    every = sorted((docked, labelled, linked))
    assert ids(CaseFiling(room.site).index(room.head, case).recordings) == every
    assert ids(room.cases.get(room.head, case).recordings) == every
    listed = MarkerLists(room.site).of_case(room.head, case)
    assert ids(listed.unsaid) == every
    with room.small.database.reading() as unit:
        assert unit.cases.linked(case) == [linked], "a label opens nothing to members of the case"
        assert unit.cases.belonging(case)[0] == linked


@pytest.mark.article("dazhe-2020:11")
def test_a_label_with_the_number_moves_the_lock_in_the_same_act(room: KeepingRoom) -> None:
    case = room.case(NUMBER, "10-years")
    room.cases.close(room.head, case)
    recording = room.sealed(commander="1")
    before = room.row(recording)
    Labelling(room.site).give(room.custodian, [recording], {"case-number": SPELT})
    assert room.row(recording).year == before.year + 9
    assert list(room.changes.apply(room.custodian)) == [], "nothing lags"


@pytest.mark.article("dazhe-2020:11")
def test_the_class_and_the_closing_of_a_case_move_the_locks_of_what_bears_its_number(
    room: KeepingRoom,
) -> None:
    recording = room.sealed()
    before = room.row(recording)
    case = room.case(NUMBER, "10-years")
    given = room.row(recording)
    assert given.year == before.year + 9
    room.pass_by()
    room.cases.close(room.head, case)
    assert room.row(recording).year == given.year + 1


@pytest.mark.article("dazhe-2020:11")
def test_footage_that_comes_with_the_number_of_a_closed_case_is_locked_as_long_as_its_file(
    room: KeepingRoom,
) -> None:
    case = room.case(NUMBER, "10-years")
    room.cases.close(room.head, case)
    recording = room.sealed()
    room.keeping.settle_all()
    assert room.row(recording).year == room.small.clock.now().year + 10
    assert list(room.changes.apply(room.custodian)) == []


@pytest.mark.article("longquan:8")
def test_the_archive_takes_in_what_bears_the_number_and_it_does_not_fall_out_again(
    room: KeepingRoom,
) -> None:
    recording, case = room.sealed(), room.case(NUMBER)
    archive(room, case)
    filing = CaseFiling(room.site)
    index = filing.index(room.head, case)
    assert ids(index.recordings) == [recording]
    assert index.listed.archived is not None and index.listed.archived.recordings == 1
    (entry,) = room.entries(Act.CASE_LINK)
    assert {one["id"] for one in entry["obj"]} == {case, recording}
    Labelling(room.site).end(room.custodian, [recording], "case-number", "误标")
    late = room.sealed()
    index = filing.index(room.head, case)
    assert (ids(index.recordings), ids(index.beside)) == ([recording], [late])
    kept = room.keeping.why(room.head, late).rules[0]
    assert kept.about == case, "what comes later is told, and kept as evidence"


@pytest.mark.article("dazhe-2020:14")
def test_an_archived_file_opens_what_it_took_in_to_no_member(room: KeepingRoom) -> None:
    officer = room.add(Role.FIELD_OFFICER, where=room.beside)
    recording, case = room.record(officer, labels=LABELS), room.case(NUMBER)
    member = room.add()
    room.cases.name(room.head, case, member, [Action.LIST_RECORDINGS])
    with pytest.raises(NotFound):
        Recordings(room.site).get(room.caller(member), recording)
    archive(room, case)
    with pytest.raises(NotFound):
        Recordings(room.site).get(room.caller(member), recording)


@pytest.mark.article("dazhe-2020:11")
def test_who_recorded_footage_takes_the_number_of_a_registered_case_off_it_no_more(room: KeepingRoom) -> None:
    recording, desk = room.sealed(), Labelling(room.site)
    officer = room.caller(room.officer)
    room.case(NUMBER)
    with room.refused("own-recording"):
        desk.end(officer, [recording], "case-number", "误标")
    with room.refused("own-recording"):
        desk.give(officer, [recording], {"case-number": "（2026）2号"})
    assert desk.give(officer, [recording], {"case-number": SPELT}).changed == [recording]
    desk.give(room.custodian, [recording], {"case-number": "（2026）2号"})
    assert desk.give(officer, [recording], {"case-number": NUMBER}).changed == [recording], "no case's"


@pytest.mark.article("dazhe-2020:14")
def test_footage_that_bears_the_number_leaves_as_of_its_case(room: KeepingRoom) -> None:
    mine, other, case = room.sealed(), room.sealed(commander="1"), room.case(NUMBER)
    desk, said = Exports(room.site, MadeDerivatives()), Said("检察院", "移送", "函")
    asked = desk.ask(room.custodian, Wish(Way.TRANSFER, (mine,), said, case_id=case)).export
    assert [one.recording_id for one in asked.items] == [mine]
    with room.refused("not-in-case", Conflict):
        desk.ask(room.custodian, Wish(Way.TRANSFER, (other,), said, case_id=case))
