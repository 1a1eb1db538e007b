"""What a check of the logs finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from evidence.errors import EvidenceError, Unavailable
from storage.errors import StorageError, StoreUnavailable, Withheld
from storage.vault import Sealed, Vault

BROKEN = "check-broken"
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


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


def listed_now(vault: Vault, prefix: str) -> Mapping[str, Sealed]:
    """Look again for what was not listed, or was listed otherwise than the rows say: these are younger than
    the list, and it may have been sealed meanwhile. By key. Raises: StoreUnavailable.
    """
    return {one.key: one for one in vault.census(prefix) if isinstance(one, Sealed)}


def told(part: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Yield what a part of a check finds; that it broke off over what stands there is a fault as well.

    Somebody who writes past the program can write what no check can read (a time that is none). Were the
    check to end there, he would have hidden everything else. Raises: StoreUnavailable, Unavailable, OSError:
    that is the machine, and says nothing of what stands there.
    """
    try:
        yield from faults
    except Unavailable:
        raise
    except (*_NONSENSE, EvidenceError, StorageError) as problem:
        raise_if_away(problem)
        yield Fault(BROKEN, part, {"reason": f"{type(problem).__name__}: {problem}"})


def legible(text: str) -> str:
    """Return a text so that it can be stored: half characters and NUL become escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
