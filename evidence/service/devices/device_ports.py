"""What the use cases about devices need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from evidence.domain.devices import Check, Device, Issue, Reading, Service
from evidence.policy.equipment import DeviceClass


class Order(StrEnum):
    """Of a list of devices: first those in use that nobody checked, or by serial number."""

    UNCHECKED = ""
    SERIAL = "serial"
    LAST_SERIAL = "-serial"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many devices there are; never: in use and never checked."""

    total: int
    out: int
    never: int


class Devices(Protocol):
    """The register, and what happened to its devices; nothing is ever removed."""

    def add(self, new: Device, at: datetime) -> None:
        """Add a device. Raises: Conflict("serial-taken")."""

    def put(self, changed: Device) -> None:
        """Put a device's row in the place of the one before."""

    def find(self, reference: str) -> Device | None:
        """Return the device of an id, or else of a serial number."""

    def all(self) -> Sequence[Device]:
        """Return all devices, by serial number, the retired ones too."""

    def page(self, unit_ids: Collection[str], order: Order, after: str | None, most: int) -> Sequence[Device]:
        """Return devices of these units in an order, those after one's serial number."""

    def tally(self, unit_ids: Collection[str]) -> Tally:
        """Return how many devices these units have."""

    def stock(self, classes: Collection[DeviceClass]) -> Mapping[str, int]:
        """Return how many devices of these classes each unit has that are not retired, if any."""

    def add_check(self, new: Check) -> None:
        """Add a check."""

    def checks(self, device_id: str) -> Sequence[Check]:
        """Return the checks of a device, newest first."""

    def last_checks(self, device_ids: Collection[str] | None = None) -> Mapping[str, Check]:
        """Return the newest check of each device, of these or of all, by its id."""

    def add_issue(self, new: Issue) -> None:
        """Add an issue."""

    def give_back(self, issue_id: str, returned_by: str, received_by: str, at: datetime) -> None:
        """Note a return."""

    def issues(self, device_id: str) -> Sequence[Issue]:
        """Return the issues of a device, newest first."""

    def open_issues(self, person_id: str | None = None) -> Mapping[str, Issue]:
        """Return what somebody, or anybody, has in hands, by the device's id."""

    def add_service(self, new: Service) -> None:
        """Add a fault or maintenance."""

    def end_service(self, service_id: str, by: str, at: datetime, outcome: str) -> None:
        """Note the end of one."""

    def services(self, device_id: str) -> Sequence[Service]:
        """Return faults and maintenance of a device, newest first."""

    def open_services(self) -> Mapping[str, Service]:
        """Return what has not ended, by the device's id."""

    def owed(self, serials: Collection[str] | None = None) -> Mapping[str, int]:
        """Return, by serial number, how many files of these devices or of all are announced or under way and
        not sealed; nothing for one that owes none.
        """

    def docked_at(self, serial: str) -> datetime | None:
        """Return when a card of a device was docked last."""

    def recorded(
        self, since: datetime, serials: Collection[str] | None = None
    ) -> Mapping[str, Mapping[date, int]]:
        """Return how many bytes each device, of these or of all, recorded on each day since a moment, as its
        cards said."""

    def readings(self, since: datetime) -> Sequence[tuple[Reading, str]]:
        """Return what docks measured of clocks since a moment, and the wearer of each card."""


class DeviceRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def devices(self) -> Devices:
        """Recording devices."""
