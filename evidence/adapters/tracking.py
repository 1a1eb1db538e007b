"""The operator's detector of what is to be hidden: a command in a folder, in the sandbox, as the parsers are.

It finds the film and a question (where something is at a moment, or nothing), and says where it is from then
on (docs/formats/region-detector.md). It has no network and writes nothing. Whatever it does else is a fault
that is told; what it proposes is held to what an order may say, and hides nothing by itself.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from evidence.adapters.collecting import SandboxResult
from evidence.adapters.sandbox import inside, run_sandboxed
from evidence.domain.derivatives import Operation
from evidence.domain.orders import MOST_REGIONS, Box, Cover, Order, Region, verify_order
from evidence.errors import Invalid
from evidence.service.court.derivative_ports import Proposals, Question

_MEMORY_BYTES, _ANSWER_BYTES, _NICENESS = 8 << 30, 8 << 20, 10
_START_UP_S, _SLOWEST = 60.0, 10.0
FILM, QUESTION, DETECTOR = "{film}", "{question}", "{detector}"
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, Invalid)


@dataclass(frozen=True, slots=True)
class SandboxedTracker:
    """See service.derivative_ports.Tracker. name: with its version. scratch: a folder for questions."""

    scratch: Path
    name: str
    command: str
    folder: Path

    def track(self, film: Path, asked: Question) -> Proposals:
        """Return what it proposes. Never raises for bad media, or for what the detector does."""
        words = shlex.split(self.command)
        places = {FILM: inside(0), QUESTION: inside(1), DETECTOR: inside(2)}
        for name, place in places.items():
            words = [word.replace(name, place) for word in words]
        with NamedTemporaryFile(dir=self.scratch, suffix=".json") as file:
            file.write(_question(asked))
            file.flush()
            result = run_sandboxed(
                words,
                inputs=[film, Path(file.name), self.folder],
                timeout_s=_START_UP_S + _SLOWEST * (asked.to_ms - asked.from_ms) / 1000,
                memory_bytes=_MEMORY_BYTES,
                output_bytes=_ANSWER_BYTES,
                niceness=_NICENESS,
            )
        return _proposals(result, asked)


def tracker_of(scratch: Path, name: str, command: str, folder: str) -> SandboxedTracker | None:
    """Return the detector that the operator has set up, if any."""
    return SandboxedTracker(scratch, name, command, Path(folder)) if command else None


def _question(asked: Question) -> bytes:
    boxes = [_box_out(one) for one in asked.boxes]
    return json.dumps({"from_s": asked.from_ms / 1000, "to_s": asked.to_ms / 1000, "boxes": boxes}).encode()


def _box_out(one: Box) -> dict[str, float]:
    return {"at_s": one.at_ms / 1000, "x": one.x, "y": one.y, "width": one.width, "height": one.height}


def _proposals(result: SandboxResult, asked: Question) -> Proposals:
    if result.timed_out:
        return Proposals(fault="out-of-time")
    if result.cut_off:
        return Proposals(fault="too-much-said")
    if result.returncode:
        return Proposals(fault=f"ended-{result.returncode}")
    try:
        said = json.loads(result.stdout)["regions"]
        regions = tuple(_region(one, asked) for one in said)
        if len(regions) > MOST_REGIONS:
            return Proposals(fault="too-much-said")
        if regions:
            verify_order(Order(Operation.REDACTION, "proposed", "proposed", regions=regions))
    except _NONSENSE:
        return Proposals(fault="not-readable")
    return Proposals(tuple((one.boxes, one.until_ms) for one in regions))


def _region(said: Any, asked: Question) -> Region:
    boxes: Sequence[Box] = [
        Box(round(1000 * box["at_s"]), *(round(box[key]) for key in ("x", "y", "width", "height")))
        for box in said["boxes"]
    ]
    until = min(round(1000 * said["until_s"]), asked.to_ms)
    if any(not asked.from_ms <= box.at_ms < asked.to_ms for box in boxes):
        raise ValueError("outside of what was asked")
    return Region(Cover.BLACK, tuple(boxes), until, "proposed")
