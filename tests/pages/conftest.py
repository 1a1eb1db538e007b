"""One browser for all pages, and a served site for each test that asks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.pages.room import Desks, pictures_folder


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed: apt-get install chromium (./dev.sh test does)")
    flags = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as tools:
        opened = tools.chromium.launch(executable_path=program, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def desks(tmp_path: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """A served site with people of every role."""
    pictures = pictures_folder(tmp_path_factory)
    print(f"pictures: {pictures}")
    with Desks(tmp_path / "data", browser, pictures) as served:
        yield served
