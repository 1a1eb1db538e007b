"""People, units and docks on pages: seen by whom they are for; secrets shown once, and nowhere else."""

from __future__ import annotations

import re
from typing import Any

from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.locale import CHINESE, catalogue
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


def test_people_are_found_and_their_accounts_switched_off_by_security(desks: Desks) -> None:
    with desks.site.database.writing() as unit:
        now = desks.clock.now()
        unit.people.add(
            Person(new_id(), "099999", "<script>alert(1)</script>", PersonType.OFFICER, desks.agency.id), now
        )
    security, head = Signed(desks, "security"), Signed(desks, "head")
    assert "<script>alert" not in security.get("/people").text
    found = security.get("/people?q=李明").text
    assert ("012345" in found, "012346" in found) == (True, False)
    assert security.get("/people/000000x").status_code == 404
    page = security.get("/people/012345").text
    assert WORDS["role.field-officer"] in page
    assert 'action="/people/012345/link"' not in head.get("/people/012345").text
    assert head.post("/people/012345/link").status_code == 403
    linked = security.post("/people/012345/link").text
    (token,) = re.findall(r"<code>/link/([\w-]{20,})</code>", linked)
    assert security.get(f"/link/{token}").status_code == 200
    assert token not in security.get("/people/012345").text, "shown once"
    assert security.post("/people/012345/disable").status_code == 303
    assert WORDS["account-state.disabled"] in security.get("/people/012345").text
    assert security.post("/people/012345/enable").status_code == 303
    assert Signed(desks, "custodian").get("/people").status_code == 200
    assert Signed(desks, "officer").get("/people").status_code == 403
    with desks.window("security", size=NARROW) as window:
        for name, path in (("people", "/people"), ("person", "/people/012345"), ("units", "/units")):
            window.goto(desks.url(path))
            desks.look(window, f"{name}-narrow")


def test_units_are_added_and_closed_while_they_are_empty(desks: Desks) -> None:
    security = Signed(desks, "security")
    added = security.post("/units", name="一中队", parent=desks.agency.id)
    assert added.status_code == 303
    again = security.post("/units", name="一中队", parent=desks.agency.id)
    assert (again.status_code, "一中队" in again.text) == (409, True)
    (unit_id,) = re.findall(r'action="/units/([0-9a-f]{32})/close"', security.get("/units").text)
    assert Signed(desks, "head").post(f"/units/{unit_id}/close").status_code == 403
    assert security.post(f"/units/{unit_id}/close").status_code == 303
    assert WORDS["units.closed"] in security.get("/units").text


def test_a_dock_is_added_with_a_token_that_is_shown_once_and_revoked(desks: Desks) -> None:
    system = Signed(desks, "system")
    assert WORDS["docks.none"] in system.get("/docks").text
    page = system.post("/docks", name="一楼采集站").text
    (token,) = re.findall(r"<p><code>([\w.-]{20,})</code></p>", page)
    assert token not in system.get("/docks").text
    caller = desks.application.accounts.identify(token)
    assert caller is not None
    assert Signed(desks, "security").get("/docks").status_code == 403
    assert system.post("/docks", name="一楼采集站").status_code == 409
    assert system.post(f"/docks/{caller.id}/revoke").status_code == 303
    assert desks.application.accounts.identify(token) is None
