"""A monitor: somebody outside who looks at a log from time to time and remembers how far it had come.

Order of one look at a log:
1. the newest checkpoint can be had
2. a pinned key of that log has signed it, none of them wrongly, and the quorum of witnesses cosigned it
3. it is not older than the one that was seen before, and of the same size it has the same root
4. the log only grew from the one seen before
5. it is not too old: a log that stands still was stopped, or shows something to this monitor only
Each that does not hold is an alarm; the state moves only where 1 to 4 hold. The state is a file of its own,
which must never go back: a lost one begins anew, and then nothing of before can be contradicted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from evidence.domain.instants import from_text, to_text
from evidence.errors import EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.ledger.encodings import read_hash, write_base64
from evidence.ledger.growth import verify_not_back
from evidence.ledger.trust import Trust
from evidence.witness.keys import CHECKS, sync_folder
from evidence.witness.watched import Source

_ORIGIN = re.compile(r".+/(custody|access/[0-9]{4})")


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at one log showed. alarm: None where all is well, else its kind; size: what was seen."""

    origin: str
    size: int
    alarm: str | None = None
    reason: str = ""
    is_break: bool = False  # a contradiction, not only silence


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was seen last of a log, and when it was first seen."""

    size: int
    root: bytes
    since: datetime


@dataclass
class Monitor:
    """Looks at logs. trust: pinned keys, witnesses, quorum. quiet: how long a log may stand still."""

    source: Source
    trust: Trust
    state: Path
    quiet: timedelta

    def look(self, now: datetime) -> Sequence[Found]:
        """Look at all logs once. Raises: Invalid("monitor-state-malformed", "origin-unknown")."""
        remembered = read_state(self.state)
        found = []
        for origin in sorted({key.name for key in self.trust.logs}):
            one, seen = self._look_at(origin, remembered.get(origin), now)
            found.append(one)
            if seen is not None and seen != remembered.get(origin):
                remembered[origin] = seen
                write_state(self.state, remembered)
        return found

    def _look_at(
        self, origin: str, before: Remembered | None, now: datetime
    ) -> tuple[Found, Remembered | None]:
        named = _ORIGIN.fullmatch(origin)
        if named is None:
            raise Invalid("origin-unknown", origin=origin)
        log, size = named.group(1), before.size if before else 0
        try:
            checkpoint = self.trust.open(self.source.checkpoint(log), CHECKS).checkpoint
            if checkpoint.origin != origin:
                raise IntegrityFault("checkpoint-differs", origin=checkpoint.origin)
            if before is not None:
                seen, now_at = (before.size, before.root), (checkpoint.size, checkpoint.root)
                verify_not_back(seen, now_at, partial(self.source.verify_grown, log))
        except Unavailable as problem:
            return Found(origin, size, problem.code, str(problem)), None
        except EvidenceError as problem:
            return Found(origin, size, problem.code, str(problem), is_break=True), None
        if before is None or checkpoint.size > before.size:
            return Found(origin, checkpoint.size), Remembered(checkpoint.size, checkpoint.root, now)
        if now - before.since > self.quiet:
            return Found(origin, size, "log-stands-still", f"since {to_text(before.since)}"), before
        return Found(origin, size), before


def read_state(file: Path) -> dict[str, Remembered]:
    """Read what was seen; nothing where there is no file yet. Raises: Invalid("monitor-state-malformed")."""
    with suppress(FileNotFoundError):
        try:
            said = json.loads(file.read_text("utf-8"))
            return {str(origin): _remembered(one) for origin, one in said["logs"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise Invalid("monitor-state-malformed", file=str(file)) from problem
    return {}


def write_state(file: Path, remembered: Mapping[str, Remembered]) -> None:
    """Write what was seen, durably and whole."""
    logs = {
        origin: {"root": write_base64(one.root), "since": to_text(one.since), "size": one.size}
        for origin, one in sorted(remembered.items())
    }
    new = file.with_name(f"{file.name}.new")
    with new.open("wb") as out:
        out.write(json.dumps({"logs": logs}, indent=1).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
    sync_folder(file.absolute().parent)


def _remembered(one: Mapping[str, Any]) -> Remembered:
    root = read_hash(one["root"])
    if root is None or not isinstance(one["size"], int) or one["size"] < 0:
        raise ValueError("root or size")
    return Remembered(one["size"], root, from_text(one["since"]))
