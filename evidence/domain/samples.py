"""Samples for review: drawn by a seed that was committed to before anything was recorded. Pure rules.

Whoever knows the seed and the ids can draw again and must come to the same: each id has a rank of its own,
and the lowest are drawn. Form: docs/formats/samples.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SEED_BYTES = 32
_COMMITMENT, _RANK = b"evidence-sample/1\0", b"evidence-sample-rank/1\0"


class SampleOutcome(StrEnum):
    """What a review found; a fault is decided elsewhere, by a person (explanations.py)."""

    IN_ORDER = "in-order"
    TO_FOLLOW_UP = "to-follow-up"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw: the seed that is no secret any more, and out of what it drew."""

    by: str
    at: datetime
    seed: bytes
    population: int
    population_sha256: str
    quota: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of a unit's recordings that are sealed in [since, until)."""

    id: str
    unit_id: str
    since: datetime
    until: datetime
    commitment: str
    share_percent: int
    least: int
    committed_by: str
    committed_at: datetime
    drawn: Drawn | None = None


@dataclass(frozen=True, slots=True)
class SampleItem:
    """A recording that was drawn, at its place from 1, and its review."""

    sample_id: str
    recording_id: str
    place: int
    outcome: SampleOutcome | None = None
    note: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


def commitment(seed: bytes) -> str:
    """Return what is said of a seed before it is shown."""
    return hashlib.sha256(_COMMITMENT + seed).hexdigest()


def quota(population: int, share_percent: int, least: int) -> int:
    """Return how many of so many are drawn."""
    return min(population, max(least, -(-population * share_percent // 100)))


def population_digest(ids: Collection[str]) -> str:
    """Return the SHA-256 of the ids in order, a line each."""
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(ids)).encode()).hexdigest()


def draw(seed: bytes, ids: Collection[str], number: int) -> Sequence[str]:
    """Return so many of these ids: those whose SHA-256 with the seed is lowest, the lowest first."""

    def rank(one: str) -> bytes:
        return hashlib.sha256(_RANK + seed + one.encode()).digest()

    return sorted(set(ids), key=rank)[:number]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a recording: who had which bytes [start, end) shown, and when."""

    by: str
    at: datetime
    start: int
    end: int


def seen_bytes(looks: Collection[Look]) -> int:
    """Return how many bytes were shown at least once."""
    total, reached = 0, 0
    for start, end in sorted((one.start, one.end) for one in looks):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
