"""Numbers and bytes as the text formats write them. One value has one spelling; any other is not read.

A reader returns None for a text that would not be written so, and the caller refuses it with the error of its
own format. Source: C2SP (decimals without leading zeroes; base64 of RFC 4648 section 4). Python's own readers
take more: stray bits in the last digit of base64, signs, underscores, digits of other scripts.
"""

from __future__ import annotations

import base64
import binascii
import re

HASH_BYTES = 32  # SHA-256; tlog-tiles fixes it
MAX_NUMBER = 2**63 - 1  # what other implementations hold in a signed 64-bit integer

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def write_base64(raw: bytes) -> str:
    """Write bytes in the standard alphabet, padded."""
    return base64.b64encode(raw).decode("ascii")


def read_base64(text: str) -> bytes | None:
    """Read what `write_base64` writes, or return None."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if write_base64(raw) == text else None


def read_hash(text: str) -> bytes | None:
    """Read the base64 of exactly 32 bytes, or return None."""
    raw = read_base64(text)
    return raw if raw is not None and len(raw) == HASH_BYTES else None


def read_decimal(text: str) -> int | None:
    """Read a number 0 ≤ n < 2^63, ASCII digits without leading zeroes, or return None."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number <= MAX_NUMBER else None
