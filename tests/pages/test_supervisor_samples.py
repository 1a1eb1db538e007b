"""Samples by the pages: committed to, drawn when the time is over, noted only by who has looked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evidence.locale import CHINESE, catalogue
from tests.pages.gapped import Gapped
from tests.pages.room import Desks
from tests.web.browser import Browser, field

WORDS = catalogue(CHINESE)


def test_a_sample_is_drawn_looked_at_and_noted(desks: Desks) -> None:
    site = Gapped(desks)
    browser = Browser(desks)

    def sign_in() -> str:
        browser.take(desks, desks.staff["head"].number)
        return field(browser.get("/account").text, "csrf")

    csrf = sign_in()

    def post(path: str, **form: str) -> Any:
        return browser.post(path, {"csrf": csrf, **form})

    local = desks.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).replace(second=0)
    times = {
        key: (local + length).strftime("%Y-%m-%dT%H:%M")
        for key, length in (("since", timedelta(minutes=2)), ("until", timedelta(minutes=30)))
    }
    assert post("/samples", unit=desks.agency.id, since=times["until"], until="x").status_code == 400
    assert post("/samples", unit=desks.agency.id, **times).status_code == 303
    (path,) = re.findall(r'href="(/samples/[0-9a-f]{32})"', browser.get("/samples").text)
    assert WORDS["samples.runs"] in browser.get(path).text
    assert post(f"{path}/draw").status_code == 409
    desks.clock.pass_by(timedelta(minutes=5))
    recording = site.seal("officer", "one.wav", hours=0.1)
    desks.clock.pass_by(timedelta(minutes=40))
    csrf = sign_in()
    assert post(f"{path}/draw").status_code == 303
    assert browser.get("/board").text.count('data-watch="samples">1<') == 1
    note = f"{path}/recordings/{recording}/review"
    assert post(note, outcome="in-order", note="正常").status_code == 409, "nobody has looked"
    assert browser.get(f"/api/v1/recordings/{recording}/play?purpose=sample").status_code == 200
    with desks.window("head") as window:
        window.goto(desks.url(path))
        desks.look(window, "sample")
        window.goto(desks.url("/samples"))
        desks.look(window, "samples")
    assert post(note, outcome="perfect", note="x").status_code == 400
    assert post(note, outcome="in-order", note="画面完整").status_code == 303
    assert "画面完整" in browser.get(path).text
    assert post(note, outcome="in-order", note="又").status_code == 409
    assert WORDS["samples.none"] in browser.get("/samples").text
