"""What the custodian does on the pages is done, what may not be is told, what is hidden is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.devices import ServiceKind
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Undertaking, UndertakingKind, Unit, unit_path
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from tests.pages.custody_room import OPERATOR, CustodyRoom
from tests.web.browser import Browser, WebRoom

CUSTODIAN, SECOND, HEAD, WEARER, AUX = "012300", "012301", "012399", "012345", "XG330001"


class Acting:
    """A site with two custodians, a head, an officer and an auxiliary, and a recording of the officer."""

    def __init__(self, folder: Path) -> None:
        self.room = WebRoom(folder / "data")
        for number, role in ((CUSTODIAN, Role.CUSTODIAN), (SECOND, Role.CUSTODIAN), (HEAD, Role.UNIT_HEAD)):
            self.room.add_person(number, role)
        self.room.add_person(WEARER, Role.FIELD_OFFICER)
        self.custody = CustodyRoom(self.room)
        self.recording = self.custody.seal(b"no media", "DCIM/秘密.mp4", inspected_party="甲")

    def browser(self, number: str) -> Browser:
        """Return a browser in which somebody is signed in."""
        browser = Browser(self.room)
        browser.take(self.room, number)
        return browser

    def restrict(self) -> None:
        """Make the recording one of privacy that nobody is named for."""
        with self.room.site.database.writing() as unit:
            unit.standings.classify(self.recording, Classification.PRIVACY)


@pytest.fixture
def acting(tmp_path: Path) -> Iterator[Acting]:
    made = Acting(tmp_path)
    yield made
    made.room.application.signer.close()


def post(browser: Browser, path: str, **form: str) -> tuple[int, str]:
    """Send a form as its page does; return the status and where it leads, or the page."""
    answer = browser.post(path, {"csrf": browser.csrf(), **form}, accept="text/html")
    return answer.status_code, answer.headers.get("location", answer.text)


def test_a_recording_is_labelled_held_and_freed_by_two_people(acting: Acting) -> None:
    first, second = acting.browser(CUSTODIAN), acting.browser(SECOND)
    page = f"/recordings/{acting.recording}"
    assert post(first, f"{page}/label", **{"case-number": "杭1号"}) == (
        303,
        f"{page}?done=labelled-unknown-case",
    )
    assert "杭1号" in first.get("/custody/search?case=杭1").text
    assert post(first, f"{page}/hold", ground="objection", reason="投诉")[0] == 303
    with acting.room.site.database.reading() as unit:
        (hold,) = unit.holds.of(acting.recording)
    assert acting.recording in first.get("/custody/holds").text
    path = f"/custody/holds/{hold.id}"
    assert post(second, f"{path}/release", reason="已撤诉")[0] == 409  # nobody has asked
    assert post(first, f"{path}/ask", reason="已撤诉")[0] == 303
    status, told = post(first, f"{path}/release", reason="已撤诉")
    assert (status, 'role="alert"' in told) == (403, True)  # nobody decides their own wish
    assert post(second, f"{path}/release", reason="已撤诉") == (303, "/custody/holds?done=released")
    assert acting.recording not in first.get("/custody/holds").text


def test_what_could_not_be_done_is_told_above_the_page_and_what_was_typed_is_kept(acting: Acting) -> None:
    browser = acting.browser(CUSTODIAN)
    before = acting.room.dump().count("label.give")
    status, told = post(browser, f"/recordings/{acting.recording}/label", category="没有这个类别")
    assert (status, "没有这个类别" in told, 'role="alert"' in told) == (400, True, True)
    status, told = post(browser, f"/recordings/{acting.recording}/pin", kind="notice-given", **{"from": "x"})
    assert 'role="alert"' in told
    assert acting.room.dump().count("label.give") == before
    status, told = post(
        browser, f"/recordings/{acting.recording}/class", **{"class": "privacy", "reason": "\u202e密"}
    )
    assert (status, told.count("<details open>")) == (400, 1), "the form that was refused stays open"
    assert re.search(r"<details open>(?:(?!</details>).)*/class", told, re.DOTALL)
    assert '<option value="privacy" selected>' in told
    assert told.count("密</textarea>") == 1, "in its own field only"
    assert acting.room.dump().count("evidence.classify") == 0


def test_a_search_is_saved_found_again_and_taken_away(acting: Acting) -> None:
    browser = acting.browser(CUSTODIAN)
    assert post(browser, "/custody/search/save", name="保全的", asked="state=held&after=x&evil=1")[0] == 303
    page = browser.get("/custody/search").text
    assert 'href="/custody/search?state=held"' in page
    assert "保全的" not in acting.browser(SECOND).get("/custody/search").text
    id_ = page.split('name="id" value="')[1].split('"')[0]
    assert post(acting.browser(SECOND), "/custody/search/forget", id=id_)[0] == 404
    assert post(browser, "/custody/search/forget", id=id_)[0] == 303
    assert "保全的" not in browser.get("/custody/search").text


@pytest.mark.parametrize(
    "query",
    [
        "code=x",
        "class=x",
        "state=x",
        "since=2026-13-01",
        "unit=x",
        "after=x",
        "since=2026-11-30&until=2026-11-01",
    ],
)
def test_what_cannot_be_asked_is_told_on_the_page(acting: Acting, query: str) -> None:
    answer = acting.browser(CUSTODIAN).get(f"/custody/search?{query}", accept="text/html")
    assert answer.status_code == 400 or answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_device_goes_from_hand_to_hand(acting: Acting) -> None:
    browser, unit = acting.browser(CUSTODIAN), acting.room.agency.id
    path = "/custody/devices"
    form = {"serial": "DSJ-7", "class": "body-camera", "unit": unit}
    assert post(browser, f"{path}/register", **form) == (303, f"{path}?done=device-registered")
    assert "从未检查" in browser.get(path).text
    assert post(browser, f"{path}/check", serial="DSJ-7", battery="x", free="80", offset="0")[0] != 303
    assert post(browser, f"{path}/check", serial="DSJ-7", battery="90", free="80", offset="0")[0] == 303
    assert post(browser, f"{path}/issue", serial="DSJ-7", number=WEARER)[0] == 303
    assert WEARER in browser.get(path).text
    assert "故障尚未处理完毕" not in browser.get(path).text
    acting.room.application.equipment.custody.report(OPERATOR, "DSJ-7", ServiceKind.FAULT, "镜头破裂")
    shown = browser.get(path).text
    assert ("已领用" in shown, "故障尚未处理完毕" in shown) == (True, True)
    assert post(browser, f"{path}/return", serial="DSJ-7", number=WEARER)[0] == 303
    status, told = post(browser, f"{path}/retire", serial="DSJ-7", why="老旧", wiped="已格式化")
    assert (status, 'role="alert"' in told) == (409, True)  # it was carried, and has not been docked since
    post(browser, f"{path}/register", **{**form, "serial": "DSJ-8"})
    assert post(browser, f"{path}/retire", serial="DSJ-8", why="老旧", wiped="已格式化")[0] == 303


def test_a_proxy_plays_where_there_is_one_marked_as_derived_with_the_original_one_click_away(
    acting: Acting, media: Path
) -> None:
    file = sorted((media / "sessions/o01_clean").iterdir())[0]
    one = acting.custody.seal(file.read_bytes(), file.name)
    acting.custody.work()
    browser, page = acting.browser(CUSTODIAN), f"/recordings/{one}?purpose=case"
    original, derived = (f'src="/api/v1/recordings/{one}/{way}?purpose=case"' for way in ("play", "proxy"))
    assert original in browser.get(page).text
    acting.room.application.derivatives.make_proxy(OPERATOR, one)
    assert original in browser.get(page).text  # it is not made yet
    acting.custody.work()
    shown = browser.get(page).text
    assert (derived in shown, "派生副本" in shown) == (True, True)
    there = browser.get(f"{page}&original=1").text
    assert (original in there, f'href="{page}"' in there) == (True, True)


def test_a_hidden_recording_is_in_no_list_and_its_pages_are_those_of_one_that_is_not_there(
    acting: Acting,
) -> None:
    acting.restrict()
    browser, absent = acting.browser(CUSTODIAN), new_id()
    for path in (
        "/recordings/{}",
        "/recordings/{}/views",
        "/recordings/{}/proof/1",
        "/recordings/{}/proof/1/file",
    ):
        hidden, missing = (browser.get(path.format(one)) for one in (acting.recording, absent))
        assert hidden.status_code == missing.status_code == 404
        assert hidden.text.replace(acting.recording, "") == missing.text.replace(absent, "")
    for path in ("/custody/search", "/custody/search?party=甲", "/custody/holds", "/custody/disposals/due"):
        assert acting.recording not in browser.get(path).text


def test_a_case_of_another_unit_is_not_there(acting: Acting) -> None:
    room, id_ = acting.room, new_id()
    other = Unit(id_, "别处", unit_path(None, id_), None)
    with room.site.database.writing() as unit:
        unit.units.add(other, room.clock.now())
    case = room.application.cases.open(OPERATOR, "别处一号", id_)
    browser = acting.browser(CUSTODIAN)
    assert browser.get(f"/cases/{case.id}").status_code == 404
    assert "别处一号" not in browser.get("/custody/cases").text


def test_an_auxiliary_has_no_such_desk_and_is_told_no_names_of_their_own_recordings_page(
    acting: Acting,
) -> None:
    room = acting.room
    today = room.clock.now().date()
    person = Person(
        new_id(), AUX, "某人", PersonType.AUXILIARY, room.agency.id, contract_from=today - timedelta(days=9)
    )
    with room.site.database.writing() as unit:
        now = room.clock.now()
        unit.people.add(person, now)
        unit.grants.add(
            StoredGrant(new_id(), person.id, Role.AUXILIARY, room.agency.id, "post", "operator", now)
        )
        unit.sign_ins.add(StoredSignIn(person.id, AUX, now))
        for kind in UndertakingKind:
            unit.people.add_undertaking(Undertaking(new_id(), person.id, kind, today - timedelta(days=9)))
    mine = acting.custody.seal(b"mine", "DCIM/mine.mp4", wearer=AUX, device="DSJSECRET")
    browser = acting.browser(AUX)
    assert browser.get("/custody/search", accept="text/html").status_code == 403
    page = browser.get(f"/recordings/{mine}")
    assert page.status_code == 200
    with room.site.database.reading() as unit:
        stored = unit.recordings.get(mine)
    assert stored is not None
    for secret in ("DSJSECRET", stored.recording.digests.sha256):
        assert secret not in page.text


def test_a_head_opens_a_case_on_its_page_and_links_a_recording_by_its_number(acting: Acting) -> None:
    head, custodian, number = acting.browser(HEAD), acting.browser(CUSTODIAN), "杭综执〔2024〕12号"
    agency = acting.room.agency.id
    assert 'action="/custody/cases"' not in custodian.get("/custody/cases").text
    assert post(custodian, "/custody/cases", case=number, unit=agency)[0] == 403
    assert 'action="/custody/cases"' in head.get("/custody/cases").text
    for case, unit in (("", agency), (number, "f" * 32)):
        assert post(head, "/custody/cases", case=case, unit=unit)[0] in (400, 404)
    assert number not in head.get("/custody/cases").text
    status, where = post(head, "/custody/cases", case=number, unit=agency)
    assert (status, where.partition("?")[2]) == (303, "done=case-opened")
    status, page = post(head, "/custody/cases", case=number, unit=agency)
    assert status == 409
    assert f'value="{number}"' in page, "what was typed is kept"
    assert post(head, f"/recordings/{acting.recording}/link", case=f"{number}x")[0] == 404
    assert post(head, f"/recordings/{acting.recording}/link", case=number)[0] == 303
    assert number in head.get(f"/recordings/{acting.recording}").text
    case = where.removeprefix("/cases/").partition("?")[0]
    assert post(head, f"/recordings/{acting.recording}/link", case=case)[0] == 303, "an id does too"


def test_the_list_of_looks_says_acts_doers_and_times_in_words(acting: Acting) -> None:
    head = acting.browser(HEAD)
    head.get(f"/recordings/{acting.recording}")
    told = head.get(f"/recordings/{acting.recording}/views").text
    assert "查看清单" in told
    assert "evidence.list" not in told
    assert "+08:00" in told


def test_a_clock_that_no_dock_measured_is_told_in_words(acting: Acting) -> None:
    one = acting.custody.seal(b"unmeasured", "b.mp4", clock_offset="not-measured")
    told = acting.browser(CUSTODIAN).get(f"/recordings/{one}").text
    assert "<dt>时钟偏差</dt><dd>未核对</dd>" in told
    assert "not-measured" not in told.split("<aside>")[1]
