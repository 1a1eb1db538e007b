"""Canonical JSON: one way to write a value, so that its bytes can be hashed and signed.

RFC 8785 without fractions: objects with ASCII keys, arrays, strings, integers below 2^53, true, false, null.
Reading takes only bytes that come out the same when written again, so no two readers see two meanings.
"""

from __future__ import annotations

import json
from typing import NoReturn

from evidence.errors import IntegrityFault, Invalid

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: integers that every JSON reader keeps exactly


def canonical(value: object) -> bytes:
    """Write a value as canonical JSON, UTF-8, without a newline.

    Takes dict with ASCII keys, list, tuple, str, int with |int| < 2^53, bool and None, at most 32 deep.
    Raises: Invalid `not-canonical` for anything else (a float, a lone surrogate, another type).
    """
    _admit(value, 0)
    return _written(value)


def read_canonical(line: bytes) -> object:
    """Return the value of one line of canonical JSON (without a newline).

    Raises: IntegrityFault `json-not-canonical` for bytes that `canonical` would not have written.
    """
    try:
        value, _ = _READER.raw_decode(line.decode("utf-8"))  # what is behind it shows below
        # The reader takes no fraction and no integer that is too large, and what is written of ASCII alone
        # has no other keys, and few brackets no depth: the rest need not be asked, value by value.
        if not line.isascii() or line.count(b"{") + line.count(b"[") > MAX_DEPTH:
            _admit(value, 0)
        again = _written(value)
    except (ValueError, RecursionError, Invalid) as fault:
        raise IntegrityFault("json-not-canonical") from fault
    if again != line:  # white space, another order, a key that stands twice, another spelling
        raise IntegrityFault("json-not-canonical")
    return value


def read_said(line: bytes) -> object:
    """Return the value of one line of JSON, canonical or not: whoever asks has its hash from elsewhere.

    Raises: ValueError, RecursionError for bytes that are none, or more than one.
    """
    text = line.decode("utf-8")  # bytes would have their encoding guessed
    value, end = _ANY.raw_decode(text)
    if end != len(text):
        raise ValueError("more than one value")
    return value


def _written(value: object) -> bytes:
    """Write what may be written: for that, Python's escapes and order of keys are those of RFC 8785 (ASCII
    keys have the same order in UTF-16).
    """
    try:
        return _WRITER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid("not-canonical", reason="lone surrogate") from None


def _integer(digits: str) -> int:
    number = int(digits)
    if abs(number) > MAX_INTEGER:
        raise Invalid("not-canonical", reason="integer too large")
    return number


def _refuse(text: str) -> NoReturn:
    raise Invalid("not-canonical", reason="type", type=text)


def _admit(value: object, depth: int) -> None:
    """Raise Invalid for what canonical JSON cannot say. Every entry of a log comes this way: what most values
    are is told without a call.
    """
    if depth > MAX_DEPTH:
        raise Invalid("not-canonical", reason="too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise Invalid("not-canonical", reason="key", key=repr(key))
            if (kind := type(item)) not in _PLAIN and (kind is not int or not 0 <= item <= MAX_INTEGER):
                _admit(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) not in _PLAIN:
                _admit(item, depth + 1)
    elif isinstance(value, int):  # bool is an int and passes
        if abs(value) > MAX_INTEGER:
            raise Invalid("not-canonical", reason="integer too large")
    elif value is not None and not isinstance(value, str):
        raise Invalid("not-canonical", reason="type", type=type(value).__name__)


_PLAIN = frozenset({str, bool, type(None)})
_ANY = json.JSONDecoder()
_READER = json.JSONDecoder(parse_int=_integer, parse_float=_refuse, parse_constant=_refuse)
_WRITER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)  # what goes in a circle is too deep
