"""What the use cases about exports need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from evidence.bundle.media import Medium
from evidence.bundle.shipment import Attest, Packed, Shipment, Statement
from evidence.domain.derivatives import Operation, State
from evidence.domain.exports import Export, Way
from evidence.domain.exports import State as ExportState
from evidence.service.cases.step_ports import LegalUnits
from evidence.service.court.media_ports import LongMedia
from evidence.service.court.share_ports import Shares
from evidence.service.listing import Listing

if TYPE_CHECKING:
    from evidence.service.court.export_lists import ListedExport
    from evidence.service.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Made:
    """A derivative: what was made from a recording, and where it lies. is_redacted: something is hidden."""

    id: str
    recording_id: str
    name: str
    size_bytes: int
    sha256: str
    sm3: str | None
    key: str
    version: str | None
    is_redacted: bool


class Derivatives(Protocol):
    """What was made from recordings."""

    def get(self, unit: UnitOfWork, derivative_id: str) -> Made | None:
        """Return one by its id."""


class MadeDerivatives:
    """Those of the catalogue that lie in the vault. One is redacted where its operation hides something."""

    def get(self, unit: UnitOfWork, derivative_id: str) -> Made | None:
        """Return one by its id; None where it is not made, or has gone."""
        found = unit.derivatives.get(derivative_id)
        if found is None or found.state is not State.MADE or found.output is None:
            return None
        out = found.output
        return Made(
            id=found.id,
            recording_id=found.recording_id,
            name=f"{found.id}.{found.media_type.rpartition('/')[2]}",
            size_bytes=out.size_bytes,
            sha256=out.digests.sha256,
            sm3=out.digests.sm3,
            key=out.key,
            version=None,
            is_redacted=found.operation is Operation.REDACTION,
        )


@dataclass(frozen=True, slots=True)
class ShelvedVolume:
    """One medium of a published package. sha256: of its image or archive; of its tag manifest where it is a
    folder."""

    label: str
    file: str
    size_bytes: int
    sha256: str
    sm3: str | None
    manifest_sha256: str
    tagmanifest_sha256: str


@dataclass(frozen=True, slots=True)
class Shelved:
    """A published package. statement: the custody statement in it, as bytes."""

    volumes: tuple[ShelvedVolume, ...]
    statement: bytes


class Packer(Protocol):
    """Builds packages (evidence/bundle/shipment.py)."""

    def pack(self, shipment: Shipment, medium: Medium, attest: Attest, *, may_cut: bool = False) -> Packed:
        """Build and publish a package; it is whole and durable when this returns."""


class Shelf(Packer, Protocol):
    """Where published packages lie."""

    def note(self, number: str, statement: bytes) -> None:
        """Keep the statement of a package that is about to be published; durable when this returns."""

    def published(self, number: str) -> Shelved | None:
        """Return a published package, None where there is none. Raises: IntegrityFault("package-damaged")."""

    def open(self, number: str, volume: str) -> tuple[BinaryIO, int]:
        """Open one medium in one file, as `copy` makes it, with its size. Raises: Unavailable, NoSpace."""

    def holds(self, number: str) -> bool:
        """Tell whether anything of a package lies there."""

    def discard(self, number: str) -> None:
        """Take a package away, whole at once, and its statement."""

    def copy(self, number: str, volume: str) -> AbstractContextManager[Path]:
        """Return a finished copy of one medium in one file, to be sealed, while the context is open."""


class Paper(Protocol):
    """Sets documents."""

    def custody(self, statement: Statement, at: datetime) -> bytes:
        """Return the chain-of-custody report as PDF: all that it says stands in the statement."""


class Papers(Paper, Protocol):
    """Sets the other documents too."""

    def export(self, listed: ListedExport, kind: str, at: datetime) -> bytes:
        """Return a document about an export.

        Raises: Invalid("unknown-document"), Conflict("not-built", "not-handed-over", "nothing-refused").
        """

    def destruction(self, said: Mapping[str, Any], zone: str, at: datetime) -> bytes:
        """Return a certificate of destruction on paper."""


class Exports(Protocol):
    """Exports; none is ever removed."""

    def count(self, year: int) -> int:
        """Return how many were asked for in a year (UTC)."""

    def add(self, new: Export) -> None:
        """Add one with its items."""

    def put(self, changed: Export) -> None:
        """Put what became of one and of its items in the place of what stood; volumes are added."""

    def get(self, export_id: str) -> Export | None:
        """Return one."""

    def numbered(self, number: str) -> str | None:
        """Return the id of the one with this number."""

    def all(self) -> Sequence[Export]:
        """Return all, newest first."""

    def page(
        self,
        of: Mapping[Way, Collection[str]],
        state: ExportState | None,
        not_by: str | None,
        after: str,
        most: int,
        listing: Listing = Listing("number", is_down=True),  # noqa: B008 (frozen)
    ) -> Sequence[Export]:
        """Return those of these units, by way, that come after the number `after` ("": the first): by number,
        or by "way", "recipient".

        state: only those so far; not_by: none that this person asked for.
        """

    def of(self, recording_id: str) -> Sequence[Export]:
        """Return those that a recording is asked for in, newest first."""


class ExportRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def exports(self) -> Exports:
        """Exports."""

    @property
    def long_media(self) -> LongMedia:
        """Media for long keeping."""

    @property
    def shares(self) -> Shares:
        """Links to what was approved to go out."""

    @property
    def transfer_units(self) -> LegalUnits:
        """Which units provide footage to procuratorates and courts."""
