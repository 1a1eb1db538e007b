"""SM3 (GB/T 32905-2016) where Python's OpenSSL lacks it; base64 and decimals that have one spelling only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from typing import Any

HEX64 = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_WORD = 0xFFFFFFFF
_START = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip


class Wrong(Exception):
    """Something in the package does not agree. code: in `telling`; where: the file or entry; more: a
    detail.
    """

    def __init__(self, code: str, where: str = "", more: str = "") -> None:
        super().__init__(code, where, more)
        self.code, self.where, self.more = code, where, more


def read_base64(text: str) -> bytes:
    """Read base64 that is written as it must be. Raises: Wrong."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("base64", more=text[:80]) from None
    if base64.b64encode(raw).decode() != text:
        raise Wrong("base64", more=text[:80])
    return raw


def read_decimal(text: str) -> int:
    """Read a number without sign and leading zeroes, below 2^63. Raises: Wrong."""
    if not _DECIMAL.fullmatch(text) or int(text) >= 1 << 63:
        raise Wrong("decimal", more=text[:80])
    return int(text)


def new_digest(name: str) -> Any:
    """Return a new digest of hashlib's kind. SM3 in pure Python, a hundred times slower, only where it
    must be.
    """
    try:
        return hashlib.new(name)
    except ValueError:
        if name == "sm3":
            return PureSM3()
        raise


def is_sm3_slow() -> bool:
    """Tell whether SM3 is computed in pure Python."""
    return isinstance(new_digest("sm3"), PureSM3)


class PureSM3:
    """SM3, as a digest of hashlib."""

    def __init__(self) -> None:
        self._state, self._rest, self._size = list(_START), b"", 0

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self._size += len(data)
        data = self._rest + bytes(data)
        whole = len(data) // 64 * 64
        for at in range(0, whole, 64):
            _compress(self._state, data[at : at + 64])
        self._rest = data[whole:]

    def digest(self) -> bytes:
        """Return the digest of all bytes taken so far, 32 bytes."""
        state = list(self._state)
        padded = self._rest + b"\x80" + bytes(-(len(self._rest) + 9) % 64) + struct.pack(">Q", self._size * 8)
        for at in range(0, len(padded), 64):
            _compress(state, padded[at : at + 64])
        return struct.pack(">8I", *state)

    def hexdigest(self) -> str:
        """Return the digest in hex."""
        return self.digest().hex()


def _turn(value: int, by: int) -> int:
    by %= 32
    return (value << by | value >> (32 - by)) & _WORD if by else value


def _compress(state: list[int], block: bytes) -> None:
    w = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _turn(w[j - 3], 15)
        w.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        early = j < 16
        ss1 = _turn((_turn(a, 12) + e + _turn(0x79CC4519 if early else 0x7A879D8A, j)) & _WORD, 7)
        ff = a ^ b ^ c if early else (a & b) | (a & c) | (b & c)
        gg = e ^ f ^ g if early else (e & f) | (~e & _WORD & g)
        tt1 = (ff + d + (ss1 ^ _turn(a, 12)) + (w[j] ^ w[j + 4])) & _WORD
        tt2 = (gg + h + ss1 + w[j]) & _WORD
        a, b, c, d = tt1, a, _turn(b, 9), c
        e, f, g, h = tt2 ^ _turn(tt2, 9) ^ _turn(tt2, 17), e, _turn(f, 19), g
    for at, value in enumerate((a, b, c, d, e, f, g, h)):
        state[at] ^= value
