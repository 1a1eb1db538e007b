"""Complaints, fault files and exemption statements, on pages: each by whom it is for, never by oneself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evidence.domain.spans import Span
from evidence.locale import CHINESE, catalogue
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.gap_parts import Asked
from tests.pages.gapped import OPERATOR, Gapped, a_morning
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser, field

WORDS = catalogue(CHINESE)


class Signed:
    """A browser in which somebody is signed in, with the token of its forms."""

    def __init__(self, desks: Desks, word: str) -> None:
        self.browser = Browser(desks)
        self.browser.take(desks, desks.staff[word].number)
        self.csrf = field(self.browser.get("/account").text, "csrf")

    def get(self, path: str) -> Any:
        return self.browser.get(path)

    def post(self, path: str, **form: str) -> Any:
        return self.browser.post(path, {"csrf": self.csrf, **form})


def a_complaint(desks: Desks, **changes: str) -> dict[str, str]:
    now = desks.clock.now().astimezone(ZoneInfo("Asia/Shanghai"))
    return {
        "number": "投〔2026〕1号<b>",
        "received_on": now.date().isoformat(),
        "channel": "phone",
        "people": "012345、012346",
        "since": (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M"),
        "until": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "matter": "态度生硬 <img src=x onerror=alert(1)>",
        "place": "集市",
        **changes,
    }


@pytest.mark.article("xinping-2022-aux:20")
def test_a_complaint_is_taken_in_given_to_a_handler_and_answered(desks: Desks) -> None:
    a_morning(desks)
    head, custodian = Signed(desks, "head"), Signed(desks, "custodian")
    for wrong in (
        {"since": "x"},
        {"since": "2031-01-01T00:00"},
        {"received_on": ""},
        {"channel": "pigeon"},
        {"people": "999999"},
    ):
        answer = head.post("/complaints", **a_complaint(desks, **wrong))
        assert answer.status_code in (400, 404), wrong
        assert "态度生硬" in answer.text, "what was typed stays"
    taken = head.post("/complaints", **a_complaint(desks))
    path = taken.headers["location"].partition("?")[0]
    page = head.get(path).text
    assert "<img" not in page
    assert "<dd>2</dd>" in page, "the recordings of that hour are held"
    assert head.get("/board").text.count('data-watch="complaints">1<') == 1
    assert head.post(f"{path}/close", result="founded", reason="属实").status_code == 403, "not the handler"
    assert head.post(f"{path}/handler", number="012345").status_code == 403, "whom it is about"
    assert head.post(f"{path}/handler", number="012300").status_code == 303
    assert custodian.post(f"{path}/close", result="founded", reason=" ").status_code == 400
    assert custodian.post(f"{path}/close", result="partly-founded", reason="已批评教育").status_code == 303
    assert WORDS["complaint-result.partly-founded"] in head.get(path).text
    assert WORDS["complaint.none"] in head.get("/complaints").text
    listed = head.get("/complaints?state=all").text
    assert path in listed
    assert listed.count("012300") == 2, "who handled it, and who closed it"
    assert Signed(desks, "officer").get(path).status_code == 403
    with desks.window("head", size=NARROW) as window:
        for name, address in (("complaint", path), ("complaints", "/complaints?state=all")):
            window.goto(desks.url(address))
            desks.look(window, f"{name}-narrow")
        window.goto(desks.url("/complaints/new"))
        desks.look(window, "complaint-new-narrow")


@pytest.mark.article("dazhe-2020:16")
def test_a_fault_file_is_opened_from_a_gap_and_decided_by_somebody_else(desks: Desks) -> None:
    site = a_morning(desks)
    report = site.app.reports.gaps(OPERATOR, Asked())
    (gap,) = [one for one in report.ledger.told(report.interruptions) if one.state == "open"]
    custodian, head = Signed(desks, "custodian"), Signed(desks, "head")
    assert f"/faults/new?gap={gap.name}" in custodian.get("/gaps").text
    refused = custodian.post("/faults", gap=gap.name, kind="nothing", reason="多次中断")
    assert (refused.status_code, "多次中断" in refused.text) == (400, True)
    opened = custodian.post("/faults", gap=gap.name, kind="not-recorded", reason="多次中断")
    path = opened.headers["location"].partition("?")[0]
    listed = head.get("/faults").text
    assert path in listed
    assert "012345" in listed, "people by number"
    assert "012300" in listed
    assert (
        custodian.post(f"{path}/decision", number="012345", verdict="no-fault", reason="x").status_code == 403
    )
    assert head.post(f"{path}/decision", number="012345", verdict="maybe", reason="x").status_code == 400
    with desks.window("custodian", size=NARROW) as window:
        for name, address in (("fault-new", f"/faults/new?gap={gap.name}"), ("faults", "/faults?state=all")):
            window.goto(desks.url(address))
            desks.look(window, f"{name}-narrow")
    with desks.window("head") as window:
        window.goto(desks.url(path))
        desks.look(window, "fault")
        window.select_option("#verdict-1", "no-fault")
        window.fill("#why-1", "设备确有故障")
        window.click("section button")
        window.wait_for_url("**done=fault-decided")
        assert WORDS["verdict.no-fault"] in window.inner_text("main")
    assert head.post(f"{path}/decision", number="012345", verdict="no-fault", reason="x").status_code == 409
    assert WORDS["faults.none"] in head.get("/faults").text
    nothing = custodian.post("/faults", gap="", kind="leak", reason="外传", people="012345")
    assert (nothing.status_code, WORDS["error.rests-on-nothing"] in nothing.text) == (400, True)
    words = {"kind": "leak", "reason": "外传", "people": "012345", "basis": "监察组12号函"}
    written = custodian.post("/faults", gap="", **words)
    assert "监察组12号函" in custodian.get(written.headers["location"]).text
    shown = site.app.recordings.list(OPERATOR)[0].recording.id
    by_recording = custodian.post("/faults", recording=shown, kind="loss", reason="遗失")
    assert f'href="/recordings/{shown}"' in custodian.get(by_recording.headers["location"]).text
    assert Signed(desks, "second").get(path).status_code == 404, "not theirs"


@pytest.mark.article("dazhe-2020:6")
def test_a_statement_is_received_by_a_head_with_a_view(desks: Desks) -> None:
    site = Gapped(desks)
    now = desks.clock.now()
    span = Span(now - timedelta(hours=3), now - timedelta(hours=2))
    stated = Stated("012345", "urgency", "《办法》第六条", span, "电量正常")
    one = site.app.exemptions.state(site.caller("officer"), stated)
    head = Signed(desks, "head")
    page = head.get("/exemptions").text
    assert WORDS["exempting.urgency"] in page
    path = f"/exemptions/{one.id}/receipt"
    assert head.post(path, agrees="yes", view=" ").status_code == 400
    assert Signed(desks, "officer").post(path, agrees="yes", view="同意").status_code == 403
    with desks.window("head", "en") as window:
        window.goto(desks.url("/exemptions"))
        desks.look(window, "exemptions-en")
    assert head.post(path, agrees="yes", view="情况属实").status_code == 303
    assert WORDS["exemptions.none"] in head.get("/exemptions").text
    assert "情况属实" in head.get("/exemptions?state=all").text
    again = site.app.exemptions.state(site.caller("officer"), replace(stated, basis="《办法》第六条（三）"))
    site.app.exemptions.withdraw(site.caller("officer"), again.id, "依据写错")
    assert WORDS["exemptions.none"] in head.get("/exemptions").text
    page = head.get("/exemptions?state=all").text
    assert "依据写错" in page
    assert WORDS["exemption.withdrawn"] in page
    assert head.post(path, agrees="no", view="又").status_code == 409


@pytest.mark.article("dazhe-2020:6")
def test_footage_of_the_stated_time_stands_beside_a_statement_and_is_agreed_to_knowingly(
    desks: Desks,
) -> None:
    site, head = Gapped(desks), Signed(desks, "head")
    shown = site.seal("officer", "a.wav")
    stored = next(one for one in site.app.recordings.list(OPERATOR) if one.recording.id == shown)
    assert stored.ended_at is not None
    span = Span(stored.ended_at - timedelta(minutes=1), stored.ended_at)
    one = site.app.exemptions.state(
        site.caller("officer"), Stated("012345", "urgency", "《办法》第六条", span, "电量正常")
    )
    page = head.get("/exemptions").text
    assert f"/recordings/{stored.recording.id}" in page
    assert WORDS["exemptions.despite"] in page
    path = f"/exemptions/{one.id}/receipt"
    refused = head.post(path, agrees="yes", view="情况属实")
    assert (refused.status_code, WORDS["error.exemption-contradicted"] in refused.text) == (409, True)
    assert site.app.exemptions.stated(site.caller("head"))[0].agrees is None
    assert head.post(path, agrees="yes", view="情况属实", despite="yes").status_code == 303
    assert f"/recordings/{stored.recording.id}" in head.get("/exemptions?state=all").text
