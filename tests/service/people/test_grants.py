"""Grants: in force at the next request, never to oneself, duties apart, and the law's bars above all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.domain.access import Caller, may
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import ADMINISTRATORS, Action, Role
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.cases.cases import Cases
from evidence.service.people.grants import Grants
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def desk(room: Room) -> Grants:
    return Grants(room.site)


@pytest.fixture
def security(room: Room) -> Caller:
    """A security administrator of the whole agency."""
    return room.new(Role.SECURITY_ADMINISTRATOR, where=room.agency)


def test_a_grant_is_in_force_at_the_next_request_and_gone_at_the_one_after_it_is_revoked(
    room: Room, desk: Grants, security: Caller
) -> None:
    person = room.add()
    assert not may(room.caller(person), Action.READ_VIEWS)
    grant = desk.give(security, person, Role.UNIT_HEAD, room.unit.id, "任命")
    assert may(room.caller(person), Action.READ_VIEWS)
    desk.revoke(security, grant.id, "调离")
    assert not may(room.caller(person), Action.READ_VIEWS)
    assert [one["by"] for act in (Act.GRANT_ADD, Act.GRANT_REVOKE) for one in room.entries(act)] == [
        security.id,
        security.id,
    ]


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_no_member_of_an_open_case_becomes_an_administrator(
    room: Room, desk: Grants, security: Caller, role: Role
) -> None:
    person, cases = room.add(), Cases(room.site)
    case = cases.open(OPERATOR, "案 1", room.unit.id)
    cases.name(OPERATOR, case.id, person, {Action.PLAY})
    with room.refused("roles-kept-apart"):
        desk.give(security, person, role, room.unit.id, "任命")
    cases.close(OPERATOR, case.id)
    other = cases.open(OPERATOR, "案 2", room.unit.id)
    cases.name(OPERATOR, other.id, person, {Action.PLAY})
    cases.dismiss(OPERATOR, other.id, person)
    assert desk.give(security, person, role, room.unit.id, "任命").role is role


def test_a_grant_with_an_end_ends_by_itself(room: Room, desk: Grants, security: Caller) -> None:
    person = room.add()
    desk.give(security, person, Role.CUSTODIAN, room.unit.id, "代班", room.later(hours=1))
    assert room.caller(person).grants
    room.small.clock.pass_by(timedelta(hours=1))
    assert not room.caller(person).grants


def test_the_reason_stands_in_the_log_as_a_commitment_only(
    room: Room, desk: Grants, security: Caller
) -> None:
    desk.give(security, room.add(), Role.CUSTODIAN, room.unit.id, "王五休假")
    (entry,) = room.entries(Act.GRANT_ADD)
    assert set(entry["pd"]) == {"reason"}
    assert "王五".encode() not in b"".join(room.small.log())


def test_nobody_grants_themselves_anything(room: Room, desk: Grants, security: Caller) -> None:
    with room.refused("own-request"):
        desk.give(security, security.id, Role.AUDITOR, room.unit.id, "x")


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS - {Role.SECURITY_ADMINISTRATOR}))
def test_no_two_administrators_are_one_person(room: Room, desk: Grants, security: Caller, role: Role) -> None:
    person = room.add(Role.SECURITY_ADMINISTRATOR)
    with room.refused("roles-kept-apart"):
        desk.give(security, person, role, room.unit.id, "x")


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (Role.SYSTEM_ADMINISTRATOR, Role.CUSTODIAN),
        (Role.UNIT_HEAD, Role.SECURITY_ADMINISTRATOR),
        (Role.AUDITOR, Role.AUDIT_ADMINISTRATOR),
    ],
)
def test_an_administrator_has_no_other_role(
    room: Room, desk: Grants, security: Caller, held: Role, wanted: Role
) -> None:
    person = room.add(held)
    with room.refused("roles-kept-apart"):
        desk.give(security, person, wanted, room.beside.id, "x")


@pytest.mark.article("xinping-2022-aux:14(6)", "dazhe-2020-aux:10(2)")
@pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.CUSTODIAN, Role.UNIT_HEAD, Role.AGENCY_HEAD])
def test_what_the_law_bars_cannot_be_given_to_auxiliaries_and_the_answer_names_the_article(
    room: Room, desk: Grants, security: Caller, role: Role
) -> None:
    person = room.add(type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law") as told:
        desk.give(security, person, role, room.unit.id, "x")
    assert "dazhe-2020-aux:10(2)" in str(told.fields["cites"])
    desk.give(security, person, Role.AUXILIARY, room.unit.id, "岗位")


def test_nothing_is_granted_in_a_closed_unit_nor_below_one(
    room: Room, desk: Grants, security: Caller
) -> None:
    person, below = room.add(), room.add_unit("below", room.unit)
    with room.small.database.writing() as unit:
        unit.units.close(room.unit.id, room.small.clock.now())
    for closed in (room.unit, below):
        with room.refused("unit-closed"):
            desk.give(security, person, Role.CUSTODIAN, closed.id, "x")


def test_the_last_security_administrator_stays(room: Room, desk: Grants) -> None:
    first = room.add(where=room.agency)
    grant = room.give(first, Role.SECURITY_ADMINISTRATOR, None)
    with room.refused("last-security-administrator"):
        desk.revoke(OPERATOR, grant, "x")
    second = room.add()
    room.give(second, Role.SECURITY_ADMINISTRATOR, room.unit)  # of one unit: cannot take over
    with room.refused("last-security-administrator"):
        desk.revoke(OPERATOR, grant, "x")
    third = room.add(where=room.agency)
    room.give(third, Role.SECURITY_ADMINISTRATOR, None)
    desk.revoke(OPERATOR, grant, "x")
    assert not room.caller(first).grants


def test_roles_are_given_and_taken_only_within_ones_own_units(room: Room, desk: Grants) -> None:
    local = room.new(Role.SECURITY_ADMINISTRATOR, where=room.unit)
    person = room.add(where=room.beside)
    for foreign in (room.beside.id, room.agency.id, None):
        with room.refused("out-of-scope"):
            desk.give(local, person, Role.CUSTODIAN, foreign, "x")
    grant = room.give(person, Role.CUSTODIAN, room.beside)
    with room.refused("out-of-scope"):
        desk.revoke(local, grant, "x")
    assert desk.give(local, person, Role.CUSTODIAN, room.unit.id, "x").unit_id == room.unit.id


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SECURITY_ADMINISTRATOR}))
def test_only_the_security_administrator_gives_roles(room: Room, desk: Grants, role: Role) -> None:
    caller, person = room.new(role, where=room.agency), room.add()
    with room.refused("not-permitted"):
        desk.give(caller, person, Role.AUXILIARY, room.unit.id, "x")


def test_what_is_not_there_or_malformed_is_said(room: Room, desk: Grants, security: Caller) -> None:
    person = room.add(Role.CUSTODIAN)
    unit = room.unit.id
    with room.refused("person-not-found", NotFound):
        desk.give(security, "f" * 32, Role.CUSTODIAN, unit, "x")
    with room.refused("unit-not-found", NotFound):
        desk.give(security, person, Role.CUSTODIAN, "f" * 32, "x")
    with room.refused("grant-exists", Conflict):
        desk.give(security, person, Role.CUSTODIAN, unit, "x")
    with room.refused("reason-needed", Invalid):
        desk.give(security, person, Role.AUDITOR, unit, "  ")
    with room.refused("end-not-ahead", Invalid):
        desk.give(security, person, Role.AUDITOR, unit, "x", room.small.clock.now())
    with room.refused("grant-not-found", NotFound):
        desk.revoke(security, "nothing", "x")


def test_somebody_who_has_left_gets_nothing(room: Room, desk: Grants, security: Caller) -> None:
    person = room.add()
    with room.small.database.writing() as unit:
        found = unit.people.get(person)
        assert found is not None
        unit.people.put(replace(found, left_at=room.small.clock.now()))
    with room.refused("not-on-roll"):
        desk.give(security, person, Role.CUSTODIAN, room.unit.id, "x")


def test_the_auditor_sees_who_holds_what_in_their_units_and_the_look_is_logged(
    room: Room, desk: Grants
) -> None:
    auditor = room.new(Role.AUDITOR, where=room.unit)
    room.add(Role.CUSTODIAN, where=room.unit, number="0001")
    room.add(Role.CUSTODIAN, where=room.beside, number="0002")
    held = desk.held(auditor)
    assert [(one.person.number, one.grant.role) for one in held] == [
        ("0001", Role.CUSTODIAN),
        (auditor.name, Role.AUDITOR),
    ]
    assert [one["by"] for one in room.entries(Act.READ_GRANTS)] == [auditor.id]
    assert len(desk.held(OPERATOR)) == 3
