"""The auditor follows an act to its entry and proof; alarms and status; who may see none of it."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.domain.access import Caller
from evidence.domain.alarms import Alarm
from evidence.domain.audit import Act
from evidence.domain.explanations import Outcome
from evidence.ledger.tlog_proofs import TlogProof
from evidence.locale import CHINESE, ENGLISH, catalogue
from tests.pages.gapped import Gapped, a_morning
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser, field


def reviewed(desks: Desks) -> Gapped:
    """Let the head accept the first explanation."""
    site = a_morning(desks)
    head: Caller = site.caller("head")
    desk = desks.application.reviewing.desk(head)
    assert desk is not None
    desks.application.explanations.review(head, desk.now.explanation.id, Outcome.ACCEPTED, "属实，已核对")
    return site


def signed_in(desks: Desks, word: str) -> Browser:
    browser = Browser(desks)
    browser.take(desks, desks.staff[word].number)
    return browser


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_entry_of_a_review_is_found_by_its_act_and_followed(desks: Desks, language: str) -> None:
    reviewed(desks)
    words = catalogue(CHINESE if language == "zh-CN" else ENGLISH)
    with desks.window("auditor", language) as page:
        page.goto(desks.url("/log"))
        desks.look(page, f"log-{language}")
        page.select_option("#act", Act.GAP_REVIEW.value)
        page.click("form.filters button")
        listed = page.inner_text("tbody")
        assert words[f"log-act.{Act.GAP_REVIEW.value}"] in listed
        assert words["fact.recording"] in listed, "in words, not by code only"
        page.click("tbody td a >> nth=0")
        text = page.inner_text("main")
        assert "accepted" in text
        assert desks.staff["head"].number in text
        assert words["log.withheld"] in text
        assert "属实" not in page.content(), "the reason is a commitment"
        desks.look(page, f"log-entry-{language}")
        page.click('dl a[href^="/log?about="] >> nth=0')
        assert page.locator("tbody tr").count() >= 2, "explained, then reviewed"
        page.goto(desks.url("/log"))
        tiles = page.inner_text(".tiles")
        assert f"{words['log-family.custody']} (custody)" in tiles
        assert words["log-family.access"] in tiles
        assert words["officer.seer-service"] in page.locator("tbody td:nth-child(5)").all_inner_texts()
        objects = page.locator("tbody td:last-child a").all_inner_texts()
        assert (words["fact.card"] in objects, "card" in objects) == (True, False)
        for path in ("/alarms", "/status"):
            page.goto(desks.url(path))
            if path == "/status":
                kind = desks.site.vault.strength().kind
                assert page.locator("dd .mark").first.inner_text() == words[f"lock-kind.{kind}"]
            desks.look(page, f"{path[1:]}-{language}")


def test_the_log_is_read_on_a_telephone_and_by_night(desks: Desks) -> None:
    reviewed(desks)
    with desks.window("auditor", size=NARROW, dark=True) as page:
        for path in ("/log", "/log/entry?log=custody&index=3", "/status"):
            page.goto(desks.url(path))
            desks.look(page, f"{path.split('?')[0][1:].replace('/', '-')}-narrow-dark")


def test_a_proof_is_handed_out_for_an_entry_and_holds_it(desks: Desks) -> None:
    reviewed(desks)
    auditor = signed_in(desks, "auditor")
    answer = auditor.get("/log/proof?log=custody&index=2")
    assert answer.status_code == 200
    assert TlogProof.parse(answer.content).index == 2


def test_pages_of_a_log_go_on_by_index_and_what_is_not_there_is_not_found(desks: Desks) -> None:
    reviewed(desks)
    auditor = signed_in(desks, "auditor")
    older = auditor.get("/log?log=custody&after=3").text
    assert "index=2" in older
    assert "index=3" not in older
    for path in ("/log?log=x", "/log/entry?log=custody&index=999999", "/log/entry?log=custody&index=x"):
        assert auditor.get(path).status_code == 404, path
    assert auditor.get("/log?act=nothing").status_code == 400
    assert auditor.get("/log?about=nothing").status_code == 404
    for word in ("officer", "head", "custodian", "system"):
        assert signed_in(desks, word).get("/log").status_code == 403, word
    assert signed_in(desks, "head").get("/status").status_code == 403


def test_alarms_are_shown_with_their_times_and_cleared_by_who_answers_for_the_log(desks: Desks) -> None:
    now = desks.clock.now()
    with desks.site.database.writing() as unit:
        unit.alarms.add(Alarm("entry-altered", "custody 3 <b>", now, None, {"field": "by"}))
    audit, auditor = signed_in(desks, "audit"), signed_in(desks, "auditor")
    page = audit.get("/alarms").text
    assert catalogue(CHINESE)["alarm-kind.entry-altered"] in page
    assert "custody 3 &lt;b&gt;" in page
    assert catalogue(CHINESE)["alarms.never-looked"] in page
    assert 'action="/alarms/clear"' not in auditor.get("/alarms").text
    csrf = field(auditor.get("/alarms").text, "csrf")
    assert auditor.post("/alarms/clear", {"csrf": csrf}).status_code == 403
    with desks.site.database.reading() as unit:
        assert len(unit.alarms.standing()) == 1
    done: Any = audit.post("/alarms/clear", {"csrf": field(page, "csrf")})
    with desks.site.database.reading() as unit:
        left = len(unit.alarms.standing())
    assert (done.status_code, left == 0) in ((303, True), (409, False)), "not while something does not agree"
