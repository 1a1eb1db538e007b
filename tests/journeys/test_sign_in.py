"""Signing in at a real service: over TLS with a plain client, and in a real browser, from link to end."""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests import forms
from tests.service_process import ServiceProcess, free_port
from tests.simulators.certificates import make_certificate
from tests.simulators.chromium import BROWSER, browsing

PASSWORD = "river-lamp-seven-91"


def code(secret: str, steps: int = 0) -> str:
    """Return the code that an authenticator shows now, or so many steps from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(int(time.time()) + 30 * steps).decode()


@contextmanager
def served(site: ServiceProcess, certificate: Path) -> Iterator[str]:
    """Serve a site over TLS; yield its address."""
    port = free_port()
    words = ["serve", "--data", str(site.data), "--port", str(port), "--certificate", str(certificate)]
    key = ["--key", str(certificate.with_name("key.pem"))]
    process = subprocess.Popen([sys.executable, "-m", "evidence", *words, *key], env=dict(os.environ))
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.grown
def test_over_tls_a_client_with_cookies_signs_in_and_out(tmp_path: Path) -> None:
    site, certificate = ServiceProcess(tmp_path / "data"), make_certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=certificate)
    with served(site, certificate) as url, httpx2.Client(base_url=url, verify=trusted, timeout=60) as client:
        own = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        deadline = time.monotonic() + 60 * forms.PATIENCE
        while True:
            try:
                client.get("/health")
                break
            except httpx2.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        both = {"password": PASSWORD, "again": PASSWORD}
        offered = client.post(site.admin_link, data=both, headers=own).text
        (secret,) = re.findall(r"<code>([A-Z2-7]+)</code>", offered)
        step = re.findall(r'name="step" value="([^"]+)"', offered)[0]
        client.post("/second-factor", data={"step": step, "code": code(secret, -1)}, headers=own)
        asked = client.post("/sign-in", data={"login": "administrator", "password": PASSWORD}, headers=own)
        step = re.findall(r'name="step" value="([^"]+)"', asked.text)[0]
        done = client.post("/sign-in/code", data={"step": step, "code": code(secret)}, headers=own)
        assert done.status_code == 303
        page = client.get("/account")
        assert page.status_code == 200
        csrf = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
        assert client.get("/api/v1/accounts").json()[0]["factors"] == ["totp"]
        stolen = dict(client.cookies)
        client.post("/account/sign-out", data={"csrf": csrf}, headers=own)
        again = client.get("/account", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in stolen.items())})
        assert again.status_code == 303
        assert json.loads(site.command("accounts", "list", "--json"))[0]["state"] == "active"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_in_a_real_browser_from_the_link_to_signing_out(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    with ServiceProcess(tmp_path / "data") as service, browsing(tmp_path / "profile") as tab:
        url = f"http://localhost:{service.port}"
        tab.open(url + service.admin_link)
        tab.send(service.admin_link, password=PASSWORD, again=PASSWORD)
        secret = tab.run("document.querySelector('.secret code').innerText")
        assert tab.run("document.querySelector('.picture svg').getBoundingClientRect().width") > 100
        tab.send("/second-factor", code=code(secret, -1))
        assert tab.run("location.pathname") == "/sign-in", "nobody is signed in yet"
        assert tab.run("getComputedStyle(document.querySelector('button')).fontWeight") == "600", "styled"
        tab.send("/sign-in", login="administrator", password=PASSWORD)
        tab.send("/sign-in/code", code=code(secret))
        assert tab.run("location.pathname") == "/alarms", "the first room of an administrator"
        assert "administrator" in tab.run("document.body.innerText")
        assert tab.run("document.cookie") == "", "hidden from scripts"
        tab.send("/account/sign-out")
        assert tab.run("location.pathname") == "/sign-in"
        tab.open(url + "/account")
        assert tab.run("location.pathname") == "/sign-in"
