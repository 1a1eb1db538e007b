"""Random identifiers. An id never carries a name, a number or a time (nothing to guess, nothing personal)."""

from __future__ import annotations

import re
import secrets

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return a fresh id: 32 lower-case hex digits (128 random bits)."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Tell whether text has the shape of an id (and so is safe in a path or a key)."""
    return _ID.fullmatch(text) is not None
