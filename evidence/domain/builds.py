"""What a process works by: the files of the policy pack in force and of the program itself, by their digests.

The digest of a whole is over what `sha256sum` prints of its files, sorted by name, so that anybody can make
it again with stock tools. It is the program's own word: a program that was replaced says what it likes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What is looked at."""

    POLICY = "policy"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Build:
    """For each part, the SHA-256 of each of its files, in hex, by name."""

    files: Mapping[Part, Mapping[str, str]]

    def digest(self, part: Part) -> str:
        """Return the digest of a part: of the lines that `sha256sum` prints of its files."""
        lines = (f"{sha256}  {name}\n" for name, sha256 in sorted(self.files[part].items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def digests(self) -> dict[str, str]:
        """Return the digest of each part."""
        return {part.value: self.digest(part) for part in Part}


def differences(before: Build, now: Build) -> Iterator[tuple[Part, list[str]]]:
    """Yield each part that differs, with the names of the files that were changed, added or removed."""
    for part in Part:
        old, new = before.files[part], now.files[part]
        names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        if names:
            yield part, names
