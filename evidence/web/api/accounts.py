"""Accounts of people over HTTP, for security administrators: links, switching off and on, release."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])


class AccountOut(BaseModel):
    """An account. state: active, waiting (no password yet), disabled, left."""

    person: str
    number: str
    state: str
    factors: list[str]
    locked_from: int


class LinkOut(BaseModel):
    """A one-time link: its path at this service, shown this once."""

    link: str


@router.get("")
def accounts(app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS)) -> list[AccountOut]:
    """List the accounts that the caller manages."""
    return [
        AccountOut(
            person=one.person_id,
            number=one.number,
            state=one.state,
            factors=list(one.factors),
            locked_from=one.locked_from,
        )
        for one in app.account_desk.all(caller)
    ]


@router.post("/{number}/link", status_code=201)
def make_link(number: str, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS)) -> LinkOut:
    """Make a one-time link for the person with a number; earlier ones are worthless."""
    return LinkOut(link=f"/link/{app.links.make(caller, number)}")


@router.post("/{number}/disable", status_code=204)
def disable(number: str, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS)) -> None:
    """Switch an account off; its sessions end at once."""
    app.account_desk.disable(caller, number)


@router.post("/{number}/enable", status_code=204)
def enable(number: str, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS)) -> None:
    """Switch an account on again."""
    app.account_desk.enable(caller, number)


@router.post("/{number}/unlock", status_code=204)
def unlock(number: str, app: App, caller: Caller = admitted(Action.MANAGE_ACCOUNTS)) -> None:
    """Release an account that is locked after failed tries."""
    app.account_desk.unlock(caller, number)
