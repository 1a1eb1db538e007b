"""The FastAPI application of one site. A route without a declared action refuses to start."""

from __future__ import annotations

import contextlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evidence import __version__
from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.jobs import JobName
from evidence.web import alarms, errors, tus
from evidence.web.api import ROUTERS
from evidence.web.deps import App, admitted, verify_every_route_has_an_action
from evidence.web.metering import Meter, Metered
from evidence.web.pages import (
    account,
    custody,
    factors,
    front,
    language,
    officer_docking,
    officer_gaps,
    officer_recordings,
    officer_shift,
    problems,
    roster,
    shared,
    sign_in,
    static,
)
from evidence.web.pages.administrator import alarms as alarm_pages
from evidence.web.pages.administrator import docks, log, packs, people, roll, status, tokens, units
from evidence.web.pages.supervisor import (
    board,
    complaints,
    exemptions,
    faults,
    gaps,
    matrix,
    review,
    samples,
    trends,
)
from evidence.web.rooms_by_path import ask_by_first_part

PAGES = (
    *(front, sign_in, account, factors, roster, shared, language, static),
    *(officer_shift, officer_docking, officer_recordings, officer_gaps),
    custody,
    *(board, gaps, review, matrix, complaints, faults, exemptions, samples, trends),
    *(log, alarm_pages, status, people, roll, units, docks, tokens, packs),
)
WORKERS_BESIDE = "workers.beside:Beside"
# What the service measures it tells on /metrics. FastAPI would hand paths and messages of errors to whatever
# collector the machine's environment names, and asks at each request whether there is one.
_TELLS_NOBODY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)

health = APIRouter(tags=["health"])

_HEADERS = [(name.encode(), value.encode()) for name, value in errors.PROTECTIVE.items()]


@health.get("/health")
def alive(_caller: Caller = admitted(Action.READ_PUBLIC)) -> dict[str, str]:
    """Say that the process lives."""
    return {"state": "alive"}


@health.get("/ready")
def ready(request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> dict[str, str]:
    """Say whether uploads can be taken and sealed now. 503 when the database cannot be read or the workers
    are silent, 507 when space runs out.
    """
    app.reports.verify_ready()
    if request.app.state.workers is not None:
        request.app.state.workers.verify_alive()
    return {"state": "ready"}


@health.get("/openapi.json")
def schema(request: Request, _caller: Caller = admitted(Action.READ_PUBLIC)) -> dict[str, object]:
    """Return the OpenAPI description of this service."""
    described: dict[str, object] = request.app.openapi()
    return described


class Workers(Protocol):
    """The workers beside a service that has its own (workers/beside.py)."""

    @property
    def pid(self) -> int:
        """Their process."""

    def ring(self, *names: JobName) -> None:
        """See service.ports.JobBell."""

    def begin(self, application: Application) -> None:
        """Let them begin."""

    def verify_alive(self) -> None:
        """Raises: Unavailable("workers-silent")."""

    def stop(self) -> None:
        """Let them end, and wait for the work in hand."""


def fork_workers(data: Path) -> Workers:
    """Fork the workers of an embedded site by name: the service never imports workers, it only knows where to
    ask. Nothing may be open yet, and no thread started.
    """
    fork: Callable[[Path], Workers] = pkgutil.resolve_name(WORKERS_BESIDE)
    return fork(data)


def create_app(
    application: Application, workers: Workers | None = None, *, start_workers: bool = True
) -> FastAPI:
    """Build the web application over an open site. workers: its own, if it has any; start_workers: its start
    is logged, and who works for it begins. Raises: RuntimeError for a route without an action.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if start_workers:
            await run_in_threadpool(_begin, application, workers)
        try:
            async with alarms.watched(app, application):
                yield
        finally:
            if workers is not None:
                workers.stop()
                application.signer.close()

    routes, census = _doors()
    app = FastAPI(
        title="evidence",
        version=__version__,
        lifespan=lifespan,
        routes=[*routes],
        docs_url=None,  # its pages load scripts from elsewhere; the schema itself is served below
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would repeat whatever Host the client claims
        telemetry=_TELLS_NOBODY,
    )
    app.state.application = application
    errors.install(app, problems.shown)
    app.state.census = census
    app.state.alarms, app.state.workers = 0, workers
    app.state.meter = Meter(None if workers is None else lambda: workers.pid)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Metered)
    return app


@cache
def _doors() -> tuple[list[BaseRoute], dict[str, Action]]:
    """Return the routes and the action of each: the same for every site, so a process builds them once."""
    said: dict[int | str, dict[str, Any]] = {"4XX": errors.DESCRIBED, "5XX": errors.DESCRIBED}
    built = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, responses=said, telemetry=_TELLS_NOBODY)
    for router in (health, tus.router, *ROUTERS, *(page.router for page in PAGES)):
        built.include_router(router)
    ask_by_first_part(built.routes)
    return built.routes, verify_every_route_has_an_action(built)


def _begin(application: Application, workers: Workers | None) -> None:
    """Log that the service starts, and let those begin who work for it."""
    application.watching.begin()
    if workers is None:  # a queue that is away, or refuses us, is told of now
        application.site.bell.ring(*JobName)
    else:
        workers.begin(application)


class SafeHeaders:
    """Puts the same protective headers on every answer, errors included; and the mark of a standing alarm."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add headers to the start of the answer."""

        standing: int = scope["app"].state.alarms if "app" in scope else 0

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _HEADERS if pair[0] not in there),
                    *([(alarms.HEADER, b"%d" % standing)] if standing else []),
                ]
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)
