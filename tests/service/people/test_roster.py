"""The public roster: valid or not valid, little else, and one answer for all that is not valid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from evidence.domain.people import PersonType
from evidence.errors import NotFound
from evidence.service.people.leaving import Leaving
from evidence.service.people.roster import PublicTerms, Roster
from tests.roll_room import OPERATOR, RollRoom


@pytest.fixture
def room(tmp_path: Path) -> RollRoom:
    return RollRoom(tmp_path)


@contextmanager
def questions(room: RollRoom) -> Iterator[list[str]]:
    """Collect the questions that are put to the database."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(room.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(room.database.engine, "before_cursor_execute", note)


@pytest.mark.article("dazhe-2020-aux:13.2")
@pytest.mark.article("longquan-aux:13.2")
@pytest.mark.parametrize("policy", ["dazhe-2020", "longquan"])
def test_a_number_on_the_roster_is_valid_with_few_words(tmp_path: Path, policy: str) -> None:
    room = RollRoom(tmp_path, policy)
    room.in_order("0001", name="李四", contract_to=date(2026, 12, 31))
    room.people.add_post(OPERATOR, "0001", "巡查员", date(2026, 1, 21))
    roster = Roster(room.site)
    found = roster.look_up("0001")
    assert found is not None
    assert (found.number, found.unit, found.post) == ("0001", "大柘镇/东片执法队", "巡查员")
    assert (found.type, found.until) == (PersonType.AUXILIARY, date(2026, 12, 31))
    assert found.name is None, "only where the site says so"
    named = Roster(room.site, PublicTerms(names=True)).look_up("0001")
    assert named is not None
    assert named.name == "李四"
    assert all(one.endswith(":13.2") for one in roster.cites())


@pytest.mark.article("dazhe-2020-aux:13.2")
def test_who_leaves_is_off_the_roster_the_same_moment(room: RollRoom) -> None:
    room.in_order("0001")
    roster = Roster(room.site)
    assert roster.look_up("0001") is not None
    Leaving(room.site).start(OPERATOR, "0001")
    assert roster.look_up("0001") is None


def test_a_contract_that_has_ended_is_not_valid_the_next_day(room: RollRoom) -> None:
    room.in_order("0001", contract_to=date(2026, 3, 2))
    roster = Roster(room.site)
    room.clock.pass_by(timedelta(hours=6, minutes=59))  # 23:59 in Beijing
    assert roster.look_up("0001") is not None
    room.clock.pass_by(timedelta(minutes=1))
    assert roster.look_up("0001") is None


def test_unknown_left_and_of_another_type_ask_the_same_questions(room: RollRoom) -> None:
    room.in_order("0001")
    Leaving(room.site).start(OPERATOR, "0001")
    room.person("0002", PersonType.OFFICER)
    room.in_order("0003")
    roster = Roster(room.site)
    asked = []
    for number in ("0001", "0002", "9999", "\0", "\ud800", "=1", ""):
        with questions(room) as statements:
            assert roster.look_up(number) is None
        asked.append(statements)
    with questions(room) as statements:
        assert roster.look_up("0003") is not None
    assert all(one == statements for one in asked)
    assert len(statements) >= 4


def test_looks_are_not_logged(room: RollRoom) -> None:
    before = len(room.log())
    Roster(room.site).look_up("0001")
    assert len(room.log()) == before


def test_where_the_law_knows_no_roster_there_is_none(tmp_path: Path) -> None:
    room = RollRoom(tmp_path, "inner-mongolia")
    with pytest.raises(NotFound, match="no-roster"):
        Roster(room.site).look_up("0001")
