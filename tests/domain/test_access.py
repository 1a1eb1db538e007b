"""The policy of access by example: what each sentence promises to people. For all: test_access_laws.py."""

from __future__ import annotations

from dataclasses import replace

from evidence.domain.access import (
    ANYONE,
    Caller,
    Denial,
    Grant,
    Purpose,
    Reach,
    Why,
    denial,
    may,
    may_in,
    reach,
    role_allows,
)
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import Action, Kind, Role
from evidence.domain.standing import Classification, Standing
from tests.domain.lots import CITE, EVERY_BAR

MINE, OTHER = "/a/b/", "/a/c/"
PLAIN = Standing("r0", MINE, "wearer")
FOR_CASE = Purpose.CASE


def somebody(role: Role, path: str = MINE, type_: PersonType = PersonType.OFFICER, id_: str = "me") -> Caller:
    return Caller(id_, Kind.PERSON, grants=(Grant(role, path),), person_type=type_, path=path)


def why(caller: Caller, action: Action, one: Standing, purpose: Purpose | None = FOR_CASE) -> Why | None:
    denied = denial(caller, action, one, EVERY_BAR, purpose)
    return None if denied is None else denied.why


def test_a_role_counts_in_its_unit_and_below_and_nowhere_else() -> None:
    head = somebody(Role.UNIT_HEAD)
    assert why(head, Action.PLAY, PLAIN) is None
    assert why(head, Action.PLAY, replace(PLAIN, unit_path="/a/b/c/")) is None
    for elsewhere in (OTHER, "/a/", WHOLE, "/a/bb/"):
        denied = denial(head, Action.PLAY, replace(PLAIN, unit_path=elsewhere), EVERY_BAR, FOR_CASE)
        assert denied == Denial(Why.NOT_GRANTED, is_hidden=True), elsewhere


def test_an_officer_plays_their_own_recording_without_a_purpose_and_nobody_elses() -> None:
    officer = somebody(Role.FIELD_OFFICER, id_="wearer")
    assert why(officer, Action.PLAY, PLAIN, None) is None
    assert why(officer, Action.PLAY, replace(PLAIN, person_id="other")) is Why.NOT_GRANTED


def test_an_officer_can_neither_delete_nor_hide_nor_take_away_their_own_recording() -> None:
    officer = somebody(Role.FIELD_OFFICER, id_="wearer")
    for action in (
        Action.DISPOSE,
        Action.CLASSIFY,
        Action.READ_ORIGINAL,
        Action.EXPORT,
        Action.SHARE,
        Action.HOLD,
    ):
        assert why(officer, action, PLAIN) is Why.NOT_GRANTED, action


def test_a_custodian_who_wore_the_recorder_leaves_deleting_and_classing_to_another() -> None:
    custodian = somebody(Role.CUSTODIAN, id_="wearer")
    for action in (Action.DISPOSE, Action.CLASSIFY):
        denied = denial(custodian, action, PLAIN, EVERY_BAR)
        assert denied == Denial(Why.OWN_RECORDING, is_hidden=False), action
        commanded = replace(PLAIN, person_id="auxiliary", commander_id="wearer")
        assert denial(custodian, action, commanded, EVERY_BAR) == denied, action
        assert why(somebody(Role.CUSTODIAN), action, PLAIN) is None


def test_who_looks_at_others_recordings_says_what_for() -> None:
    custodian = somebody(Role.CUSTODIAN)
    for action in (Action.PLAY, Action.READ_ORIGINAL, Action.EXPORT, Action.SHARE):
        denied = denial(custodian, action, PLAIN, EVERY_BAR)
        assert denied == Denial(Why.PURPOSE_NEEDED, is_hidden=False)
        assert why(custodian, action, PLAIN) is None
    assert why(custodian, Action.READ_MANIFEST, PLAIN, None) is None


def test_who_took_part_in_a_serious_event_gets_no_sight_of_it_by_any_way_and_changes_nothing() -> None:
    custodian, shown = somebody(Role.CUSTODIAN), replace(PLAIN, involved=frozenset({"me"}))
    for action in (
        Action.PLAY,
        Action.READ_ORIGINAL,
        Action.EXPORT,
        Action.SHARE,
        Action.LABEL,
        Action.CLASSIFY,
        Action.HOLD,
        Action.DISPOSE,
    ):
        denied = denial(custodian, action, shown, EVERY_BAR, FOR_CASE)
        assert denied == Denial(Why.SERIOUS_EVENT, is_hidden=False), action
    for action in (Action.MARK_SERIOUS, Action.REVIEW_GAPS):
        assert why(somebody(Role.UNIT_HEAD), action, shown) is Why.SERIOUS_EVENT
    assert why(custodian, Action.LIST_RECORDINGS, shown) is None
    assert why(somebody(Role.CUSTODIAN, id_="uninvolved"), Action.PLAY, shown) is None


def test_a_restricted_recording_exists_for_its_readers_only() -> None:
    for kind in Classification:
        secret = replace(PLAIN, classification=kind)
        told = denial(somebody(Role.AGENCY_HEAD, WHOLE), Action.LIST_RECORDINGS, secret, EVERY_BAR)
        assert told == (Denial(Why.NOT_A_READER, is_hidden=True) if kind.is_restricted else None)
        listed = replace(secret, readers=frozenset({"me"}))
        assert why(somebody(Role.UNIT_HEAD), Action.PLAY, listed) is None


def test_being_a_reader_alone_gives_nothing() -> None:
    listed = replace(PLAIN, classification=Classification.PRIVACY, readers=frozenset({"me"}))
    assert why(somebody(Role.UNIT_HEAD, OTHER), Action.LIST_RECORDINGS, listed) is Why.NOT_GRANTED


def test_who_answers_for_classes_names_readers_without_being_one() -> None:
    secret = replace(PLAIN, classification=Classification.MINORS)
    assert why(somebody(Role.UNIT_HEAD), Action.CLASSIFY, secret) is None
    assert why(somebody(Role.UNIT_HEAD, OTHER), Action.CLASSIFY, secret) is Why.NOT_GRANTED
    assert why(replace(somebody(Role.UNIT_HEAD), kind=Kind.DOCK), Action.CLASSIFY, secret) is Why.NOT_GRANTED


def test_a_case_gives_its_members_what_they_were_named_for_and_no_more() -> None:
    member = Caller("me", Kind.PERSON, person_type=PersonType.OFFICER)
    linked = replace(
        PLAIN, case_rights={"me": frozenset({"play", "dispose"}), "other": frozenset({"export"})}
    )
    assert why(member, Action.PLAY, linked) is None
    for action in (Action.EXPORT, Action.LIST_RECORDINGS, Action.DISPOSE):
        assert why(member, action, linked) is Why.NOT_GRANTED, action


def test_an_emergency_opens_one_recording_for_looking_and_nothing_else() -> None:
    helper = Caller("me", Kind.PERSON, person_type=PersonType.OFFICER, emergencies=frozenset({"r0"}))
    assert why(helper, Action.PLAY, PLAIN, Purpose.EMERGENCY) is None
    assert why(helper, Action.READ_ORIGINAL, PLAIN) is Why.NOT_GRANTED
    assert why(helper, Action.PLAY, replace(PLAIN, recording_id="r1")) is Why.NOT_GRANTED


def test_what_is_held_is_not_disposed_of_and_what_is_transferred_not_changed() -> None:
    custodian = somebody(Role.CUSTODIAN)
    assert why(custodian, Action.DISPOSE, replace(PLAIN, on_hold=True)) is Why.ON_HOLD
    assert why(custodian, Action.LABEL, replace(PLAIN, on_hold=True)) is None
    for action in (Action.DISPOSE, Action.LABEL, Action.CLASSIFY):
        assert why(custodian, action, replace(PLAIN, under_transfer=True)) is Why.UNDER_TRANSFER
    assert why(custodian, Action.PLAY, replace(PLAIN, under_transfer=True)) is None


def test_what_waits_for_another_day_or_a_purpose_is_not_hidden_from_who_could() -> None:
    custodian = somebody(Role.CUSTODIAN)
    for action, one, purpose in (
        (Action.DISPOSE, replace(PLAIN, on_hold=True), FOR_CASE),
        (Action.LABEL, replace(PLAIN, under_transfer=True), FOR_CASE),
        (Action.PLAY, PLAIN, None),
    ):
        denied = denial(custodian, action, one, EVERY_BAR, purpose)
        assert denied is not None, action
        assert not denied.is_hidden, action


def test_an_auxiliary_with_every_role_and_every_case_is_told_the_article() -> None:
    everything = tuple(Grant(role) for role in Role)
    helper = Caller("me", Kind.PERSON, grants=everything, person_type=PersonType.AUXILIARY)
    linked = replace(PLAIN, person_id="me", case_rights={"me": frozenset(action.value for action in Action)})
    for action in (
        Action.EXPORT,
        Action.READ_ORIGINAL,
        Action.DISPOSE,
        Action.SHARE,
        Action.LABEL,
        Action.HOLD,
    ):
        assert denial(helper, action, linked, EVERY_BAR, FOR_CASE) == Denial(
            Why.BARRED_BY_LAW, False, (CITE,)
        )
    assert why(helper, Action.PLAY, linked, None) is None
    secret = replace(linked, classification=Classification.PRIVACY, readers=frozenset({"me"}))
    assert denial(helper, Action.PLAY, secret, EVERY_BAR) == Denial(Why.NOT_A_READER, True, (CITE,))


def test_somebody_of_whom_nobody_said_what_they_are_has_no_standing() -> None:
    unknown = replace(somebody(Role.CUSTODIAN), person_type=None)
    assert why(unknown, Action.EXPORT, PLAIN) is Why.BARRED_BY_LAW
    assert why(replace(unknown, person_type=PersonType.CIVILIAN), Action.EXPORT, PLAIN) is None


def test_a_token_reaches_what_it_was_made_for_everywhere_but_nothing_restricted() -> None:
    token = Caller("t", Kind.INTEGRATION, scopes=frozenset({Action.READ_ORIGINAL, Action.DISPOSE}))
    assert why(token, Action.READ_ORIGINAL, PLAIN, None) is None
    assert why(token, Action.DISPOSE, PLAIN) is Why.NOT_GRANTED
    assert why(token, Action.LIST_RECORDINGS, PLAIN) is Why.NOT_GRANTED
    secret = replace(PLAIN, classification=Classification.MINORS)
    assert why(token, Action.READ_ORIGINAL, secret) is Why.NOT_A_READER
    assert may(token, Action.READ_PUBLIC)
    assert not may(token, Action.MANAGE_GRANTS)


def test_the_operator_on_the_server_reaches_everything_that_is_not_a_persons_own() -> None:
    operator = Caller("operator", Kind.OPERATOR)
    secret = replace(PLAIN, classification=Classification.MINORS, involved=frozenset({"operator"}))
    assert why(operator, Action.READ_ORIGINAL, secret, None) is None
    assert not may(operator, Action.OWN_ACCOUNT)
    assert may_in(operator, Action.MANAGE_UNITS, OTHER)


def test_nobody_without_an_account_gets_anything_but_what_is_public() -> None:
    assert {action for action in Action if may(ANYONE, action)} == {Action.READ_PUBLIC}
    assert why(ANYONE, Action.LIST_RECORDINGS, PLAIN) is Why.NOT_GRANTED


def test_what_is_about_the_site_has_no_reach_over_recordings() -> None:
    try:
        reach(ANYONE, Action.MANAGE_GRANTS, {})
    except ValueError:
        return
    raise AssertionError


def test_a_reach_of_nothing_covers_nothing() -> None:
    assert not Reach(Action.PLAY).covers(PLAIN)
    assert not Reach(Action.PLAY).covers(replace(PLAIN, person_id=None))
    assert not Reach(Action.PLAY, paths=frozenset({MINE})).covers(
        replace(PLAIN, classification=Classification.PRIVACY, readers=frozenset({"me"}))
    )


def test_rights_over_a_unit_and_its_people_come_from_a_grant_there_or_above() -> None:
    security = somebody(Role.SECURITY_ADMINISTRATOR)
    assert may_in(security, Action.MANAGE_PEOPLE, MINE)
    assert may_in(security, Action.MANAGE_PEOPLE, "/a/b/c/")
    assert not may_in(security, Action.MANAGE_PEOPLE, "/a/")
    assert not may_in(security, Action.MANAGE_LOG, MINE)
    assert role_allows(Role.SECURITY_ADMINISTRATOR, Action.MANAGE_PEOPLE)
    assert not role_allows(Role.FIELD_OFFICER, Action.PLAY)


def test_where_nobody_asked_the_law_it_bars_what_it_could_and_no_more() -> None:
    helper = somebody(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    assert not may(helper, Action.EXPORT)
    assert may(helper, Action.PLAY)
    assert may_in(helper, Action.LIST_RECORDINGS, MINE)
    assert not may_in(helper, Action.EXPORT, MINE)
    assert may(somebody(Role.CUSTODIAN), Action.EXPORT)
