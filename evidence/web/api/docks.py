"""Docks over HTTP: make one, list them, bind them to recorders, revoke them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.intake.binding import MOST_DEVICES
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/docks", tags=["docks"])

_LONGEST_BODY_BYTES = 64 << 10
_LONGEST_LIST_BYTES = 2 << 20


class DockIn(BaseModel):
    """A new dock."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)


class DevicesIn(BaseModel):
    """The recorders that a dock may send for, by serial number; null: any."""

    model_config = ConfigDict(extra="forbid")
    devices: list[str] | None = Field(max_length=MOST_DEVICES)


class DockOut(BaseModel):
    """A dock; the token only in the answer that made it. devices: what it is bound to; null: any."""

    id: str
    name: str
    token: str | None = None
    devices: list[str] | None = None


@router.post("", status_code=201, openapi_extra=described(DockIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DOCKS)) -> DockOut:
    """Add a dock; its token is shown this once."""
    dock = await read_json(request, DockIn, _LONGEST_BODY_BYTES)
    account, token = await run_in_threadpool(app.accounts.add_dock, caller, dock.name)
    return DockOut(id=account.id, name=account.name, token=token)


@router.delete("/{dock_id}", status_code=204)
def revoke(dock_id: str, app: App, caller: Caller = admitted(Action.MANAGE_DOCKS)) -> None:
    """Revoke a dock's token; it is refused from its next request on."""
    app.accounts.revoke_dock(caller, dock_id)


@router.get("")
def docks(app: App, caller: Caller = admitted(Action.MANAGE_DOCKS)) -> list[DockOut]:
    """List the docks."""
    return [_dock_out(account) for account in app.accounts.docks(caller)]


@router.put("/{dock_id}/devices", status_code=204, openapi_extra=described(DevicesIn))
async def bind(
    dock_id: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DOCKS)
) -> None:
    """Bind a dock to recorders: it is refused for any other from its next request on."""
    bound = await read_json(request, DevicesIn, _LONGEST_LIST_BYTES)
    await run_in_threadpool(app.binding.bind, caller, dock_id, bound.devices)


def _dock_out(account: Caller) -> DockOut:
    devices = None if account.devices is None else sorted(account.devices)
    return DockOut(id=account.id, name=account.name, devices=devices)
