"""Verifier keys: the public half of a signing key as one line of text that people can hand over and pin.

A vkey is `name+keyid+base64(0x01 ‖ public key)` (C2SP signed-note, Ed25519 only). The key id is inside the
text, so a copying slip is noticed at reading. Private keys and the arithmetic of Ed25519 are not here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from evidence.errors import Invalid

ED25519 = b"\x01"  # C2SP signed-note, signature types
PUBLIC_BYTES = 32

# C2SP forbids white space and "+". Quotation mark and backslash are left out too, so that a name needs no
# escape in JSON and the receipts stay readable with sed.
_NAME = re.compile(r'[^\s+"\\]+', re.ASCII)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public Ed25519 key (32 bytes) and the name of who signs with it."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        printable = self.name.isascii() and self.name.isprintable()
        if not printable or not _NAME.fullmatch(self.name) or len(self.name) > 255:
            raise Invalid("key-malformed", reason="name")
        if len(self.public) != PUBLIC_BYTES:
            raise Invalid("key-malformed", reason="length")

    @property
    def key_id(self) -> str:
        """The first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), as 8 hex digits."""
        return hashlib.sha256(self.name.encode("ascii") + b"\n" + ED25519 + self.public).hexdigest()[:8]

    @property
    def label(self) -> str:
        """`name+keyid`, as it stands beside a signature."""
        return f"{self.name}+{self.key_id}"

    def text(self) -> str:
        """Write the key as a vkey, without a newline."""
        return f"{self.label}+{base64.b64encode(ED25519 + self.public).decode('ascii')}"

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read a vkey; white space around it is ignored. Raises: Invalid `key-malformed`."""
        parts = vkey.strip().split("+", 2)  # base64 may hold "+" itself
        if len(parts) != 3:
            raise Invalid("key-malformed", reason="shape")
        name, key_id, encoded = parts
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise Invalid("key-malformed", reason="base64") from None
        if raw[:1] != ED25519:
            raise Invalid("key-malformed", reason="algorithm")
        key = cls(name, raw[1:])
        if key_id != key.key_id:
            raise Invalid("key-malformed", reason="key id")
        if vkey.strip() != key.text():  # base64 with stray bits in its last digit
            raise Invalid("key-malformed", reason="base64")
        return key
