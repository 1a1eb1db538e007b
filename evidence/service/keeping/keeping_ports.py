"""What the use cases about keeping and destroying need from machines, as Protocols; see also ports.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.domain.access import Reach
from evidence.domain.disposals import Disposal
from evidence.domain.holds import Hold
from evidence.domain.retention import Kept
from evidence.service.cases.complaint_ports import ComplaintRows
from evidence.service.court.derivative_ports import DerivativeRows
from evidence.service.court.export_ports import ExportRows

Required = Callable[[datetime], Sequence[str]]
"""Which labels must be carried by what was sealed at a moment."""


@dataclass(frozen=True, slots=True)
class LockTerm:
    """That the lock of a recording moves to a later date. cites: ids of the articles. settled: the vault has
    been told."""

    id: str
    recording_id: str
    until: datetime
    keeps: str
    cites: tuple[str, ...]
    about: str | None
    asked_by: str
    asked_at: datetime
    settled: bool = False


class Keepings(Protocol):
    """What keeps recordings."""

    def kept(self, recording_ids: Collection[str], required: Required) -> Mapping[str, Kept]:
        """Return what the rules ask about these recordings."""

    def dated(self, reach: Reach, at: datetime) -> Iterator[Kept]:
        """Yield what gives them a date (locks, cases) of all recordings within reach that are there, oldest
        seal first."""

    def term(self, case_id: str) -> str | None:
        """Return the class of a case file, None where nobody gave it one yet."""

    def give_term(self, case_id: str, term: str, by: str, at: datetime) -> None:
        """Give a case file a class, in the place of the one before."""

    def owe(self, new: LockTerm) -> None:
        """Note that a lock moves."""

    def owed(self) -> Sequence[LockTerm]:
        """Return of which later dates the vault has not been told, oldest first."""

    def terms(self, recording_id: str) -> Sequence[LockTerm]:
        """Return what a recording's lock was moved for, oldest first."""

    def settle(self, term: LockTerm) -> None:
        """Note that the vault has been told: the recording is locked until then, never shorter."""


class Disposals(Protocol):
    """Disposals; none is ever removed."""

    def due(self, reach: Reach, at: datetime, required: Sequence[str], years: int) -> Iterator[str]:
        """Yield recordings within reach that nothing seems to keep, the date that is over longest first; none
        that is asked for already. required: labels that all must carry; years: of the floor. Too many rather
        than too few."""

    def add(self, new: Disposal) -> None:
        """Add one."""

    def put(self, changed: Disposal) -> None:
        """Put a disposal's row in the place of the one before."""

    def get(self, disposal_id: str) -> Disposal | None:
        """Return one."""

    def of(self, recording_id: str) -> Sequence[Disposal]:
        """Return those of a recording, oldest first."""

    def within(self, reach: Reach, at: datetime, *, ended: bool) -> Sequence[Disposal]:
        """Return those of recordings within reach, open ones or ended ones, oldest first."""

    def approved(self, limit: int) -> Sequence[Disposal]:
        """Return approved ones that have not ended: those that have begun, then others in any order."""

    def mark_gone(self, recording_id: str, at: datetime) -> None:
        """Note that a recording's bytes go."""


class KeepingRows(ComplaintRows, DerivativeRows, ExportRows, Protocol):
    """The part of a unit of work that these are; complaints, which keep recordings too; derivatives, which go
    with them; exports, for which they leave."""

    @property
    def keepings(self) -> Keepings:
        """What keeps recordings."""

    @property
    def disposals(self) -> Disposals:
        """Disposals."""


class Holds(Protocol):
    """Holds on recordings; none is ever removed."""

    def add(self, new: Hold) -> None:
        """Add a hold."""

    def put(self, changed: Hold) -> None:
        """Put a hold's row in the place of the one before."""

    def get(self, hold_id: str) -> Hold | None:
        """Return one hold."""

    def of(self, recording_id: str) -> Sequence[Hold]:
        """Return the holds of a recording, oldest first."""

    def all(self) -> Iterable[Hold]:
        """Yield all holds, lifted ones too."""

    def owed(self) -> Sequence[Hold]:
        """Return the holds of which the vault has not been told as they are now, oldest first."""
