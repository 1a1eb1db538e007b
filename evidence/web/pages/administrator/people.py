"""People and their accounts: the roll of one's units, what they lack, roles, one-time links."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.rights import Action, Role
from evidence.errors import EvidenceError
from evidence.service.people.people_lists import AskedPeople
from evidence.service.people.units import full_names
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import sorting_of
from evidence.web.pages.turning import ROWS

router = APIRouter(prefix="/people", tags=["pages"], include_in_schema=False)


@router.get("")
def people(
    request: Request,
    app: App,
    q: str = "",
    lacking: str = "",
    after: str | None = None,
    sort: str = "",
    caller: Caller = admitted(Action.READ_PEOPLE),
) -> Response:
    """Show the people of one's units, by number: all, those who lack something, or those with such a name."""
    order = sorting_of(sort, ("number",))
    asked = AskedPeople(q.strip(), bool(lacking), after, order.is_down)
    found = app.organisation.lists.page(caller, asked, ROWS)
    manages = may(caller, Action.MANAGE_PEOPLE, app.site.bars())
    return desk(request, caller, "people", lacking=lacking, found=found, q=q, manages=manages)


@router.get("/{number}")
def person(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.READ_PEOPLE)
) -> Response:
    """Show somebody: post, what they lack, roles and account, as far as the reader may know them."""
    return shown(request, app, caller, number)


@router.post("/{number}/link")
def make_link(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS, form=True)
) -> Response:
    """Make a one-time link with which somebody sets a password; it is shown once, here."""
    try:
        token = app.links.make(caller, number)
    except EvidenceError as problem:
        return shown(request, app, caller, number, problem)
    return shown(request, app, caller, number, token=token)


@router.post("/{number}/disable")
async def disable(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS, form=True)
) -> Response:
    """Switch an account off; its sessions end."""
    try:
        await run_in_threadpool(app.account_desk.disable, caller, number)
    except EvidenceError as problem:
        return await run_in_threadpool(shown, request, app, caller, number, problem)
    return away(f"/people/{number}?done=account-off")


@router.post("/{number}/enable")
async def enable(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS, form=True)
) -> Response:
    """Switch an account on again."""
    try:
        await run_in_threadpool(app.account_desk.enable, caller, number)
    except EvidenceError as problem:
        return await run_in_threadpool(shown, request, app, caller, number, problem)
    return away(f"/people/{number}?done=account-on")


def shown(
    request: Request,
    app: Application,
    caller: Caller,
    number: str,
    problem: EvidenceError | None = None,
    token: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """Show the page of somebody. problem: what could not be done; typed: what was typed for it."""
    found = app.organisation.lists.one(caller, number)
    allowed = partial(may, caller, bars=app.site.bars())
    roles = app.oversight.grants.held(caller, number) if allowed(Action.MANAGE_GRANTS) else []
    manages, on_roll = allowed(Action.MANAGE_ACCOUNTS), allowed(Action.MANAGE_PEOPLE)
    accounts = app.account_desk.all(caller, number) if manages else []
    leaves = on_roll and found.person.leaving_at is not None and found.person.left_at is None
    units = app.organisation.units.all(caller) if allowed(Action.MANAGE_GRANTS) else []
    return desk(
        request,
        caller,
        "person",
        problem=problem,
        found=found,
        roles=[one for one in roles if one.person.id == found.person.id],
        shows_roles=allowed(Action.MANAGE_GRANTS),
        manages=manages,
        account=next((one for one in accounts if one.person_id == found.person.id), None),
        token_link=None if token is None else f"/link/{token}",
        every_role=Role,
        units=full_names([one for one in units if one.closed_at is None]),
        on_roll=on_roll,
        still_open=app.organisation.leaving.checklist(caller, number) if leaves else None,
        typed=typed or {},
    )
