"""What is done about people: put on the roll, given roles and relieved of them, leaving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.errors import EvidenceError, Invalid
from evidence.service.people.units import full_names
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.administrator.people import shown
from evidence.web.pages.desk import desk, reading
from evidence.web.pages.rendering import away

router = APIRouter(tags=["pages"], include_in_schema=False)
FIRST_DAY_AFTER = timedelta(days=1)  # "until" names the last day


@router.get("/roll/new")
def new_person(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)) -> Response:
    """Show the form by which somebody is put on the roll."""
    return _form(request, app, caller)


@router.post("/roll/new")
async def add_person(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE, form=True)
) -> Response:
    """Put somebody on the roll; recordings that were made under this number before become theirs."""
    form = await read_form(request)

    def add() -> Response:
        name = form.get("name", "").strip()
        details: Any = {"name": name} if name else {}
        try:
            kind = PersonType(form.get("type", ""))
            number, unit = form.get("number", "").strip(), form.get("unit", "")
            added = app.organisation.people.add(caller, number, kind, unit, **details)
        except ValueError:
            return _form(request, app, caller, Invalid("invalid-request"), form)
        except EvidenceError as problem:
            return _form(request, app, caller, problem, form)
        return away(f"/people/{added.number}?done=person-added")

    return await run_in_threadpool(add)


@router.post("/people/{number}/roles")
async def give(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_GRANTS, form=True)
) -> Response:
    """Give somebody a role in a unit and below; in force at their next request."""
    form = await read_form(request)

    def act(person_id: str) -> None:
        until = _end(request, form.get("until", ""))
        role, unit = _role(form.get("role", "")), form.get("unit") or None
        app.oversight.grants.give(caller, person_id, role, unit, form.get("reason", ""), until)

    return await run_in_threadpool(_done, request, app, caller, number, act, "role-given", form)


@router.post("/people/{number}/roles/{grant}/end")
async def take_away(
    number: str,
    grant: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.MANAGE_GRANTS, form=True),
) -> Response:
    """Take a role away; it is gone at the next request."""
    form = await read_form(request)

    def act(_person_id: str) -> None:
        app.oversight.grants.revoke(caller, grant, form.get("reason", ""))

    return await run_in_threadpool(_done, request, app, caller, number, act, "role-ended", form)


@router.post("/people/{number}/leaving")
async def start_leaving(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE, form=True)
) -> Response:
    """Begin that somebody leaves: account off, sessions and roles ended now; what is open is listed."""
    form = await read_form(request)

    def act(_person_id: str) -> None:
        _verify_meant(form, number)
        app.organisation.leaving.start(caller, number)

    return await run_in_threadpool(_done, request, app, caller, number, act, "leaving-begun", form)


@router.post("/people/{number}/leaving/close")
async def close_leaving(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE, form=True)
) -> Response:
    """Close it, where nothing is open any more."""

    def act(_person_id: str) -> None:
        app.organisation.leaving.close(caller, number)

    return await run_in_threadpool(_done, request, app, caller, number, act, "person-left", {})


def _verify_meant(form: dict[str, str], number: str) -> None:
    """See that what nobody takes back was ticked, and that the person's number was typed. Raises:
    Invalid("not-confirmed").
    """
    if "sure" not in form or form.get("typed-number", "").strip() != number:
        raise Invalid("not-confirmed", number=number)


def _done(
    request: Request, app: Application, caller: Caller, number: str, act: Any, done: str, form: dict[str, str]
) -> Response:
    """Do an act about somebody in one's scope and go back to their page, with the problem if there is one."""
    found = app.organisation.lists.one(caller, number)
    try:
        act(found.person.id)
    except EvidenceError as problem:
        return shown(request, app, caller, number, problem, typed=form)
    return away(f"/people/{number}?done={done}")


def _form(
    request: Request,
    app: Application,
    caller: Caller,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    units = full_names([one for one in app.organisation.units.all(caller) if one.closed_at is None])
    facts: dict[str, Any] = {"units": units, "types": PersonType, "typed": typed or {}}
    return desk(request, caller, "person_new", problem=problem, **facts)


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise Invalid("invalid-request") from None


def _end(request: Request, day: str) -> datetime | None:
    """Return the end of a day in the time zone of the law; None for no day. Raises: Invalid."""
    if not day:
        return None
    try:
        return datetime.fromisoformat(day).replace(tzinfo=reading(request).zone) + FIRST_DAY_AFTER
    except (ValueError, OverflowError):
        raise Invalid("invalid-request") from None
