"""What the use cases about the logs need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from evidence.domain.alarms import Alarm
from evidence.domain.audit import Act, Entry, Family, Place
from evidence.domain.builds import Build
from evidence.ledger.keys import VerifierKey
from evidence.ledger.notes import NoteCheck
from evidence.ledger.rows import Line
from evidence.ledger.tiles import Tile

NoteChecks = Mapping[int, NoteCheck]
"""For each type of key, how a signature is checked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that an entry committed to, as canonical JSON, and its salt; both None where it was erased."""

    salt: bytes | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Counter:
    """Entry number n about an object stands at an index of a log; before: where number n − 1 stands."""

    index: int
    object_id: str
    n: int
    before: tuple[str, int] | None


class Payload(Protocol):
    """What the commitments of entries stand for, until it is erased."""

    def of(self, log: str, index: int) -> Mapping[str, Kept]:
        """Return what is kept for an entry, by field."""

    def count(self, log: str) -> int:
        """Return for how many fields of a log's entries there is a row, erased ones among them."""

    def erase(self, log: str, index: int, field: str, at: datetime) -> bool:
        """Erase a value and its salt; False when there is none."""


class AuditLog(Protocol):
    """The logs of custody and access: append only."""

    def append(self, entry: Entry, at: datetime) -> Place:
        """Write an entry in the act's transaction; return its place. If it fails, the act fails."""

    def append_all(self, entries: Sequence[Entry], at: datetime) -> Sequence[Place]:
        """Write several entries of one moment, in order; return their places, in order."""

    def entries(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield the entries of all logs with their numbers, in the order of arrival."""

    def about(self, family: Family, object_id: str) -> Iterator[tuple[str, int, bytes]]:
        """Yield the entries about an object in the logs of a kind, in order: log, index, stored bytes."""

    def origin(self, log: str) -> str:
        """Return the origin of a log: the name it has in checkpoints."""

    def place(self, family: Family, object_id: str, n: int) -> tuple[str, int] | None:
        """Return log and index of entry number n about an object, as its counter says."""

    def counters(self, log: str) -> Iterator[Counter]:
        """Yield the counters that point into a log, in the order of their entries."""

    def counted(self) -> Sequence[tuple[str, str]]:
        """Return which kinds of log the counters name, each with the logs they point into."""

    def of_act(self, act: Act, since: datetime | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of an act that can be read and say enough, of all time or since a moment, in the
        order of arrival.
        """

    def checks(self) -> Sequence[tuple[int, datetime]]:
        """Return place in the log of custody and time of each check of the logs, in order."""

    def last_ok(self, act: Act) -> Mapping[str, Any] | None:
        """Return the last entry of an act with the result "ok"."""


class LogTree(Protocol):
    """What is published of the logs: segments, tiles, checkpoints, keys. log: "custody", "access/2026"."""

    def logs(self) -> Sequence[str]:
        """Return the logs that have entries."""

    def published_logs(self) -> Sequence[str]:
        """Return the logs of which anything was published, whether or not they still have entries."""

    def size(self, log: str) -> int:
        """Return the number of entries of a log."""

    def numbered(self, log: str, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and stored bytes of the entries there are with start ≤ index < end, in order."""

    def labelled(self, log: str) -> Iterator[tuple[int, str, str, bytes]]:
        """Yield index, act, time and stored bytes of all entries, in order: the columns are asked by."""

    def leaves(self, log: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the entries start ≤ index < end. Raises: IntegrityFault("log-entry-missing") at a hole."""

    def lengths(self, log: str, start: int, most: int) -> Sequence[int]:
        """Return the lengths in bytes of at most so many entries from start on. Raises: as leaves."""

    def planned(self, log: str, after: int) -> Sequence[int]:
        """Return where the segments end that were planned beyond a size, in order."""

    def plan(self, log: str, ends: Sequence[int]) -> None:
        """Decide where the next segments end, for good."""

    def tile(self, log: str) -> Callable[[Tile], bytes]:
        """Return what reads the hash tiles of a log."""

    def put_tiles(self, log: str, tiles: Mapping[Tile, bytes]) -> None:
        """Put hash tiles in the place of their beginnings."""

    def published(self, log: str) -> tuple[int, bytes]:
        """Return size and note of the newest checkpoint; 0 and nothing where there is none."""

    def published_at(self, log: str) -> datetime | None:
        """Return when the newest checkpoint was noted."""

    def entry_at(self, log: str, index: int) -> datetime | None:
        """Return when an entry was made; None where there is none."""

    def noted_at(self, log: str, size: int) -> datetime | None:
        """Return when the checkpoint of a size was noted."""

    def checkpoints(self, log: str) -> Iterator[tuple[int, bytes]]:
        """Yield size and note of all checkpoints, in order."""

    def checkpoint(self, log: str, size: int) -> bytes:
        """Return the note of the checkpoint of a size. Raises: IntegrityFault("checkpoint-missing")."""

    def add_checkpoint(self, log: str, size: int, note: bytes, at: datetime) -> None:
        """Add a checkpoint."""

    def keys(self, log: str) -> Sequence[str]:
        """Return the verifier keys of a log, oldest first."""

    def add_key(self, log: str, vkey: str, at: datetime) -> None:
        """Add a verifier key."""


class Cosignatures(Protocol):
    """What witnesses cosigned of the checkpoints: append only."""

    def of(self, log: str, size: int) -> Sequence[str]:
        """Return the lines under the checkpoint of a size, each with its newline, oldest first."""

    def sizes(self, log: str, above: int) -> Sequence[int]:
        """Return the sizes above one that anybody cosigned, the greatest first; not all, if they are many."""

    def last(self, log: str, name: str, key_id: str) -> int:
        """Return the greatest size that a witness cosigned, 0 where there is none."""

    def add(self, log: str, size: int, name: str, key_id: str, line: str, at: datetime) -> None:
        """Add a cosignature; the first one of a key under a checkpoint stays."""


class Timestamps(Protocol):
    """What a time-stamping authority answered about the checkpoints: append only."""

    def last(self, log: str) -> tuple[int, datetime] | None:
        """Return the greatest size of a log that was stamped, and when."""

    def token(self, log: str, size: int) -> bytes:
        """Return the answer about the checkpoint of a size, nothing where there is none."""

    def add(self, log: str, size: int, token: bytes, at: datetime) -> bool:
        """Keep an answer; False where there is one already."""


class TimeAuthority(Protocol):
    """A time-stamping authority (RFC 3161), somewhere else."""

    def stamp(self, body: bytes) -> bytes:
        """Return its answer about these bytes, not checked yet. Raises: Unavailable("tsa-unreachable")."""

    def verify(self, token: bytes, body: bytes) -> datetime:
        """Return when it saw these bytes. Raises: IntegrityFault("timestamp-wrong")."""


class WitnessLine(Protocol):
    """A witness, somewhere else (docs/formats/cosignature.md)."""

    @property
    def key(self) -> VerifierKey:
        """Its public key."""

    def add_checkpoint(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return status and body. Raises: Unavailable("witness-unreachable")."""


class Alarms(Protocol):
    """What did not agree, until somebody has seen to it."""

    def add(self, one: Alarm) -> bool:
        """Raise an alarm unless the same one stands; tell whether it is new."""

    def standing(self) -> Sequence[Alarm]:
        """Return the alarms that nobody has cleared, oldest first."""

    def clear(self, at: datetime) -> int:
        """Clear all that stand; return how many."""


class Journal(Protocol):
    """Rows of the catalogue on their way into the vault (docs/formats/log-rows.md)."""

    def planned(self) -> tuple[int, bytes] | None:
        """Return serial and bytes of the piece that was decided and not settled yet."""

    def is_idle(self) -> bool:
        """Tell whether no row has changed since the last piece was decided."""

    def plan(self) -> None:
        """Decide the next piece over rows that changed, for good."""

    def settle(self, serial: int) -> tuple[str, int] | None:
        """Note that a piece is sealed; return its SHA-256 and number of lines, None when that was noted."""

    def vouched(self) -> Iterator[tuple[int, str]]:
        """Yield serial and SHA-256 of all pieces as the entries of the log say them, in order."""

    def tables(self) -> Sequence[str]:
        """Return the tables whose rows are journalled."""

    def key(self, line: Line) -> str | None:
        """Return the key of a line's row, None where no table of ours has it."""

    def keys(self, table: str) -> Iterator[str]:
        """Yield the keys of all rows of a table."""

    def waiting(self, table: str, keys: Sequence[str]) -> Set[str]:
        """Return which of these rows have changed since the last piece was decided."""

    def differing(self, table: str, lines: Mapping[str, Line]) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the keys whose rows are not what their lines say: the columns, or "missing", or "extra"."""

    def pieces(self) -> Iterator[tuple[int, str, bool]]:
        """Yield serial and SHA-256 of all pieces in order, and whether each is sealed."""


class LogSigner(Protocol):
    """The signer, a process apart (evidence/signer). Raises: Unavailable("signer-unreachable", …)."""

    def keys(self, log: str) -> Sequence[str]:
        """Return the verifier keys that sign a log now; a new log is begun."""

    def last(self, log: str) -> bytes:
        """Return the checkpoint that was signed last, nothing where none was."""

    def logs(self) -> Sequence[str]:
        """Return the logs of which anything was signed."""

    def sign(self, log: str, after: int, ends: Sequence[int]) -> bytes:
        """Return the signed checkpoint of the last of these sizes; the vault has a segment for each."""

    def rotate(self, log: str, *, retire: bool = False) -> str:
        """Give a log a new key; return its verifier key. retire: the one before signs no more."""

    def halt(self, reason: str) -> None:
        """Have nothing signed from now on."""


class Builds(Protocol):
    """Reads what this process works by."""

    def now(self) -> Build:
        """Return policy pack and program as they lie on the disc."""
