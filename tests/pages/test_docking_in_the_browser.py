"""A card is docked in a real browser against a service in a process of its own that is killed on the way."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from evidence import bootstrap
from evidence.dock.receipts import Expected, verify_receipt
from evidence.domain.audit import Act
from evidence.domain.devices import Device, Issue
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Role
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import VerifierKey
from evidence.policy.equipment import DeviceClass
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sessions import open_session
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from evidence.service.site import Site
from evidence.web.deps import COOKIE
from evidence.web.pages.language import COOKIE as LANGUAGE
from tests import forms
from tests.pages.officer_room import SERIAL
from tests.pages.room import pictures_folder
from tests.service_process import ServiceProcess

NAMES = ("DCIM/100/DSJ_0001.mp4", "DCIM/100/DSJ_0002.mp4", "DCIM/101/DSJ_0003.mp4")
SIZE = 20 << 20
BYTES_A_SECOND = 12 << 20
NUMBER = "012345"


@dataclass
class Station:
    """A service in a process of its own, an officer with a recorder, and a card in a folder."""

    service: ServiceProcess
    card: Path
    token: str

    def url(self, path: str) -> str:
        """Browsers keep Secure cookies for this host without TLS too."""
        return f"http://localhost:{self.service.port}{path}"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    service = ServiceProcess(tmp_path / "data")
    card = tmp_path / "card"
    for name in NAMES:
        file = card / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(SIZE))
    with service:
        yield Station(service, card, _hire(service.data))


@contextmanager
def site_of(data: Path) -> Iterator[Site]:
    """Open the site of a service beside it."""
    site = bootstrap.build(data).site
    try:
        yield site
    finally:
        site.database.close()


def _hire(data: Path) -> str:
    """Add an officer with a recorder in their hands, past every desk; return the token of a session."""
    with site_of(data) as site:
        now = site.clock.now()
        with site.database.writing() as unit:
            (agency,) = unit.units.all()
            officer = Person(new_id(), NUMBER, "李明", PersonType.OFFICER, agency.id)
            unit.people.add(officer, now)
            grant = StoredGrant(new_id(), officer.id, Role.FIELD_OFFICER, agency.id, "post", "operator", now)
            unit.grants.add(grant)
            unit.sign_ins.add(StoredSignIn(officer.id, officer.number, now))
            device = Device(new_id(), SERIAL, DeviceClass.BODY_CAMERA, agency.id)
            unit.devices.add(device, now)
            issued = now - timedelta(days=1)
            unit.devices.add_issue(Issue(new_id(), device.id, officer.id, officer.id, issued))
        with site.database.writing() as unit:
            return open_session(unit, site, officer.id, ("password", "totp"), "127.0.0.1")[0]


def begun(data: Path) -> int:
    """Return how many uploads were ever begun."""
    with site_of(data) as site, site.database.reading() as unit:
        acts = [read_entry(body)["act"] for _, body in unit.log.entries()]
    return acts.count(Act.UPLOAD_CREATE.value)


def a_window(browser: Browser, station: Station, language: str) -> Page:
    context = browser.new_context(timezone_id="Asia/Shanghai")
    url = station.url("/").replace("http:", "https:")
    cookies = {COOKIE: station.token, LANGUAGE: language}
    context.add_cookies([{"name": n, "value": v, "url": url, "secure": True} for n, v in cookies.items()])
    page = context.new_page()
    page.set_default_timeout(60_000 * forms.PATIENCE)
    return page


def choose(page: Page, station: Station) -> None:
    """Choose the card and begin."""
    page.goto(station.url("/docking"))
    page.set_input_files("#folder", station.card)
    page.click("[data-start]")


def states(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all("[data-list] tr", "rows => rows.map(r => r.dataset.state)")
    return found


def test_a_card_is_docked_though_the_service_is_killed_and_the_page_loaded_anew(
    browser: Browser, station: Station, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = a_window(browser, station, "zh-CN")
    asked: list[str] = []
    patches: list[dict[str, str]] = []
    page.on("dialog", lambda one: (asked.append(one.type), one.accept()))
    page.on("request", lambda one: patches.append(one.headers) if one.method == "PATCH" else None)
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_A_SECOND}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", slow)

    choose(page, station)
    # Two pieces of the first file are here: the service dies in the middle of the third.
    deadline = time.monotonic() + 60 * forms.PATIENCE
    while max(page.eval_on_selector_all("[data-list] progress", "all => all.map(one => one.value)")) < 9e6:
        assert time.monotonic() < deadline, states(page)
        page.wait_for_timeout(50)
    station.service.stop(signal.SIGKILL)
    page.wait_for_selector("tr[data-state=line-cut]")
    station.service.start()
    page.wait_for_selector("tr[data-state=sealed]")

    assert states(page) != ["sealed"] * 3, "the page is loaded anew while something is on its way"
    page.reload()
    assert asked == ["beforeunload"], "leaving the page warns"
    choose(page, station)
    page.wait_for_selector("[data-after]:not([hidden])")
    assert sorted(set(states(page))) == ["sealed", "sealed-before"]
    expect(page.locator("[data-told]")).to_contain_text("全部 3 份已封存")

    page.screenshot(path=pictures_folder(tmp_path_factory) / "officer-docked.png", full_page=True)
    _verify_receipts(page, station)
    assert all(one.get("upload-checksum", "").startswith("sha256 ") for one in patches)
    assert begun(station.service.data) == len(NAMES), "each file was begun once, and went on"
    left = {one.relative_to(station.card).as_posix() for one in station.card.rglob("*.mp4")}
    assert left == set(NAMES), "nothing is deleted from the card"


def test_the_page_speaks_english_and_says_what_is_wrong(browser: Browser, station: Station) -> None:
    page = a_window(browser, station, "en")
    page.goto(station.url("/docking"))
    expect(page.locator("h1")).to_have_text("Dock in the browser")
    expect(page.locator("main")).to_contain_text("Nothing on the card is changed or deleted")
    assert page.locator("[data-start]").is_disabled()
    page.set_input_files("#folder", station.card)
    expect(page.locator("[data-told]")).to_contain_text("3 files chosen")
    with site_of(station.service.data) as site, site.database.writing() as unit:
        for issue in unit.devices.open_issues().values():
            unit.devices.give_back(issue.id, issue.person_id, issue.person_id, site.clock.now())
    page.click("[data-start]")
    expect(page.locator("[data-told]")).to_contain_text("Could not be announced")
    assert states(page) == ["waits"] * 3
    assert begun(station.service.data) == 0


def test_a_file_half_sent_before_and_not_chosen_now_keeps_the_card(
    browser: Browser, station: Station
) -> None:
    page = a_window(browser, station, "zh-CN")
    half = {"name": "half.mp4", "size": 10, "modified": None, "received": 3, "upload": new_id()}

    def lose(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "gone": [half]})

    page.route("**/api/v1/cards", lose)
    choose(page, station)
    page.wait_for_selector("[data-after]:not([hidden])")
    assert states(page) == ["sealed"] * 3
    expect(page.locator("[data-told]")).to_contain_text("请保留存储卡")
    expect(page.locator("[data-told]")).to_have_class("problem")
    expect(page.locator("[data-gone]")).to_contain_text("half.mp4")


def test_files_are_dropped_and_names_are_those_on_the_card(browser: Browser, station: Station) -> None:
    page = a_window(browser, station, "en")
    page.goto(station.url("/docking"))
    page.evaluate(
        """() => {
            const given = new DataTransfer();
            for (const name of ["b.mp4", "a.mp4", ".hidden", "c\\u202e4pm.exe"]) {
                given.items.add(new File(["sent"], name, {lastModified: 1790000000000}));
            }
            const drop = document.querySelector("[data-drop]");
            drop.dispatchEvent(new DragEvent("drop", {dataTransfer: given, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.locator("[data-told]")).to_contain_text("3 files chosen")
    page.click("[data-start]")
    page.wait_for_selector("[data-after]:not([hidden])")
    assert states(page) == ["sealed"] * 3
    assert page.eval_on_selector_all("[data-list] td.name", "all => all.map(one => one.textContent)") == [
        "a.mp4",
        "b.mp4",
        "c\\u202e4pm.exe",
    ], "what turns a name around is written out"
    assert page.eval_on_selector_all("progress", "all => all.every(one => one.value === one.max)")


def _verify_receipts(page: Page, station: Station) -> None:
    """Check each receipt that the page offers as a dock does: by the pinned key, against the bytes."""
    key = VerifierKey.parse(station.service.verifier_key)
    links = page.eval_on_selector_all("[data-list] a[download]", "all => all.map(a => [a.href, a.download])")
    assert len(links) == len(NAMES)
    seen = set()
    for href, _ in links:
        document = page.context.request.get(href).body()
        name = json.loads(document)["signed"]["name"]
        body = (station.card / name).read_bytes()
        verify_receipt(document, key, Expected(SERIAL, name, len(body), hashlib.sha256(body).hexdigest()))
        seen.add(name)
    assert seen == set(NAMES)
