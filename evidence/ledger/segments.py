"""Segments: the entries of a log as they lie in the vault, each once, and the checkpoints beside them.

A log is sealed away piece by piece as it grows. A segment holds the entries from where the one before ends
up to its own `size`, and its key names that size; so the keys, in order, are the log. Nothing of it ever
changes, and no piece is stored twice. Tiles are made from it (tiles.py), and nobody needs them to rebuild.
Form: docs/formats/log-segment.md. Which bytes lie in which vault is not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.tiles import split_bundle, write_bundle

MOST_ENTRIES = 4096
MOST_BYTES = 8 << 20  # of a segment of more than one entry
DIGITS = 15  # sizes sort by name up to 10^15
PREFIX = "log/"

_LOG = re.compile(r"custody|access/[0-9]{4}")
_KEY = re.compile(r"log/(custody|access/[0-9]{4})/([0-9]{15})/(entries|checkpoint|timestamp)")


class Kind(StrEnum):
    """What lies under a size of a log."""

    ENTRIES = "entries"
    CHECKPOINT = "checkpoint"
    TIMESTAMP = "timestamp"  # what a time-stamping authority answered about the checkpoint


@dataclass(frozen=True, slots=True)
class Piece:
    """The name of a piece. log: "custody" or "access/2026". size: of the log with it, from 1.

    Raises: Invalid `segment-malformed`: `log`, `size`.
    """

    log: str
    size: int
    kind: Kind

    def __post_init__(self) -> None:
        if not _LOG.fullmatch(self.log):
            raise Invalid("segment-malformed", reason="log", log=self.log)
        if not 0 < self.size < 10**DIGITS:
            raise Invalid("segment-malformed", reason="size", size=self.size)

    def key(self) -> str:
        """Write the key in the vault: `log/custody/000000000000042/entries`."""
        return f"{PREFIX}{self.log}/{self.size:0{DIGITS}d}/{self.kind}"

    @classmethod
    def parse(cls, key: str) -> Piece:
        """Read what `key` writes. Raises: Invalid `segment-malformed`: `key`, `size`."""
        found = _KEY.fullmatch(key)
        if found is None:
            raise Invalid("segment-malformed", reason="key", key=key)
        log, size, kind = found.groups()
        return cls(log, int(size), Kind(kind))


def write_segment(entries: Sequence[bytes]) -> bytes:
    """Write a segment, in the form of an entry bundle. Raises: Invalid `segment-malformed`: `empty`;
    `log-entry-too-long`.
    """
    if not entries:
        raise Invalid("segment-malformed", reason="empty")
    return write_bundle(entries)


def read_segment(raw: bytes, after: int, size: int) -> list[bytes]:
    """Return the entries of the segment that takes a log from `after` to `size` entries.

    Raises: IntegrityFault `segment-wrong`: `cut`, `number of entries`, with the size.
    """
    entries = split_bundle(raw)
    if entries is None:
        raise IntegrityFault("segment-wrong", reason="cut", size=size)
    if len(entries) != size - after:
        raise IntegrityFault("segment-wrong", reason="number of entries", size=size, found=len(entries))
    return entries


def ends_after(after: int, lengths: Sequence[int]) -> list[int]:
    """Say where the segments end that hold further entries of a log of `after` entries.

    lengths: of the entries to come, in bytes. A segment ends with its last entry that fits (`MOST_ENTRIES`,
    `MOST_BYTES`).
    """
    ends: list[int] = []
    size, entries, total = after, 0, 0
    for length in lengths:
        if entries and (entries == MOST_ENTRIES or total + length + 2 > MOST_BYTES):
            ends.append(size)
            entries = total = 0
        size, entries, total = size + 1, entries + 1, total + length + 2
    return [*ends, size] if entries else ends
