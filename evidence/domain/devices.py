"""Recording devices: what they are, in whose hands, in what order, how full, and how far their clocks drift.

Values and pure rules; limits come from the policy pack (policy/equipment.py). The serial number is what docks
send as the device, so footage and register meet by it. A storage device has a serial number too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import median

from evidence.policy.equipment import DeviceClass, PreShiftCheck

MIB = 1 << 20


class DeviceState(StrEnum):
    """Where a device is."""

    IN_STOCK = "in-stock"
    ISSUED = "issued"
    IN_REPAIR = "in-repair"  # a fault or maintenance that is not ended
    RETIRED = "retired"


class ServiceKind(StrEnum):
    """Why a device is out of use for a while."""

    FAULT = "fault"
    MAINTENANCE = "maintenance"


class CheckFault(StrEnum):
    """What a check before a shift found out of order."""

    BATTERY = "battery"
    SPACE = "space"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Device:
    """A device on the register. capacity_mib: of its card or disc. service_until: its last day of service.

    wiped: how it was shown at retirement that nothing is left on it.
    """

    id: str
    serial: str
    class_: DeviceClass
    unit_id: str
    maker: str | None = None
    model: str | None = None
    firmware: str | None = None
    capacity_mib: int | None = None
    service_until: date | None = None
    retired_at: datetime | None = None
    retired_by: str | None = None
    retired_why: str | None = None
    wiped: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A check before a shift, as measured. clock_offset_ms: what must be added to the device's clock."""

    id: str
    device_id: str
    by: str
    at: datetime
    battery_percent: int
    free_percent: int
    clock_offset_ms: int


@dataclass(frozen=True, slots=True)
class Issue:
    """A device in somebody's hands. issued_by handed it out, returned_by brought it, received_by took it.

    override: why it went out without a check in time; None where there was one.
    """

    id: str
    device_id: str
    person_id: str
    issued_by: str
    issued_at: datetime
    override: str | None = None
    returned_by: str | None = None
    received_by: str | None = None
    returned_at: datetime | None = None

    @property
    def by_another(self) -> bool:
        """Whether somebody else brought it back."""
        return self.returned_by is not None and self.returned_by != self.person_id


@dataclass(frozen=True, slots=True)
class Service:
    """A fault or maintenance, and how it ended."""

    id: str
    device_id: str
    kind: ServiceKind
    note: str
    by: str
    at: datetime
    outcome: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a dock measured of a device's clock when a card was docked."""

    dock: str
    device: str
    at: datetime
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Drift:
    """The clock of a device as one dock saw it. per_day_ms: None where one day has seen all its readings."""

    dock: str
    device: str
    readings: int
    last: Reading
    largest_ms: int
    per_day_ms: int | None
    over_limit: int


def faults_of(check: Check, rule: PreShiftCheck, largest_offset: timedelta) -> tuple[CheckFault, ...]:
    """Tell what a check found out of order."""
    found = {
        CheckFault.BATTERY: check.battery_percent < rule.least_battery_percent,
        CheckFault.SPACE: check.free_percent < rule.least_free_percent,
        CheckFault.CLOCK: abs(timedelta(milliseconds=check.clock_offset_ms)) > largest_offset,
    }
    return tuple(fault for fault, there in found.items() if there)


def is_fresh(check: Check, rule: PreShiftCheck, now: datetime) -> bool:
    """Tell whether a check is young enough for a device to be issued; one of a time to come says nothing."""
    return timedelta(0) <= now - check.at <= rule.within


def state_of(device: Device, issue: Issue | None, service: Service | None) -> DeviceState:
    """Tell where a device is, given the issue and the service that are open."""
    if device.retired_at is not None:
        return DeviceState.RETIRED
    if issue is not None:
        return DeviceState.ISSUED
    return DeviceState.IN_STOCK if service is None else DeviceState.IN_REPAIR


def days_until_full(
    capacity_mib: int | None, check: Check | None, recorded: Mapping[date, int]
) -> float | None:
    """Forecast how many more days of use a card lasts; None where nobody knows.

    recorded: bytes by day of recording. What was recorded since the day of the check counts as on the card:
    too little room is forecast rather than too much.
    """
    if capacity_mib is None or check is None or not recorded:
        return None
    free = capacity_mib * MIB * check.free_percent / 100
    free -= sum(size for day, size in recorded.items() if day >= check.at.date())
    a_day = sum(recorded.values()) / len(recorded)
    return round(max(0.0, free) / a_day, 1) if a_day else None


def drifts(readings: Iterable[Reading], largest_offset: timedelta) -> Sequence[Drift]:
    """Return the drift of each device at each dock, by dock and device."""
    grouped: dict[tuple[str, str], list[Reading]] = {}
    for one in readings:
        grouped.setdefault((one.dock, one.device), []).append(one)
    return [_drift(grouped[key], largest_offset) for key in sorted(grouped)]


def _drift(readings: list[Reading], largest_offset: timedelta) -> Drift:
    ordered = sorted(readings, key=lambda one: one.at)
    first, last = ordered[0], ordered[-1]
    days = (last.at - first.at) / timedelta(days=1)
    return Drift(
        last.dock,
        last.device,
        len(ordered),
        last,
        max((one.offset_ms for one in ordered), key=abs),
        round((last.offset_ms - first.offset_ms) / days) if days >= 1 else None,
        sum(abs(timedelta(milliseconds=one.offset_ms)) > largest_offset for one in ordered),
    )


def suspected_docks(found: Iterable[Drift], largest_offset: timedelta) -> Sequence[str]:
    """Return the docks whose own clock is more likely wrong than all those of their devices.

    Three devices or more, and the middle one of their last offsets is beyond the limit.
    """
    by_dock: dict[str, list[int]] = {}
    for one in found:
        by_dock.setdefault(one.dock, []).append(one.last.offset_ms)
    return [
        dock
        for dock, offsets in sorted(by_dock.items())
        if len(offsets) >= _ENOUGH and abs(timedelta(milliseconds=median(offsets))) > largest_offset
    ]


_ENOUGH = 3  # of one or two devices nobody can tell whose clock is wrong
