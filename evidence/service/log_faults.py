"""What a check of the logs finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.errors import StoreUnavailable, Withheld


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not agree. kind: one word. item: an entry (`custody/12`), a vault's key, a row."""

    kind: str
    item: str
    detail: Mapping[str, object] = field(default_factory=dict)


def raise_if_away(problem: Exception) -> None:
    """Let go what says that the store is away: then nothing is known of the item. That the store lists a
    piece and does not give it is known. Raises: StoreUnavailable."""
    if isinstance(problem, StoreUnavailable) and not isinstance(problem, Withheld):
        raise problem
