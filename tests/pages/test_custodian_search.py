"""A recording is found by its inspected party, played, and its proof followed to a verified result."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import LOG_TYPES, NONE, Trust
from tests import forms
from tests.pages.custody_room import BIDI, HOSTILE, PARTY, CustodyRoom
from tests.pages.room import NARROW, Desks
from tests.web.browser import WebRoom

TO_THE_MIDDLE = (  # in one step: the player writes its own place there ten times a second
    "(() => { const bar = document.querySelector('[data-seek-bar]'); bar.value = 500; "
    "bar.dispatchEvent(new Event('input')); })()"
)


@pytest.fixture
def custody(desks: Desks) -> CustodyRoom:
    return CustodyRoom(desks)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[WebRoom]:
    yield WebRoom(tmp_path / "data")


def verified(raw: bytes, keys: list[str]) -> dict[str, object]:
    """Check a proof file as a court does: with keys that came on another way; return the entry."""
    proof = TlogProof.parse(raw)
    logs = tuple(VerifierKey.parse(one, LOG_TYPES) for one in keys)
    assert proof.extra is not None
    proof.verify(proof.extra, Trust(logs, {}, {}, NONE, {}), NOTE_CHECKS)
    return dict(read_entry(proof.extra))


def test_a_recording_is_found_by_its_party_played_and_its_proof_is_followed(
    desks: Desks, custody: CustodyRoom, media: Path
) -> None:
    made = custody.session(media)
    custody.seal(b"no media", "DCIM/other.mp4", inspected_party="乙商店")
    keys = list(desks.application.proving.keys())
    with desks.window("custodian") as page:
        page.goto(desks.url("/custody/search"))
        page.fill("#party", PARTY[:3])
        page.get_by_role("button", name="检索", exact=True).click()
        expect(page.locator(".found tbody tr")).to_have_count(len(made))
        desks.look(page, "custodian-search")
        page.locator(f'a[href="/recordings/{made[2]}"]').click()
        desks.look(page, "custodian-recording")
        page.get_by_role("button", name="打开播放器").click()
        plays(page)
        desks.look(page, "custodian-player")
        page.locator("tr", has_text="封存").get_by_role("link", name="证明", exact=True).click()
        expect(page.locator('[data-verified="yes"]')).to_be_visible()
        desks.look(page, "custodian-proof")
        with page.expect_download() as taken:
            page.get_by_role("link", name="下载证明（.tlog-proof）").click()
        entry = verified(
            Path(taken.value.path()).read_bytes(), keys or list(desks.application.proving.keys())
        )
    assert entry["act"] == "evidence.seal"
    assert made[2] in json.dumps(entry["obj"])
    bears_who_looks_and_when(desks, made[2])


def bears_who_looks_and_when(desks: Desks, recording: str) -> None:
    """Show that over the picture of whoever may only look it says who, and when in the time of the place."""
    with desks.window("head") as page:
        page.clock.install(time=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
        page.goto(desks.url(f"/recordings/{recording}?purpose=case"))
        page.clock.run_for(8000)
        mark = re.compile(rf"^{desks.staff['head'].number} 2026-12-01 07:3\d:\d\d \+08:00$")
        expect(page.locator("[data-watermark]")).to_have_text(mark)


def until(page: Page, question: str) -> None:
    """Wait for something to be so; asked by the debugger's hand, for the page's policy runs no text."""
    end = time.monotonic() + 20 * forms.PATIENCE
    while not page.evaluate(question):
        assert time.monotonic() < end, question
        page.wait_for_timeout(50)


def plays(page: Page) -> None:
    """Show that the original really plays: time goes on, a frame is stepped, a place found, by keys too."""
    until(page, "document.querySelector('video').readyState >= 2")
    page.keyboard.press("k")
    until(page, "document.querySelector('video').currentTime > 0.3")
    page.keyboard.press("k")
    at = page.evaluate("document.querySelector('video').currentTime")
    page.get_by_role("button", name="下一帧").click()
    assert 0 < page.evaluate("document.querySelector('video').currentTime") - at < 0.2
    page.evaluate(TO_THE_MIDDLE)
    length = page.evaluate("document.querySelector('video').duration")
    assert abs(page.evaluate("document.querySelector('video').currentTime") - length / 2) < 0.1
    until(page, "!document.querySelector('video').seeking")
    page.keyboard.press(">")
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.5


def test_the_desk_holds_in_english_in_the_dark_on_a_small_screen_with_hostile_words(
    desks: Desks, custody: CustodyRoom
) -> None:
    one = custody.seal(b"no media", f"DCIM/{HOSTILE.replace('/', '')}.mp4", inspected_party=HOSTILE)
    custody.seal(b"none", BIDI, case_number="甲" * 200, inspected_party="=1+1")
    with desks.window("custodian", "en", NARROW, dark=True) as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(desks.url("/custody/search?party=%22%3E%3Cscript"))
        expect(page.locator(".found tbody tr")).to_have_count(1)
        desks.look(page, "custodian-search-narrow")
        page.goto(desks.url(f"/recordings/{one}"))
        desks.look(page, "custodian-recording-narrow")
        page.goto(desks.url("/custody/search"))
        assert "\u202e" not in page.inner_text("main")  # no mark that turns a name round
        desks.look(page, "custodian-search-hostile")


def test_a_name_of_two_hundred_letters_is_wrapped_on_a_small_screen_and_on_paper(
    desks: Desks, custody: CustodyRoom
) -> None:
    one = custody.seal(b"no media", f"DCIM/{'W' * 196}.mp4", inspected_party="M" * 200)
    with desks.window("custodian", size=NARROW) as page:
        page.goto(desks.url(f"/recordings/{one}"))
        desks.look(page, "recording-long-name-narrow")
        row = page.locator("section[aria-labelledby=custody-head] tbody tr").first
        proof = row.get_by_role("link", name="证明")
        proof.scroll_into_view_if_needed()  # within its own region, not by moving the page
        box = proof.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= NARROW["width"]
        assert page.evaluate("scrollX") == 0
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 794, "height": 1123})
        assert page.evaluate("document.documentElement.scrollWidth") <= 794
        desks.picture(page, "recording-long-name-printed")
