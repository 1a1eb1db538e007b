"""The morning of a supervisor: board, lists, gap report; in both languages, narrow, dark, hostile."""

from __future__ import annotations

import re

import pytest

from evidence.locale import CHINESE, ENGLISH, catalogue
from evidence.service.gaps import gap_shifts
from evidence.service.oversight.watch_lists import Watch
from evidence.web.pages.supervisor.board import home_of
from tests.pages.gapped import a_morning
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser


def test_the_numbers_of_the_board_are_those_of_its_lists(desks: Desks) -> None:
    a_morning(desks)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    board = browser.get("/board").text
    counts = {name: int(n) for name, n in re.findall(r'data-watch="([^"]+)">(\d+)', board)}
    assert set(counts) == {one.value for one in Watch}
    assert (counts["overdue"], counts["due-soon"], counts["awaiting"], counts["late"]) == (1, 1, 3, 1)
    for watch in Watch:
        if watch is not Watch.AWAITING:
            page = browser.get(home_of(watch, 7))
            assert page.status_code == 200
            told = re.search(r"<caption>\D*(\d+)", page.text)
            assert (int(told.group(1)) if told else 0) == counts[watch.value], watch
    assert "/3" in browser.get("/review").text


def test_who_does_not_supervise_does_not_come_in(desks: Desks) -> None:
    for word in ("officer", "custodian", "system"):
        browser = Browser(desks)
        browser.take(desks, desks.staff[word].number)
        for path in ("/board", "/watch/late", "/review"):
            assert browser.get(path).status_code == 403, (word, path)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    for path in ("/watch/nothing", "/watch/awaiting"):
        assert browser.get(path, Accept="text/html").status_code == 404


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_board_leads_to_every_list_and_to_the_gap_report(desks: Desks, language: str) -> None:
    site = a_morning(desks)
    words = catalogue(CHINESE if language == "zh-CN" else ENGLISH)
    with desks.window("head", language) as page:
        page.goto(desks.url("/"))
        assert page.url == desks.url("/board")
        desks.look(page, f"board-{language}")
        page.click('a[href="/watch/unlabelled"]')
        assert words["watch.unlabelled"] in page.inner_text("h1")
        desks.look(page, f"watched-{language}")
        page.goto(desks.url("/gaps"))
        assert str(site.desks.staff["officer"].number) in page.inner_text("main")
        desks.look(page, f"gaps-{language}")
        page.click(".states a >> nth=0")
        assert "state=open" in page.url
        page.select_option("#state", "explained")
        page.click("form.filters button")
        page.wait_for_url("**state=explained**")
        assert words["gap-state.explained"] in page.inner_text("main table >> nth=1")


def test_board_and_gap_report_are_read_on_a_telephone_and_by_night(desks: Desks) -> None:
    a_morning(desks)
    with desks.window("head", size=NARROW, dark=True) as page:
        page.goto(desks.url("/board"))
        desks.look(page, "board-narrow-dark")
        page.goto(desks.url("/gaps"))
        desks.look(page, "gaps-narrow-dark")
        page.goto(desks.url("/watch/unlabelled"))
        desks.look(page, "watched-narrow-dark")


def test_the_gap_report_names_its_place_and_offers_the_same_as_documents(desks: Desks) -> None:
    a_morning(desks)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    page = browser.get("/gaps")
    for form in ("svg", "pdf", "xlsx"):
        (address,) = re.findall(rf'href="(/api/v1/gaps\?[^"]*format={form}[^"]*)"', page.text)
        assert "since=" in address
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert "<script>alert" not in page.text
    document = browser.get(address.replace("&amp;", "&").replace("format=xlsx", "format=svg"))
    size = re.search(r"-(\d+)-[0-9a-f]{16}\.svg", document.headers["content-disposition"])
    assert size is not None
    assert f" {size.group(1)} " in page.text, "the same place of the log"
    for bad in ("since=never", "state=maybe", "since=2026-03-05&until=2026-03-01", "unit=x", "device=none"):
        assert browser.get(f"/gaps?{bad}").status_code in (400, 404), bad
    answer = browser.get("/gaps?wearer=nobody")
    assert answer.status_code == 404
    assert catalogue(CHINESE)["error.wearer-not-found"] in answer.text
    assert 'value="nobody"' in answer.text, "what was typed stays"


def test_where_there_are_too_many_shifts_the_lines_stand_without_a_picture(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_morning(desks)
    monkeypatch.setattr(gap_shifts, "MOST_SHIFTS", 1)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    page = browser.get("/gaps")
    assert page.status_code == 200
    assert catalogue(CHINESE)["gaps.too-many"] in page.text
    assert "gone.wav" in page.text
    assert "<svg" not in page.text
