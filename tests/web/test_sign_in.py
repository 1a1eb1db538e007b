"""Signing in by the pages: sessions (S10), forged requests (S11), headers (S12, S24), secrets (S17)."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.rights import Action, Role
from evidence.web.bodies import MOST_FIELDS
from evidence.web.deps import COOKIE
from tests import forms, inside
from tests.house.test_routes import PAGES
from tests.permissions.reading import ROUTES
from tests.web.browser import HOME, OPERATOR, ORIGIN, PASSWORD, Browser, WebRoom, field


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> WebRoom:
    """A site; each test adds people of its own."""
    return WebRoom(tmp_path_factory.mktemp("site") / "data")


@pytest.fixture
def browser(room: WebRoom) -> Browser:
    """A browser that has not been here before."""
    return Browser(room)


def signed_in(room: WebRoom, number: str, *roles: Role, address: str = HOME) -> Browser:
    """Return a browser in which a new person has signed in."""
    room.add_person(number, *(roles or (Role.FIELD_OFFICER,)))
    browser = Browser(room, address)
    if room.site.terms.sign_in.needs_second_factor(roles):
        browser.take(room, number)
    else:
        assert browser.sign_in(number).status_code == 303
    return browser


def test_the_first_administrator_comes_in_by_the_link_with_a_second_factor(
    room: WebRoom, browser: Browser
) -> None:
    link = f"/link/{room.admin_link}"
    assert 'value="administrator"' in browser.get(link).text
    assert browser.post(link, {"password": "administrator1", "again": "administrator1"}).status_code == 400
    assert browser.post(link, {"password": PASSWORD, "again": "other"}).status_code == 403
    page = browser.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert page.status_code == 200
    assert "<svg" in page.text
    (secret,) = re.findall(r"<code>([A-Z2-7]+)</code>", page.text)
    step = field(page.text, "step")
    wrong = browser.post("/second-factor", {"step": step, "code": "000000"})
    assert (wrong.status_code, secret in wrong.text) == (400, False), "shown once"
    assert browser.post("/second-factor", {"step": step, "code": room.code(secret)}).status_code == 303
    assert browser.get(link).status_code == 404
    room.clock.pass_by(timedelta(minutes=1))
    asked = browser.sign_in("administrator")
    assert asked.status_code == 200
    assert browser.token is None
    step = field(asked.text, "step")
    done = browser.post("/sign-in/code", {"step": step, "code": room.code(secret)})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert browser.is_signed_in
    assert "administrator" in {one["number"] for one in browser.get("/api/v1/accounts").json()}


def test_the_cookie_is_bound_to_this_host_and_hidden_from_scripts(room: WebRoom, browser: Browser) -> None:
    room.add_person("100001", Role.FIELD_OFFICER)
    answer = browser.sign_in("100001")
    name, _, attributes = answer.headers["set-cookie"].partition("=")
    assert name == COOKIE == "__Host-evidence"
    told = {part.strip().lower() for part in attributes.split(";")[1:]}
    assert told == {"secure", "httponly", "samesite=strict", "path=/"}


def test_a_session_is_new_at_every_signing_in_and_the_one_before_is_over(room: WebRoom) -> None:
    browser = signed_in(room, "100002")
    first = browser.token
    assert browser.sign_in("100002").status_code == 303
    assert browser.token != first
    assert room.application.sessions.identify(str(first)) is None
    browser.client.cookies.set(COOKIE, "chosen by somebody else", domain="evidence.example")
    assert not browser.is_signed_in
    planted = Browser(room)
    planted.client.cookies.set(COOKIE, "A" * 43, domain="evidence.example")
    assert planted.sign_in("100002").status_code == 303
    assert room.application.sessions.identify("A" * 43) is None


def test_two_browsers_end_apart_and_one_may_end_the_other(room: WebRoom) -> None:
    one = signed_in(room, "100003")
    other, third = Browser(room), Browser(room)
    other.sign_in("100003")
    third.sign_in("100003")
    page = one.get("/account").text
    assert re.search(r">\d{4}-\d\d-\d\d \d\d:\d\d\+08:00</time>", page), "in the zone of the site"
    assert 'href="/"' in page, "and a way on to the first room"
    first = re.findall(r"/account/sessions/([0-9a-f]{32})/end", page)[0]
    assert one.post(f"/account/sessions/{first}/end", {"csrf": one.csrf()}).status_code == 303
    assert [one.is_signed_in, other.is_signed_in, third.is_signed_in] == [True, False, True]
    assert one.post("/account/sessions/others/end", {"csrf": one.csrf()}).status_code == 303
    assert [one.is_signed_in, third.is_signed_in] == [True, False]
    token = str(one.token)
    assert one.post("/account/sign-out", {"csrf": one.csrf()}).headers["location"] == "/sign-in"
    one.client.cookies.set(COOKIE, token, domain="evidence.example")
    assert not one.is_signed_in, "reused after signing out"


def test_another_password_ends_the_other_browser_at_its_next_request(room: WebRoom) -> None:
    one = signed_in(room, "100004")
    other = Browser(room)
    other.sign_in("100004")
    form = {
        "csrf": one.csrf(),
        "old": PASSWORD,
        "password": "a lamp by the river",
        "again": "a lamp by the river",
    }
    assert one.post("/account/password", form | {"old": "wrong"}).status_code == 403
    assert other.is_signed_in
    assert one.post("/account/password", form).status_code == 303
    assert [one.is_signed_in, other.is_signed_in] == [True, False]
    assert other.sign_in("100004").status_code == 403
    assert other.sign_in("100004", "a lamp by the river").status_code == 303


def disabled(room: WebRoom, number: str) -> None:
    """Switch the account off."""
    room.application.account_desk.disable(OPERATOR, number)


def other_roles(room: WebRoom, number: str) -> None:
    """Take the person's roles."""
    with room.site.database.writing() as unit:
        person = unit.people.by_number(number)
        assert person is not None
        for grant in unit.grants.in_force(room.clock.now(), person.id):
            unit.grants.revoke(grant.id, "operator", room.clock.now())


def idle(room: WebRoom, number: str) -> None:
    """Let the session lie."""
    del number
    room.clock.pass_by(room.site.terms.sign_in.idle)


def busy_to_the_end(room: WebRoom, number: str) -> None:
    """Use the session until its end."""
    with room.site.database.reading() as unit:
        person = unit.people.by_number(number)
        assert person is not None
        (session,) = unit.sessions.open_of(person.id)
    room.clock.time = session.ends_at
    with room.site.database.writing() as unit:
        unit.sessions.see(session.id, session.ends_at - timedelta(seconds=1))


@pytest.mark.parametrize("change", [disabled, other_roles, idle, busy_to_the_end])
def test_the_next_request_is_refused_after(change: Callable[[WebRoom, str], None], room: WebRoom) -> None:
    number = f"2-{change.__name__}"
    browser = signed_in(room, number)
    csrf = browser.csrf()
    change(room, number)
    page, act = browser.get("/account"), browser.post("/account/sign-out", {"csrf": csrf})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
    assert (act.status_code, act.json()["code"]) == (401, "not-signed-in")
    assert browser.get("/api/v1/recordings").status_code == 401


def test_a_token_and_a_session_never_come_together(room: WebRoom) -> None:
    browser = signed_in(room, "100006")
    _, token = room.application.tokens.add(OPERATOR, "both", [Action.LIST_RECORDINGS])
    for authorization in (f"Bearer {token}", "Basic YTpi"):
        answer = browser.get("/api/v1/recordings", authorization=authorization)
        assert (answer.status_code, answer.json()["code"]) == (400, "two-credentials")


UNSAFE = sorted(route for route in ROUTES if route.split()[0] in ("POST", "PATCH", "PUT", "DELETE"))
KINDS = ("application/x-www-form-urlencoded", "text/plain", "application/json")
FOREIGN: dict[str, dict[str, str]] = {
    "no token": {"x_csrf_token": ""},
    "another token": {"x_csrf_token": "0" * 64},
    "foreign origin": {"origin": "https://evil.example"},
    "origin null": {"origin": "null"},
    "same host, not the same site": {"sec_fetch_site": "cross-site"},
    "a sister host": {"sec_fetch_site": "same-site"},
    "typed by hand": {"sec_fetch_site": "none"},
    "an old browser, plain HTTP": {"sec_fetch_site": "", "origin": "http://evidence.example"},
    "neither word of the browser": {"sec_fetch_site": "", "origin": ""},
}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> WebRoom:
    """A site whose clock no test moves: nobody's session runs out there."""
    return WebRoom(tmp_path_factory.mktemp("still") / "data")


@pytest.fixture(scope="module")
def victim(still: WebRoom) -> tuple[Browser, str]:
    """A browser in which somebody with many rights is signed in, and the token against forgery."""
    browser = signed_in(still, "300001", Role.FIELD_OFFICER, Role.UNIT_HEAD)
    return browser, browser.csrf()


@pytest.mark.parametrize("how", FOREIGN)
def test_every_unsafe_route_refuses_what_a_foreign_page_can_send(
    how: str, still: WebRoom, victim: tuple[Browser, str]
) -> None:
    browser, csrf = victim
    headers = {"origin": ORIGIN, "sec_fetch_site": "same-origin", "x_csrf_token": csrf, **FOREIGN[how]}
    told = {name.replace("_", "-"): value for name, value in headers.items() if value}
    refusals = (403, 415, 422) if how == "no token" else (403,)  # it may stand in a form, if there is one
    before, tried, turn = inside_of(still), 0, itertools.cycle(KINDS)
    for route in UNSAFE:
        if ROUTES[route] is Action.READ_PUBLIC and how.endswith("token"):
            continue  # nobody is signed in where one signs in
        method, path = route.split()
        for kind in KINDS if forms.WHOLE else [next(turn)]:  # one of them in turn
            answer = browser.client.request(
                method,
                path.replace("{", "").replace("}", ""),
                content=b'{"a":"=b"}',
                headers={**told, "content-type": kind},
            )
            tried += 1
            assert answer.status_code in refusals, (route, kind)
            if kind != "text/plain" and answer.status_code == 403:
                assert answer.json()["code"] == "forged-request", (route, answer.text)
    assert tried > 100
    assert inside_of(still) == before


def inside_of(room: WebRoom) -> list[str]:
    """Return the rows that requests could change: all but when a session was last seen."""
    return [line for line in room.dump().splitlines() if not line.startswith("session ")]


def test_the_same_request_from_our_own_page_is_let_through(victim: tuple[Browser, str]) -> None:
    browser, csrf = victim
    answer = browser.post("/api/v1/docks", x_csrf_token=csrf)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    old = browser.post("/account/sessions/others/end", {"csrf": csrf}, sec_fetch_site="")
    assert old.status_code == 303, "an older browser, by its Origin"


def test_a_get_changes_nothing(room: WebRoom) -> None:
    browser = signed_in(room, "300002", *Role)
    link = room.application.links.make(OPERATOR, "300002")
    browser.get("/account")
    kept = ("audit_", "session ", "log_", "tree_")
    before = [line for line in room.dump().splitlines() if not line.startswith(kept)]
    for route in ROUTES:
        method, path = route.split()
        if method in ("GET", "HEAD", "OPTIONS"):
            path = path.replace("{token}", link).replace("{", "").replace("}", "")
            assert browser.client.request(method, path).status_code < 500, route
    assert [line for line in room.dump().splitlines() if not line.startswith(kept)] == before
    assert room.application.links.owner(link) == "300002"


WANTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
}
INSIDES = re.compile(
    r"Traceback|File \"|\.py\b|sqlite|sqlalchemy|starlette|fastapi|jinja|python|\b0\.1\.0\b", re.I
)


ODD = ("/%00", "/../..", "?a=%ff")


def check_headers(answer: Any, what: str) -> None:
    """Check what every answer carries."""
    for name, value in WANTED.items():
        assert answer.headers[name] == value, (what, name)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'"), what
    assert "unsafe" not in policy, what
    assert "frame-ancestors 'none'" in policy or "sandbox" in policy, what
    assert "max-age=31536000" in answer.headers["strict-transport-security"], what
    assert "server" not in answer.headers, what


def test_every_answer_of_every_route_carries_the_headers_and_tells_no_insides(room: WebRoom) -> None:
    browsers = [Browser(room), signed_in(room, "400001"), signed_in(room, "400002", *Role)]
    turn = itertools.cycle(ODD)
    for browser in browsers:
        csrf = browser.csrf() if browser.token else ""
        for route in ROUTES:
            if route.endswith(("sign-out", "/end")):
                continue
            method, path = route.split()
            ours = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "x-csrf-token": csrf}
            odd = ODD if forms.WHOLE else [next(turn)]  # one of them in turn
            for tail, headers in [("", {}), ("", ours), *((tail, ours) for tail in odd)]:
                answer = browser.client.request(
                    method, path.replace("{", "").replace("}", "") + tail, headers=headers
                )
                check_headers(answer, f"{route} {tail}")
                # 503: this site has neither an address of its own nor a provider.
                may_lack = path.startswith(("/sign-in/passkey", "/sign-in/oidc", "/account/passkeys"))
                known = answer.status_code == 503 and may_lack
                assert answer.status_code < 500 or known, f"{route} {tail}"
                if answer.status_code >= 400:
                    assert not INSIDES.search(answer.text), answer.text


def test_an_error_that_nobody_expected_tells_nothing_and_carries_the_headers(
    room: WebRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(room.application.signing_in), "begin", broken)
    answer = Browser(room).sign_in("x")
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert "secret inside" not in answer.text
    check_headers(answer, "500")


def test_pages_need_no_script_and_no_style_inside(room: WebRoom) -> None:
    browser = signed_in(room, "400003")
    pages = [browser.get(path).text for path in ("/account", "/sign-in", "/link/none")]
    pages.append(browser.post("/account/second-factor", {"csrf": browser.csrf(), "old": PASSWORD}).text)
    for page in pages:
        assert not re.search(
            r"<script|<style|\bstyle=|\son[a-z]+=|javascript:|https?://(?!www\.w3\.org)", page
        )
        assert page.index('lang="zh-CN"') < page.index('lang="en"')
        for form in re.findall(r'<form method="(\w+)" action="([^"]+)"', page):
            assert form[0] == "post"
            assert form[1].startswith("/")
    assert {"GET /account", "POST /sign-in"} < PAGES


def test_what_is_typed_is_never_part_of_a_page(room: WebRoom, browser: Browser) -> None:
    for hostile in (
        "<script>alert(1)</script>",
        '"><img src=x onerror=a>',
        "{{ 7*7 }}",
        "\r\nSet-Cookie: a=b",
    ):
        for path, form in (
            ("/sign-in", {"login": hostile, "password": hostile}),
            ("/sign-in/code", {"step": hostile, "code": hostile}),
            ("/sign-in/password", {"step": hostile, "password": hostile, "again": "x"}),
            ("/second-factor", {"step": hostile, "code": hostile}),
        ):
            answer = browser.post(path, form)
            assert answer.status_code in (400, 403)
            assert "set-cookie" not in answer.headers
            for wrong in ("<script", "<img", "49"):
                assert wrong not in answer.text, path


@pytest.mark.parametrize(
    "body", [b"a=" + b"x" * 20000, b"&".join(b"a%d=1" % n for n in range(MOST_FIELDS + 1)), b"a=%ff", b"\xff"]
)
def test_a_form_that_is_none_is_refused(room: WebRoom, browser: Browser, body: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    own = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    answer = browser.client.post("/sign-in", content=body, headers={**own, **kind})
    assert answer.status_code in (409, 413, 422)
    assert browser.token is None


def test_twenty_secrets_stand_nowhere_but_with_their_owners(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    room = WebRoom(tmp_path / "data")
    secrets: set[str] = {room.admin_link}
    bodies: list[str] = []
    steps: set[str] = set()
    for number in range(4):
        name, password = f"50000{number}", f"canary password {number} river"
        room.add_person(name, Role.FIELD_OFFICER)
        link = room.application.links.make(OPERATOR, name)
        browser = Browser(room)
        offered = browser.post(f"/link/{link}", {"password": password, "again": password})
        (secret,) = re.findall(r"<code>([A-Z2-7]+)</code>", offered.text)
        step = field(offered.text, "step")
        browser.post("/second-factor", {"step": step, "code": room.code(secret)})
        room.clock.pass_by(timedelta(minutes=1))
        bodies.append(browser.sign_in(name, f"{password}!").text)
        asked = field(browser.sign_in(name, password).text, "step")
        bodies.append(browser.post("/sign-in/code", {"step": asked, "code": "000000"}).text)
        browser.post("/sign-in/code", {"step": asked, "code": room.code(secret)})
        assert browser.is_signed_in
        bodies += [browser.get(f"/link/{link}").text, browser.get("/api/v1/recordings/x").text]
        steps |= {step, asked}
        secrets |= {password, link, secret, step, asked, str(browser.token), browser.csrf()}
    secrets.add(room.application.tokens.add(OPERATOR, "canary", [Action.READ_STATUS])[1])
    assert len(secrets) >= 20
    written = [*inside.written(tmp_path / "data").values(), room.dump().encode()]
    assert any(b"500003" in body for body in written), "the database was read"
    told = "\n".join(
        one.getMessage() for one in caplog.records if not one.name.startswith("httpx")
    )  # our own
    for secret in secrets:
        assert secret not in told
        assert secret in steps or not any(secret in body for body in bodies), "a step's form holds its token"
        assert not any(secret.encode() in body for body in written)


def test_the_network_is_the_sockets_and_no_header_moves_it(room: WebRoom) -> None:
    room.add_person("600001", Role.FIELD_OFFICER)
    attacker, owner = Browser(room, "198.51.100.66"), Browser(room, "198.51.100.67")
    form = {"login": "600001", "password": "wrong password"}
    for guess in range(12):
        spoofed = {"X-Forwarded-For": f"192.0.2.{guess}", "X-Real-IP": f"192.0.2.{guess}"}
        assert attacker.post("/sign-in", form, **spoofed).status_code == 403
    locked = attacker.sign_in("600001")
    assert locked.status_code == 403
    assert locked.text == attacker.sign_in("nobody at all").text, "a lock is not told"
    assert owner.sign_in("600001").status_code == 303


def test_administrators_make_links_over_http_within_what_they_manage(room: WebRoom) -> None:
    boss = signed_in(room, "600002", Role.SECURITY_ADMINISTRATOR)
    room.add_person("600003", Role.FIELD_OFFICER)
    csrf = boss.csrf()
    made = boss.post("/api/v1/accounts/600003/link", x_csrf_token=csrf)
    assert made.status_code == 201
    assert Browser(room).get(made.json()["link"]).status_code == 200
    assert boss.post("/api/v1/accounts/600003/disable", x_csrf_token=csrf).status_code == 204
    assert Browser(room).get(made.json()["link"]).status_code == 404
    assert boss.post("/api/v1/accounts/600003/enable", x_csrf_token=csrf).status_code == 204
    assert boss.post("/api/v1/accounts/600003/unlock", x_csrf_token=csrf).status_code == 204
    own = boss.post("/api/v1/accounts/600002/link", x_csrf_token=csrf)
    assert (own.status_code, own.json()["code"]) == (403, "own-account")
    above = boss.post("/api/v1/accounts/administrator/disable", x_csrf_token=csrf)
    assert (above.status_code, above.json()["code"]) == (403, "not-permitted"), "given more than the unit"
    assert signed_in(room, "600004").get("/api/v1/accounts").status_code == 403
