"""What an entry must say for those who read entries of its act: the checks of the logs, a start, a rebuild.

Entries are written by this program, and by whoever owns the database in its place. One that does not say so
much can be read by nobody; it is a fault of its own, and must not keep the rest from being looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.domain.audit import Act
from evidence.domain.instants import from_text
from evidence.errors import Invalid
from evidence.ledger.keys import VerifierKey

_MOST = 10**15  # sizes and serials have 15 digits in the names of pieces


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_keys(value: object) -> bool:
    try:
        return isinstance(value, list) and all(VerifierKey.parse(str(one)).text() == one for one in value)
    except Invalid:
        return False


def _is_ordinal(value: object) -> bool:
    return type(value) is int and 0 < value < _MOST


def _is_instant(value: object) -> bool:
    try:
        from_text(str(value))
    except ValueError:
        return False
    return _is_text(value)


_FACTS: Mapping[Act, Mapping[str, Callable[[object], bool]]] = {
    Act.ALARM_CLEAR: {"accepted": _are_texts},
    Act.LOG_CHECK: {"began": _is_instant},
    Act.LOG_KEY: {"keys": _are_keys, "log": _is_text},
    Act.LOG_ROTATE: {"keys": _are_keys, "log": _is_text},
    Act.LOG_ROWS: {"serial": _is_ordinal, "sha256": _is_text},
    Act.LOG_TIMESTAMP: {"log": _is_text, "sha256": _is_text, "size": _is_ordinal},
    Act.PERSONAL_ERASE: {"field": _is_text, "index": lambda value: type(value) is int, "log": _is_text},
    Act.SEAL: {"manifest_sha256": _is_text},
    Act.START: {},
}
_KINDS: Mapping[Act, frozenset[str]] = {
    Act.HOLD_PLACE: frozenset({"hold", "recording"}),
    Act.HOLD_RELEASE: frozenset({"hold", "recording"}),
    Act.SEAL: frozenset({"recording"}),
}


def says_enough(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry, as `read_entry` returns it, says what is asked of its act."""
    act = entry["act"]
    if (wanted := _FACTS.get(act)) is not None:
        facts = entry.get("facts")
        if facts is None or not all(name in facts and is_so(facts[name]) for name, is_so in wanted.items()):
            return False
    return _KINDS.get(act, frozenset()) <= {one["k"] for one in entry["obj"]}
