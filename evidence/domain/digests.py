"""Digests of originals: SHA-256 (FIPS 180-4) always, SM3 (GB/T 32905-2016) beside it where the profile
asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEX64 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of one original. Hex, lower case, never shortened; sm3 is None when the profile has
    it off.
    """

    sha256: str
    sm3: str | None = None

    def __post_init__(self) -> None:
        if not _HEX64.fullmatch(self.sha256):
            raise ValueError("sha256 must be 64 lower-case hex digits")
        if self.sm3 is not None and not _HEX64.fullmatch(self.sm3):
            raise ValueError("sm3 must be 64 lower-case hex digits")

    def agree_with(self, other: Digests) -> bool:
        """Tell whether both name the same bytes: sha256 equal, and sm3 equal where both have one."""
        both_sm3 = self.sm3 is not None and other.sm3 is not None
        return self.sha256 == other.sha256 and (not both_sm3 or self.sm3 == other.sm3)
