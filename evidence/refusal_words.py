"""Where a rule keeps something from one person it is for another: who, and where they do it.

Said after the error at every door, so that nobody stands before a closed one. The text is "another.<action>".
"""

from __future__ import annotations

from collections.abc import Mapping

from evidence.locale import CHINESE, catalogue

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


def another(code: str, fields: Mapping[str, object]) -> str | None:
    """Return the key of the text that says who does it and where; None for any other error."""
    if code not in _APART:
        return None
    key = f"another.{fields.get('action')}"
    return key if key in catalogue(CHINESE) else "another.somebody"
