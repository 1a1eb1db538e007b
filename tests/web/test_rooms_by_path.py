"""Routers are asked only about paths that they may have: whoever answers is who would have answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Match

from evidence.web.app import _doors
from evidence.web.rooms_by_path import ask_by_first_part

METHODS = ("GET", "POST", "PATCH", "DELETE", "OPTIONS")


def answers(routes: Sequence[BaseRoute], path: str, method: str, *, all_asked: bool) -> list[Match]:
    """Return what each router says to a request. all_asked: as FastAPI itself would ask them."""
    found = []
    for route in routes:
        scope = {"type": "http", "path": path, "method": method, "headers": [], "root_path": ""}
        found.append((type(route).matches(route, scope) if all_asked else route.matches(scope))[0])
    return found


def test_every_request_is_answered_by_whom_it_would_have_been_answered_by() -> None:
    routes, _ = _doors()
    known = {re.sub(r"{[^}]*}", "0" * 32, context.path or "") for context in iter_route_contexts(routes)}
    odd = {
        "",
        "/",
        "//",
        "/nothing",
        "/custody",
        "/custody/",
        "/api",
        "/API/v1/uploads",
        "/%61pi",
        "/recordings/a/b",
    }
    assert len(known) > 100
    for path in sorted(known | odd | {f"{path}/" for path in known}):
        for method in METHODS:
            said = answers(routes, path, method, all_asked=False)
            assert said == answers(routes, path, method, all_asked=True), (method, path)


def test_a_router_whose_first_part_may_be_anything_is_always_asked() -> None:
    plain, open_to_all, app = APIRouter(prefix="/a"), APIRouter(), FastAPI(openapi_url=None, docs_url=None)
    plain.add_api_route("/b", lambda: None)
    open_to_all.add_api_route("/{any}/c", lambda any: None)  # noqa: A006
    app.router.routes.clear()
    for router in (plain, open_to_all):
        app.include_router(router)
    ask_by_first_part(app.routes)
    for path, said in {
        "/a/b": [Match.FULL, Match.NONE],
        "/a/c": [Match.NONE, Match.FULL],
        "/x/c": [Match.NONE, Match.FULL],
        "/x/b": [Match.NONE, Match.NONE],
    }.items():
        assert answers(app.routes, path, "GET", all_asked=False) == said, path
