"""Complaints: what they concern is held at once and whenever it comes; who handles one, who must not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from evidence.adapters.db.repositories.complaints import SqlComplaints
from evidence.adapters.packs import load_pack
from evidence.domain.audit import Act
from evidence.domain.complaints import Channel, ComplaintState, Result
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.retention import Keeps
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.errors import Conflict, Invalid, NotFound, Unavailable
from evidence.policy.conduct import complaints_of
from evidence.service.cases.complaints import Complaints, Intake
from evidence.service.keeping.destroying import Destroying
from evidence.service.keeping.holds import Holds
from evidence.service.log.disclosing import Disclosing
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.people.leaving import Leaving
from evidence.service.people.people import People
from evidence.service.recordings.playing import Playing
from evidence.service.recordings.recordings import Recordings
from tests.builders import START, SmallSite
from tests.complaint_room import AFTER, BEFORE, COMPLAINANT, HOUR, WITHIN, ComplaintRoom
from tests.keeping_room import LABELS, KeepingRoom
from tests.people_room import OPERATOR
from tests.service.keeping.test_holds import Away

PACKS = ["dazhe-2020", "longquan", "inner-mongolia", "strict"]
ARTICLES = (
    "xinping-2022-aux:14(12)",
    "xinping-2022-aux:20",
    "lanzhou-new-area-aux:12(1)",
    "lanzhou-new-area-aux:14(9)",
)


@pytest.fixture
def room(small: SmallSite) -> ComplaintRoom:
    return ComplaintRoom(small)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.article("dazhe-2020:13", "xinping-2022-aux:14(12)", "lanzhou-new-area-aux:12(1)")
def test_a_complaint_about_conduct_freezes_the_footage_of_that_person_and_hour_in_the_same_act(
    room: ComplaintRoom, pack: str
) -> None:
    room.under(pack)
    shown = room.worn(room.auxiliary)
    others = [room.worn(room.auxiliary, AFTER), room.worn(room.auxiliary, BEFORE), room.worn(room.officer)]
    done = room.take(room.auxiliary)
    (hold,) = room.held(shown)
    assert [room.held(one) for one in others] == [[], [], []]
    assert done.recordings == (shown,)
    assert room.small.vault.stat(f"recordings/{shown}/manifest.json").lock.holds == {hold}
    rule = room.rule(shown)
    assert (rule.keeps, rule.until, rule.about) == (Keeps.HOLD, None, hold)
    (placed,) = room.entries(Act.HOLD_PLACE)
    said = {"ground": "objection", "cites": ["dazhe-2020:13"], "complaint": done.complaint.id}
    assert placed["facts"] == said


def test_where_what_it_concerns_cannot_be_held_no_complaint_is_taken(
    room: ComplaintRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, before = room.worn(room.officer), room.rows()

    def fail(*_: object) -> None:
        raise Unavailable("disk-full")

    monkeypatch.setattr(SqlComplaints, "note_hold", fail)
    with pytest.raises(Unavailable):
        room.take(room.officer)
    assert (room.rows(), room.held(shown), room.entries(Act.COMPLAINT_TAKE)) == (before, [], [])


def test_neither_names_nor_words_stand_in_the_log_or_in_the_rows_of_the_vault(room: ComplaintRoom) -> None:
    room.worn(room.officer)
    done = room.take(room.officer)
    (entry,) = room.entries(Act.COMPLAINT_TAKE)
    assert set(entry["pd"]) == {"complainant", "matter", "number", "place"}
    assert {(one["k"], one["id"]) for one in entry["obj"]} == {
        ("complaint", done.complaint.id),
        ("person", room.officer.id),
    }, "not of the recording: who reads its history does not learn who complained"
    said = json.dumps(room.entries(), ensure_ascii=False)
    with room.small.database.writing() as unit:
        unit.journal.plan()
        planned = unit.journal.planned()
    assert planned is not None
    pieces = planned[1].decode()
    assert '"table":"complaint"' in pieces
    for secret in (COMPLAINANT, done.complaint.told.matter, done.complaint.told.place):
        assert secret is not None
        assert secret not in said
        assert secret not in pieces


@pytest.mark.article("dazhe-2020:13")
def test_what_arrives_later_is_kept_from_its_sealing_on_and_held_when_its_hour_is_known(
    room: ComplaintRoom,
) -> None:
    done = room.take(room.officer)
    late, other = room.sealed(room.officer), room.sealed(room.officer, AFTER)
    for one in (late, other):
        rule = room.rule(one)
        assert (rule.keeps, rule.about) == (Keeps.COMPLAINT, done.complaint.id), "nobody knows its hour yet"
        assert "dazhe-2020:13" in [cite.id for cite in rule.cites]
    room.small.do_jobs()
    assert len(room.held(late)) == 1
    assert (room.held(other), room.rule(other).keeps) == ([], Keeps.UNLABELLED)
    (placed,) = room.entries(Act.HOLD_PLACE)
    assert (placed["by"], placed["facts"]["complaint"]) == ("service", done.complaint.id)
    assert room.desk.get(room.chief, done.complaint.id).recordings == (late,)


def test_in_doubt_it_is_held(room: ComplaintRoom) -> None:
    before, after = room.worn(room.officer, None), room.sealed(room.officer, None)
    done = room.take(room.officer)
    later = room.worn(room.officer, None)
    assert [len(room.held(one)) for one in (before, after, later)] == [1, 1, 1]
    never = room.sealed(room.officer, None)  # and its examination does not come to an end
    room.desk.assign(room.chief, done.complaint.id, room.custodian.name)
    room.desk.close(room.custodian, done.complaint.id, Result.UNFOUNDED, "查无实据")
    assert len(room.held(never)) == 1, "the close looks once more"


def test_nothing_shows_what_was_after_it_was_sealed(room: ComplaintRoom) -> None:
    old = room.worn(room.officer, None)
    room.small.clock.pass_by(timedelta(days=2))
    now = room.small.clock.now()
    room.take(room.officer, span=Span(now - timedelta(hours=1), now))
    assert room.held(old) == []


def test_a_recording_of_somebody_else_is_held_when_it_becomes_the_subjects(room: ComplaintRoom) -> None:
    nobodys = room.sealed(replace(room.officer, name="88888"))
    room.small.do_jobs()
    room.take(room.officer)
    assert room.held(nobodys) == []
    People(room.site).change(OPERATOR, room.officer.name, number="88888")
    assert len(room.held(nobodys)) == 1, "in the act that says whose it is"


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.article("xinping-2022-aux:20", "lanzhou-new-area-aux:14(9)")
def test_a_complaint_is_red_on_the_day_after_its_last_day_with_the_articles(
    room: ComplaintRoom, pack: str
) -> None:
    room.under(pack)
    rule = complaints_of(load_pack(pack).latest, load_pack("strict").latest)
    assert rule is not None
    done = room.take(room.officer)
    assert done.cites == ARTICLES, "every pack leaves it to the union"
    assert done.clock.due == START.date() + timedelta(days=rule.within_days) == date(2026, 5, 1)
    room.small.clock.pass_by(timedelta(days=60))
    assert room.desk.all(room.chief, red=True) == []
    room.small.clock.pass_by(timedelta(days=1))
    (red,) = room.desk.all(room.head, red=True)
    assert (red.clock.state, red.clock.days_over) == (ComplaintState.OVERDUE, 1)
    room.desk.assign(room.chief, done.complaint.id, room.custodian.name)
    closed = room.desk.close(room.custodian, done.complaint.id, Result.FOUNDED, "属实")
    assert (closed.clock.state, closed.clock.days_over) == (ComplaintState.CLOSED_LATE, 1)
    assert room.desk.all(room.chief, red=True) == []
    (entry,) = room.entries(Act.COMPLAINT_CLOSE)
    assert entry["facts"] == {"cites": list(ARTICLES), "days_over": 1, "result": "founded"}


@pytest.mark.article("xinping-2022-aux:20")
def test_the_handler_is_never_the_subject_whoever_names_them_and_for_whatever_reason(
    room: ComplaintRoom,
) -> None:
    done = room.take(room.officer, room.custodian)
    for by in (room.chief, OPERATOR):
        with room.refused("own-complaint"):
            room.desk.assign(by, done.complaint.id, room.custodian.name, "人手不足")
    with room.refused("complaint-not-found", OutOfSight):
        room.desk.close(room.custodian, done.complaint.id, Result.UNFOUNDED, "没有的事")
    with room.refused("own-complaint"):
        room.take(room.head, by=room.head)


@pytest.mark.article("xinping-2022-aux:20")
def test_the_direct_superior_and_who_is_under_command_stand_back_but_for_a_reason_on_record(
    room: ComplaintRoom,
) -> None:
    about_officer, about_head = room.take(room.officer).complaint.id, room.take(room.head).complaint.id
    for complaint, handler, code in (
        (about_officer, room.head, "direct-superior"),
        (about_head, room.custodian, "below-subject"),
    ):
        with room.refused(code) as problem:
            room.desk.assign(room.chief, complaint, handler.name)
        assert problem.fields["cites"] == " ".join(ARTICLES)
        room.desk.assign(room.chief, complaint, handler.name, "本单位无其他人员")
        entry = room.entries(Act.COMPLAINT_ASSIGN)[-1]
        assert (entry["facts"]["too_near"], set(entry["pd"])) == (code, {"reason"})
    room.desk.assign(room.chief, about_head, room.chief.name)
    handler = room.desk.get(room.chief, about_head).complaint.handler
    assert handler == room.chief.id, "in the place of the other"


@pytest.mark.article("xinping-2022-aux:20")
def test_what_a_person_handles_nobody_closes_at_the_console_of_the_server(room: ComplaintRoom) -> None:
    one = room.take(room.officer).complaint.id
    for _ in ("before it has a handler", "and after"):
        with room.refused("not-the-handler"):
            room.desk.close(OPERATOR, one, Result.UNFOUNDED, "查无实据")
        room.desk.assign(room.chief, one, room.custodian.name)
    assert room.desk.close(room.custodian, one, Result.UNFOUNDED, "查无实据").complaint.closed_on


def test_who_may_not_handle_complaints_there_is_given_none(room: ComplaintRoom) -> None:
    done = room.take(room.officer)
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    auxiliary = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    for one in (beside, auxiliary, room.new(Role.FIELD_OFFICER), room.new(Role.AUDITOR)):
        with room.refused("may-not-handle"):
            room.desk.assign(room.chief, done.complaint.id, one.name)
    with room.refused("person-not-found", NotFound):
        room.desk.assign(room.chief, done.complaint.id, "nobody")
    with room.refused("complaint-not-found", OutOfSight):
        room.desk.assign(beside, done.complaint.id, beside.name)
    for caller, code in ((room.custodian, "not-the-handler"), (room.chief, "not-the-handler")):
        with room.refused(code):
            room.desk.close(caller, done.complaint.id, Result.FOUNDED, "x")
    room.desk.assign(room.chief, done.complaint.id, room.custodian.name)
    with room.refused("reason-needed", Invalid):
        room.desk.close(room.custodian, done.complaint.id, Result.FOUNDED, "  ")
    room.desk.close(room.custodian, done.complaint.id, Result.FOUNDED, "属实")
    for act in (
        lambda: room.desk.close(room.custodian, done.complaint.id, Result.UNFOUNDED, "不"),
        lambda: room.desk.assign(room.chief, done.complaint.id, room.custodian.name),
    ):
        with room.refused("complaint-closed", Conflict):
            act()


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.article("dazhe-2020:13", "xinping-2022-aux:20")
def test_a_complaint_about_a_unit_in_which_nobody_is_known_holds_what_that_recorded_then(
    room: ComplaintRoom, pack: str
) -> None:
    room.under(pack)
    below = room.add_unit("team", room.unit)
    team, beside = room.new(Role.FIELD_OFFICER, where=below), room.new(Role.FIELD_OFFICER, where=room.beside)
    shown = [room.worn(one) for one in (room.officer, room.auxiliary, team)]
    others = [room.worn(beside), room.worn(room.officer, AFTER), room.worn(room.officer, BEFORE)]
    taken = room.take(unit_id=room.unit.id)
    assert set(taken.recordings) == set(shown)
    assert [bool(room.held(one)) for one in (*shown, *others)] == [True] * 3 + [False] * 3
    late, doubtful = room.worn(room.officer), room.worn(team, None)
    assert room.held(late) and room.held(doubtful), "what comes later, and what may be of the hour"
    moved = People(room.site).change(OPERATOR, room.officer.name, unit_id=room.beside.id)
    assert moved and not room.held(room.worn(room.officer)), "recorded for another unit"
    (entry,) = room.entries(Act.COMPLAINT_TAKE)
    assert {(one["k"], one["id"]) for one in entry["obj"]} == {
        ("complaint", taken.complaint.id),
        ("unit", room.unit.id),
    }


def test_a_complaint_about_a_unit_is_not_handled_by_who_wore_what_it_holds(room: ComplaintRoom) -> None:
    worn, other = room.new(Role.CUSTODIAN), room.new(Role.CUSTODIAN, where=room.agency)
    room.worn(worn)
    one = room.take(unit_id=room.unit.id).complaint
    with room.refused("own-complaint"):
        room.desk.assign(room.chief, one.id, worn.name, "人手不足")
    with room.refused("below-subject"):
        room.desk.assign(room.chief, one.id, room.custodian.name)
    room.desk.assign(room.chief, one.id, room.custodian.name, "人手不足")
    room.worn(room.custodian)
    with room.refused("own-complaint"):
        room.desk.close(room.custodian, one.id, Result.UNFOUNDED, "查无实据")
    room.desk.assign(room.chief, one.id, other.name)
    room.desk.close(other, one.id, Result.UNFOUNDED, "查无实据")
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    assert room.desk.all(stranger) == []
    with room.refused("unit-not-found", OutOfSight):
        room.take(by=stranger, unit_id=room.unit.id)
    with room.refused("unit-not-found", NotFound):
        room.take(unit_id=new_id())
    with room.refused("hour-wrong", Invalid):
        room.take(unit_id=room.unit.id, span=Span(START - timedelta(hours=26), START - timedelta(hours=1)))


@pytest.mark.article("dazhe-2020:13", "dazhe-2020-aux:3")
def test_a_complaint_about_an_officer_holds_what_an_auxiliary_recorded_under_them(
    room: ComplaintRoom,
) -> None:
    shown = room.worn(room.auxiliary, labels={"commander": room.officer.name})
    other = room.worn(room.auxiliary)
    taken = room.take(room.officer)
    assert (taken.recordings, bool(room.held(shown)), room.held(other)) == ((shown,), True, [])
    assert room.held(room.worn(room.auxiliary, labels={"commander": room.officer.name}))


WRONG: dict[str, tuple[str, Callable[[ComplaintRoom, Intake], Intake]]] = {
    "nobody": ("nobody-named", lambda _, one: replace(one, numbers=())),
    "too many": ("nobody-named", lambda _, one: replace(one, numbers=("1",) * 21)),
    "to come": ("day-to-come", lambda _, one: replace(one, received_on=START.date() + timedelta(days=1))),
    "an hour ahead": (
        "hour-wrong",
        lambda _, one: replace(one, span=Span(START + timedelta(hours=1), START + timedelta(hours=2))),
    ),
    "no hour": ("hour-wrong", lambda _, one: replace(one, span=Span(START, START))),
    "months": ("hour-wrong", lambda _, one: replace(one, span=Span(START - timedelta(days=40), START))),
    "no words": ("reason-needed", lambda _, one: replace(one, matter=" ")),
    "no place": ("reason-needed", lambda _, one: replace(one, place=" ")),
    "a formula": ("invalid-text", lambda _, one: replace(one, number="=1")),
    "a blank name": ("invalid-text", lambda _, one: replace(one, complainant="")),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_complaint_is_refused_and_holds_nothing(room: ComplaintRoom, what: str) -> None:
    shown = room.worn(room.officer)
    code, spoilt = WRONG[what]
    with room.refused(code, Invalid):
        room.desk.take(room.chief, spoilt(room, room.intake(room.officer)))
    assert room.held(shown) == []


def test_a_complaint_is_taken_by_who_may_about_people_of_their_units_under_a_number_of_its_own(
    room: ComplaintRoom,
) -> None:
    stranger = room.new(Role.FIELD_OFFICER, where=room.beside)
    taken = room.take(room.officer)
    with room.refused("complaint-number-taken", Conflict):
        room.take(room.officer, number=taken.complaint.number)
    with room.refused("person-not-found", NotFound):
        room.take(room.officer, numbers=("nobody",))
    with room.refused("person-not-found", OutOfSight):
        room.take(room.officer, stranger, by=room.head)
    barred = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    for caller, code in ((room.officer, "not-permitted"), (barred, "barred-by-law")):
        with room.refused(code):
            room.take(stranger, by=caller)
    assert room.desk.all(room.new(Role.UNIT_HEAD, where=room.beside)) == []


@pytest.mark.article("xinping-2022-aux:20")
def test_the_subject_neither_finds_the_complaint_nor_learns_who_complained_whatever_role_they_have(
    room: ComplaintRoom,
) -> None:
    shown = room.worn(room.head)
    done = room.take(room.head).complaint
    room.give(room.head.id, Role.AUDITOR, None)
    head = room.caller(room.head.id)
    assert room.desk.all(head) == []
    with room.refused("complaint-not-found", OutOfSight):
        room.desk.get(head, done.id)
    (mine,) = room.desk.about_me(head)
    assert (mine.complaint.id, mine.complaint.number) == (done.id, done.number)
    assert COMPLAINANT not in repr(mine)
    assert str(done.told.matter) not in repr(mine)
    assert room.desk.about_me(room.officer) == []
    index = next(n for n, one in enumerate(room.entries()) if one["act"] == "complaint.take")
    with pytest.raises(NotFound, match="field-not-found"):
        Disclosing(room.site).disclose(head, "custody", _index(room, index), "complainant")
    other = room.new(Role.AUDITOR)
    told = Disclosing(room.site).disclose(other, "custody", _index(room, index), "complainant")
    assert told.value == COMPLAINANT
    with room.refused("under-complaint"):
        Playing(room.site).play(head, shown, lambda size: (0, size))
    with room.refused("under-complaint"):
        room.holds.of(head, shown)
    seen = [one.recording.id for one in Recordings(room.site).list(head)]
    assert seen == [shown], "that it is there is no secret to whom it shows"


def _index(room: ComplaintRoom, place: int) -> int:
    """Return the leaf index of an entry of custody by its place in all entries."""
    looks = {"evidence.list", "log.read", "access.denied", "evidence.play"}
    return sum(one["act"] not in looks for one in room.entries()[:place])


@pytest.mark.article("dazhe-2020:13")
def test_while_it_is_open_nobody_lifts_its_holds_and_then_two_people_who_are_not_the_subject(
    room: ComplaintRoom,
) -> None:
    shown = room.worn(room.head)
    done = room.take(room.head).complaint
    (hold,) = room.held(shown)
    with room.refused("complaint-open", Conflict):
        room.holds.ask_release(room.custodian, hold, "已查")
    room.desk.assign(room.chief, done.id, room.chief.name)
    room.desk.close(room.chief, done.id, Result.UNFOUNDED, "查无实据")
    assert room.held(shown) == [hold], "closing lifts nothing"
    with room.refused("under-complaint"):
        room.holds.ask_release(room.head, hold, "已查")
    room.holds.ask_release(room.custodian, hold, "已办结")
    for caller, code in ((room.head, "under-complaint"), (room.custodian, "own-request")):
        with room.refused(code):
            room.holds.release(caller, hold, "不再需要")
    room.holds.release(room.chief, hold, "不再需要")
    assert room.held(shown) == []
    room.worn(room.head)  # all recent files of the recorder are judged again
    assert room.held(shown) == [], "what two people have lifted is not placed again"


def test_two_complaints_hold_each_for_itself(room: ComplaintRoom) -> None:
    shown = room.worn(room.officer)
    first, second = (room.take(room.officer).complaint for _ in range(2))
    assert len(room.held(shown)) == 2
    room.desk.assign(room.chief, first.id, room.custodian.name)
    room.desk.close(room.custodian, first.id, Result.WITHDRAWN, "撤回")
    with room.small.database.reading() as unit:
        owners = {one: unit.complaints.of_hold(one) for one in room.held(shown)}
    (mine,) = [one for one, owner in owners.items() if owner is not None and owner.id == first.id]
    room.holds.ask_release(room.custodian, mine, "已撤回")
    room.holds.release(room.chief, mine, "不再需要")
    assert len(room.held(shown)) == 1
    with room.refused("under-complaint"):
        Playing(room.site).play(room.officer, shown, lambda size: (0, size))
    assert second.closed_at is None


def test_the_hold_stands_while_the_vault_is_away_and_the_sweep_tells_it_later(room: ComplaintRoom) -> None:
    shown = room.worn(room.officer)
    there = room.small.vault
    room.small.site = replace(room.site, vault=Away(there))
    room.take(room.officer)
    (hold,) = room.held(shown)
    assert there.stat(f"recordings/{shown}/data").lock.holds == set()
    room.small.site = replace(room.site, vault=there)
    Holds(room.site).settle_all()
    assert there.stat(f"recordings/{shown}/data").lock.holds == {hold}


@pytest.mark.article("dazhe-2020:13")
def test_a_complaint_ends_a_disposal_that_was_approved(tmp_path: Path) -> None:
    old = KeepingRoom(tmp_path)
    recording = old.record(old.officer, labels=LABELS, modified_at=WITHIN)
    old.pass_by()
    old.approve(recording)
    number, today = old.caller(old.officer).name, old.small.clock.now().date()
    told = ("推搡当事人", "人民路12号", COMPLAINANT)
    intake = Intake("2027-1", today, Channel.LETTER, (number,), HOUR, *told)
    Complaints(old.site).take(OPERATOR, intake)
    Destroying(old.site).carry_out_all()
    with old.small.database.reading() as unit:
        (disposal,) = unit.disposals.of(recording)
        stored = unit.recordings.get(recording)
    assert (disposal.kept_by, stored and stored.gone_at) == ("hold", None)
    assert old.small.vault.stat(f"recordings/{recording}/data")


@pytest.mark.article("xinping-2022-aux:21")
def test_whoever_leaves_has_open_complaints_about_them_or_in_their_hands_named(room: ComplaintRoom) -> None:
    done = room.take(room.officer).complaint
    room.desk.assign(room.chief, done.id, room.custodian.name)
    for one in (room.officer, room.custodian):
        open_ = Leaving(room.site).checklist(OPERATOR, one.name).open
        (item,) = [item for item in open_ if item.kind == "complaints"]
        assert item.ids == (done.id,)
    room.desk.close(room.custodian, done.id, Result.FOUNDED, "属实")
    for one in (room.officer, room.custodian):
        open_ = Leaving(room.site).checklist(OPERATOR, one.name).open
        assert "complaints" not in {item.kind for item in open_}


def test_a_look_at_a_complaint_and_at_the_list_is_logged(room: ComplaintRoom) -> None:
    done = room.take(room.officer).complaint
    room.desk.get(room.head, done.id)
    room.desk.all(room.new(Role.AUDITOR))
    looks = [one for one in room.entries(Act.READ_LIST) if one["facts"]["list"] == "complaints"]
    assert len(looks) == 3, "the intake shows it too"
    with room.refused("complaint-not-found", NotFound):
        room.desk.get(room.chief, new_id())
