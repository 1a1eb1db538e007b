"""Trends: month by month what the gap report of that month says, with counts; for heads only."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from evidence.domain.audit import Act
from evidence.domain.trends import Measure, Month, draw, hours, months_back, share
from evidence.locale import CHINESE, ENGLISH, catalogue
from evidence.service.gaps import trends
from evidence.service.gaps.gap_parts import Asked
from evidence.service.instruments import local_day
from tests.pages.gapped import OPERATOR, a_morning
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser


def test_each_month_says_what_its_gap_report_says(desks: Desks) -> None:
    site = a_morning(desks)
    desks.clock.time += timedelta(days=40)
    late = site.seal("second", "later.wav", hours=2, device="DSJX9A00124")
    site.gaps(late, "later.wav", 2, device="DSJX9A00124")
    found = site.app.trends.by_month(site.caller("head"))
    assert (len(found.months), found.is_cut) == (12, False)
    assert len([one for one in found.months if one.gaps]) == 2
    for month in found.months:
        until = (month.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        report = site.app.reports.gaps(OPERATOR, Asked(since=month.first, until=until))
        counts = {one.state: one.count for one in report.by_state}
        assert month.gaps == len(report.interruptions)
        assert month.lost == sum((one.lost for one in report.by_state), timedelta())
        assert month.unknown == sum(one.unknown for one in report.by_state)
        assert month.owed == sum(counts.values())
        assert month.explained == month.owed - counts["open"] - counts["sent-back"]
        assert month.accepted == counts["accepted"] + counts["exempt"]
        assert month.judged - month.on_time == len(report.late) + len(report.missing)
    assert sum(one.on_time for one in found.months) == 3
    (own,) = [one for one in found.units if one.name == desks.agency.name]
    assert sum(one.gaps for one in own.months) == 6
    assert sum(one.gaps for unit in found.units for one in unit.months) == 6


def test_the_page_shows_pictures_and_the_same_numbers_in_a_table(desks: Desks) -> None:
    a_morning(desks)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    for language, words in (("zh-CN", catalogue(CHINESE)), ("en", catalogue(ENGLISH))):
        browser.post("/language", {"language": language, "back": "/trends"})
        page = browser.get("/trends")
        assert page.status_code == 200
        assert f"<h1>{words['room.trends']}</h1>" in page.text
        assert page.text.count('role="img"') == 4 * (page.text.count("<table>"))
        this = local_day(desks.site.policies, desks.clock.now()).strftime("%Y-%m")
        (row, *_) = re.findall(rf'data-month="{this}">(.*?)</tr>', page.text)
        assert re.search(r"\d+% \(\d+/\d+\)", row)
        assert " style=" not in page.text
        assert "<script>alert" not in page.text
    assert browser.get(f"/trends?unit={desks.agency.id}").status_code == 200
    assert browser.get("/trends?unit=none").status_code == 404
    assert looks(desks)[-1]["facts"]["list"] == "trends"


def looks(desks: Desks) -> list[dict[str, Any]]:
    """Return the entries of the looks at lists, in the order of the log."""
    with desks.site.database.reading() as unit:
        return [dict(one) for one in unit.log.of_act(Act.READ_LIST)]


def test_who_does_not_supervise_sees_no_trends(desks: Desks) -> None:
    for word in ("officer", "custodian", "system", "auditor"):
        browser = Browser(desks)
        browser.take(desks, desks.staff[word].number)
        assert browser.get("/trends").status_code == 403, word
        assert 'href="/trends"' not in browser.get("/account").text


def test_months_that_hold_too_much_are_left_out_and_it_is_said(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = a_morning(desks)
    monkeypatch.setattr(trends, "MOST", 2)
    found = site.app.trends.by_month(site.caller("head"))
    assert (found.months, found.units, found.is_cut) == ((), (), True)
    browser = Browser(desks)
    browser.take(desks, desks.staff["head"].number)
    page = browser.get("/trends").text
    assert catalogue(CHINESE)["trend.cut"].format(most=5000, count=0) in page
    desks.clock.time += timedelta(days=40)
    site.seal("second", "later.wav", hours=2, device="DSJX9A00124")
    found = site.app.trends.by_month(site.caller("head"))
    assert found.is_cut
    assert 1 <= len(found.months) <= 2, "back to the month before that of the morning"
    assert (found.months[-1].judged, found.months[-1].on_time) == (1, 1)


def test_trends_are_read_wide_and_on_a_telephone_by_night(desks: Desks) -> None:
    a_morning(desks)
    with desks.window("head", "en") as page:
        page.goto(desks.url("/trends"))
        desks.look(page, "trends-en")
    with desks.window("head", size=NARROW, dark=True) as page:
        page.goto(desks.url("/trends"))
        desks.look(page, "trends-narrow-dark")


def test_a_share_stands_with_its_counts_and_a_picture_holds_no_style() -> None:
    first, second = months_back(date(2026, 1, 31), 2)
    assert (first.isoformat(), second.isoformat()) == ("2025-12-01", "2026-01-01")
    assert (share(9, 10), share(0, 0), hours(timedelta(minutes=90))) == ("90% (9/10)", "—", "1.5")
    assert (hours(timedelta(seconds=2)), hours(timedelta())) == ("<0.01", "0")
    months = [Month(first), Month(second, on_time=9, judged=10, gaps=3, owed=4, explained=2, accepted=1)]
    for measure in Measure:
        drawn = draw(measure, months, lambda key, **_: f"<{key}>")
        assert "style" not in drawn
        assert "<trend" not in drawn, "words are escaped"
        assert "2026-01" in drawn
    assert ">9/10<" in draw(Measure.ON_TIME, months, lambda key, **_: key)
