"""What comes next after a refusal. Where a rule keeps something from one person it is for another: who, and
where they do it; of some errors, what helps.

Said after the error at every door, so that nobody stands before a closed one. The text is "another.<action>";
to whom no role gives an action it is said whose it is. What helps is "next.<code>".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from evidence.answers.coded_words import state_key
from evidence.domain.rights import ALLOWED, Action
from evidence.locale import CHINESE, Word, catalogue

_APART = frozenset(
    {
        "not-the-handler",
        "own-account",
        "own-complaint",
        "own-document",
        "own-fault",
        "own-record",
        "own-recording",
        "own-request",
        "own-step",
        "seen-only",
        "under-complaint",
    }
)
_NEAR = frozenset({"below-subject", "direct-superior"})


class Another(NamedTuple):
    """Who does it, or what helps: the key of a text, and its fields."""

    key: str
    fields: Mapping[str, object]


def another(code: str, fields: Mapping[str, object]) -> Another | None:
    """Return who does what an error keeps from somebody, and where, or what helps; None where nothing is
    known of that."""
    if code in _NEAR:
        return Another("another.apart", {})
    if code == "not-the-decider":
        roles = tuple(Word(f"role.{one}") for one in str(fields["deciders"]).split())
        return Another("another.deciders", {"roles": roles})
    if (key := f"next.{code}") in catalogue(CHINESE):
        return Another(key, {name: _worded(value) for name, value in fields.items()})
    if code in _APART:
        key = f"another.{fields.get('action')}"
        return Another(key if key in catalogue(CHINESE) else "another.somebody", {})
    action = Action.ANSWER_COMPLAINTS.value if code == "may-not-handle" else fields.get("action")
    if code not in ("not-permitted", "may-not-handle"):
        return None
    roles = tuple(Word(f"role.{role.value}") for role, given in ALLOWED.items() if action in given)
    return Another("another.roles", {"roles": roles}) if roles else None


def _worded(value: object) -> object:
    key = state_key(value)
    return value if key is None else Word(key)
