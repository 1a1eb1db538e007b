"""Devices: what a check finds, how long a card lasts, how clocks drift and whose clock is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from evidence.domain.devices import (
    Check,
    CheckFault,
    Device,
    DeviceState,
    Issue,
    Reading,
    Service,
    ServiceKind,
    days_until_full,
    drifts,
    faults_of,
    is_fresh,
    state_of,
    suspected_docks,
)
from evidence.policy.equipment import DeviceClass, PreShiftCheck

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
RULE = PreShiftCheck(timedelta(hours=24), 60, 20, ())
LIMIT = timedelta(minutes=5)


def a_check(battery: int = 60, free: int = 20, offset_ms: int = 300_000, at: datetime = NOW) -> Check:
    return Check("c", "d", "by", at, battery, free, offset_ms)


def test_a_check_finds_what_is_beyond_its_limit_and_nothing_at_the_limit() -> None:
    assert faults_of(a_check(), RULE, LIMIT) == ()
    assert faults_of(a_check(offset_ms=-300_000), RULE, LIMIT) == ()
    assert faults_of(a_check(battery=59), RULE, LIMIT) == (CheckFault.BATTERY,)
    assert faults_of(a_check(free=19), RULE, LIMIT) == (CheckFault.SPACE,)
    assert faults_of(a_check(offset_ms=-300_001), RULE, LIMIT) == (CheckFault.CLOCK,)
    assert faults_of(a_check(0, 0, 400_000), RULE, LIMIT) == tuple(CheckFault)


def test_a_check_holds_for_a_day() -> None:
    assert is_fresh(a_check(), RULE, NOW + timedelta(hours=24))
    assert not is_fresh(a_check(), RULE, NOW + timedelta(hours=24, milliseconds=1))


def test_a_device_is_retired_before_issued_before_in_repair() -> None:
    one = Device("d", "S", DeviceClass.BODY_CAMERA, "u")
    gone = Device("d", "S", DeviceClass.BODY_CAMERA, "u", retired_at=NOW)
    issue = Issue("i", "d", "p", "by", NOW)
    service = Service("s", "d", ServiceKind.FAULT, "镜头", "by", NOW)
    assert state_of(one, None, None) is DeviceState.IN_STOCK
    assert state_of(one, None, service) is DeviceState.IN_REPAIR
    assert state_of(one, issue, service) is DeviceState.ISSUED
    assert state_of(gone, issue, service) is DeviceState.RETIRED


@pytest.mark.parametrize(
    ("free", "recorded", "days"),
    [
        (50, {date(2026, 2, 27): 10 << 20, date(2026, 2, 28): 30 << 20}, 25.0),
        (50, {date(2026, 2, 28): 20 << 20, date(2026, 3, 2): 20 << 20}, 24.0),  # one was recorded since
        (1, {date(2026, 3, 2): 20 << 20}, 0.0),
        (50, {}, None),
    ],
)
def test_a_card_lasts_as_many_days_as_its_room_has_of_the_usual_day(
    free: int, recorded: dict[date, int], days: float | None
) -> None:
    assert days_until_full(1000, a_check(free=free), recorded) == days
    assert days_until_full(None, a_check(free=free), recorded) is None
    assert days_until_full(1000, None, recorded) is None


def test_drift_is_told_by_dock_and_device_over_a_day_or_more() -> None:
    readings = [
        Reading("east", "A", NOW, 1000),
        Reading("east", "A", NOW + timedelta(days=2), 401_000),
        Reading("west", "A", NOW + timedelta(hours=1), 2000),
    ]
    east, west = drifts(reversed(readings), LIMIT)
    assert (east.dock, east.readings, east.per_day_ms, east.over_limit) == ("east", 2, 200_000, 1)
    assert (east.last.offset_ms, east.largest_ms) == (401_000, 401_000)
    assert (west.dock, west.per_day_ms, west.over_limit) == ("west", None, 0)


def test_a_dock_at_which_most_devices_are_off_is_in_doubt_itself() -> None:
    off = [Reading("east", name, NOW, 400_000) for name in ("A", "B")]
    assert suspected_docks(drifts(off, LIMIT), LIMIT) == [], "of two nobody can tell"
    off.append(Reading("east", "C", NOW, 500))
    assert suspected_docks(drifts(off, LIMIT), LIMIT) == ["east"]
    off += [Reading("east", name, NOW, 500) for name in ("D", "E")]
    assert suspected_docks(drifts(off, LIMIT), LIMIT) == []
