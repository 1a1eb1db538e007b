"""What the use cases about complaints need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from evidence.domain.complaints import Complaint, Result


@dataclass(frozen=True, slots=True)
class Concerned:
    """A recording of somebody whom a complaint is about, that is not held for it yet. ended_at: None where
    nobody knows its hour."""

    complaint: Complaint
    recording_id: str
    ended_at: datetime | None
    sealed_at: datetime


class Complaints(Protocol):
    """Complaints; none is ever removed."""

    def add(self, new: Complaint) -> None:
        """Add one, with whom it is about. Raises: Conflict("complaint-number-taken")."""

    def get(self, complaint_id: str) -> Complaint | None:
        """Return one."""

    def all(self, *, is_open: bool = False) -> Sequence[Complaint]:
        """Return all, or those that have not ended, oldest first."""

    def open_of(self, person_id: str) -> Sequence[str]:
        """Return the ids of open ones that are about somebody, or that they handle."""

    def assign(self, complaint_id: str, person_id: str, too_near: str | None, by: str, at: datetime) -> None:
        """Give one to a handler, in the place of the one before."""

    def close(self, complaint_id: str, result: Result, reason: str, by: str, on: date, at: datetime) -> bool:
        """Note its end; False where it has ended already."""

    def concerned(
        self, complaint_id: str | None = None, recording_ids: Collection[str] | None = None
    ) -> Sequence[Concerned]:
        """Return recordings that may be of the hour of a complaint and are not held for it: for one complaint
        or any, of these recordings or any. What came after its end counts where its hour is known."""

    def note_hold(self, complaint_id: str, recording_id: str, hold_id: str) -> None:
        """Note that a recording is held for a complaint."""

    def held(self, complaint_id: str) -> Sequence[str]:
        """Return the recordings that were held for a complaint, by id."""

    def of_hold(self, hold_id: str) -> Complaint | None:
        """Return the complaint that placed a hold."""


class ComplaintRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def complaints(self) -> Complaints:
        """Complaints."""
