"""One browser for all pages, and a served site for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import a_browser
from tests.pages.room import Desks, pictures_folder


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    with a_browser() as opened:
        yield opened


@pytest.fixture
def desks(tmp_path: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """A served site with people of every role."""
    pictures = pictures_folder(tmp_path_factory)
    print(f"pictures: {pictures}")
    with Desks(tmp_path / "data", browser, pictures) as served:
        yield served
