"""The pictures of the guides of supervisor and administrators: taken here, small, none too many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.pages.gapped import a_morning
from tests.pages.room import Desks

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
# picture -> who looks, and at what
TAKEN = {
    "supervisor-board": ("head", "/board"),
    "supervisor-review": ("head", "/review"),
    "supervisor-gaps": ("head", "/gaps"),
    "administrator-log": ("auditor", "/log"),
    "administrator-status": ("auditor", "/status"),
}
MOST_BYTES = 60_000


def _take(desks: Desks, page: Page, name: str) -> None:
    desks.pictures.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=desks.pictures / f"{name}.png")


def test_each_picture_of_the_guides_can_be_taken_and_is_there(desks: Desks) -> None:
    a_morning(desks)
    for who in ("head", "auditor"):
        with desks.window(who, size={"width": 960, "height": 620}) as page:
            for name, (whose, path) in TAKEN.items():
                if whose == who:
                    page.goto(desks.url(path))
                    _take(desks, page, name)


@pytest.mark.parametrize("guide", ["supervisor", "administrator"])
def test_both_languages_show_the_same_pictures_and_no_other(guide: str) -> None:
    shown = [
        re.findall(r"\(pictures/([a-z-]+)\.png\)", (GUIDES / f"{guide}.{tag}.md").read_text("utf-8"))
        for tag in ("zh", "en")
    ]
    assert shown[0] == shown[1] == [name for name in TAKEN if name.startswith(guide)]
    for name in shown[0]:
        assert 0 < (GUIDES / "pictures" / f"{name}.png").stat().st_size <= MOST_BYTES, name
