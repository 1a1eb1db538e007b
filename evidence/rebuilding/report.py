"""What a rebuild has found and done: faults, each with its item, and what was put right on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from evidence.service.log.log_faults import Fault


@dataclass
class Report:
    """faults: what is damaged, missing or contradicts itself. notes: what a crash had lost, made good."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    adopted: list[str] = field(default_factory=list)  # recordings that were made from their manifests
    sizes: dict[str, int] = field(default_factory=dict)  # of each log
    vkeys: list[str] = field(default_factory=list)
    number: str = ""  # of a security administrator
    link: str = ""  # token of their one-time link, shown once

    def fault(self, kind: str, item: str, **detail: object) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, item, detail))

    def note(self, kind: str, item: str, **detail: object) -> None:
        """Note what was made good."""
        self.notes.append(Fault(kind, item, detail))
