"""A rule that keeps something from one person says who else does it, and where, at every door."""

from __future__ import annotations

import json
import re

import pytest

from evidence.answers.refusal_words import another
from evidence.cli.words import fact_lines
from evidence.domain.exports import State
from evidence.domain.rights import ALLOWED, Action, Role
from evidence.errors import Conflict, Refused
from evidence.locale import CHINESE, ENGLISH, LANGUAGES, catalogue, say, text
from evidence.web.errors import problem_response
from evidence.web.pages.rendering import page
from evidence.web.pages.rooms import ROOMS

NEXT = [key for key in catalogue(CHINESE) if key.startswith("next.")]
KEYS = [key for key in catalogue(CHINESE) if key.startswith("another.")]


@pytest.mark.parametrize("key", KEYS)
def test_each_text_is_of_an_action_and_names_rooms_that_there_are(key: str) -> None:
    assert key.partition(".")[2] in {"somebody", "apart", "deciders", "roles", *Action}
    for language in LANGUAGES:
        named = set(re.findall(r"/[a-z/-]+", catalogue(language)[key]))
        assert named <= {room.path for room in ROOMS}


@pytest.mark.parametrize("key", NEXT)
def test_each_next_step_is_of_an_error_and_names_rooms_that_there_are(key: str) -> None:
    assert f"error.{key.partition('.')[2]}" in catalogue(CHINESE)
    for language in LANGUAGES:
        of_pages = re.sub(r"/api/\S+", "", catalogue(language)[key])
        assert set(re.findall(r"/[a-z/-]+", of_pages)) <= {room.path for room in ROOMS}


def test_who_may_not_decide_is_told_whose_decision_it_is() -> None:
    told = another("not-the-decider", {"action": "decide-exports", "deciders": "agency-head"})
    assert told is not None
    said = say(told.key, **told.fields)
    assert (text(CHINESE, "role.agency-head") in said, "/custody/exports/waiting" in said) == (True, True)
    assert text(CHINESE, "role.unit-head") not in said


def test_a_state_is_said_in_the_words_of_the_reader_and_told_to_programs_as_its_code() -> None:
    fields = {"export": "f" * 32, "state": State.HANDED_OVER}
    shown = bytes(page("problem", 409, problem=Conflict("not-approved", **fields), status=409).body).decode()
    assert ("现状：已移交" in shown, "handed-over" in shown) == (True, False)
    told = json.loads(problem_response(409, "not-approved", fields).body)
    assert (told["state"], "现状：已移交" in told["detail"]) == ("handed-over", True)
    assert list(fact_lines("state", State.HANDED_OVER)) == [
        f"  {say('fact.state')}: handed-over ({say('export-state.handed-over')})"
    ]


def test_a_refusal_says_what_is_safe_and_where_another_does_it() -> None:
    refused = Refused("own-request", action="hold")
    answer = problem_response(403, refused.code, refused.fields).body.decode()
    assert '"detail": "未作任何改动，资料继续保存' in answer
    assert "/custody/holds" in answer
    shown = page("problem", 403, problem=refused, status=403).body
    assert "/custody/holds" in bytes(shown).decode()


def test_where_no_place_is_known_it_is_said_that_another_does_it() -> None:
    assert another("own-request", {"action": "manage-grants"}) == ("another.somebody", {})
    assert another("own-request", {}) == ("another.somebody", {})


def test_what_no_role_of_somebody_gives_is_told_with_the_roles_that_do() -> None:
    told = another("not-permitted", {"action": "review-gaps"})
    assert told is not None
    heads = {role for role, given in ALLOWED.items() if Action.REVIEW_GAPS in given}
    said = say(told.key, **told.fields)
    for role in Role:
        assert (f" {text(ENGLISH, f'role.{role}')}" in said) is (role in heads), role
    assert said in problem_response(403, "not-permitted", {"action": "review-gaps"}).body.decode()


def test_who_stands_too_near_to_a_complaint_is_told_who_does_not() -> None:
    for code in ("below-subject", "direct-superior"):
        assert another(code, {"action": "assign-complaints"}) == ("another.apart", {})
    may_not = another("may-not-handle", {"action": "assign-complaints"})
    assert may_not == another("not-permitted", {"action": "answer-complaints"})


def test_other_refusals_name_nobody() -> None:
    assert another("not-permitted", {"action": "own-shift"}) is None
    assert another("barred-by-law", {"action": "hold"}) is None
    assert b"detail" not in problem_response(403, "barred-by-law", {"action": "hold"}).body
