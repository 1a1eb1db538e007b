"""What must be recorded, in red, amber and green: the board counts what the page shows."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest

from evidence.domain.instants import to_text
from evidence.domain.spans import Span
from evidence.service.cases.steps import StepSaid
from evidence.service.catalogue import Scope
from evidence.service.gaps.exemptions import Stated
from evidence.service.instruments import pack_at
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
    assert browser.get("/gaps").text.count("<tr data-step=") == 2, "and which they are"
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


def shown_for(site: Gapped, case_id: str, recording: str, began: datetime, length: timedelta) -> None:
    """Link a recording that was made then, as the judgement of its recorder would say."""
    facts = {"start": to_text(began), "end": to_text(began + length), "certain": True}
    site.app.cases.link(OPERATOR, case_id, recording)
    with site.desks.site.database.writing() as unit:
        scope, pack = Scope("recording", recording, "D"), pack_at(site.desks.site.policies, began)
        unit.examinations.record(scope, "sequence", pack, json.dumps(facts), [], began)


@pytest.mark.article("dazhe-2020:6")
def test_an_exemption_that_covers_a_part_only_is_told_beside_the_step(desks: Desks) -> None:
    site, now = Gapped(desks), desks.clock.now()
    case = desks.application.cases.open(site.caller("head"), "大柘罚〔2026〕1号", desks.agency.id)
    span = Span(now - timedelta(hours=40), now - timedelta(hours=39))
    said = StepSaid("on-site-check", span.start, span.end, ["012345"])
    desks.application.steps.enter(OPERATOR, case.id, said)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    pages = (f"/matrix/{case.id}", f"/cases/{case.id}")
    assert not any("data-short" in browser.get(page).text for page in pages)
    part = Stated("012345", "urgency", "第六条", Span(span.start, span.end - timedelta(minutes=10)), "未开机")
    new = desks.application.exemptions.state(site.caller("officer"), part)
    desks.application.exemptions.receive(site.caller("head"), new.id, agrees=True, view="属实")
    for page in pages:
        assert f'data-short="{new.id}"' in browser.get(page).text, page


@pytest.mark.article("dazhe-2020:5")
def test_an_activity_shown_in_part_stands_on_the_gap_page_beside_the_red_ones(desks: Desks) -> None:
    site = Gapped(desks)
    case = desks.application.cases.open(site.caller("head"), "大柘罚〔2026〕1号", desks.agency.id)
    began, length = desks.clock.now() - timedelta(hours=40), timedelta(minutes=30)
    for what, start in (("on-site-check", began), ("evidence-taking", began + 2 * length)):
        said = StepSaid(what, start, start + length, ["012345"])
        desks.application.steps.enter(OPERATOR, case.id, said)
    shown_for(site, case.id, site.seal("officer", "part.wav", 40), began, timedelta(minutes=3))
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    page = browser.get("/gaps").text
    for part, lacks in (("unrecorded", "30 分钟"), ("partly", "27 分钟")):
        assert f'data-total="{part}">1</strong><small>未录 {lacks}' in page
    first, second = page.split("<tr data-step=")[1:]
    assert "调查取证" in first, "what is red is told first"
    assert "已录 3 分钟，应录 30 分钟，占 10%" in second
    assert f"/matrix/{case.id}" in second
