"""Making derivatives: ffmpeg in the sandbox, called by ffmpeg-python, with the original readable and one new
file writable. What comes out is looked at before anybody keeps it: it must be what it was to be, and whole.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import evidence
from evidence.adapters.collecting import SandboxResult
from evidence.adapters.making.beside import has_messages
from evidence.adapters.making.calls import copy_call, key_frame_call, proxy_call, still_call
from evidence.adapters.making.covers import commands
from evidence.adapters.making.rooms import new_room, remove_left
from evidence.adapters.printing import font_file
from evidence.adapters.probing import probe
from evidence.adapters.sandbox import Sink, inside, run_sandboxed
from evidence.domain.derivatives import Derivative, Operation, picture_units
from evidence.domain.media import MediaFacts
from evidence.domain.orders import Order, read_order
from evidence.service.court.derivative_ports import Made

_MEMORY_BYTES, _NICENESS = 3 << 30, 10
_LOG_BYTES = 32 << 20  # of progress and messages
_START_UP_S, _SLOWEST, _BYTES_PER_S = 60.0, 20.0, 1 << 20  # making may take 20 times the playing time
_LEAST_BYTES, _MOST_BYTES_PER_S = 256 << 20, 2 << 20
_ONE_DAY_S = 24 * 3600.0
_OUTPUT = "output"
_STILL_WINDOW_MS = 2000
_SHOWN = re.compile(r"showinfo.* pts_time:(\S+)")
Hear = Callable[[bytes], object]


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
        """Write a derivative of the original into a file, and look at what came out. Never raises for bad
        media.
        """
        hear = _Progress(believable_length(facts), tell).hear
        if wanted.operation is Operation.PROXY:
            return _proxy(original, facts, into, hear)
        order = read_order(wanted.operation, wanted.parameters, wanted.words)
        if not order.is_whole:
            return Made({}, "words-lost")
        if order.operation is Operation.STILL:
            return _still(original, facts, order, into)
        if order.at_key_frames:
            return _copied(original, facts, order, into, hear)
        return _copy(original, facts, order, wanted, into, hear)


def _proxy(original: Path, facts: MediaFacts, into: Path, hear: Hear) -> Made:
    return _finished(proxy_call(facts), [original], facts, into, hear)


def _finished(call: list[str], inputs: list[Path], facts: MediaFacts, into: Path, hear: Hear) -> Made:
    result = encode(call, inputs, into, believable_length(facts), hear)
    return Made({"tool": tool(), "call": call}, fault_of(result) or _fault_in(into, facts))


def _copied(original: Path, facts: MediaFacts, order: Order, into: Path, hear: Hear) -> Made:
    """Make a clip without encoding, of what can be kept without anything beside its pictures."""
    if any(picture_units(one.codec) is None for one in facts.of_kind("video")[:1]):
        return Made({}, "tracks-left")
    made = _finished(key_frame_call(facts, order), [original], facts, into, hear)
    return replace(made, fault="tracks-left") if not made.fault and has_messages(into) else made


def _copy(
    original: Path, facts: MediaFacts, order: Order, wanted: Derivative, into: Path, hear: Hear
) -> Made:
    """Make an exact clip, a redaction or a marked copy. A redaction is checked before anybody keeps it."""
    told, mark, said = (into.parent / name for name in ("commands", "mark", "order"))
    with told.open("w", encoding="utf-8") as file:
        file.writelines(commands(order))
    inputs = [original, told]
    if order.recipient is not None:
        mark.write_text(mark_of(order.recipient, wanted), "utf-8")
        inputs += [mark, font_file()]
    made = _finished(copy_call(facts, order), inputs, facts, into, hear)
    if made.fault or order.operation is not Operation.REDACTION:
        return made
    words = {} if order.recipient is None else {"recipient": ""}  # that it is marked, and not for whom
    body = {"operation": order.operation.value, "parameters": wanted.parameters, "words": words}
    said.write_text(json.dumps(body), "utf-8")
    verdict = _checked(original, into, said, believable_length(facts))
    measured = {name: f"{value:g}" for name, value in verdict["measured"].items()}  # a log holds no fractions
    return Made({**made.made_with, "measured": measured}, str(verdict["fault"]))


def mark_of(recipient: str, wanted: Derivative) -> str:
    """Return what is burned in: for whom, when it was asked for with the offset of that time, and its id."""
    return f"{recipient}  {wanted.asked_at.isoformat(' ', 'minutes')}  {wanted.id[:8]}"


def _checked(original: Path, copy: Path, said: Path, length_s: float) -> Mapping[str, Any]:
    """Return what the check of a redaction found; a check that did not end is a fault."""
    root = str(Path(evidence.__file__).parents[1])
    begin = f"import sys; sys.path.insert(0, {root!r})"
    program = f"{begin}; from evidence.adapters.making.checking import main; main()"
    result = run_sandboxed(
        [sys.executable, "-I", "-c", program, inside(0), inside(1), inside(2)],
        inputs=[original, copy, said],
        timeout_s=_START_UP_S + _SLOWEST * length_s + original.stat().st_size / _BYTES_PER_S,
        memory_bytes=_MEMORY_BYTES,
        niceness=_NICENESS,
    )
    if fault_of(result):
        return {"fault": "not-checked", "measured": {}}
    return dict(json.loads(result.stdout))


def _still(original: Path, facts: MediaFacts, order: Order, into: Path) -> Made:
    """Write the picture shown at a moment. made_with has when it begins, in milliseconds."""
    at_ms = order.from_ms or 0
    for window_ms in (_STILL_WINDOW_MS, at_ms + 1):
        call = still_call(at_ms, window_ms)
        result = encode(call, [original], into, believable_length(facts), lambda _: None)
        times = _SHOWN.findall(result.stderr.decode("utf-8", "replace"))
        if times and not fault_of(result) and into.stat().st_size:
            made_with = {"tool": tool(), "call": call, "shown_ms": round(1000 * float(times[-1]))}
            return Made(made_with, "" if probe(into, "still.png").container == "png" else "not-decodable")
    return Made({"tool": tool(), "call": call}, "no-picture")


def encode(call: list[str], inputs: list[Path], into: Path, length_s: float, hear: Hear) -> SandboxResult:
    """Run a call of ffmpeg that reads the original and writes into a file; it is on disc when this
    returns.
    """
    size = inputs[0].stat().st_size
    result = run_sandboxed(
        call,
        inputs=inputs,
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
    if {one.kind for one in found.tracks} - {"video", "audio"}:
        return "tracks-left"
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
