"""The pages of passkeys and single sign-on, as browsers and as forgers meet them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from evidence.domain.rights import Role
from tests import forms, inside
from tests.simulators.authenticator import Authenticator
from tests.simulators.sign_on import CLIENT, SECRET, LyingProvider
from tests.web.browser import OPERATOR, ORIGIN, PASSWORD, Browser, WebRoom, field

NUMBER = "023456"


class Room(WebRoom):
    """A site with a public address and a provider; the clock is right: providers have clocks of their own."""

    def __init__(self, folder: Path, issuer: str) -> None:
        secret = folder / "client-secret"
        secret.write_text(SECRET)
        self.folder = folder / "data"
        made = forms.initialise

        def with_settings(data: Path) -> tuple[str, str]:
            told = made(data)
            lines = {
                "public_url": ORIGIN,
                "oidc_issuer": issuer,
                "oidc_client_id": CLIENT,
                "oidc_client_secret_file": str(secret),
            }
            with (data / "site.toml").open("a") as file:
                file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
            return told

        forms.initialise = with_settings
        try:
            super().__init__(self.folder)
        finally:
            forms.initialise = made
        self.clock.time = datetime.now(UTC) + timedelta(seconds=2)
        self.person = self.add_person(NUMBER, Role.FIELD_OFFICER)


@pytest.fixture
def liar() -> Iterator[LyingProvider]:
    with LyingProvider() as provider:
        yield provider


@pytest.fixture
def room(tmp_path: Path, liar: LyingProvider) -> Room:
    return Room(tmp_path, liar.issuer)


def options(page: str) -> str:
    """Return what a page asks an authenticator."""
    found = re.search(r'data-options="([^"]+)"', page)
    assert found, page
    return html.unescape(found.group(1))


def add_passkey(room: Room, key: Authenticator) -> Browser:
    """Add a passkey as a browser does; return the browser, signed in."""
    browser = Browser(room)
    browser.take(room, NUMBER)
    csrf = browser.csrf()
    asked = browser.post("/account/passkeys/new", {"csrf": csrf, "old": PASSWORD})
    assert asked.status_code == 200
    told = {"csrf": csrf, "step": field(asked.text, "step"), "name": "key"}
    made = browser.post("/account/passkeys", {**told, "answer": key.make(options(asked.text), origin=ORIGIN)})
    assert (made.status_code, made.headers["location"]) == (303, "/account/passkeys")
    return browser


def keys(room: Room) -> list[tuple[Any, ...]]:
    return inside.rows(room.folder, "SELECT id, name, sign_count FROM passkey")


def sessions(room: Room) -> list[tuple[Any, ...]]:
    return inside.rows(room.folder, "SELECT id FROM session WHERE ended_at IS NULL")


def test_only_pages_that_ask_an_authenticator_run_the_one_script(room: Room) -> None:
    browser = Browser(room)
    asked = browser.post("/sign-in/passkey")
    assert "script-src 'self'" in asked.headers["content-security-policy"]
    assert "default-src 'none'" in asked.headers["content-security-policy"]
    assert re.findall(r"<script[^>]*>", asked.text) == ['<script src="/static/passkey.js" defer>']
    assert browser.get("/static/passkey.js").headers["content-type"].startswith("text/javascript")
    for path in ("/sign-in", "/link/x"):
        assert "script" not in browser.get(path).headers["content-security-policy"]


def test_a_passkey_signs_in_behind_the_password_and_alone(room: Room) -> None:
    key = Authenticator()
    add_passkey(room, key)
    browser = Browser(room)
    asked = browser.sign_in(NUMBER)
    form = {"step": field(asked.text, "step"), "answer": key.use(options(asked.text), origin=ORIGIN)}
    assert not browser.is_signed_in
    assert browser.post("/sign-in/passkey/second", form).headers["location"] == "/account"
    assert browser.is_signed_in
    alone = Browser(room)
    asked = alone.post("/sign-in/passkey")
    form = {"step": field(asked.text, "step"), "answer": key.use(options(asked.text), origin=ORIGIN)}
    assert alone.post("/sign-in/passkey/alone", form).headers["location"] == "/"
    assert alone.is_signed_in


def test_the_address_of_the_site_comes_from_its_settings_and_from_no_header(room: Room) -> None:
    browser = Browser(room)
    forged = {"host": "evil.example", "origin": "https://evil.example", "X_Forwarded_Host": "evil.example"}
    asked = browser.post("/sign-in/passkey", **forged)
    assert json.loads(options(asked.text))["rpId"] == "evidence.example"
    sent = browser.get("/sign-in/oidc", host="evil.example")
    redirect = parse_qs(urlsplit(sent.headers["location"]).query)["redirect_uri"]
    assert redirect == [f"{ORIGIN}/sign-in/oidc/return"]


def test_an_answer_made_on_another_page_signs_nobody_in(room: Room) -> None:
    key = Authenticator()
    add_passkey(room, key)
    before = sessions(room)
    browser = Browser(room)
    asked = browser.post("/sign-in/passkey")
    answer = key.use(options(asked.text), origin="https://evil.example")
    told = browser.post("/sign-in/passkey/alone", {"step": field(asked.text, "step"), "answer": answer})
    assert told.status_code == 403
    assert not browser.is_signed_in
    assert sessions(room) == before


PASSKEY_FORMS = ("new", "", "ID/rename", "ID/remove")


@pytest.mark.parametrize("form", PASSKEY_FORMS)
def test_a_forged_form_changes_no_passkey(form: str, room: Room) -> None:
    browser = add_passkey(room, Authenticator())
    ((passkey_id, *_),) = before = keys(room)
    path = f"/account/passkeys/{form}".rstrip("/").replace("ID", str(passkey_id))
    told = {"csrf": browser.csrf(), "old": PASSWORD, "name": "forged", "step": "x", "answer": "{}"}
    for forged in (
        browser.post(path, {**told, "csrf": "x" * 64}),
        browser.post(path, told, origin="https://evil.example", sec_fetch_site="cross-site"),
        browser.post(path, told, origin="", sec_fetch_site=""),
    ):
        assert (forged.status_code, forged.json()["code"]) == (403, "forged-request")
    assert keys(room) == before


def test_somebody_elses_passkey_is_not_there(room: Room) -> None:
    add_passkey(room, Authenticator())
    ((passkey_id, *_),) = before = keys(room)
    room.add_person("099999", Role.FIELD_OFFICER)
    other = Browser(room)
    other.take(room, "099999")
    told = {"csrf": other.csrf(), "old": PASSWORD, "name": "mine"}
    for what in ("rename", "remove"):
        assert other.post(f"/account/passkeys/{passkey_id}/{what}", told).status_code == 404
    assert keys(room) == before
    assert "key" not in re.findall(r'name="name" value="([^"]*)"', other.get("/account/passkeys").text)


def test_names_of_passkeys_are_shown_as_text(room: Room) -> None:
    browser = add_passkey(room, Authenticator())
    ((passkey_id, *_),) = keys(room)
    name = '"><script>alert(1)</script>'
    told = {"csrf": browser.csrf(), "name": name}
    assert browser.post(f"/account/passkeys/{passkey_id}/rename", told).status_code == 303
    page = browser.get("/account/passkeys").text
    assert html.escape(name, quote=True).replace("&#x27;", "&#39;") in page.replace("&#34;", "&quot;")
    assert "<script>alert" not in page


def test_one_comes_back_from_the_provider_signed_in_and_only_in_the_browser_that_left(
    room: Room, liar: LyingProvider
) -> None:
    room.application.factors.identities.link(OPERATOR, NUMBER, "acc-1")
    browser = Browser(room)
    sent = browser.get("/sign-in/oidc")
    cookie = sent.headers["set-cookie"]
    for part in ("__Host-evidence-step=", "Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    liar.nonce = asked["nonce"][0]
    back = f"/sign-in/oidc/return?state={asked['state'][0]}&code=c&iss={liar.issuer}"
    before = sessions(room)
    foreign = Browser(room).get(back)
    assert foreign.status_code == 403
    assert sessions(room) == before
    come = browser.get(back)
    assert come.status_code == 200, "a page, not a redirect: the session's cookie is SameSite=Strict"
    assert 'http-equiv="refresh"' in come.text
    assert browser.is_signed_in
    assert browser.client.cookies.get("__Host-evidence-step") is None
    assert browser.get(back).status_code == 403
    assert len(sessions(room)) == len(before) + 1


def test_a_provider_that_is_down_is_said_on_a_page_and_the_password_is_asked_as_ever(
    room: Room, liar: LyingProvider
) -> None:
    liar.status = 500
    browser = Browser(room)
    told = browser.get("/sign-in/oidc")
    assert told.status_code == 503
    assert "单点登录服务暂不可用" in told.text
    assert browser.get("/sign-in/oidc/out").headers["location"] == "/sign-in"
    assert browser.sign_in(NUMBER).headers["location"] == "/"
    assert browser.is_signed_in


def test_a_site_without_a_public_address_offers_neither(tmp_path: Path) -> None:
    room = WebRoom(tmp_path / "data")
    browser = Browser(room)
    page = browser.get("/sign-in").text
    assert "/sign-in/passkey" not in page
    assert "/sign-in/oidc" not in page
    assert browser.post("/sign-in/passkey").status_code == 503
    assert browser.get("/sign-in/oidc").status_code == 404


def test_the_handle_that_an_authenticator_keeps_is_no_name(room: Room) -> None:
    key = Authenticator()
    add_passkey(room, key)
    assert key.user == bytes.fromhex(room.person.id)
    assert NUMBER.encode() not in key.user
