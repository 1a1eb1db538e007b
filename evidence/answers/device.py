"""How devices stand in answers: the same shape over HTTP and on the command line (--json)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from evidence.domain.devices import Check, CheckFault, Device, Drift, Issue, Service
from evidence.domain.instants import to_text
from evidence.policy.rules import cite_ids
from evidence.service.devices.device_reports import Clocks, DeviceHistory, ListedDevice, UnitStock


def device_out(one: Device) -> dict[str, Any]:
    """A device. capacity_mib, service_until: null where nobody said."""
    return {
        "id": one.id,
        "serial": one.serial,
        "class": one.class_.value,
        "unit": one.unit_id,
        "maker": one.maker,
        "model": one.model,
        "firmware": one.firmware,
        "capacity_mib": one.capacity_mib,
        "service_until": None if one.service_until is None else one.service_until.isoformat(),
        "retired": _time(one.retired_at),
        "retired_by": one.retired_by,
        "retired_why": one.retired_why,
        "wiped": one.wiped,
    }


def listed_out(one: ListedDevice) -> dict[str, Any]:
    """A line of the list. days_until_full: null where nobody knows; service: a fault or maintenance that
    is not ended."""
    return {
        **device_out(one.device),
        "unit_name": one.unit,
        "state": one.state.value,
        "holder": one.holder and {"id": one.holder.id, "number": one.holder.number},
        "check": None if one.check is None else check_out(one.check, one.faults),
        "may_be_issued": one.is_checked,
        "service_over": one.is_over,
        "days_until_full": one.days_until_full,
        "not_sealed": one.owed,
        "service": None if one.service is None else service_out(one.service),
    }


def check_out(one: Check, faults: Sequence[CheckFault] | None = None) -> dict[str, Any]:
    """A check; with what is out of order where that was judged."""
    return {
        "id": one.id,
        "by": one.by,
        "at": to_text(one.at),
        "battery_percent": one.battery_percent,
        "free_percent": one.free_percent,
        "clock_offset_ms": one.clock_offset_ms,
        **({} if faults is None else {"faults": [fault.value for fault in faults]}),
    }


def issue_out(one: Issue) -> dict[str, Any]:
    """An issue, and how it came back."""
    return {
        "id": one.id,
        "person": one.person_id,
        "issued_by": one.issued_by,
        "issued": to_text(one.issued_at),
        "override": one.override,
        "returned_by": one.returned_by,
        "received_by": one.received_by,
        "returned": _time(one.returned_at),
        "by_another": one.by_another,
    }


def service_out(one: Service) -> dict[str, Any]:
    """A fault or maintenance."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "note": one.note,
        "by": one.by,
        "at": to_text(one.at),
        "outcome": one.outcome,
        "ended_by": one.ended_by,
        "ended": _time(one.ended_at),
    }


def device_history_out(one: DeviceHistory) -> dict[str, Any]:
    """All about one device."""
    return {
        **device_out(one.device),
        "checks": [check_out(check) for check in one.checks],
        "issues": [issue_out(issue) for issue in one.issues],
        "services": [service_out(service) for service in one.services],
    }


def stock_out(one: UnitStock) -> dict[str, Any]:
    """What a unit has and needs, and the numbers of who keeps it; none is red."""
    return {
        "unit": one.unit.id,
        "name": one.name,
        "custodians": [person.number for person in one.custodians],
        "devices": one.devices,
        "officers": one.officers,
        "needed": one.needed,
        "short": one.short,
        "cites": list(cite_ids(one.cites)),
    }


def clocks_out(one: Clocks) -> dict[str, Any]:
    """The drift of clocks, and the docks whose own clock is in doubt."""
    return {
        "limit_s": one.limit.total_seconds(),
        "suspected_docks": list(one.suspected),
        "clocks": [_drift_out(drift, one.registered) for drift in one.drifts],
    }


def _drift_out(one: Drift, registered: frozenset[str]) -> dict[str, Any]:
    return {
        "dock": one.dock,
        "device": one.device,
        "registered": one.device in registered,
        "cards": one.readings,
        "last": to_text(one.last.at),
        "last_offset_ms": one.last.offset_ms,
        "largest_offset_ms": one.largest_ms,
        "drift_ms_per_day": one.per_day_ms,
        "over_limit": one.over_limit,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
