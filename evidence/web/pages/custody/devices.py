"""Devices: who has what, what was never checked; register, issue, take back, check, retire."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.errors import EvidenceError, Invalid
from evidence.policy.equipment import DeviceClass
from evidence.service.devices.device_ports import Order
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import sorting_of

router = APIRouter(prefix="/custody/devices", tags=["pages"], include_in_schema=False)

MOST = 50


@router.get("")
def devices(request: Request, app: App, caller: Caller = admitted(Action.READ_DEVICES)) -> Response:
    """List devices: what nobody checked first."""
    return _shown(request, app, caller)


@router.post("/register")
async def register(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES, form=True)
) -> Response:
    """Register a device."""
    form = await read_form(request)
    said = (form.get("serial", "").strip(), form.get("class", ""), form.get("unit", ""))
    return await _acted(request, app, caller, "registered", app.equipment.register.add, caller, *said)


@router.post("/issue")
async def issue(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES, form=True)
) -> Response:
    """Hand a device out."""
    form = await read_form(request)
    said = (form.get("serial", ""), form.get("number", "").strip(), form.get("override", "").strip() or None)
    return await _acted(request, app, caller, "issued", app.equipment.custody.issue, caller, *said)


@router.post("/return")
async def take_back(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES, form=True)
) -> Response:
    """Take a device back from somebody."""
    form = await read_form(request)
    said = (form.get("serial", ""), form.get("number", "").strip())
    return await _acted(request, app, caller, "returned", app.equipment.custody.give_back, caller, *said)


@router.post("/check")
async def check(
    request: Request, app: App, caller: Caller = admitted(Action.CARE_FOR_DEVICES, form=True)
) -> Response:
    """Note what a check before a shift measured."""
    form = await read_form(request)

    def act() -> object:
        measured = tuple(_figure(form, one) for one in ("battery", "free", "offset"))
        return app.equipment.custody.check(caller, form.get("serial", ""), *measured)

    return await _acted(request, app, caller, "checked", act)


@router.post("/retire")
async def retire(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DEVICES, form=True)
) -> Response:
    """Take a device out of use for good."""
    form = await read_form(request)
    said = (form.get("serial", ""), form.get("why", ""), form.get("wiped", ""))
    return await _acted(request, app, caller, "retired", app.equipment.register.retire, caller, *said)


def _figure(form: dict[str, str], field: str) -> int:
    try:
        return int(form.get(field, ""))
    except ValueError:
        raise Invalid("invalid-measure", field=field) from None


async def _acted(
    request: Request, app: Application, caller: Caller, done: str, act: Any, *said: Any
) -> Response:
    try:
        await run_in_threadpool(act, *said)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem)
    return away(f"/custody/devices?done=device-{done}")


def _shown(
    request: Request, app: Application, caller: Caller, problem: EvidenceError | None = None
) -> Response:
    asked = request.query_params
    sorting_of(asked.get("sort", ""), ("serial",))
    order = Order(asked.get("sort", ""))
    found = app.equipment.reports.page(caller, order, asked.get("after") or None, MOST)
    return desk(
        request,
        caller,
        "custody/devices",
        problem=problem,
        found=found,
        units=app.equipment.reports.by_unit(caller),
        classes=[one.value for one in DeviceClass],
        may_manage=may(caller, Action.MANAGE_DEVICES, app.site.bars()),
        typed=getattr(request.state, "form", {}),
    )
