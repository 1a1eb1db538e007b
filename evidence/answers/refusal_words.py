"""Where a rule keeps something from one person it is for another: who, and where they do it.

Said after the error at every door, so that nobody stands before a closed one. The text is "another.<action>";
to whom no role gives an action it is said whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from evidence.domain.rights import ALLOWED, Action
from evidence.locale import CHINESE, Word, catalogue

_APART = frozenset(
    {
        "not-the-decider",
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
    """Who does it: the key of a text, and its fields."""

    key: str
    fields: Mapping[str, object]


def another(code: str, fields: Mapping[str, object]) -> Another | None:
    """Return who does what an error keeps from somebody, and where; None where it is kept from nobody."""
    if code in _NEAR:
        return Another("another.apart", {})
    if code in _APART:
        key = f"another.{fields.get('action')}"
        return Another(key if key in catalogue(CHINESE) else "another.somebody", {})
    action = Action.ANSWER_COMPLAINTS.value if code == "may-not-handle" else fields.get("action")
    if code not in ("not-permitted", "may-not-handle"):
        return None
    roles = tuple(Word(f"role.{role.value}") for role, given in ALLOWED.items() if action in given)
    return Another("another.roles", {"roles": roles}) if roles else None
