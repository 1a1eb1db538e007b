"""The files of one device put into rows: same device, channel and clip, in the order of recording.

A row is ordered by the clock in the names, or by the header's where names carry none. A clock that lost its
time keeps its place by the sequence number; numbers that run through without a hole are believed before any
clock. What the order shows is judged in adjacency.py, counters.py and session_clocks.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import median
from typing import TypeVar

from evidence.domain.clocks import LONGEST_S, header_clock, is_implausible
from evidence.domain.findings import Finding
from evidence.domain.media import MediaFacts, TrackFacts
from evidence.domain.names import NameFacts, read_name

Number = TypeVar("Number", int, float)

_ZERO = datetime(1904, 1, 1)  # noqa: DTZ001 - a header date of 0: not a clock, but none
ORIGIN = datetime(2000, 1, 1)  # noqa: DTZ001 - only differences count


@dataclass(frozen=True, slots=True)
class SequenceFile:
    """One file of a device: its facts, digest (hex, or None), time in the file system, and in-file
    findings."""

    facts: MediaFacts
    sha256: str | None = None
    modified_at: datetime | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Segment:
    """One file as a piece of a recording. `number` is its place in the input."""

    number: int
    file: SequenceFile
    named: NameFacts

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.facts.name

    @cached_property
    def main(self) -> TrackFacts | None:
        """The track whose time line counts: the first video with packets, else the first audio."""
        tracks = [*self.file.facts.of_kind("video"), *self.file.facts.of_kind("audio")]
        return next((one for one in tracks if one.first_s is not None and one.end_s is not None), None)

    @property
    def first_s(self) -> float:
        """The first second on the file's own time line (a transport stream rarely begins at 0)."""
        return self.main.first_s or 0.0 if self.main else 0.0

    @property
    def end_s(self) -> float | None:
        """The second at which the last picture ends, None where no time line could be read."""
        return self.main.end_s if self.main else None

    @property
    def length_s(self) -> float | None:
        """Seconds of recording, None where no time line could be read, or one that no recorder writes."""
        length = None if self.end_s is None else self.end_s - self.first_s
        return length if length is not None and 0 <= length <= LONGEST_S else None

    @cached_property
    def header(self) -> datetime | None:
        """The header's date as written, without zone; None where it carries none."""
        clock = header_clock(self.file.facts)
        return None if clock is None or clock[1] == _ZERO else clock[1]


def segments(files: Sequence[SequenceFile]) -> list[Segment]:
    """Return the files as segments, in the order given."""
    return [Segment(number, file, read_name(file.facts.name)) for number, file in enumerate(files)]


@dataclass(frozen=True, slots=True)
class Row:
    """Segments in the order of recording with what their clock shows (seconds, cut to resolution_s).

    clock: "name", "header" or "" (no clock at all: then starts_s are the segments' own first seconds).
    sound: per segment, whether its clock shows a time that can be.
    """

    segments: tuple[Segment, ...]
    starts_s: tuple[float, ...]
    resolution_s: float
    clock: str
    sound: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.segments)


def rows(given: Iterable[Segment], now: datetime | None) -> list[Row]:
    """Group segments by device, channel and clip, and order each group. now (aware): what is later cannot
    be."""
    groups: dict[tuple[str, ...], list[Segment]] = {}
    for one in given:
        groups.setdefault(_key(one), []).append(one)
    return [_row(group, now) for group in groups.values()]


def _key(one: Segment) -> tuple[str, ...]:
    named = one.named
    if named.pattern == "unknown":
        return ("unknown", one.file.facts.container)
    return (named.pattern, named.device or "", named.channel or "", named.group or "")


def _row(group: list[Segment], now: datetime | None) -> Row:
    clock = _clock_of(group)
    read = {one.number: _reading(one, clock) for one in group}
    sound = {one.number: _is_sound(one, clock, now) for one in group}
    order = _ordered(group, read, sound)
    return Row(
        segments=tuple(order),
        starts_s=tuple(_or(read[one.number], 0.0) for one in order),
        resolution_s=median(one.named.resolution_s for one in order) if clock == "name" else 1.0,
        clock=clock,
        sound=tuple(sound[one.number] for one in order),
    )


def _clock_of(group: list[Segment]) -> str:
    names = sum(one.named.taken_at is not None for one in group)
    headers = sum(one.header is not None for one in group)
    if names and names >= headers:
        return "name"
    return "header" if headers * 2 > len(group) else ""


def _time(one: Segment, clock: str) -> datetime | None:
    if clock == "name":
        return one.named.taken_at
    return one.header if clock == "header" else None


def _reading(one: Segment, clock: str) -> float | None:
    if not clock:
        return one.first_s
    time = _time(one, clock)
    return None if time is None else (time - ORIGIN).total_seconds()


def _is_sound(one: Segment, clock: str, now: datetime | None) -> bool:
    time = _time(one, clock)
    return not clock or (time is not None and not is_implausible(time, now))


def _ordered(group: list[Segment], read: dict[int, float | None], sound: dict[int, bool]) -> list[Segment]:
    numbers = [one.named.sequence for one in group]
    counted = [number for number in numbers if number is not None]
    if len(counted) == len(group) and len(set(counted)) == max(counted) - min(counted) + 1 == len(group):
        return sorted(group, key=lambda one: _or(one.named.sequence, 0))

    def place(one: Segment) -> tuple[float, int, str]:
        return (_or(read[one.number], 0.0), _or(one.named.sequence, 0), one.name)

    order = sorted((one for one in group if sound[one.number]), key=place)
    for lost in sorted((one for one in group if not sound[one.number]), key=place):
        order.insert(_place_by_number(order, lost), lost)
    return order


def _place_by_number(order: list[Segment], lost: Segment) -> int:
    """Return where a segment without a believable time belongs: behind the next smaller number, else last."""
    number = lost.named.sequence
    if number is None:
        return len(order)
    smaller = [
        i for i, one in enumerate(order) if one.named.sequence is not None and one.named.sequence < number
    ]
    return max(smaller, key=lambda i: (_or(order[i].named.sequence, 0), i)) + 1 if smaller else 0


def _or(value: Number | None, missing: Number) -> Number:
    return missing if value is None else value
