"""What a derivative is, in a line for people: what was done, which one, of which part, how much it hides.

Several are made of one recording, and their titles are for few: this tells one from another at every door.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.domain.derivatives import Derivative, Operation
from evidence.locale import text

SHORT = 8  # digits of an id: enough to tell those of one recording apart


def derivative_words(one: Derivative, language: str) -> str:
    """Return the line in one language."""
    told = [text(language, f"operation.{one.operation.value}"), one.id[:SHORT], _part(one, language)]
    if one.operation is Operation.REDACTION:
        counts = {name: len(_list(one.parameters, name)) for name in ("regions", "spans")}
        told.append(text(language, "derivative.hides", **counts))
    return " · ".join(told)


def clock(seconds: float) -> str:
    """Return a moment of a recording as a player shows it."""
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"


def _part(one: Derivative, language: str) -> str:
    begins, ends = (one.parameters.get(name) for name in ("from_ms", "to_ms"))
    if one.operation is Operation.STILL and isinstance(begins, int):
        return clock(begins / 1000)
    if begins is None and ends is None:
        return text(language, "derivative.whole")
    last = clock(ends / 1000) if isinstance(ends, int) else text(language, "derivative.to-end")
    return f"{clock(begins / 1000 if isinstance(begins, int) else 0)}–{last}"


def _list(parameters: Mapping[str, Any], name: str) -> list[Any]:
    return list(parameters.get(name) or ())
