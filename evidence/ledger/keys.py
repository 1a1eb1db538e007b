"""Verifier keys: the public half of a signing key as one line of text that people can hand over and pin.

A vkey is `name+keyid+base64(type ‖ public key)` (C2SP signed-note v1.0.0). The key id is inside the text, so
a copying slip is noticed at reading. Private keys and the arithmetic of signatures are not here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from evidence.errors import Invalid
from evidence.ledger.encodings import read_base64, write_base64

# C2SP signed-note, signature types. The others (0x02 ECDSA, 0x05 of RFC 6962) are not used by us.
ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA_44 = 0x06

PUBLIC_BYTES = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}
"""Length of the public key for each type that we know."""

Check = Callable[[bytes, bytes, bytes], None]
"""check(public key, signature, message): returns None, or raises IntegrityFault when it is wrong."""

Sign = Callable[[bytes], bytes]
"""sign(message): the raw signature."""

# C2SP forbids white space and "+". Quotation mark and backslash are left out too, so that a name needs no
# escape in JSON and the receipts stay readable with sed.
_NAME = re.compile(r'[^\s+"\\]+', re.ASCII)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key, the name of who signs with it, and its type of signature.

    name: 1 to 255 printable ASCII characters. public: 32 bytes, 1312 for ML-DSA-44.
    """

    name: str
    public: bytes
    type: int = ED25519

    def __post_init__(self) -> None:
        printable = self.name.isascii() and self.name.isprintable()
        if not printable or not _NAME.fullmatch(self.name) or len(self.name) > 255:
            raise Invalid("key-malformed", reason="name")
        if self.type not in PUBLIC_BYTES:
            raise Invalid("key-malformed", reason="algorithm")
        if len(self.public) != PUBLIC_BYTES[self.type]:
            raise Invalid("key-malformed", reason="length")

    @property
    def key_id(self) -> str:
        """The first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), as 8 hex digits."""
        return _key_id(self.name, self._typed())

    @property
    def label(self) -> str:
        """`name+keyid`, as it stands beside a signature."""
        return f"{self.name}+{self.key_id}"

    def text(self) -> str:
        """Write the key as a vkey, without a newline."""
        return f"{self.label}+{write_base64(self._typed())}"

    def _typed(self) -> bytes:
        return bytes([self.type]) + self.public

    @classmethod
    def parse(cls, vkey: str, types: Collection[int] = (ED25519,)) -> VerifierKey:
        """Read a vkey of one of these types; white space around it is ignored.

        Raises: Invalid `key-malformed`.
        """
        parts = vkey.strip().split("+", 2)  # base64 may hold "+" itself
        if len(parts) != 3:
            raise Invalid("key-malformed", reason="shape")
        name, key_id, encoded = parts
        raw = read_base64(encoded)
        if raw is None:
            raise Invalid("key-malformed", reason="base64")
        if raw[:1] not in [bytes([type_]) for type_ in types]:
            raise Invalid("key-malformed", reason="algorithm")
        key = cls(name, raw[1:], raw[0])
        if key_id != key.key_id:
            raise Invalid("key-malformed", reason="key id")
        return key


@lru_cache(maxsize=256)  # of few keys, and asked for with each signature
def _key_id(name: str, typed: bytes) -> str:
    return hashlib.sha256(name.encode("ascii") + b"\n" + typed).hexdigest()[:8]
