"""Reviewing a queue by keyboard, and without one."""

from __future__ import annotations

import pytest

from evidence.domain.audit import Act
from evidence.domain.explanations import Outcome
from evidence.ledger.entries import read_entry
from evidence.locale import CHINESE, catalogue
from tests.pages.gapped import a_morning
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser, field

WORDS = catalogue(CHINESE)


def outcomes(desks: Desks, ids: list[str]) -> list[Outcome | None]:
    with desks.site.database.reading() as unit:
        found = [unit.explanations.get(one) for one in ids]
    return [None if one is None else one.outcome for one in found]


def waiting(desks: Desks) -> list[str]:
    desk = desks.application.reviewing.desk(a_head(desks))
    return [] if desk is None else [one.explanation.id for one in desk.queue]


def a_head(desks: Desks):  # type: ignore[no-untyped-def]
    with desks.site.database.reading() as unit:
        return unit.grants.caller(desks.staff["head"].id, desks.clock.now())


@pytest.mark.article("dazhe-2020:9.1", "dazhe-2020:16")
def test_a_queue_is_reviewed_by_keys_one_accepted_one_sent_back_one_a_fault(desks: Desks) -> None:
    a_morning(desks)
    ids = waiting(desks)
    assert len(ids) == 3
    with desks.window("head") as page:
        page.goto(desks.url("/review"))
        desks.look(page, "review")
        page.keyboard.press("j")
        page.wait_for_url(f"**/review?at={ids[1]}")
        assert page.locator("img").count() == 0, "what somebody typed is text"
        page.keyboard.press("k")
        page.wait_for_url(f"**/review?at={ids[0]}")
        page.keyboard.press("a")
        page.wait_for_url(f"**/review?at={ids[1]}&done=accepted")
        assert outcomes(desks, ids) == [Outcome.ACCEPTED, None, None]
        page.keyboard.press("s")
        page.keyboard.type("请写明时间 a j f")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(f"**/review?at={ids[2]}&done=sent-back")
        assert outcomes(desks, ids) == [Outcome.ACCEPTED, Outcome.SENT_BACK, None]
        page.keyboard.press("f")
        page.select_option("#fault-kind", "not-recorded")
        page.fill("#fault-reason", "多次未按要求记录")
        desks.look(page, "review-fault")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/review?done=fault-opened")
        assert outcomes(desks, ids) == [Outcome.ACCEPTED, Outcome.SENT_BACK, Outcome.FAULT]
        assert WORDS["review.empty"] in page.inner_text("main")
        desks.look(page, "review-empty")
    with desks.site.database.reading() as unit:
        entries = [read_entry(body) for _, body in unit.log.entries()]
        (file,) = unit.fault_files.all()
    assert [one["facts"]["outcome"] for one in entries if one["act"] == Act.GAP_REVIEW] == [
        "accepted",
        "sent-back",
        "fault",
    ]
    assert (file.kind, len(file.entries) > 0) == ("not-recorded", True)


def test_the_player_jumps_to_a_little_before_the_gap(desks: Desks) -> None:
    a_morning(desks)
    with desks.window("head", size=NARROW, dark=True) as page:
        page.goto(desks.url("/review"))
        page.wait_for_function("document.querySelector('video').readyState >= 1")
        page.evaluate("document.querySelector('video').currentTime = 9")
        start = float(page.get_attribute("[data-seek]", "data-seek") or "-1")
        page.locator("body").press("g")
        page.wait_for_function(f"Math.abs(document.querySelector('video').currentTime - {start}) < 0.2")
        desks.look(page, "review-narrow-dark")


def test_without_a_reason_nothing_is_sent_back_and_what_was_typed_stays(desks: Desks) -> None:
    a_morning(desks)
    first = waiting(desks)[0]
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    csrf = field(browser.get("/review").text, "csrf")
    for form in (
        {"outcome": "sent-back", "reason": " "},
        {"outcome": "fault", "reason": "有过错", "kind": "x"},
    ):
        answer = browser.post(f"/review/{first}", {"csrf": csrf, **form})
        assert answer.status_code == 400, form
        assert form["reason"].strip() in answer.text
    assert browser.post(f"/review/{first}", {"csrf": csrf, "outcome": "maybe"}).status_code == 400
    assert browser.post(f"/review/{first}", {"outcome": "accepted"}).status_code == 403, "forged"
    assert outcomes(desks, [first]) == [None]
    done = browser.post(f"/review/{first}", {"csrf": csrf, "outcome": "accepted", "then": "//evil.example"})
    assert (done.status_code, done.headers["location"]) == (303, "/review?done=accepted")
    again = browser.post(f"/review/{first}", {"csrf": csrf, "outcome": "accepted"})
    assert again.status_code == 409
    assert WORDS["error.explanation-reviewed"] in again.text


def test_nobody_reviews_what_they_wore_or_said(desks: Desks) -> None:
    site = a_morning(desks)
    mine = site.explain("head", ["我补充说明"])[0]
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    csrf = field(browser.get("/review").text, "csrf")
    assert mine not in browser.get("/review").text
    answer = browser.post(f"/review/{mine}", {"csrf": csrf, "outcome": "accepted"})
    assert answer.status_code == 403
    assert outcomes(desks, [mine]) == [None]
