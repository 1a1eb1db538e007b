"""Recording devices over HTTP: the register, checks, issue and return, faults, lists."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any, cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.device import (
    check_out,
    clocks_out,
    device_history_out,
    device_out,
    issue_out,
    listed_out,
    service_out,
    stock_out,
)
from evidence.domain.access import Caller
from evidence.domain.devices import ServiceKind
from evidence.domain.rights import Action
from evidence.service.devices.device_register import DeviceDetails
from evidence.web.bodies import coded, described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

_LONGEST_BODY_BYTES = 64 << 10
Name = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class _Known(BaseModel):
    """What else is known about a device; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    maker: Name | None = None
    model: Name | None = None
    firmware: Name | None = None
    capacity_mib: int | None = Field(default=None, ge=1, le=1 << 40)
    service_until: date | None = None

    def details(self) -> DeviceDetails:
        """Return what was said."""
        return cast("DeviceDetails", self.model_dump(include=set(_Known.model_fields), exclude_unset=True))


class DeviceIn(_Known):
    """A new device: its serial number as docks send it, its class, the id of its unit."""

    serial: Name
    class_: Annotated[str, coded("device-class")] = Field(alias="class", max_length=40)
    unit: str = Field(max_length=32)


class DeviceChange(_Known):
    """What is to change. unit: the id of another unit."""

    unit: str | None = Field(default=None, max_length=32)


class CheckIn(BaseModel):
    """What a check before a shift measured."""

    model_config = ConfigDict(extra="forbid")
    battery_percent: int = Field(ge=0, le=100)
    free_percent: int = Field(ge=0, le=100)
    clock_offset_ms: int


class IssueIn(BaseModel):
    """Who is to have it, by number; override: why without a check in time."""

    model_config = ConfigDict(extra="forbid")
    number: Name
    override: Reason | None = None


class ReturnIn(BaseModel):
    """Who brings it, by number."""

    model_config = ConfigDict(extra="forbid")
    number: Name


class ServiceIn(BaseModel):
    """A fault, or maintenance that begins."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[ServiceKind, one_of(ServiceKind, "service-kind")]
    note: Reason


class OutcomeIn(BaseModel):
    """How it ended."""

    model_config = ConfigDict(extra="forbid")
    outcome: Reason


class RetirementIn(BaseModel):
    """Why a device leaves service, and how it was shown that nothing is left on it."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason
    wiped: Reason


@router.get("")
def devices(app: App, caller: Caller = admitted(Action.READ_DEVICES)) -> list[dict[str, Any]]:
    """List the devices of the caller's units, the retired ones too."""
    return [listed_out(one) for one in app.equipment.reports.all(caller)]


@router.post("", status_code=201, openapi_extra=described(DeviceIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES)) -> dict[str, Any]:
    """Register a device."""
    new = await read_json(request, DeviceIn, _LONGEST_BODY_BYTES)
    words = (new.serial, new.class_, new.unit)
    register = partial(app.equipment.register.add, caller, *words, **new.details())
    return device_out(await run_in_threadpool(register))


@router.get("/units")
def units(app: App, caller: Caller = admitted(Action.READ_DEVICES)) -> list[dict[str, Any]]:
    """List what each unit has and needs, and who keeps it."""
    return [stock_out(one) for one in app.equipment.reports.by_unit(caller)]


@router.get("/clocks")
def clocks(app: App, caller: Caller = admitted(Action.READ_DEVICES)) -> dict[str, Any]:
    """Return how far clocks were off at each dock, over the last thirty days."""
    return clocks_out(app.equipment.reports.clocks(caller))


@router.get("/{device}")
def device(device: str, app: App, caller: Caller = admitted(Action.READ_DEVICES)) -> dict[str, Any]:
    """Return a device, by id or serial number, with its checks, issues, faults and maintenance."""
    return device_history_out(app.equipment.reports.history(caller, device))


@router.patch("/{device}", openapi_extra=described(DeviceChange))
async def change(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES)
) -> dict[str, Any]:
    """Change a device's row, or hand it to another unit."""
    said = await read_json(request, DeviceChange, _LONGEST_BODY_BYTES)
    details = said.details()
    if said.unit is not None:
        details["unit_id"] = said.unit
    changed = partial(app.equipment.register.change, caller, device, **details)
    return device_out(await run_in_threadpool(changed))


@router.post("/{device}/checks", status_code=201, openapi_extra=described(CheckIn))
async def check(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.CARE_FOR_DEVICES)
) -> dict[str, Any]:
    """Note what a check before a shift measured; the answer says what is out of order."""
    said = await read_json(request, CheckIn, _LONGEST_BODY_BYTES)
    measured = (said.battery_percent, said.free_percent, said.clock_offset_ms)
    return check_out(*await run_in_threadpool(app.equipment.custody.check, caller, device, *measured))


@router.post("/{device}/issue", status_code=201, openapi_extra=described(IssueIn))
async def issue(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES)
) -> dict[str, Any]:
    """Hand a device to a person."""
    said = await read_json(request, IssueIn, _LONGEST_BODY_BYTES)
    words = (device, said.number, said.override)
    return issue_out(await run_in_threadpool(app.equipment.custody.issue, caller, *words))


@router.post("/{device}/return", openapi_extra=described(ReturnIn))
async def give_back(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES)
) -> dict[str, Any]:
    """Take a device back from whoever brings it."""
    said = await read_json(request, ReturnIn, _LONGEST_BODY_BYTES)
    return issue_out(await run_in_threadpool(app.equipment.custody.give_back, caller, device, said.number))


@router.post("/{device}/services", status_code=201, openapi_extra=described(ServiceIn))
async def report(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.CARE_FOR_DEVICES)
) -> dict[str, Any]:
    """Report a fault, or that maintenance begins."""
    said = await read_json(request, ServiceIn, _LONGEST_BODY_BYTES)
    words = (device, said.kind, said.note)
    return service_out(await run_in_threadpool(app.equipment.custody.report, caller, *words))


@router.post("/{device}/services/end", openapi_extra=described(OutcomeIn))
async def settle(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES)
) -> dict[str, Any]:
    """Note that a fault is mended, or maintenance over."""
    said = await read_json(request, OutcomeIn, _LONGEST_BODY_BYTES)
    return service_out(await run_in_threadpool(app.equipment.custody.settle, caller, device, said.outcome))


@router.post("/{device}/retirement", openapi_extra=described(RetirementIn))
async def retire(
    device: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES)
) -> dict[str, Any]:
    """Take a device out of service for good; refused while files of it are not brought in."""
    said = await read_json(request, RetirementIn, _LONGEST_BODY_BYTES)
    words = (device, said.reason, said.wiped)
    return device_out(await run_in_threadpool(app.equipment.register.retire, caller, *words))
