"""Ingest by the hour: what comes, what given nodes and logs take, and how long the rest waits at the docks.

A site takes in what two things allow: the discs and digests of its node (bytes a second), and the one
writer of its database (decision 10), which receipts and entries of the log share. Both are queues served in
order; a file waits for the longer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.simulation.population import HOUR

MIB, SEAL_S = 1 << 20, 2  # L5: from the last byte of a long file to its receipt


@dataclass(frozen=True)
class Capacity:
    """What one node and one log take. The defaults are what the load drills ask for (docs/testing.md): L1,
    L6, L7. nodes, logs: how many there are; 0: as many as the busiest hour needs."""

    nodes: int = 0
    logs: int = 0
    node_mib_s: float = 200.0
    receipts_s: float = 150.0
    entries_s: float = 500.0

    def files_s(self, entries_each: float) -> float:
        """Return how many files a second one log takes, each with so many entries."""
        return min(self.receipts_s, self.entries_s / entries_each)

    def sized(self, arrivals: Arrivals, entries_each: float) -> Capacity:
        """Return the capacity with as many nodes and logs as the busiest hour needs, where none are given."""
        nodes = -(-max(arrivals.bytes, default=0) // int(self.node_mib_s * MIB * HOUR))
        logs = -(-max(arrivals.files, default=0) // int(self.files_s(entries_each) * HOUR))
        return Capacity(self.nodes or max(nodes, 1), self.logs or max(logs, 1), self.node_mib_s,
                        self.receipts_s, self.entries_s)  # fmt: skip


class Arrivals(NamedTuple):
    """Bytes and files that come in each hour since EPOCH."""

    bytes: Sequence[int]
    files: Sequence[int]

    @classmethod
    def of(cls, bytes_by_hour: Mapping[int, int], files_by_hour: Mapping[int, int]) -> Arrivals:
        """Return them from hour 0 to the last one in which something comes."""
        hours = range(max(files_by_hour, default=-1) + 1)
        return cls([bytes_by_hour.get(one, 0) for one in hours], [files_by_hour.get(one, 0) for one in hours])


class Backlog(NamedTuple):
    """By hour: bytes and files that still wait at its end, and the seconds that what comes in it waits at
    most."""

    bytes: Sequence[int]
    files: Sequence[int]
    waits: Sequence[int]

    def wait(self, second: int) -> int:
        """Return the seconds that a file waits whose last byte could come then."""
        return self.waits[second // HOUR]


def backlog(arrivals: Arrivals, capacity: Capacity, entries_each: float) -> Backlog:
    """Return what is left waiting, hour by hour."""
    bytes_s = capacity.nodes * capacity.node_mib_s * MIB
    files_s = capacity.logs * capacity.files_s(entries_each)
    left_bytes, left_files = 0.0, 0.0
    found: list[tuple[int, int, int]] = []
    for size, count in zip(*arrivals, strict=True):
        left_bytes = max(0.0, left_bytes + size - bytes_s * HOUR)
        left_files = max(0.0, left_files + count - files_s * HOUR)
        wait = max(left_bytes / bytes_s, left_files / files_s)
        found.append((int(left_bytes), int(left_files), int(wait)))
    return Backlog(*(tuple(one) for one in zip(*found, strict=True))) if found else Backlog((), (), ())
