"""What routes depend on: the application, the caller behind a token, and the action that a route declares.

A credential is a bearer token in the Authorization header, or a person's session in its cookie, never both:
no token in a URL but a one-time link, no trust in any header a client or proxy may set (X-Forwarded-*).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool

from evidence.bootstrap import Application
from evidence.domain.access import ANYONE, Caller
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.domain.sign_in import network_of
from evidence.errors import Invalid, Refused
from evidence.service.cases.case_access import case_named, told_as_named
from evidence.service.sign_in.sessions import OpenSession, csrf_of
from evidence.web.bodies import read_form
from evidence.web.forgery import SAFE_METHODS, verify_same_origin

COOKIE = "__Host-evidence"  # Secure, no Domain, Path=/: no other host or path of it can set one


def application(request: Request) -> Application:
    """Return the application that this service serves."""
    found: Application = request.app.state.application
    return found


# What a route is given without asking anybody is a coroutine: a plain function would cost a turn of a thread.
async def _application(request: Request) -> Application:
    return application(request)


class Admission:
    """A route's declaration of its action; also finds out who calls, before a byte of the body is read.

    With a session an unsafe method must come from a page of ours, twice shown: by the browser's own words
    (forgery.py) and by the session's second token, in the header X-CSRF-Token or, where `form`, in the form.

    Raises: Refused("not-signed-in") without a valid token or session, Refused("forged-request"),
    Refused("not-permitted") for the wrong role.
    """

    def __init__(self, action: Action, form: bool = False) -> None:
        self.action, self.form = action, form

    async def __call__(self, request: Request) -> Caller:
        """Return the caller."""
        site, is_unsafe = application(request), request.method not in SAFE_METHODS
        if self.action is Action.READ_PUBLIC:
            if is_unsafe:
                verify_same_origin(request)
            return ANYONE
        cookie, authorization = request.cookies.get(COOKIE), request.headers.get("authorization")
        if cookie and authorization:
            raise Invalid("two-credentials")
        request.state.again = partial(self, request)  # for bodies that are long on their way (bodies.py)
        if not cookie:
            return await run_in_threadpool(self._of_token, site, authorization or "")
        return await self._of_session(request, site, cookie, is_unsafe)

    def _of_token(self, site: Application, authorization: str) -> Caller:
        scheme, _, token = authorization.partition(" ")
        caller = None
        if scheme.lower() == "bearer" and token.strip():
            caller = site.accounts.identify(token.strip())
        if caller is None:
            raise Refused("not-signed-in")
        site.site.admit(caller, self.action)
        return caller

    async def _of_session(self, request: Request, site: Application, cookie: str, is_unsafe: bool) -> Caller:
        if not is_unsafe:  # in one turn of a thread: each waits for the interpreter
            return await run_in_threadpool(lambda: self._let_in(request, cookie, _opened(site, cookie)))
        opened = await run_in_threadpool(_opened, site, cookie)
        verify_same_origin(request)
        given = request.headers.get("x-csrf-token", "")
        if not given and self.form:
            given = (await read_form(request)).get("csrf", "")
        if not opened.has_csrf(given):
            raise Refused("forged-request")
        return await run_in_threadpool(self._let_in, request, cookie, opened)

    def _let_in(self, request: Request, cookie: str, opened: OpenSession) -> Caller:
        request.state.session, request.state.csrf = opened, csrf_of(cookie)
        application(request).site.admit(opened.caller, self.action)
        return opened.caller


def _opened(site: Application, cookie: str) -> OpenSession:
    opened = site.sessions.find(cookie)
    if opened is None:
        raise Refused("not-signed-in")
    return opened


class SignedIn(Admission, SecurityBase):
    """The same, and OpenAPI says that a bearer token is wanted."""

    model = HTTPBearer()
    scheme_name = "token"


def admitted(action: Action, *, form: bool = False) -> Caller:
    """Declare a route's action and give it the caller: `caller: Caller = admitted(Action.X)`.

    form: of a page, whose forms carry the token against forgery inside.
    """
    declared: Caller = Depends((Admission if action is Action.READ_PUBLIC else SignedIn)(action, form))
    return declared


async def network(request: Request) -> str:
    """Return from where a request comes, as the socket says: no header is believed."""
    return network_of(request.client.host if request.client else "")


Network = Annotated[str, Depends(network)]


App = Annotated[Application, Depends(_application)]


async def _case_of(request: Request, case_id: str) -> AsyncIterator[str]:
    """Give the id of the case in a route's path: there stands its id, or its number."""
    found = case_id
    if not is_id(case_id):
        found = await run_in_threadpool(case_named, application(request).site, case_id)
    with told_as_named(case_id, found):
        yield found


def named_case() -> str:
    """Give a route the id of the case in its path: `case_id: str = named_case()`. It stands after the caller:
    nothing is looked up for somebody who is not let in.
    """
    named: str = Depends(_case_of)
    return named


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
