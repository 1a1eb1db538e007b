"""A rule that keeps something from one person says who else does it, and where, at every door."""

from __future__ import annotations

import re

import pytest

from evidence.answers.refusal_words import another
from evidence.domain.rights import ALLOWED, Action, Role
from evidence.errors import Refused
from evidence.locale import CHINESE, ENGLISH, LANGUAGES, catalogue, say, text
from evidence.web.errors import problem_response
from evidence.web.pages.rendering import page
from evidence.web.pages.rooms import ROOMS

KEYS = [key for key in catalogue(CHINESE) if key.startswith("another.")]


@pytest.mark.parametrize("key", KEYS)
def test_each_text_is_of_an_action_and_names_rooms_that_there_are(key: str) -> None:
    assert key.partition(".")[2] in {"somebody", "apart", "roles", *Action}
    for language in LANGUAGES:
        named = set(re.findall(r"/[a-z/-]+", catalogue(language)[key]))
        assert named <= {room.path for room in ROOMS}


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
