"""What a drill has tried and found, for the table of all drills: counted as it runs, written at its end."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "EVIDENCE_DRILL_TALLY"  # where the runner wants it


@dataclass
class Tally:
    """tried: points, tries or tests; left_out: what could not be tried here, and why; parts: tries by the
    number of the drill they belong to, where one command does several: its violations begin with it.
    """

    tried: int = 0
    violations: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)

    def add(self, tried: int, violations: list[str] | None = None, part: str = "") -> None:
        """Count what one piece of a drill tried and found."""
        self.tried += tried
        self.violations += [f"{part}: {one}" if part else one for one in violations or []]
        if part:
            self.parts[part] = self.parts.get(part, 0) + tried

    def write(self) -> None:
        """Write it where the runner wants it; nowhere, when a person called the drill."""
        if place := os.environ.get(FILE):
            Path(place).write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")


TALLY = Tally()
