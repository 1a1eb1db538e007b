"""Canonical JSON (RFC 8785 without fractions): read only where the bytes are those that would be written."""

from __future__ import annotations

import json
from typing import Any

from evidence.verifier.arithmetic import Wrong

_DEEPEST = 40


def read_canonical(raw: bytes, where: str) -> Any:
    """Return the value of one line. Raises: Wrong("json")."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
        again = write_canonical(value)
    except (ValueError, RecursionError):
        raise Wrong("json", where) from None
    if again != raw:
        raise Wrong("json", where)
    return value


def write_canonical(value: Any) -> bytes:
    """Return the bytes of a value. Raises: ValueError."""
    _admit(value, 0)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _admit(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or any(ord(one) > 127 for one in key):
                raise ValueError("key")
            _admit(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _admit(item, depth + 1)
    elif isinstance(value, int):
        if abs(value) >= 1 << 53:
            raise ValueError("integer too large")
    elif value is not None and not isinstance(value, str):
        raise ValueError("type")
