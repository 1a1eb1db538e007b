"""Every route declares exactly one action, and one without refuses to start."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from evidence.domain.rights import Action
from evidence.service.gate import REGISTER
from evidence.web.app import create_app
from evidence.web.deps import verify_every_route_has_an_action
from tests.builders import SmallSite
from tests.permissions.reading import ROUTES

_FOR_PROGRAMS = ("/api/", "/health", "/ready", "/metrics", "/openapi.json")
PAGES = {route for route in ROUTES if not route.split()[1].startswith(_FOR_PROGRAMS)}


class _Opened:
    """As much of an Application as building the routes needs."""


def test_the_routes_are_the_reviewed_ones(tmp_path: Path) -> None:
    del tmp_path
    app = create_app(_Opened(), start_workers=False)  # type: ignore[arg-type]
    assert app.state.census == ROUTES


def test_a_route_without_an_action_refuses_to_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/forgotten")
    def forgotten() -> None:
        """Nobody said who may call this."""

    with pytest.raises(RuntimeError, match="exactly one action"):
        verify_every_route_has_an_action(app)


def test_every_action_guards_a_use_case() -> None:
    assert set(Action) - {Action.READ_PUBLIC} == set(REGISTER.values())


def test_a_site_can_be_built_small(tmp_path: Path) -> None:
    assert SmallSite(tmp_path).dock.id
