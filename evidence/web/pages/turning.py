"""Turning the pages of a list that a use case has handed out whole, because it is bounded: by key, so that a
page stays where it is when something before it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
ROWS = 50


def page_of(
    lines: Sequence[T], after: str | None, key: Callable[[T], str], rows: int = ROWS
) -> tuple[Sequence[T], str | None]:
    """Return the lines after the one with a key (from the first where it is not there any more), and the key
    after which the next page begins; None at the end."""
    keys = [key(one) for one in lines]
    first = keys.index(after) + 1 if after in keys else 0
    shown = lines[first : first + rows]
    return shown, key(shown[-1]) if first + rows < len(lines) else None
