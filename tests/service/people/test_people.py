"""The roll: who is on it, as what, since when; each change in scope, logged, and names in no entry."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from evidence.domain.people import PersonType, UndertakingKind
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.ledger.entries import read_entry
from evidence.policy.rules import Need
from tests.builders import an_origin
from tests.roll_room import OPERATOR, RollRoom

AUXILIARY = PersonType.AUXILIARY


@pytest.fixture
def room(tmp_path: Path) -> RollRoom:
    return RollRoom(tmp_path)


@pytest.fixture
def mongolia(tmp_path: Path) -> RollRoom:
    return RollRoom(tmp_path, "inner-mongolia")


def test_a_person_is_added_and_the_name_stands_in_no_entry(room: RollRoom) -> None:
    room.person("012345", name="张三丰", card_number="粤A-77")
    written = b"".join(room.log()).decode()
    assert "张三丰" not in written
    (entry,) = room.entries("person.add")
    assert list(entry["pd"]) == ["name"]
    assert entry["facts"]["number"] == "012345"
    ((value,),) = [row[4:5] for row in room.payload()]
    assert json.loads(value) == "张三丰"


def test_a_number_is_given_once(room: RollRoom) -> None:
    room.person("0001")
    other = room.person("0002")
    before = room.roll(), len(room.log())
    with pytest.raises(Conflict, match="number-taken"):
        room.person("0001")
    with pytest.raises(Conflict, match="number-taken"):
        room.people.change(OPERATOR, other.number, number="0001")
    assert (room.roll(), len(room.log())) == before


@pytest.mark.parametrize("number", ["", " 1", "=1", "1\n", "a\tb", "\u202e1", "x" * 201])
def test_a_bad_number_is_refused(room: RollRoom, number: str) -> None:
    before = room.roll(), len(room.log())
    with pytest.raises(Invalid, match="invalid-text"):
        room.person(number)
    assert (room.roll(), len(room.log())) == before


@pytest.mark.article("inner-mongolia-aux:25")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("XG12 345", "number-form"),
        ("XG12345", "number-form"),
        ("XG0123456", "number-form"),
        ("xg012345", "number-form"),
        ("XG０１2345", "number-form"),
        ("XG992345", "city-code-unknown"),
    ],
)
def test_a_badge_of_another_form_or_city_is_refused_with_the_article(
    mongolia: RollRoom, number: str, code: str
) -> None:
    before = mongolia.roll()
    with pytest.raises(Invalid, match=code) as caught:
        mongolia.person(number, AUXILIARY)
    assert caught.value.fields["cites"] == "inner-mongolia-aux:25"
    assert mongolia.roll() == before
    mongolia.person("XG012345", AUXILIARY)
    with pytest.raises(Invalid, match=code):
        mongolia.people.change(OPERATOR, "XG012345", number=number)


def test_the_form_of_badges_is_asked_of_those_the_article_is_about(
    mongolia: RollRoom, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert mongolia.person("012345", PersonType.OFFICER)
    with pytest.raises(Invalid, match="number-form"):
        mongolia.people.change(OPERATOR, "012345", type=AUXILIARY)
    assert RollRoom(tmp_path_factory.mktemp("town")).person("XG12 345", AUXILIARY), "no such article there"


def test_what_was_recorded_under_a_number_becomes_theirs_when_they_come(room: RollRoom) -> None:
    labels = {"commander": "0007"}
    upload = room.send(an_origin(size_bytes=4, wearer="0042", labels=labels), b"sent")
    other = room.send(an_origin("b.mp4", size_bytes=4, wearer="0043"), b"sent")
    room.do_jobs()
    one = room.person("0042", AUXILIARY)
    with room.database.reading() as unit:
        standing = unit.standings.get(upload.id, room.clock.now())
        assert (standing.person_id, standing.unit_path) == (one.id, room.east.path)
        assert unit.standings.get(other.id, room.clock.now()).person_id is None
    (entry,) = room.entries("evidence.place")
    assert entry["obj"][0]["id"] == upload.id
    commander = room.person("0007", unit=room.west)
    with room.database.reading() as unit:
        standing = unit.standings.get(upload.id, room.clock.now())
    assert (standing.commander_id, standing.person_id) == (commander.id, one.id)
    assert standing.unit_path == room.east.path, "the wearer's unit answers for it"


def test_who_moves_or_changes_number_leaves_the_recordings_where_they_are(room: RollRoom) -> None:
    one = room.person("0042")
    upload = room.send(an_origin(size_bytes=4, wearer="0042"), b"sent")
    room.do_jobs()
    room.people.change(OPERATOR, "0042", unit_id=room.west.id)
    room.people.change(OPERATOR, "0042", number="0043")
    with room.database.reading() as unit:
        standing = unit.standings.get(upload.id, room.clock.now())
    assert (standing.person_id, standing.unit_path) == (one.id, room.east.path)
    moved, renumbered = room.entries("person.change")
    assert moved["facts"] == {"unit_id": {"before": room.east.id, "after": room.west.id}}
    assert renumbered["facts"] == {"number": {"before": "0042", "after": "0043"}}


def test_a_number_is_not_changed_while_files_are_owed_under_it(room: RollRoom) -> None:
    room.person("0042")
    card = an_origin("-", wearer="0042")
    room.cards.announce(room.dock, card, [an_origin(size_bytes=4, wearer="0042")])
    before = room.roll()
    with pytest.raises(Conflict, match="not-offloaded"):
        room.people.change(OPERATOR, "0042", number="0043")
    assert room.roll() == before


def test_a_number_is_not_changed_while_an_upload_of_it_is_under_way(room: RollRoom) -> None:
    room.person("0042")
    room.uploads.create(room.dock, an_origin(size_bytes=4, wearer="0042"), None)
    before = room.roll()
    with pytest.raises(Conflict, match="not-offloaded"):
        room.people.change(OPERATOR, "0042", number="0043")
    assert room.roll() == before


def test_nobody_changes_their_own_record(room: RollRoom) -> None:
    manager = room.caller("9001", Role.SECURITY_ADMINISTRATOR)
    before = room.roll()
    for change in (
        lambda: room.people.change(manager, "9001", type=PersonType.CIVILIAN),
        lambda: room.people.add_undertaking(manager, "9001", UndertakingKind.DUTIES, date(2026, 1, 1)),
    ):
        with pytest.raises(Refused, match="own-record"):
            change()
    assert room.roll() == before
    assert len(room.entries("access.denied")) == 2


def test_who_manages_one_unit_reaches_nobody_beside_it(room: RollRoom) -> None:
    manager = room.caller("9001", Role.SECURITY_ADMINISTRATOR, room.west)
    room.person("0001")
    mine = room.people.add(manager, "0002", AUXILIARY, room.west.id)
    before = room.roll()
    with pytest.raises(NotFound, match="person-not-found") as hidden:
        room.people.change(manager, "0001", name="x")
    with pytest.raises(NotFound, match="person-not-found") as absent:
        room.people.change(manager, "no such", name="x")
    assert str(hidden.value).replace("0001", "") == str(absent.value).replace("no such", "")
    with pytest.raises(NotFound, match="unit-not-found"):
        room.people.change(manager, "0002", unit_id=room.east.id)
    with pytest.raises(NotFound, match="unit-not-found"):
        room.people.add(manager, "0003", AUXILIARY, room.east.id)
    assert room.roll() == before
    assert [one.person.id for one in room.people.all(manager)] == [mine.id]
    assert len(room.entries("access.denied")) == 4


def test_a_post_ends_where_the_next_begins(room: RollRoom) -> None:
    room.person("0001")
    room.people.add_post(OPERATOR, "0001", "队员", date(2025, 1, 1))
    room.people.add_post(OPERATOR, "0001", "副队长", date(2026, 2, 1))
    (one,) = room.people.all(OPERATOR)
    assert one.post is not None
    assert one.post.title == "副队长"
    with room.database.reading() as unit:
        posts = unit.people.posts(one.person.id)
    assert [(post.title, post.until) for post in posts] == [("队员", date(2026, 1, 31)), ("副队长", None)]


def test_days_that_cannot_be_are_refused(room: RollRoom) -> None:
    room.person("0001")
    before = room.roll()
    for refused, code in (
        (lambda: room.person("0002", contract_from=date(2026, 2, 1), contract_to=date(2026, 1, 1)), "ends-"),
        (lambda: room.people.add_post(OPERATOR, "0001", "x", date(2026, 2, 1), date(2026, 1, 1)), "ends-"),
        (
            lambda: room.people.add_training(OPERATOR, "0001", "x", 0, date(2026, 1, 1), True),
            "invalid-training-days",
        ),
        (
            lambda: room.people.add_undertaking(OPERATOR, "0001", UndertakingKind.DUTIES, date(2026, 3, 3)),
            "day-to-come",
        ),
    ):
        with pytest.raises(Invalid, match=code):
            refused()
    assert room.roll() == before


@pytest.mark.article("inner-mongolia-aux:20", "inner-mongolia-aux:2")
@pytest.mark.article("inner-mongolia-aux:12(2)", "inner-mongolia-aux:12(4)")
def test_an_assistant_may_carry_after_ten_working_days_of_training_and_both_undertakings(
    mongolia: RollRoom,
) -> None:
    mongolia.person("XG010001", AUXILIARY)

    def lacks() -> list[tuple[Need, str]]:
        (one,) = mongolia.people.all(OPERATOR)
        return [(lack.need, lack.cites[0].id) for lack in one.lacks]

    assert lacks() == [
        (Need.CONTRACT, "inner-mongolia-aux:2"),
        (Need.CONFIDENTIALITY, "inner-mongolia-aux:12(4)"),
        (Need.DUTIES, "inner-mongolia-aux:12(2)"),
        (Need.TRAINING, "inner-mongolia-aux:20"),
    ]
    people = mongolia.people
    people.change(OPERATOR, "XG010001", contract_from=date(2026, 1, 1), contract_to=date(2026, 3, 31))
    people.add_undertaking(OPERATOR, "XG010001", UndertakingKind.CONFIDENTIALITY, date(2026, 1, 1))
    people.add_undertaking(OPERATOR, "XG010001", UndertakingKind.DUTIES, date(2026, 1, 1))
    people.add_training(OPERATOR, "XG010001", "短训", 9, date(2026, 1, 15), True)
    people.add_training(OPERATOR, "XG010001", "岗前培训", 10, date(2026, 1, 15), False)
    people.add_training(OPERATOR, "XG010001", "岗前培训", 10, date(2026, 4, 1), True)
    assert lacks() == [(Need.TRAINING, "inner-mongolia-aux:20")]
    assert [one.person.number for one in people.all(OPERATOR, lacking=True)] == ["XG010001"]
    people.add_training(OPERATOR, "XG010001", "岗前培训", 10, date(2026, 2, 1), True)
    assert lacks() == []
    assert people.all(OPERATOR, lacking=True) == []
    mongolia.clock.pass_by(timedelta(days=40))
    assert lacks() == [(Need.CONTRACT, "inner-mongolia-aux:2")], "the contract has ended"
    assert not people.all(OPERATOR)[0].is_on_roll


def test_an_officer_needs_none_of_it(mongolia: RollRoom) -> None:
    mongolia.person("0001")
    assert mongolia.people.all(OPERATOR)[0].lacks == ()


def test_the_entries_can_be_read_as_entries(room: RollRoom) -> None:
    room.in_order("0001", name="李四")
    assert all(read_entry(body)["v"] == 1 for body in room.log())
