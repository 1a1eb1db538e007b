"""Pages on paper: nothing is cut at the edge, and nothing is there that only a screen needs."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.pages.custody_room import CustodyRoom
from tests.pages.room import Desks

A4 = {"width": 794, "height": 1123}  # at 96 dots to the inch
CUT = """[...document.querySelectorAll('main *')].filter(
    one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'
    && one.checkVisibility()).map(one => one.outerHTML.slice(0, 120))"""
ON_A_SCREEN = "main button, main form.line, main video, nav, main details:not([open])"


def test_a_recording_and_a_gap_report_are_printed_whole(desks: Desks, media: Path) -> None:
    custody = CustodyRoom(desks)
    made = custody.session(media)
    for word, name, path, heading in (
        ("custodian", "recording", f"/recordings/{made[1]}", "#custody-head"),
        ("head", "gaps", "/gaps?since=2024-05-18&until=2024-05-18", "table"),
    ):
        with desks.window(word, size=A4) as page:
            page.goto(desks.url(path))
            page.emulate_media(media="print")
            assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]
            assert page.evaluate(CUT) == [], "what would be cut at the edge of the paper"
            expect(page.locator("h1")).to_be_visible()
            expect(page.locator(heading).first).to_be_visible()
            shown = page.locator(ON_A_SCREEN).filter(visible=True)
            expect(shown).to_have_count(0)
            desks.picture(page, f"printed-{name}")
            printed = page.pdf(format="A4")
            assert printed.startswith(b"%PDF-")
            assert 1 <= printed.count(b"/Type /Page\n") <= 8
