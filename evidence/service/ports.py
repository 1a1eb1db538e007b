"""What the use cases need from machines, as Protocols. The adapters keep these; tests use real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from evidence.domain.audit import Entry
from evidence.domain.digests import Digests
from evidence.domain.findings import Finding
from evidence.domain.media import MediaFacts
from evidence.policy.rules import Pack
from evidence.service.cases.case_ports import CaseFileRows
from evidence.service.devices.device_ports import DeviceRows
from evidence.service.gaps.gap_ports import GapRows
from evidence.service.job_ports import Jobs
from evidence.service.jobs import JobName
from evidence.service.keeping.keeping_ports import Holds, KeepingRows
from evidence.service.log.log_ports import (
    Alarms,
    AuditLog,
    Cosignatures,
    Journal,
    LogTree,
    Payload,
    Timestamps,
)
from evidence.service.measure_ports import MeasuredRows
from evidence.service.oversight.sample_ports import SampleRows
from evidence.service.oversight.watch_ports import WatchedRows
from evidence.service.people.people_ports import Cases, Departures, Grants, People, Standings, Tokens, Units
from evidence.service.recordings.label_ports import LabelRows
from evidence.service.recordings.recording_ports import Cards, Claims, Examinations, Recordings, Uploads
from evidence.service.sign_in.account_ports import Accounts
from evidence.service.sign_in.passkey_ports import IdentityRows, Passkeys
from evidence.service.sign_in.sign_in_ports import Challenges, Failures, SessionRows, SignIns


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present time, aware, UTC."""


class UnitOfWork(
    WatchedRows,
    GapRows,
    LabelRows,
    KeepingRows,
    DeviceRows,
    CaseFileRows,
    SampleRows,
    MeasuredRows,
    Protocol,
):
    """One transaction over all of these. Leaving normally commits durably; an exception rolls back."""

    @property
    def accounts(self) -> Accounts:
        """Accounts."""

    @property
    def cards(self) -> Cards:
        """Card lists."""

    @property
    def claims(self) -> Claims:
        """Claims on names."""

    @property
    def uploads(self) -> Uploads:
        """Uploads."""

    @property
    def recordings(self) -> Recordings:
        """The catalogue."""

    @property
    def examinations(self) -> Examinations:
        """Examinations and findings."""

    @property
    def jobs(self) -> Jobs:
        """The job table."""

    @property
    def log(self) -> AuditLog:
        """The log."""

    @property
    def payload(self) -> Payload:
        """What the commitments of entries stand for."""

    @property
    def timestamps(self) -> Timestamps:
        """What a time-stamping authority answered."""

    @property
    def cosignatures(self) -> Cosignatures:
        """What witnesses cosigned."""

    @property
    def tree(self) -> LogTree:
        """What is published of the logs."""

    @property
    def alarms(self) -> Alarms:
        """Alarms."""

    @property
    def journal(self) -> Journal:
        """The journal of rows."""

    @property
    def units(self) -> Units:
        """Agencies and their units."""

    @property
    def people(self) -> People:
        """The roll."""

    @property
    def departures(self) -> Departures:
        """What else there is about somebody who leaves."""

    @property
    def grants(self) -> Grants:
        """Roles that people were given."""

    @property
    def standings(self) -> Standings:
        """What the policy of access asks about recordings."""

    @property
    def holds(self) -> Holds:
        """Holds on recordings."""

    @property
    def tokens(self) -> Tokens:
        """Tokens of other systems, and their use."""

    @property
    def sign_ins(self) -> SignIns:
        """Who can sign in, and how."""

    @property
    def passkeys(self) -> Passkeys:
        """Passkeys of people."""

    @property
    def identities(self) -> IdentityRows:
        """Identities at providers of single sign-on."""

    @property
    def sessions(self) -> SessionRows:
        """Sessions."""

    @property
    def challenges(self) -> Challenges:
        """What is asked once."""

    @property
    def failures(self) -> Failures:
        """Failed tries to sign in."""

    @property
    def cases(self) -> Cases:
        """Cases, and who may do what about their recordings."""


class Database(Protocol):
    """Opens transactions."""

    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction that may write."""

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction that only reads."""

    def log(self, entry: Entry, at: datetime) -> None:
        """Log something of which nothing else is written; it is durable when this returns. Those who come at
        once share a transaction, and what becomes of it (adapters/db/together.py)."""

    def alone(self) -> AbstractContextManager[None]:
        """Be the only one that seals a piece of what is published (adapters/db/alone.py)."""

    def close(self) -> None:
        """Close all connections."""


class JobBell(Protocol):
    """Wakes the workers after a commit. Losing a ring loses nothing: a sweep looks anyway."""

    def ring(self, *names: JobName) -> None:
        """Say that there is work of these kinds."""


class RunningDigests(Protocol):
    """The running digests of one upload, computed while its bytes arrive."""

    def update(self, *blocks: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; the caller must not change them afterwards."""

    def copy(self) -> RunningDigests:
        """Return an independent copy of the state, to go back to."""

    def sha256(self) -> bytes:
        """Return the SHA-256 of all bytes taken so far, without waiting for any other digest."""

    def digests(self) -> Digests:
        """Return the digests of all bytes taken so far."""


class Signer(Protocol):
    """Signs documents (docs/formats/signed-document.md)."""

    def sign(self, body: bytes) -> bytes:
        """Return the whole signed document over a canonical body."""

    def verifier_key(self) -> str:
        """Return the public verifier key as text."""

    def read(self, document: bytes, type_: str) -> Mapping[str, object]:
        """Return the body of a document that we signed. Raises: IntegrityFault."""


class Prober(Protocol):
    """Reads the facts of a media file, in the sandbox."""

    def probe(self, path: Path, name: str, modified_at: datetime | None = None) -> MediaFacts:
        """Return what the file's index says; never raises for bad media. modified_at: the card's time."""

    def write(self, facts: MediaFacts) -> str:
        """Write facts as JSON text."""

    def read(self, text: str) -> MediaFacts:
        """Read facts that `write` wrote."""

    def examine_deep(self, path: Path, facts: MediaFacts, pack: Pack) -> Sequence[Finding]:
        """Decode the whole file and return what was found."""


class Policies(Protocol):
    """The policy packs in use."""

    @property
    def packs(self) -> Sequence[Pack]:
        """All versions."""

    @property
    def latest(self) -> Pack:
        """The newest pack."""

    def at(self, day: date) -> Pack:
        """Return the pack in force on a day."""


class Originals(Protocol):
    """Gives a path of a sealed original to read from, for parsers that need one."""

    def path(self, key: str, version: str) -> AbstractContextManager[Path]:
        """Return a readable path of the object while the context is open."""
