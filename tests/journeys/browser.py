"""A real browser, Debian's Chromium, driven over CDP."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

from tests import forms


@contextmanager
def a_page() -> Iterator[Page]:
    """Open a page in a browser without any past."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed: apt-get install chromium (./dev.sh test does)")
    with sync_playwright() as tools:
        flags = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        flags += ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = tools.chromium.launch(executable_path=program, args=flags)
        try:
            page = browser.new_context().new_page()
            page.set_default_timeout(60_000 * forms.PATIENCE)
            yield page
        finally:
            browser.close()


def add_authenticator(page: Page) -> None:
    """Plug an authenticator of the browser's own into the page: it has a counter and verifies its user."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    line.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
