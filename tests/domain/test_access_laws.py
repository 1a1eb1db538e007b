"""Laws of the policy of access, each over callers and recordings drawn by lot (drill A07).

Examples of each rule: test_access.py. The lists in SQL: tests/adapters/db/test_reach.py.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from evidence.domain.access import Caller, Grant, Why, denial, may, may_in, reach
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import (
    ABOUT_RECORDINGS,
    ADMINISTRATORS,
    ALLOWED,
    BARRED_AS,
    NOT_OF_ONES_OWN,
    OWN,
    SENSITIVE,
    Action,
    Kind,
    Role,
)
from tests.domain.lots import ACTIONS, EVERY_BAR, Lots, a_seed, narrowed
from tests.permissions import oracle

CASES = int(os.environ.get("EVIDENCE_POLICY_CASES", 10_000))
ABOUT = sorted(ABOUT_RECORDINGS)
SITE_ACTIONS = sorted(set(Action) - ABOUT_RECORDINGS)

Law = Callable[[Lots], int]
LAWS: list[Law] = []


def law(proof: Law) -> Law:
    """List a law: it checks one drawn case and returns how many it checked."""
    LAWS.append(proof)
    return proof


@law
def the_policy_says_what_the_reviewed_table_says(lots: Lots) -> int:
    caller, one, bars, purpose = lots.caller(), lots.standing(), lots.bars(), lots.purpose()
    action = lots.one(ABOUT)
    denied = denial(caller, action, one, bars, purpose)
    said = None if denied is None else (denied.why, denied.is_hidden)
    assert said == oracle.says(caller, action, one, bars, purpose), (caller, action, one, purpose)
    anything = lots.one(ACTIONS)
    assert may(caller, anything, bars) == oracle.may_at_all(caller, anything, bars), (caller, anything)
    return 1


@law
def less_given_or_more_denied_never_widens(lots: Lots) -> int:
    caller, one, bars, purpose = lots.caller(), lots.standing(), lots.bars(), lots.purpose()
    action, checked = lots.one(ABOUT), 0
    before = denial(caller, action, one, bars, purpose)
    for less, other, more in narrowed(lots, caller, one, bars):
        after = denial(less, action, other, more, purpose)
        assert before is None or after is not None, (caller, action, one, (less, other, more))
        checked += 1
    assert before is not None or denial(caller, action, one, bars, purpose) is None
    return checked


@law
def nothing_about_the_site_widens_either(lots: Lots) -> int:
    caller, one, bars = lots.caller(), lots.standing(), lots.bars()
    action, path, checked = lots.one(ACTIONS), lots.one((WHOLE, "/a/", "/a/b/", "/d/")), 0
    for less, _, more in narrowed(lots, caller, one, bars):
        assert may(caller, action, bars) or not may(less, action, more), (caller, action, less)
        assert may_in(caller, action, path, bars) or not may_in(less, action, path, more)
        checked += 1
    return checked


@law
def what_may_not_be_done_at_all_is_denied_for_every_recording(lots: Lots) -> int:
    caller, bars, one = lots.caller(), lots.bars(), lots.standing()
    action = lots.one(ABOUT)
    if not may(caller, action, bars):
        assert denial(caller, action, one, bars, lots.purpose()) is not None, (caller, action, one)
    return 1


@law
def a_list_shows_what_the_single_question_admits(lots: Lots) -> int:
    caller, bars, one = lots.caller(), lots.bars(), lots.standing()
    action, purpose = lots.one(ABOUT), lots.purpose()
    denied = denial(caller, action, one, bars, purpose)
    covered = reach(caller, action, bars).covers(one)
    states = {Why.UNDER_TRANSFER, Why.ON_HOLD, Why.PURPOSE_NEEDED}
    assert covered == (denied is None or denied.why in states), (caller, action, one, denied)
    if denied is None and action in SENSITIVE and caller.kind is Kind.PERSON:
        assert purpose is not None or one.person_id == caller.id
    return 1


@law
def what_is_told_openly_was_no_secret(lots: Lots) -> int:
    caller, bars, one = lots.caller(), lots.bars(), lots.standing()
    action = lots.one(ABOUT)
    denied = denial(caller, action, one, bars, lots.purpose())
    if denied is not None and not denied.is_hidden:
        known = denial(caller, Action.LIST_RECORDINGS, one, bars) is None
        assert known or reach(caller, action, bars).covers(one), (caller, action, one, denied)
        assert denied.why not in (Why.NOT_GRANTED, Why.NOT_A_READER)
    return 1


@law
def an_auxiliary_never_gets_what_the_law_bars_whatever_was_given(lots: Lots) -> int:
    caller = replace(lots.caller(), kind=Kind.PERSON, person_type=lots.one((None, PersonType.AUXILIARY)))
    one, action = lots.standing(), lots.one(sorted(BARRED_AS))
    assert not may(caller, action, EVERY_BAR)
    assert not may(caller, action)  # nor where nobody asked the law
    assert not may_in(caller, action, WHOLE, EVERY_BAR)
    assert not may_in(caller, action, WHOLE)
    if action in ABOUT_RECORDINGS:
        denied = denial(caller, action, one, EVERY_BAR, lots.purpose())
        assert denied is not None
        assert (denied.why, bool(denied.cites)) == (Why.BARRED_BY_LAW, True)
    return 1


@law
def an_auxiliary_never_sees_a_restricted_recording(lots: Lots) -> int:
    caller, one = lots.person(PersonType.AUXILIARY), lots.standing()
    if one.classification.is_restricted:
        denied = denial(caller, lots.one(ABOUT), one, EVERY_BAR, lots.purpose())
        assert denied is not None
        assert denied.is_hidden, (caller, one, denied)
    return 1


@law
def nobody_deletes_or_hides_what_they_recorded_themselves(lots: Lots) -> int:
    caller = lots.person()
    worn, bars = replace(lots.standing(), person_id=caller.id), lots.bars()
    for one in (worn, replace(lots.standing(), commander_id=caller.id)):
        for action in NOT_OF_ONES_OWN:
            assert denial(caller, action, one, bars, lots.purpose()) is not None, (caller, one)
    return 2 * len(NOT_OF_ONES_OWN)


@law
def accounts_without_a_person_get_nothing_from_what_is_given_to_people(lots: Lots) -> int:
    caller = replace(lots.person(), kind=lots.one((Kind.ANYONE, Kind.DOCK)), scopes=lots.some(ACTIONS))
    action, one = lots.one(ABOUT), lots.standing()
    assert not may(caller, action, {})
    assert denial(caller, action, one, {}, lots.purpose()) is not None
    token = replace(caller, kind=Kind.INTEGRATION, scopes=frozenset())
    assert denial(token, action, one, {}, lots.purpose()) is not None
    return 1


@law
def grants_count_in_their_unit_and_below_only(lots: Lots) -> int:
    caller, action, path = (
        lots.person(),
        lots.one(ACTIONS),
        lots.one(("/a/", "/a/b/", "/a/b/c/", "/d/", "/ab/")),
    )
    expected = any(action in ALLOWED[one.role] and path.startswith(one.path) for one in caller.grants)
    assert may_in(caller, action, path, {}) == expected
    return 1


@pytest.mark.parametrize("proof", LAWS, ids=lambda proof: proof.__name__)
def test_the_law_holds(proof: Law) -> None:
    lots, checked = Lots(a_seed()), 0
    while checked < CASES:
        checked += proof(lots)


def actions_of(roles: frozenset[Role]) -> frozenset[Action]:
    """All that somebody with these roles can be allowed anywhere."""
    caller = Caller("p", Kind.PERSON, grants=tuple(map(Grant, roles)), person_type=PersonType.OFFICER)
    return frozenset(action for action in Action if may(caller, action, {}))


def test_no_role_and_no_roles_that_go_together_equal_all_three_administrators() -> None:
    all_three = actions_of(ADMINISTRATORS)
    assert len(ADMINISTRATORS) == 3
    for count in range(len(Role) + 1):
        for roles in map(frozenset, itertools.combinations(Role, count)):
            if len(roles & ADMINISTRATORS) <= 1:
                assert not actions_of(roles) >= all_three, roles


def test_each_administrator_has_something_that_no_other_role_has() -> None:
    for role in ADMINISTRATORS:
        others = frozenset().union(*(ALLOWED[other] for other in Role if other is not role))
        assert ALLOWED[role] - others, role


def test_administrators_are_given_nothing_about_recordings() -> None:
    for role in ADMINISTRATORS:
        assert not (ALLOWED[role] | OWN.get(role, frozenset())) & ABOUT_RECORDINGS
