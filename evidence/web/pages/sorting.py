"""The order of a list, as its address asks for it: `?sort=late`, or `?sort=-late` for the other way round.

Each list names its keys; any other is refused, since a list in another order than was asked for misleads.
Which column it is and which way round stands in the head of the table (`lists.html`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from evidence.domain.wording import printable
from evidence.errors import Invalid
from evidence.service.listing import Listing

T = TypeVar("T")
_SHOWN = 40


def sorting_of(asked: str, keys: Collection[str]) -> Listing:
    """Return the order that an address asks for; the list's own where it asks for none.

    Raises: Invalid("unknown-sort").
    """
    key = asked.removeprefix("-")
    if asked and key not in keys:
        raise Invalid("unknown-sort", sort=printable(asked[:_SHOWN]), known=", ".join(keys))
    return Listing(key, asked.startswith("-"))


def in_order(lines: Iterable[T], asked: str, keys: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """Return lines in the order that is asked for, what has no value of a key last; lines of the same value
    stay as they are. Raises: as `sorting_of`."""
    order, every = sorting_of(asked, keys), list(lines)
    if not order.key:
        return every
    value = keys[order.key]
    told = [one for one in every if value(one) is not None]
    return [
        *sorted(told, key=value, reverse=order.is_down),
        *(one for one in every if value(one) is None),
    ]
