"""Making derivatives: ffmpeg in the sandbox, called by ffmpeg-python, with the original readable and one new
file writable. What comes out is looked at before anybody keeps it: it must be what it was to be, and whole.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence.adapters.collecting import SandboxResult
from evidence.adapters.making.calls import proxy_call
from evidence.adapters.making.rooms import new_room, remove_left
from evidence.adapters.probing import probe
from evidence.adapters.sandbox import Sink, run_sandboxed
from evidence.domain.derivatives import Derivative
from evidence.domain.media import MediaFacts
from evidence.service.derivative_ports import Made

_MEMORY_BYTES, _NICENESS = 3 << 30, 10
_LOG_BYTES = 32 << 20  # of progress and messages
_START_UP_S, _SLOWEST, _BYTES_PER_S = 60.0, 20.0, 1 << 20  # making may take 20 times the playing time
_LEAST_BYTES, _MOST_BYTES_PER_S = 256 << 20, 2 << 20
_ONE_DAY_S = 24 * 3600.0
_OUTPUT = "output"


@dataclass(frozen=True)
class SandboxedMaker:
    """See service.derivative_ports.Maker. scratch: a folder beside the vault, for files on their way."""

    scratch: Path

    def __post_init__(self) -> None:
        """Remove what killed workers left in the scratch folder."""
        remove_left(self.scratch)

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Return an empty file to write to, gone with the context."""
        with new_room(self.scratch) as room:
            output = room / _OUTPUT
            output.touch(0o600)
            yield output

    def make(
        self, original: Path, facts: MediaFacts, wanted: Derivative, into: Path, tell: Callable[[int], object]
    ) -> Made:
        """Write a derivative of the original into a file. Never raises for bad media."""
        del wanted
        call = proxy_call(facts)
        made_with = {"tool": tool(), "call": call}
        length_s = believable_length(facts)
        result = encode(call, original, into, length_s, _Progress(length_s, tell).hear)
        return Made(made_with, fault_of(result) or _fault_in(into, facts))


def encode(
    call: list[str], original: Path, into: Path, length_s: float, hear: Callable[[bytes], object]
) -> SandboxResult:
    """Run a call of ffmpeg that reads the original and writes into a file; it is on disc when this
    returns.
    """
    size = original.stat().st_size
    result = run_sandboxed(
        call,
        inputs=[original],
        output=Sink(into, _LEAST_BYTES + round(length_s * _MOST_BYTES_PER_S)),
        hear=hear,
        timeout_s=_START_UP_S + _SLOWEST * length_s + size / _BYTES_PER_S,
        memory_bytes=_MEMORY_BYTES,
        output_bytes=_LOG_BYTES,
        niceness=_NICENESS,
    )
    fd = os.open(into, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    return result


@functools.cache
def tool() -> str:
    """Return ffmpeg's name and version. Raises: Unavailable where it is not there."""
    result = run_sandboxed(["ffmpeg", "-version"])
    return " ".join(result.stdout.decode("utf-8", "replace").split("\n", 1)[0].split()[:3])


def believable_length(facts: MediaFacts) -> float:
    """Return the playing time in seconds, bounded by a day, whatever an index says."""
    length = facts.duration_s or 0.0
    return min(length, _ONE_DAY_S) if math.isfinite(length) and length > 0 else 0.0


def fault_of(result: SandboxResult) -> str:
    """Name what went wrong in a run, "" where nothing did."""
    if result.timed_out:
        return "out-of-time"
    if result.cut_off:
        return "too-many-messages"
    if result.returncode in (-25, 128 + 25):  # SIGXFSZ: it wrote more than it may
        return "too-large"
    return "" if result.returncode == 0 else "not-decodable"


def _fault_in(output: Path, facts: MediaFacts) -> str:
    """Say why an output is none: it does not read as MP4, or a kind of track that the original has is
    empty.
    """
    found = probe(output, "output.mp4")
    if not found.readable or found.container != "mp4":
        return "not-decodable"
    kinds = [kind for kind in ("video", "audio") if facts.of_kind(kind)]
    there = [kind for kind in kinds or ("video",) if any(one.packets for one in found.of_kind(kind))]
    return "" if there else "not-decodable"


class _Progress:
    """Reads what ffmpeg says of its progress, and tells each new percent."""

    def __init__(self, length_s: float, tell: Callable[[int], object]) -> None:
        self._length_s, self._tell = length_s, tell
        self._rest, self._told = b"", 0

    def hear(self, block: bytes) -> None:
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b"=")
            if name != b"out_time_us" or not value.strip().isdigit() or not self._length_s:
                continue
            percent = min(99, int(int(value) / 10_000 / self._length_s))
            if percent > self._told:
                self._told = percent
                self._tell(percent)
