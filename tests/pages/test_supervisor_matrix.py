"""What must be recorded, in red, amber and green: the board counts what the page shows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from evidence.service.steps import StepSaid
from tests.pages.gapped import OPERATOR, Gapped
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser


@pytest.mark.article("dazhe-2020:5")
def test_a_step_that_nothing_shows_is_red_on_the_board_and_in_its_case(desks: Desks) -> None:
    site = Gapped(desks)
    case = desks.application.cases.open(site.caller("head"), "大柘罚〔2026〕1号", desks.agency.id)
    for hours in (48, 2):
        began = desks.clock.now() - timedelta(hours=hours)
        said = StepSaid("on-site-check", began, began + timedelta(minutes=30), ["012345"])
        desks.application.steps.enter(OPERATOR, case.id, said)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    for path in ("/board", "/matrix"):
        found = {name: int(n) for name, n in re.findall(r'data-step="([^"]+)">(\d+)', browser.get(path).text)}
        assert found == {"red": 1, "due": 1, "partly": 0, "exempt": 0, "covered": 0}, path
    assert 'data-total="unrecorded">2<' in browser.get("/gaps").text, "as text, PDF and XLSX say"
    assert case.number not in browser.get("/matrix?state=covered").text
    assert browser.get("/matrix?state=purple").status_code == 400
    assert browser.get("/matrix/" + "0" * 32).status_code == 404
    with desks.window("head", size=NARROW) as page:
        page.goto(desks.url("/matrix?state=red"))
        desks.look(page, "matrix-narrow")
        page.click(f"text={case.number}")
        page.wait_for_url("**/matrix/*")
        assert "012345" in page.inner_text("main")
        assert "已录 0 秒，应录 30 分" in page.inner_text("main")
        desks.look(page, "matrix-case-narrow")
