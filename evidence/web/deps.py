"""What routes depend on: the application, the caller behind a token, and the action that a route declares.

A credential is a bearer token in the Authorization header and nothing else: no token in a URL, no trust in
any
header a client or proxy may set (X-Forwarded-*, Host).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool

from evidence.bootstrap import Application
from evidence.domain.access import ANYONE, Caller
from evidence.domain.rights import Action
from evidence.errors import Refused


def application(request: Request) -> Application:
    """Return the application that this service serves."""
    found: Application = request.app.state.application
    return found


class Admission:
    """A route's declaration of its action; also finds out who calls, before a byte of the body is read.

    Raises: Refused("not-signed-in") without a valid token, Refused("not-permitted") for the wrong role.
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, request: Request) -> Caller:
        """Return the caller."""
        site = application(request)
        if self.action is Action.READ_PUBLIC:
            return ANYONE
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        caller = None
        if scheme.lower() == "bearer" and token.strip():
            caller = await run_in_threadpool(site.accounts.identify, token.strip())
        if caller is None:
            raise Refused("not-signed-in")
        await run_in_threadpool(site.site.admit, caller, self.action)
        return caller


class SignedIn(Admission, SecurityBase):
    """The same, and OpenAPI says that a bearer token is wanted."""

    model = HTTPBearer()
    scheme_name = "token"


def admitted(action: Action) -> Caller:
    """Declare a route's action and give it the caller: `caller: Caller = admitted(Action.X)`."""
    declared: Caller = Depends((Admission if action is Action.READ_PUBLIC else SignedIn)(action))
    return declared


App = Annotated[Application, Depends(application)]


def verify_every_route_has_an_action(app: FastAPI) -> dict[str, Action]:
    """Return the action of each route ("GET /path"). Raises: RuntimeError where one has none or several."""
    census: dict[str, Action] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            raise RuntimeError(f"a route that cannot declare an action: {route!r}")
        actions = [d.call.action for d in route.dependant.dependencies if isinstance(d.call, Admission)]
        if len(actions) != 1:
            raise RuntimeError(f"{route.path}: a route declares exactly one action, this one {len(actions)}")
        for method in context.methods or ():
            census[f"{method} {context.path}"] = actions[0]
    return census
