"""An officer at the end of a shift, in a real browser: what is seen, what a click does, how pages look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from evidence.domain.explanations import Outcome
from evidence.domain.spans import Span
from evidence.locale import CHINESE, ENGLISH, text
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.gap_words import Said
from tests.pages.officer_room import HOSTILE, OfficerRoom
from tests.pages.room import NARROW, pictures_folder


@pytest.fixture
def room(tmp_path: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficerRoom]:
    with OfficerRoom(tmp_path / "data", browser, pictures_folder(tmp_path_factory)) as served:
        served.register()
        yield served


def open_(room: OfficerRoom, page: Page, path: str) -> None:
    """Go to a page; a dialog would be a script that ran."""
    page.on("dialog", lambda one: pytest.fail(f"a script ran: {one.message}"))
    page.goto(room.url(path))


def test_a_shift_is_seen_at_once_on_any_screen_in_both_languages(room: OfficerRoom) -> None:
    room.issue()
    hours = {"DCIM/100/DSJ_0007.mp4": 22, HOSTILE: 18, "DCIM/100/DSJ_0009.mp4": 2}
    now = room.clock.now()
    room.announce(
        *(
            room.origin(name, size_bytes=3 << 20, modified_at=now - timedelta(hours=h))
            for name, h in hours.items()
        )
    )
    gap, _ = room.gap()
    said = room.application.explanations.explain(room.caller("officer"), gap, Said("换电池", "battery"))
    room.application.explanations.review(room.caller("head"), said.id, Outcome.SENT_BACK, "请写明换电池用时")
    with room.window("officer") as page:
        open_(room, page, "/")
        assert page.url == room.url("/shift"), "the first room"
        left = page.locator("[data-until]")
        expect(left.nth(0)).to_have_class("mark bad")
        expect(left.nth(2)).to_have_class("mark none")
        expect(left.nth(0)).to_contain_text(":")
        expect(page.locator(".todo")).to_contain_text("请写明换电池用时")
        room.look(page, "officer-shift")
        page.locator(".own button[name=language]").click()
        expect(page.locator("h1")).to_have_text(text(ENGLISH, "room.own-shift"))
        room.look(page, "officer-shift-en")
    with room.window("officer", size=NARROW, dark=True) as page:
        open_(room, page, "/shift")
        room.look(page, "officer-shift-narrow")


def test_twenty_recordings_are_labelled_with_one_tick_and_one_click(room: OfficerRoom) -> None:
    for n in range(20):
        room.record(f"DCIM/100/DSJ_{n:04}.wav", body=f"no film {n}".encode())
    with room.window("officer") as page:
        open_(room, page, "/shift")
        page.get_by_role("link", name=text(CHINESE, "officer.label-now")).click()
        page.locator("input[data-all]").check()
        page.fill("#case-number", "大柘罚〔2026〕1号")
        page.fill("#inspected-party", "某某饭店")
        room.look(page, "officer-recordings")
        page.locator("button[value=give]").click()
        expect(page.locator(".done")).to_be_visible()
        assert page.locator("tbody tr").count() == 20
        assert page.locator("tbody").inner_text().count("某某饭店") == 20
        room.look(page, "officer-labelled")
        open_(room, page, "/shift/recordings")
        expect(page.locator(".empty")).to_contain_text(text(CHINESE, "officer.all-labelled"))
    with room.window("officer", size=NARROW) as page:
        open_(room, page, "/shift/recordings?only=all")
        room.look(page, "officer-recordings-narrow")


def test_a_gap_is_explained_by_jumping_to_it(room: OfficerRoom) -> None:
    gap, (_, after) = room.gap()
    with room.window("officer") as page:
        open_(room, page, "/shift/gaps")
        room.look(page, "officer-gaps")
        page.get_by_role("link", name=text(CHINESE, "officer.explain"), exact=True).click()
        player = page.locator("[data-player=after]")
        expect(player.locator("[data-now]")).not_to_be_empty()
        player.locator("[data-jump]").last.click()
        player.locator("[data-mark=from_s]").click()
        player.locator("[data-skip='5']").click()
        expect(player.locator("[data-now]")).to_have_text("0:05.0")
        player.locator("[data-mark=to_s]").click()
        assert (page.input_value("#from_s"), page.input_value("#to_s")) == ("0.0", "5.0")
        page.select_option("#cause", "battery")
        room.look(page, "officer-gap")
        page.get_by_role("button", name=text(CHINESE, "officer.send")).click()
        expect(page.locator(".done")).to_be_visible()
        page.get_by_role("link", name=text(CHINESE, "officer.look"), exact=True).click()
        room.look(page, "officer-gap-explained")
    (said,) = room.application.explanations.history(room.caller("officer"), gap).explanations
    assert said.spoken is not None
    assert (said.cause, said.spoken.recording_id, said.spoken.to_ms) == ("battery", after, 5000)
    with room.window("officer", "en", NARROW, dark=True) as page:
        open_(room, page, f"/shift/gaps/{gap}")
        room.look(page, "officer-gap-narrow")


def test_the_other_pages_of_an_officer_are_held_to_the_same(room: OfficerRoom) -> None:
    room.issue()
    recording = room.record(f"sealed-{HOSTILE}")
    officer = room.caller("officer")
    hour = Span(room.clock.now() - timedelta(hours=2), room.clock.now() - timedelta(hours=1))
    words = HOSTILE.replace("\u202e", "")
    room.application.exemptions.state(officer, Stated(officer.name, "urgency", words, hour, words))
    with room.window("officer") as page:
        for path, name in {
            "/docking": "officer-docking",
            "/shift/exemptions": "officer-exemptions",
            f"/shift/recordings/{recording}/views": "officer-views",
            "/shift/recordings?only=all": "officer-hostile-name",
        }.items():
            open_(room, page, path)
            room.look(page, name)
    with room.window("officer", size=NARROW, dark=True) as page:
        open_(room, page, "/docking")
        room.look(page, "officer-docking-narrow")
        open_(room, page, "/shift/exemptions")
        room.look(page, "officer-exemptions-narrow")
    with room.window("aux", "en") as page:
        open_(room, page, "/shift")
        room.look(page, "officer-aux-shift")
    with room.window("custodian") as page:
        open_(room, page, "/docking")
        room.look(page, "officer-custodian-docking")
