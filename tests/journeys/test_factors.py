"""Somebody signs in with a browser: by link, code, passkey and single sign-on, and out again."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, expect

from tests import inside
from tests.journeys.browser import a_page, add_authenticator
from tests.service_process import ServiceProcess, free_port
from tests.simulators.sign_on import CLIENT, SECRET, RealProvider

PASSWORD = "vier kleine Boote im Hafen"
FIRST_ROOM = "/alarms"  # of an administrator: where signing in leads


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service with a public address and a provider that nobody has started yet."""
    made = ServiceProcess(tmp_path / "data")
    made.url = f"http://localhost:{made.port}"
    secret = tmp_path / "client-secret"
    secret.write_text(SECRET)
    lines = {
        "public_url": made.url,
        "oidc_issuer": f"http://127.0.0.1:{free_port()}",
        "oidc_client_id": CLIENT,
        "oidc_client_secret_file": str(secret),
    }
    with (tmp_path / "data" / "site.toml").open("a") as file:
        file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    with made:
        yield made


def issuer_port(service: ServiceProcess) -> int:
    text = (service.data / "site.toml").read_text()
    found = re.search(r'oidc_issuer = "http://127\.0\.0\.1:(\d+)"', text)
    assert found is not None
    return int(found[1])


def code_of(secret: str) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(int(time.time())).decode()


def begin(page: Page, service: ServiceProcess) -> None:
    """Open the link, set the password and the codes."""
    page.goto(service.url + service.admin_link)
    for field in ("password", "again"):
        page.fill(f"#{field}", PASSWORD)
    page.click("main button")
    secret = page.text_content(".secret code") or ""
    page.fill("#code", code_of(secret))
    page.click("main button")
    sign_in(page, service)
    # A code is taken once: the next one is the one of the next half minute.
    page.fill("#code", next_code(secret))
    page.click("main button")
    expect(page).to_have_url(f"{service.url}{FIRST_ROOM}")


def next_code(secret: str) -> str:
    now = code_of(secret)
    while (later := code_of(secret)) == now:
        time.sleep(0.2)
    return later


def sign_in(page: Page, service: ServiceProcess) -> None:
    """Show the password."""
    page.goto(f"{service.url}/sign-in")
    page.fill("#login", "administrator")
    page.fill("#password", PASSWORD)
    page.click("form[action='/sign-in'] button")


def sign_out(page: Page, service: ServiceProcess) -> None:
    page.goto(f"{service.url}/account")
    page.click("form[action='/account/sign-out'] button")
    expect(page).to_have_url(f"{service.url}/sign-in")


def factors(service: ServiceProcess) -> list[str]:
    """Return the factors of all sessions, oldest first."""
    rows = inside.rows(service.data, "SELECT factors FROM session ORDER BY opened_at")
    return [str(one) for (one,) in rows]


@pytest.mark.grown
def test_passkeys_and_single_sign_on_open_sessions_and_neither_is_missed_when_it_is_away(
    service: ServiceProcess,
) -> None:
    with a_page() as page:
        add_authenticator(page)
        begin(page, service)
        use_passkeys(page, service)
        sign_out(page, service)
        page.click("a[href='/sign-in/oidc']")
        expect(page.locator(".problem")).to_contain_text("单点登录服务暂不可用")
        sign_in(page, service)
        page.click("form[data-ask=get] button")
        expect(page).to_have_url(f"{service.url}{FIRST_ROOM}")
        sign_out(page, service)
        service.command("identities", "link", "administrator", "--subject", "acc-1")
        with RealProvider(issuer_port(service), service.url, "acc-1", ("pwd", "mfa")):
            use_provider(page, service)


def use_passkeys(page: Page, service: ServiceProcess) -> None:
    """Add a passkey; use it behind the password, and alone."""
    page.goto(f"{service.url}/account/passkeys")
    page.fill("#old", PASSWORD)
    page.click("form[action='/account/passkeys/new'] button")
    page.fill("#name", "蓝色密钥")
    page.click("form[data-ask=create] button")
    expect(page.locator(".sessions input[name=name]")).to_have_value("蓝色密钥")
    sign_out(page, service)
    sign_in(page, service)
    page.click("form[data-ask=get] button")
    expect(page).to_have_url(f"{service.url}{FIRST_ROOM}")
    sign_out(page, service)
    page.click("form[action='/sign-in/passkey'] button")
    page.click("form[data-ask=get] button")
    expect(page).to_have_url(f"{service.url}{FIRST_ROOM}")
    assert factors(service)[1:] == ["password passkey", "passkey"]


def use_provider(page: Page, service: ServiceProcess) -> None:
    """Go to the provider and come back signed in; sign out here and there."""
    page.goto(f"{service.url}/sign-in")
    page.click("a[href='/sign-in/oidc']")
    expect(page).to_have_url(f"{service.url}{FIRST_ROOM}")
    assert factors(service)[-1] == "oidc mfa"
    assert {one["name"] for one in page.context.cookies(service.url)} == {"__Host-evidence"}
    sign_out(page, service)
    page.click("a[href='/sign-in/oidc/out']")
    page.click("button[value=yes]")
    expect(page).to_have_url(f"{service.url}/sign-in")
    page.goto(f"{service.url}/account")
    expect(page).to_have_url(f"{service.url}/sign-in")
