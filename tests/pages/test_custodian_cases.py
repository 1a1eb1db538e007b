"""A case on one page: cameras under one clock; holds, disposals and devices as the custodian sees them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from evidence.domain.derivatives import Derivative, Operation, Output
from evidence.domain.digests import Digests
from evidence.domain.ids import new_id
from evidence.domain.rights import Role
from evidence.locale import CHINESE, text
from evidence.service.jobs import JobName
from tests.pages.custody_room import HOSTILE, OPERATOR, CustodyRoom
from tests.pages.room import NARROW, Desks
from tests.pages.test_custodian_search import TO_THE_MIDDLE, until
from tests.web.browser import Browser, WebRoom

BOTH_PLAY = "[...document.querySelectorAll('video')].every((one) => one.currentTime > 0.5 && !one.paused)"
APART = (
    "Math.abs(document.querySelectorAll('video')[0].currentTime - "
    "document.querySelectorAll('video')[1].currentTime)"
)


@pytest.fixture
def custody(desks: Desks) -> CustodyRoom:
    return CustodyRoom(desks)


def a_case(desks: Desks, custody: CustodyRoom, media: Path) -> tuple[str, list[str]]:
    """Open a case over what two cameras recorded at the same time."""
    first = sorted((media / "sessions/o01_clean").iterdir())[0]
    made = [
        custody.seal(first.read_bytes(), f"{wearer}-{first.name}", wearer, f"DSJX9A{wearer}")
        for wearer in ("012345", "012346")
    ]
    custody.work()
    case = desks.application.cases.open(OPERATOR, "杭综执〔2024〕12号", desks.agency.id)
    for one in made:
        desks.application.cases.link(OPERATOR, case.id, one)
    return case.id, made


def test_two_cameras_of_a_case_play_together_and_are_moved_together(
    desks: Desks, custody: CustodyRoom, media: Path
) -> None:
    case, _ = a_case(desks, custody, media)
    with desks.window("custodian") as page:
        page.goto(desks.url("/custody/cases?number=杭综执"))
        page.get_by_role("link", name="杭综执〔2024〕12号").click()
        desks.look(page, "custodian-case")
        for box in page.locator("input[name=play]").all():
            box.check()
        page.get_by_role("button", name="同步播放所选（最多 4 份）").click()
        assert page.locator("video").count() == 2
        until(page, "[...document.querySelectorAll('video')].every((one) => one.readyState >= 3)")
        page.get_by_role("button", name="播放／暂停").click()
        until(page, BOTH_PLAY)
        assert page.evaluate(APART) < 0.3
        page.get_by_role("button", name="播放／暂停").click()
        page.evaluate(TO_THE_MIDDLE)
        until(
            page,
            "[...document.querySelectorAll('video')].every((one) => Math.abs(one.currentTime - 2.5) < 0.3)",
        )
        desks.look(page, "custodian-together")
    assert case in desks.dump()


def test_a_case_lists_its_recordings_as_they_were_made_and_plays_proxies_of_what_no_browser_plays(
    tmp_path: Path, media: Path
) -> None:
    room = WebRoom(tmp_path / "data")
    room.add_person("012345", Role.FIELD_OFFICER)
    custody, files = CustodyRoom(room), sorted((media / "sessions/o01_clean").iterdir())[:3]
    made = [custody.seal(one.read_bytes(), one.name) for one in (files[1], files[2], files[0])]
    custody.work(JobName.EXAMINE, JobName.SEQUENCE)
    case = room.application.cases.open(OPERATOR, "杭综执〔2024〕12号", room.agency.id)
    for one in made:
        room.application.cases.link(OPERATOR, case.id, one)
    room.add_person("012300", Role.CUSTODIAN)
    browser = Browser(room)
    browser.take(room, "012300")
    page = browser.get(f"/cases/{case.id}?play={made[0]}&play={made[1]}").text
    rows = re.findall(r'name="play" value="([^"]+)"', page)
    assert rows == [made[2], made[0], made[1]]
    assert "DSJX9A00123" in page
    assert page.count("/play?purpose=case") == 2
    with room.site.database.writing() as unit:
        new = Derivative(new_id(), made[0], Operation.PROXY, {}, "service", room.clock.now())
        unit.derivatives.add(new)
        assert unit.derivatives.with_proxy(made) == frozenset(), "asked for only"
        unit.derivatives.note_output(new.id, Output("k", 1, Digests("0" * 64, "0" * 64), None, {}))
        unit.derivatives.note_made(new.id, room.clock.now())
    page = browser.get(f"/cases/{case.id}?" + "&".join(f"play={one}" for one in [*made, *made])).text
    assert f"/api/v1/recordings/{made[0]}/proxy?purpose=case" in page
    assert f"/api/v1/recordings/{made[0]}/play" not in page
    assert text(CHINESE, "case.first-only", count=4) in page
    room.application.signer.close()


def test_holds_disposals_and_devices_are_seen_at_once_in_both_languages(
    desks: Desks, custody: CustodyRoom, media: Path
) -> None:
    case, made = a_case(desks, custody, media)
    desks.application.holds.place(OPERATOR, made[0], "objection", HOSTILE)
    for serial in ("DSJ-1", HOSTILE.replace("=", "")):
        desks.application.equipment.register.add(OPERATOR, serial, "body-camera", desks.agency.id)
    with desks.window("custodian") as page:
        rooms(desks, page, "")
    with desks.window("custodian", "en", NARROW, dark=True) as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(desks.url(f"/cases/{case}"))
        desks.look(page, "custodian-case-narrow")
        rooms(desks, page, "-narrow")


def rooms(desks: Desks, page: Page, ending: str) -> None:
    """Look at each room."""
    for room in ("cases", "holds", "disposals", "devices"):
        page.goto(desks.url(f"/custody/{room}"))
        if room == "disposals":
            page.locator("#due button").click()
            expect(page.locator("#due .empty")).to_be_visible()
        desks.look(page, f"custodian-{room}{ending}")
