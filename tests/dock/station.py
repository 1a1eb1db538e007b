"""A docking station for tests: one card, one service at the other end, a watch that remembers."""

from __future__ import annotations

from pathlib import Path

from evidence.dock.agent import Order, dock_card
from evidence.dock.finding import Found, Listing
from evidence.dock.outcome import Outcome, Report
from evidence.dock.patience import Patience
from evidence.errors import EvidenceError
from evidence.ledger.keys import VerifierKey
from tests.simulators.dock_server import (
    TOKEN,
    FarEnd,
)

QUICK = Patience(
    first_s=0.001, longest_s=0.02, total_s=2.0, contact_s=0.3, receipt_s=2.0, timeout_s=5.0, proof_s=0.5
)


class Heard:
    """A watch that remembers."""

    def __init__(self) -> None:
        self.pins: list[tuple[VerifierKey, str]] = []
        self.problems: list[str] = []
        self.done: dict[str, list[int]] = {}
        self.outcomes: list[Outcome] = []
        self.sealings: list[tuple[int, float]] = []

    def pinned(self, key: VerifierKey, origin: str) -> None:
        self.pins.append((key, origin))

    def listed(self, listing: Listing) -> None:
        pass

    def moved(self, found: Found, done_bytes: int) -> None:
        self.done.setdefault(found.name, []).append(done_bytes)

    def waits(self, found: Found | None, problem: EvidenceError, seconds: float) -> None:
        self.problems.append(problem.code)

    def sealing(self, files: int, seconds: float) -> None:
        self.sealings.append((files, seconds))

    def settled(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Station:
    """A docking station with one card in it."""

    def __init__(self, folder: Path, far: FarEnd) -> None:
        self.card, self.state, self.far = folder / "card", folder / "state", far
        self.card.mkdir()
        self.heard = Heard()

    def dock(self, **changes: object) -> Report:
        facts = {
            "folder": self.card,
            "url": self.far.url,
            "token": TOKEN,
            "device": "DSJX9A00123",
            "wearer": "012345",
            "state": self.state,
            "patience": QUICK,
        }
        return dock_card(Order(**{**facts, **changes}), self.heard)  # type: ignore[arg-type]


def arrived(far: FarEnd) -> dict[str, bytes]:
    return {upload.metadata["filename"]: bytes(upload.data) for upload in far.uploads.values()}
