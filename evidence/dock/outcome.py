"""What became of each file of a card, what the dock tells while it works, and what it reports at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Protocol

from evidence.dock.finding import Found, Listing, Skipped
from evidence.dock.protocol import Gone
from evidence.domain.names import is_same_number, read_name
from evidence.errors import EvidenceError, IntegrityFault
from evidence.ledger.keys import VerifierKey


class State(StrEnum):
    """How a file stands when the dock is done with it. Only the first two let a card be emptied."""

    SEALED = "sealed"  # sent now; a checked receipt is in hand
    ALREADY_SEALED = "already-sealed"  # sealed before; a checked receipt is in hand
    DAMAGED = "sealed-but-damaged"  # a checked receipt is in hand, but the original failed its last check
    DISPROVED = "sealed-but-disproved"  # a checked receipt is in hand, but the log does not hold what it says
    FAILED = "failed"  # no checked receipt: keep the card


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. sha256 is of the bytes read from the card; receipt is the whole document;
    check is what the service's last reading back of the original found, None before the first; upload is the
    id under which the service gives receipt and proof; proof is the checked proof file of the receipt's entry
    in the log, None while it is owed."""

    found: Found
    state: State
    sha256: str | None = None
    recording: str | None = None
    receipt: bytes | None = None
    check: str | None = None
    error: EvidenceError | None = None
    upload: str | None = None
    proof: bytes | None = None

    def as_json(self) -> dict[str, object]:
        """Return it as it stands in the report."""
        return {
            "name": self.found.name,
            "size": self.found.size_bytes,
            "sha256": self.sha256,
            "state": self.state.value,
            "recording": self.recording,
            "check": self.check,
            "receipt": self.receipt.decode("utf-8") if self.receipt is not None else None,
            "proof": self.proof.decode("utf-8") if self.proof is not None else None,
            "error": error_json(self.error) if self.error is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Disproved:
    """A receipt of an earlier card whose entry the log does not hold as it says, and how that showed."""

    device: str
    name: str
    recording: str
    error: EvidenceError

    def as_json(self) -> dict[str, object]:
        """Return it as it stands in the report."""
        facts = {"device": self.device, "name": self.name, "recording": self.recording}
        return {**facts, "error": error_json(self.error)}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What became of proofs owed from earlier cards: how many are proven now, how many still owed."""

    proven: int = 0
    owed: int = 0
    disproved: tuple[Disproved, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return it as it stands in the report."""
        disproved = [one.as_json() for one in self.disproved]
        return {"proven": self.proven, "owed": self.owed, "disproved": disproved}


@dataclass(frozen=True, slots=True)
class Growth:
    """Whether the log of custody goes on from what this dock kept. kept: the size it had then, None before
    the first time; size: that of the checkpoint that is kept now; error: what is wrong, or why it could not
    be asked; is_told: the site was shown what contradicts it, and has raised an alarm."""

    kept: int | None
    size: int | None
    error: EvidenceError | None = None
    is_told: bool = False

    @property
    def is_contradicted(self) -> bool:
        """Tell whether the site shows another past than before; not being able to ask is no contradiction."""
        return isinstance(self.error, IntegrityFault)

    def as_json(self) -> dict[str, object]:
        """Return it as it stands in the report."""
        error = error_json(self.error) if self.error is not None else None
        facts = {"kept": self.kept, "size": self.size, "told": self.is_told}
        return {**facts, "contradicted": self.is_contradicted, "error": error}


@dataclass(frozen=True, slots=True)
class NamedOtherwise:
    """How many files tell in their names another device or wearer (`what`) than was given."""

    what: str
    told: str
    given: str
    files: int


def named_otherwise(outcomes: Sequence[Outcome], device: str, wearer: str) -> tuple[NamedOtherwise, ...]:
    """Return what the names of the files contradict: a mistyped number shows while the officer is there."""
    names = [read_name(outcome.found.name) for outcome in outcomes]
    found = []
    for what, given, told in (
        ("device", device, Counter(one.device for one in names if one.device)),
        ("wearer", wearer, Counter(one.officer for one in names if one.officer)),
    ):
        other = [(name, count) for name, count in told.items() if not is_same_number(name, given)]
        found += [NamedOtherwise(what, name, given, count) for name, count in sorted(other)]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole docking. files in the order of the list. not_stored: by name, what was given now but stands
    otherwise with the file already (keys of an upload's metadata). has_proofs: the service gives proofs, now
    or before; earlier: what became of those owed from earlier cards. alarms: how many of integrity stand at
    the service. changed: what came to the card, or changed on it, while it was docked.
    gone: of what a part was sent before, and is not on the card. growth: how the log stands to what this
    dock kept of it, None where the service has no log."""

    card: str
    key: VerifierKey
    files: tuple[Outcome, ...]
    skipped: tuple[Skipped, ...]
    not_stored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_proofs: bool = False
    earlier: Earlier = Earlier()
    named_otherwise: tuple[NamedOtherwise, ...] = ()
    alarms: int = 0
    changed: tuple[str, ...] = ()
    gone: tuple[Gone, ...] = ()
    growth: Growth | None = None

    @property
    def proven(self) -> int:
        """Count the files whose receipt's entry in the log is proven."""
        return sum(outcome.proof is not None for outcome in self.files)

    @property
    def owed(self) -> int:
        """Count the files that have a receipt and whose proof is not in hand."""
        held = [one for one in self.files if one.receipt is not None and one.state is not State.DISPROVED]
        return sum(one.proof is None for one in held)

    @property
    def not_files(self) -> int:
        """Count the entries that were not taken because they are no files: links, pipes and the like."""
        return sum(not skipped.is_loss for skipped in self.skipped)

    @property
    def is_complete(self) -> bool:
        """Tell whether every file is sealed as far as anybody knows and nothing of the card is missed: it may
        be emptied."""
        return self.is_taken and not self.gone and not self.is_contradicted

    @property
    def is_contradicted(self) -> bool:
        """Tell whether the site's log shows another past than this dock kept."""
        return self.growth is not None and self.growth.is_contradicted

    @property
    def is_taken(self) -> bool:
        """Tell that of what is on the card now; of what is not any more, a part may be all there is."""
        sealed = all(outcome.state in (State.SEALED, State.ALREADY_SEALED) for outcome in self.files)
        return sealed and not self.changed and not any(skipped.is_loss for skipped in self.skipped)

    def as_json(self) -> dict[str, object]:
        """Return the report for programs."""
        states = Counter(outcome.state for outcome in self.files)
        return {
            "card": self.card,
            "key": self.key.text(),
            "complete": self.is_complete,
            "files": [outcome.as_json() for outcome in self.files],
            "skipped": [{"name": s.name, "reason": s.reason, "loss": s.is_loss} for s in self.skipped],
            "not_stored": {name: list(fields) for name, fields in self.not_stored.items()},
            "named_otherwise": [asdict(one) for one in self.named_otherwise],
            "integrity_alarms": self.alarms,
            "changed": list(self.changed),
            "gone": [
                {"name": one.name, "size": one.size_bytes, "received": one.received} for one in self.gone
            ],
            "log": self.growth.as_json() if self.growth is not None else None,
            "proofs": {
                "given": self.has_proofs,
                "proven": self.proven,
                "owed": self.owed,
                "earlier": self.earlier.as_json(),
            },
            "totals": {
                "files": len(self.files),
                "bytes": sum(outcome.found.size_bytes for outcome in self.files),
                **{state.value: states[state] for state in State},
                "skipped": len(self.skipped),
                "not_files": self.not_files,
                "gone": len(self.gone),
            },
        }


class Watch(Protocol):
    """Hears what happens, from several threads. Names are data: make them safe before showing them."""

    def pinned(self, key: VerifierKey, origin: str) -> None:
        """A key was pinned now: origin is "given" or "first-use" (nobody vouched for it)."""

    def listed(self, listing: Listing) -> None:
        """The card was read."""

    def moved(self, found: Found, done_bytes: int) -> None:
        """So many bytes of a file are on their way or there; fewer when some must be sent again."""

    def waits(self, found: Found | None, problem: EvidenceError, seconds: float) -> None:
        """Something did not work and is tried again after a while."""

    def sealing(self, files: int, seconds: float) -> None:
        """So many files are whole with the service, and the first has waited so long for its receipt."""

    def settled(self, outcome: Outcome) -> None:
        """A file is done with."""


def error_json(error: EvidenceError) -> dict[str, object]:
    """Return an error as code and facts that JSON can hold."""
    facts = {k: v if isinstance(v, int | str | None) else str(v) for k, v in error.fields.items()}
    return {"code": error.code, **facts}
