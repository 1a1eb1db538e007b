"""A real browser, Debian's Chromium, driven over CDP."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import forms

# Each window would start three processes: for its page, for a page that may come next, and for the popup of a
# line of addresses that nobody sees. This replaces what Playwright names, so the rest is Playwright's.
NOT_NEEDED = (
    "SpareRendererForSitePerProcess", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup",
    "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "PaintHolding", "DestroyProfileOnBrowserClose",
    "OptimizationHints", "MediaRouter", "LensOverlay", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch", "AvoidUnnecessaryBeforeUnloadCheckSync", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
)  # fmt: skip
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(NOT_NEEDED)}",
)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed: apt-get install chromium (./dev.sh test does)")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def a_page() -> Iterator[Page]:
    """Open a page in a browser without any past."""
    with a_browser() as browser:
        page = browser.new_context().new_page()
        page.set_default_timeout(60_000 * forms.PATIENCE)
        yield page


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
