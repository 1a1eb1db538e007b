"""Asking that footage leave, and deciding about it: by the articles, by two people, about what stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.access import Purpose
from evidence.domain.audit import Act
from evidence.domain.exports import Form, Ground, State, Way
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.court import exports
from evidence.service.court.export_access import lapse_if_changed
from evidence.service.keeping.destroying import Destroying
from evidence.service.oversight.refusals import OutOfSight
from tests.export_room import COURT, PARTY, ExportRoom
from tests.keeping_room import KeepingRoom
from tests.people_room import OPERATOR


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


@pytest.fixture
def longquan(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path, "longquan")


def test_a_request_names_the_files_and_their_digests_and_its_words_stand_in_no_entry(
    room: ExportRoom,
) -> None:
    listed = room.court.exports.ask(room.custodian, room.wish())
    one = listed.export
    assert (one.number, one.state, one.unit_id) == ("EXP-2026-000001", State.ASKED, room.unit.id)
    assert listed.cites == ("dazhe-2020:14",)
    (entry,) = room.entries(Act.EXPORT_ASK)
    assert [item["recording"] for item in entry["facts"]["set"]] == [room.one, room.two]
    assert [item["sha256"] for item in entry["facts"]["set"]] == [item.sha256 for item in one.items]
    assert COURT.recipient not in str(entry), "what people say is a commitment"
    assert COURT.recipient == room.export(one.id).said.recipient
    assert room.court.exports.ask(room.custodian, room.wish()).export.number == "EXP-2026-000002"


def test_who_asks_again_for_the_same_is_told_of_what_is_on_its_way(room: ExportRoom) -> None:
    ask, first = room.court.exports.ask, room.export(room.asked())
    again = ask(room.custodian, room.wish(Way.TRANSFER, room.two, room.one))
    assert [one.id for one in again.alike] == [first.id], "in whatever order"
    assert [one.id for one in room.court.exports.get(room.head, first.id).alike] == [again.export.id]
    fewer = room.wish(Way.TRANSFER, room.one)
    other = room.wish(Way.TRANSFER, said=replace(COURT, recipient="某市中级人民法院"))
    for wish in (fewer, other, room.wish(Way.SUPPLY, said=COURT)):
        assert ask(room.custodian, wish).alike == []
    room.approve(first.id)
    assert [one.id for one in room.court.exports.get(room.head, again.export.id).alike] == [first.id]
    room.court.withdrawing.withdraw(room.custodian, again.export.id, "重复")
    assert room.court.exports.get(room.head, again.export.id).alike == []
    room.court.withdrawing.withdraw(
        room.custodian, (third := ask(room.custodian, room.wish())).export.id, "重复"
    )
    assert [one.id for one in third.alike] == [first.id], "what was withdrawn is not on its way"


def test_nobody_decides_about_their_own_request_whatever_role_they_have(room: ExportRoom) -> None:
    both = room.new(Role.CUSTODIAN, Role.UNIT_HEAD)
    asked = room.court.exports.ask(both, room.wish()).export.id
    with room.refused("own-request"):
        room.court.exports.decide(both, asked, is_approved=True, reason="同意")
    assert room.export(asked).state is State.ASKED


@pytest.mark.article("longquan:8")
def test_what_a_party_has_asked_for_is_not_destroyed_before_they_have_an_answer(longquan: ExportRoom) -> None:
    room = longquan
    free = room.sealed()
    room.cases.close(room.head, room.case_id)
    room.keeping.give_term(room.head, room.case_id, "10-years")
    room.pass_by(timedelta(days=3700))
    assert set(room.due()) == {room.one, room.two, free}
    disposal = KeepingRoom.approve(room, room.one)
    asked = room.asked(Way.PARTY_COPY)
    assert room.due() == [free]
    with room.refused("still-kept", Conflict) as refusal:
        room.disposals.ask(room.head, [room.two], "期满")
    assert (refusal.fields["keeps"], refusal.fields["about"]) == ("export", asked)
    Destroying(room.site).carry_out_all()
    with room.small.database.reading() as unit:
        kept = unit.disposals.get(disposal)
    assert kept is not None
    assert kept.kept_by == "export"
    refused = {
        "is_approved": True,
        "reason": "部分同意",
        "secrecy": "经审查",
        "refused": {room.two: Ground.OTHER},
    }
    room.court.exports.decide(room.agency_head, asked, **refused)
    assert set(room.due()) == {room.two, free}, "what was refused does not leave"


def test_what_is_destroyed_while_somebody_asks_does_not_leave(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, admit = room.sealed(), exports.admit_or_tell
    room.pass_by()
    KeepingRoom.approve(room, free)

    def late(*told: Any) -> Any:
        found = admit(*told)
        Destroying(room.site).carry_out_all()
        return found

    monkeypatch.setattr(exports, "admit_or_tell", late)
    with pytest.raises(Conflict, match="recording-destroyed"):
        room.asked(Way.SUPPLY, free, case_id=None, unit_id=room.unit.id)
    assert room.court.exports.all(OPERATOR) == []


@pytest.mark.article("dazhe-2020:14")
def test_a_transfer_is_approved_and_its_files_stand_under_transfer_until_it_is_over(room: ExportRoom) -> None:
    one = room.approve(room.asked())
    assert room.export(one).state is State.APPROVED
    with room.refused("under-transfer", Conflict):
        room.disposals.ask(room.head, [room.one], "期满")
    (entry,) = room.entries(Act.EXPORT_DECIDE)
    assert (entry["facts"]["approved"], entry["facts"]["asked_by"]) == (True, room.custodian.id)
    room.pass_by()
    with pytest.raises(Conflict, match="approval-lapsed"):
        lapse_if_changed(room.site, room.export(one))
    with room.small.database.reading() as unit:
        assert not unit.standings.get(room.one, room.small.clock.now()).under_transfer


@pytest.mark.article("longquan:8")
def test_the_agency_head_alone_decides_about_a_partys_copy_and_the_article_is_told(
    longquan: ExportRoom,
) -> None:
    asked = longquan.asked(Way.PARTY_COPY)
    how = {"reason": "同意", "secrecy": "不涉密"}
    with longquan.refused("not-the-decider") as told:
        longquan.court.exports.decide(longquan.head, asked, is_approved=True, **how)
    assert (told.fields["cites"], told.fields["deciders"]) == ("longquan:8", "agency-head")
    listed = longquan.court.exports.get(longquan.head, asked)
    assert (listed.answer_by - longquan.small.clock.now().date()).days == 20
    assert list(longquan.court.exports.all(longquan.head, red=True)) == []
    longquan.pass_by(timedelta(days=21))
    assert [one.export.id for one in longquan.court.exports.all(longquan.head, red=True)] == [asked]
    assert longquan.export(longquan.approve(asked)).state is State.APPROVED


@pytest.mark.article("longquan:8")
def test_a_partys_copy_names_applicant_relation_and_identity_and_the_secrecy_check(
    longquan: ExportRoom,
) -> None:
    for missing in ("applicant", "relation", "identity"):
        said = type(PARTY)(**{**{k: getattr(PARTY, k) for k in PARTY.__slots__}, missing: None})
        with longquan.refused("party-needed", Invalid):
            longquan.court.exports.ask(longquan.custodian, longquan.wish(Way.PARTY_COPY, said=said))
    asked = longquan.asked(Way.PARTY_COPY)
    with longquan.refused("secrecy-needed", Invalid):
        longquan.court.exports.decide(longquan.agency_head, asked, is_approved=True, reason="同意")


@pytest.mark.article("longquan:8", "longquan:9")
def test_a_request_that_touches_a_secret_file_is_not_approved_whole_and_is_refused_in_part(
    longquan: ExportRoom,
) -> None:
    room = longquan
    room.restrict(room.two, Classification.COMMERCIAL_SECRET, room.agency_head)
    asked = room.asked(Way.PARTY_COPY)
    for reader in (room.custodian, room.agency_head):
        assert room.court.exports.get(reader, asked).withheld == {room.two}, "told before anybody decides"
    assert room.court.exports.get(room.head, asked).withheld == set(), "no reader of it"
    assert room.court.exports.get(room.custodian, room.asked()).withheld == set(), "evidence goes whole"
    how = {"reason": "同意", "secrecy": "其一涉商业秘密"}
    with room.refused("secret-not-whole") as told:
        room.court.exports.decide(room.agency_head, asked, is_approved=True, **how)
    assert told.fields["cites"] == "longquan:9 longquan:8"
    done = room.export(room.approve(asked, {room.two: Ground.SECRET}))
    assert [item.recording_id for item in done.granted] == [room.one]
    assert [(item.recording_id, item.ground) for item in done.refused] == [(room.two, Ground.SECRET)]


@pytest.mark.article("longquan:9")
def test_who_may_not_know_of_a_secret_file_neither_asks_for_it_nor_sees_that_it_is_asked_for(
    room: ExportRoom,
) -> None:
    asked = room.asked()
    room.restrict(room.two, Classification.PRIVACY)
    stranger = room.new(Role.CUSTODIAN)
    with pytest.raises(NotFound, match="recording-not-found"):
        room.court.exports.ask(stranger, room.wish(Way.TRANSFER, room.two))
    listed = room.court.exports.get(stranger, asked)
    assert set(listed.titles) == {room.one}
    with room.refused("not-a-reader"):
        room.court.exports.decide(room.agency_head, asked, is_approved=True, reason="同意")


def test_a_redacted_copy_is_refused_where_nothing_was_redacted(room: ExportRoom) -> None:
    wish = room.wish(Way.PARTY_COPY, redacted={room.one: "f" * 32})
    with room.refused("no-redacted-derivative", Conflict):
        room.court.exports.ask(room.custodian, wish)


@pytest.mark.article("dazhe-2020:15")
def test_other_supply_needs_a_decision_with_a_purpose_and_scope_and_no_case(room: ExportRoom) -> None:
    asked = room.asked(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    one = room.export(asked)
    assert (one.case_id, one.said.purpose, len(one.items)) == (None, "普法宣传", 1)
    assert room.court.exports.get(room.head, asked).cites == ("dazhe-2020:15",)
    assert room.export(room.approve(asked)).granted[0].form is Form.ORIGINAL


@pytest.mark.article("dazhe-2020:15")
def test_an_original_is_taken_along_for_anything_but_a_case_only_by_an_approval(room: ExportRoom) -> None:
    take = room.small.recordings.open_original
    for purpose in (Purpose.EXPORT, Purpose.SUPERVISION, Purpose.TECHNICAL):
        with room.refused("approval-needed") as told:
            take(room.custodian, room.one, purpose)
        assert told.fields["cites"] == "dazhe-2020:15"
    assert room.denied()[-1] == (room.custodian.id, "read-original", "approval-needed")
    take(room.custodian, room.one, Purpose.CASE)[1].close()
    of_no_case = room.sealed()
    with room.refused("approval-needed"):
        take(room.custodian, of_no_case, Purpose.CASE)
    asked = room.asked(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    with room.refused("approval-needed"):
        take(room.custodian, room.one, Purpose.EXPORT, asked)
    take(room.custodian, room.one, Purpose.EXPORT, room.approve(asked))[1].close()
    assert room.entries(Act.READ_ORIGINAL)[-1]["facts"]["approval"] == asked
    with room.refused("approval-needed"):
        take(room.custodian, room.two, Purpose.EXPORT, asked)
    room.pass_by()
    with room.refused("approval-needed"):
        take(room.custodian, room.one, Purpose.EXPORT, asked)


@pytest.mark.article("dazhe-2020-aux:10(2)")
def test_an_auxiliary_is_barred_from_every_step_whatever_role_they_were_given(room: ExportRoom) -> None:
    desk, aux = room.court.exports, room.auxiliary
    asked = room.asked()
    for step in (
        lambda: desk.ask(aux, room.wish()),
        lambda: desk.decide(aux, asked, is_approved=True, reason="同意"),
        lambda: desk.get(aux, asked),
        lambda: desk.all(aux),
    ):
        with room.refused("barred-by-law") as told:
            step()
        assert "dazhe-2020-aux:10(2)" in str(told.fields["cites"])


def test_an_approval_lapses_when_the_set_is_another_one_and_when_its_time_is_over(room: ExportRoom) -> None:
    asked = room.approve(room.asked(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id))
    lapse_if_changed(room.site, room.export(asked))
    assert room.export(asked).state is State.APPROVED, "nothing has changed"
    room.restrict(room.one, Classification.MINORS)
    with pytest.raises(Conflict) as told:
        lapse_if_changed(room.site, room.export(asked))
    assert told.value.fields["why"] == "set-changed"
    assert room.export(asked).state is State.LAPSED
    (entry,) = room.entries(Act.EXPORT_LAPSE)
    assert entry["facts"]["why"] == "set-changed"


def test_a_file_that_left_the_case_is_not_in_the_set_any_more(room: ExportRoom) -> None:
    asked = room.approve(room.asked())
    room.cases.unlink(room.head, room.case_id, room.two, "误联")
    with pytest.raises(Conflict, match="approval-lapsed"):
        lapse_if_changed(room.site, room.export(asked))


def test_what_is_decided_is_decided_once_and_says_which_files(room: ExportRoom) -> None:
    asked = room.asked()
    desk = room.court.exports
    with room.refused("not-asked-for", Invalid):
        desk.decide(room.head, asked, is_approved=True, reason="x", refused={"f" * 32: Ground.OTHER})
    both = {room.one: Ground.OTHER, room.two: Ground.OTHER}
    with room.refused("nothing-granted", Invalid):
        desk.decide(room.head, asked, is_approved=True, reason="x", refused=both)
    desk.decide(room.head, asked, is_approved=False, reason="材料不全")
    assert room.export(asked).state is State.REFUSED
    assert [item.ground for item in room.export(asked).items] == [Ground.OTHER] * 2
    with room.refused("export-decided", Conflict):
        desk.decide(room.head, asked, is_approved=True, reason="x")


def test_whoever_may_see_a_recording_and_not_ask_for_it_is_told_so_and_a_stranger_finds_none(
    room: ExportRoom,
) -> None:
    for who in (room.head, room.caller(room.officer)):
        with room.refused("seen-only") as told:
            room.court.exports.ask(who, room.wish())
        assert told.fields["recording"] == room.one
    room.restrict(room.one, Classification.PRIVACY)
    with room.refused("recording-not-found", NotFound):
        room.court.exports.ask(room.head, room.wish())
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    for recording in (room.two, "f" * 32, "none"):
        with room.refused("recording-not-found", NotFound):
            room.court.exports.ask(beside, room.wish(Way.TRANSFER, recording))


def test_another_unit_finds_nothing_of_it(room: ExportRoom) -> None:
    asked = room.asked()
    beside = room.new(Role.CUSTODIAN, Role.UNIT_HEAD, where=room.beside)
    with room.refused("export-not-found", OutOfSight):
        room.court.exports.get(beside, asked)
    with room.refused("export-not-found", OutOfSight):
        room.court.exports.decide(beside, asked, is_approved=True, reason="x")
    assert room.court.exports.all(beside) == []
    assert [one.export.id for one in room.court.exports.all(OPERATOR)] == [asked]


def test_a_transfer_is_about_the_files_of_one_case(room: ExportRoom) -> None:
    other = room.sealed()
    for way in Way:
        with room.refused("not-in-case", Conflict) as told:
            room.court.exports.ask(room.custodian, room.wish(way, room.one, other))
        assert told.fields["recordings"] == other
    with room.refused("case-needed", Invalid):
        room.court.exports.ask(room.custodian, room.wish(case_id=None))
    with room.refused("export-words-needed", Invalid):
        said = type(COURT)(None, "x", "x")
        room.court.exports.ask(room.custodian, room.wish(said=said))
