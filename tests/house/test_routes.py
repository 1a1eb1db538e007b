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

# The reviewed table: a new route changes this file, and a reviewer sees it.
ROUTES = {
    "GET /health": Action.READ_PUBLIC,
    "GET /ready": Action.READ_PUBLIC,
    "GET /openapi.json": Action.READ_PUBLIC,
    "GET /api/v1/key": Action.READ_PUBLIC,
    "OPTIONS /api/v1/uploads": Action.READ_PUBLIC,
    "POST /api/v1/uploads": Action.SEND_RECORDING,
    "HEAD /api/v1/uploads/{upload_id}": Action.SEND_RECORDING,
    "PATCH /api/v1/uploads/{upload_id}": Action.SEND_RECORDING,
    "DELETE /api/v1/uploads/{upload_id}": Action.SEND_RECORDING,
    "GET /api/v1/uploads/{upload_id}/receipt": Action.READ_RECEIPT,
    "POST /api/v1/cards": Action.ANNOUNCE_CARD,
    "GET /api/v1/recordings": Action.LIST_RECORDINGS,
    "GET /api/v1/recordings/{recording_id}": Action.LIST_RECORDINGS,
    "GET /api/v1/recordings/{recording_id}/findings": Action.READ_FINDINGS,
    "GET /api/v1/recordings/{recording_id}/manifest": Action.READ_MANIFEST,
    "GET /api/v1/recordings/{recording_id}/original": Action.READ_ORIGINAL,
    "GET /api/v1/recordings/{recording_id}/play": Action.PLAY,
    "POST /api/v1/cases": Action.MANAGE_CASES,
    "GET /api/v1/cases": Action.MANAGE_CASES,
    "GET /api/v1/cases/{case_id}": Action.MANAGE_CASES,
    "POST /api/v1/cases/{case_id}/close": Action.MANAGE_CASES,
    "PUT /api/v1/cases/{case_id}/recordings/{recording_id}": Action.MANAGE_CASES,
    "DELETE /api/v1/cases/{case_id}/recordings/{recording_id}": Action.MANAGE_CASES,
    "PUT /api/v1/cases/{case_id}/members/{person_id}": Action.MANAGE_CASES,
    "DELETE /api/v1/cases/{case_id}/members/{person_id}": Action.MANAGE_CASES,
    "GET /api/v1/findings": Action.READ_FINDINGS,
    "GET /api/v1/deadlines": Action.READ_DEADLINES,
    "GET /api/v1/gaps": Action.READ_GAPS,
    "GET /api/v1/status": Action.READ_STATUS,
    "GET /api/v1/alarms": Action.READ_STATUS,
    "GET /api/v1/log-keys": Action.READ_PUBLIC,
    "GET /api/v1/logs/custody/checkpoint": Action.READ_PUBLIC,
    "GET /api/v1/logs/access/{year}/checkpoint": Action.READ_PUBLIC,
    "GET /api/v1/logs/custody/consistency": Action.READ_PUBLIC,
    "GET /api/v1/logs/access/{year}/consistency": Action.READ_PUBLIC,
    "GET /api/v1/uploads/{upload_id}/proof": Action.READ_RECEIPT,
    "POST /api/v1/docks": Action.MANAGE_DOCKS,
    "POST /api/v1/recordings/{recording_id}/holds": Action.HOLD,
    "GET /api/v1/recordings/{recording_id}/holds": Action.HOLD,
    "POST /api/v1/holds/{hold_id}/ask-release": Action.HOLD,
    "POST /api/v1/holds/{hold_id}/release": Action.HOLD,
    "GET /api/v1/docks": Action.MANAGE_DOCKS,
    "DELETE /api/v1/docks/{dock_id}": Action.MANAGE_DOCKS,
    "GET /api/v1/accounts": Action.MANAGE_ACCOUNTS,
    "POST /api/v1/accounts/{number}/link": Action.MANAGE_ACCOUNTS,
    "POST /api/v1/accounts/{number}/disable": Action.MANAGE_ACCOUNTS,
    "POST /api/v1/accounts/{number}/enable": Action.MANAGE_ACCOUNTS,
    "POST /api/v1/accounts/{number}/unlock": Action.MANAGE_ACCOUNTS,
    "GET /api/v1/grants": Action.READ_PEOPLE,
    "POST /api/v1/grants": Action.MANAGE_GRANTS,
    "POST /api/v1/grants/{grant_id}/revocation": Action.MANAGE_GRANTS,
    "POST /api/v1/emergencies": Action.ASK_EMERGENCY,
    "GET /api/v1/emergencies/own": Action.ASK_EMERGENCY,
    "POST /api/v1/emergencies/own/{emergency_id}/end": Action.ASK_EMERGENCY,
    "GET /api/v1/emergencies": Action.DECIDE_EMERGENCY,
    "POST /api/v1/emergencies/{emergency_id}/decision": Action.DECIDE_EMERGENCY,
    "POST /api/v1/emergencies/{emergency_id}/end": Action.DECIDE_EMERGENCY,
    "POST /api/v1/recordings/{recording_id}/class": Action.CLASSIFY,
    "POST /api/v1/class-changes/{change_id}/decision": Action.CLASSIFY,
    "POST /api/v1/recordings/{recording_id}/readers": Action.CLASSIFY,
    "DELETE /api/v1/recordings/{recording_id}/readers/{person_id}": Action.CLASSIFY,
    "GET /api/v1/classified": Action.CLASSIFY,
    "POST /api/v1/serious-events": Action.MARK_SERIOUS,
    "GET /api/v1/serious-events": Action.MARK_SERIOUS,
    "POST /api/v1/serious-events/{event_id}/end": Action.MARK_SERIOUS,
    "GET /api/v1/recordings/{recording_id}/views": Action.READ_VIEWS,
    "GET /api/v1/denials": Action.READ_DENIALS,
    "GET /api/v1/notices": Action.READ_NOTICES,
    "POST /api/v1/tokens": Action.MANAGE_TOKENS,
    "GET /static/evidence.css": Action.READ_PUBLIC,
    "GET /": Action.READ_PUBLIC,
    "GET /sign-in": Action.READ_PUBLIC,
    "POST /sign-in": Action.READ_PUBLIC,
    "POST /sign-in/code": Action.READ_PUBLIC,
    "POST /sign-in/password": Action.READ_PUBLIC,
    "GET /link/{token}": Action.READ_PUBLIC,
    "POST /link/{token}": Action.READ_PUBLIC,
    "POST /second-factor": Action.READ_PUBLIC,
    "GET /account": Action.OWN_ACCOUNT,
    "POST /account/sign-out": Action.OWN_ACCOUNT,
    "POST /account/sessions/others/end": Action.OWN_ACCOUNT,
    "POST /account/sessions/{session_id}/end": Action.OWN_ACCOUNT,
    "POST /account/password": Action.OWN_ACCOUNT,
    "POST /account/second-factor": Action.OWN_ACCOUNT,
    "POST /account/second-factor/remove": Action.OWN_ACCOUNT,
    "GET /static/passkey.js": Action.READ_PUBLIC,
    "POST /sign-in/passkey": Action.READ_PUBLIC,
    "POST /sign-in/passkey/alone": Action.READ_PUBLIC,
    "POST /sign-in/passkey/second": Action.READ_PUBLIC,
    "GET /sign-in/oidc": Action.READ_PUBLIC,
    "GET /sign-in/oidc/return": Action.READ_PUBLIC,
    "GET /sign-in/oidc/out": Action.READ_PUBLIC,
    "GET /account/passkeys": Action.OWN_ACCOUNT,
    "POST /account/passkeys/new": Action.OWN_ACCOUNT,
    "POST /account/passkeys": Action.OWN_ACCOUNT,
    "POST /account/passkeys/{passkey_id}/rename": Action.OWN_ACCOUNT,
    "POST /account/passkeys/{passkey_id}/remove": Action.OWN_ACCOUNT,
    "PUT /api/v1/docks/{dock_id}/devices": Action.MANAGE_DOCKS,
    "GET /api/v1/tokens": Action.MANAGE_TOKENS,
    "DELETE /api/v1/tokens/{token_id}": Action.MANAGE_TOKENS,
    "GET /api/v1/units": Action.READ_PEOPLE,
    "POST /api/v1/units": Action.MANAGE_UNITS,
    "PATCH /api/v1/units/{unit_id}": Action.MANAGE_UNITS,
    "DELETE /api/v1/units/{unit_id}": Action.MANAGE_UNITS,
    "GET /api/v1/units/table": Action.READ_PEOPLE,
    "POST /api/v1/units/table": Action.MANAGE_UNITS,
    "GET /api/v1/people": Action.READ_PEOPLE,
    "POST /api/v1/people": Action.MANAGE_PEOPLE,
    "GET /api/v1/people/table": Action.READ_PEOPLE,
    "POST /api/v1/people/table": Action.MANAGE_PEOPLE,
    "GET /api/v1/people/{number}": Action.READ_PEOPLE,
    "PATCH /api/v1/people/{number}": Action.MANAGE_PEOPLE,
    "POST /api/v1/people/{number}/posts": Action.MANAGE_PEOPLE,
    "POST /api/v1/people/{number}/trainings": Action.MANAGE_PEOPLE,
    "POST /api/v1/people/{number}/undertakings": Action.MANAGE_PEOPLE,
    "GET /api/v1/people/{number}/leaving": Action.READ_PEOPLE,
    "POST /api/v1/people/{number}/leaving": Action.MANAGE_PEOPLE,
    "POST /api/v1/people/{number}/leaving/close": Action.MANAGE_PEOPLE,
    "DELETE /api/v1/people/{number}/name": Action.MANAGE_PEOPLE,
    "GET /roster": Action.READ_PUBLIC,
    "GET /roster.css": Action.READ_PUBLIC,
}


_FOR_PROGRAMS = ("/api/", "/health", "/ready", "/openapi.json")
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


# Known to the policy, and barred or granted there; the desks that they are for come with later issues.
WAITING = {Action.LABEL, Action.EXPORT, Action.SHARE, Action.DISPOSE}


def test_every_action_guards_a_use_case() -> None:
    assert set(Action) - {Action.READ_PUBLIC} - WAITING == set(REGISTER.values())


def test_a_site_can_be_built_small(tmp_path: Path) -> None:
    assert SmallSite(tmp_path).dock.id
