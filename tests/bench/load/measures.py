"""What the service's processes use while a drill runs: memory, processor, descriptors, the database's log.

Memory is the sum of proportional set sizes (PSS) of `evidence serve` and of all that it started: pages that
several share count once. The plain sum of resident sizes, which counts them again for each, is told beside.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

EVERY_S = 0.5
MIB = 1 << 20
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """One look at a family of processes. worked: processor seconds, of ended children too."""

    at: float
    pss_mib: float
    rss_mib: float
    descriptors: int
    wal_mib: float
    worked: float
    processes: int


@dataclass
class Watch:
    """Looks at a process and its descendants again and again."""

    pid: int
    data: Path
    every_s: float = EVERY_S
    samples: list[Sample] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self._ending = threading.Event()
        self.samples.append(look(self.pid, self.data))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self.samples.append(look(self.pid, self.data))

    def _run(self) -> None:
        while not self._ending.wait(self.every_s):
            self.samples.append(look(self.pid, self.data))

    def look(self) -> Sample:
        """Look now."""
        return look(self.pid, self.data)

    @property
    def peak_mib(self) -> float:
        """The most proportional memory of all processes at one time."""
        return max(one.pss_mib for one in self.samples)

    @property
    def resident_mib(self) -> float:
        """The most resident memory, shared pages counted for each process."""
        return max(one.rss_mib for one in self.samples)

    @property
    def worked(self) -> float:
        """Processor seconds from the first look to the last."""
        return self.samples[-1].worked - self.samples[0].worked


def look(pid: int, data: Path) -> Sample:
    """Look once at a process and all that descend from it. A process that ends meanwhile is left out."""
    pss = rss = descriptors = count = 0
    worked = 0.0
    for one in family(pid):
        try:
            sizes = _sizes(Path(f"/proc/{one}/smaps_rollup").read_text())
            descriptors += len(os.listdir(f"/proc/{one}/fd"))
            worked += sum(map(int, _stat(one)[11:15])) / _TICKS  # and of the children each has waited for
        except (FileNotFoundError, ProcessLookupError):
            continue
        pss, rss, count = pss + sizes["Pss"], rss + sizes["Rss"], count + 1
    wal = data / "evidence.db-wal"
    size = wal.stat().st_size if wal.exists() else 0
    return Sample(time.monotonic(), pss / 1024, rss / 1024, descriptors, size / MIB, worked, count)


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            children.setdefault(int(_stat(int(name))[1]), []).append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, left = [], [pid]
    while left:
        found.append(one := left.pop())
        left.extend(children.get(one, []))
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on (proc(5): field 3)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _sizes(text: str) -> dict[str, int]:
    """Read the lines "Name: number kB"."""
    return {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in text.splitlines()[1:])
    }
