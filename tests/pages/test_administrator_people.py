"""People, units and docks on pages: seen by whom they are for; secrets shown once, and nowhere else."""

from __future__ import annotations

import re
from typing import Any

from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Role
from evidence.locale import CHINESE, catalogue
from evidence.service.people.people_ports import StoredGrant
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


def test_somebody_is_put_on_the_roll_given_a_role_and_relieved_of_it_on_pages(desks: Desks) -> None:
    security = Signed(desks, "security")
    assert "/roll/new" in security.get("/people").text
    form = {
        "number": "012400",
        "name": '"><script>alert(1)</script>',
        "type": "officer",
        "unit": desks.agency.id,
    }
    assert security.post("/roll/new", **{**form, "unit": "f" * 32}).status_code in (403, 404)
    added = security.post("/roll/new", **form)
    assert (added.status_code, added.headers["location"]) == (303, "/people/012400?done=person-added")
    again = security.post("/roll/new", **form)
    assert (again.status_code, "<script>alert" in again.text, "012400" in again.text) == (409, False, True)
    role = {"role": "custodian", "unit": desks.agency.id, "reason": "轮岗", "until": "2099-12-31"}
    for wrong in ({"role": "king"}, {"unit": "f" * 32}, {"until": "31.12."}, {"reason": " "}):
        refused = security.post("/people/012400/roles", **{**role, **wrong})
        assert refused.status_code in (400, 403, 404, 422), wrong
    page = security.get("/people/012400").text
    assert WORDS["people.end-role"] not in page, "nothing was given"
    assert security.post("/people/012400/roles", **role).status_code == 303
    page = security.get("/people/012400").text
    assert "2100-01-01 00:00" in page, "to the end of the last day"
    (grant,) = re.findall(r'action="/people/012400/roles/([0-9a-f]{32})/end"', page)
    assert Signed(desks, "head").post(f"/people/012400/roles/{grant}/end", reason="x").status_code == 403
    assert security.post(f"/people/012400/roles/{grant}/end", reason="").status_code == 400
    assert security.post(f"/people/012400/roles/{grant}/end", reason="调离").status_code == 303
    assert grant not in security.get("/people/012400").text
    mine = security.post(f"/people/{desks.staff['security'].number}/roles", **role)
    assert mine.status_code == 403, "nobody gives themselves a role"


def test_who_leaves_is_locked_out_at_once_and_gone_when_nothing_is_open(desks: Desks) -> None:
    security, second = Signed(desks, "security"), Signed(desks, "second")
    assert second.get("/shift").status_code == 200
    assert security.post("/people/012346/leaving/close").status_code == 409
    meant = {"sure": "1", "typed-number": "012346"}
    for wrong in ({}, {"sure": "1"}, {"typed-number": "012346"}, {**meant, "typed-number": "012345"}):
        refused = security.post("/people/012346/leaving", **wrong)
        assert refused.status_code == 400, wrong
        assert "尚未作出任何改变" in refused.text
    assert second.get("/shift").status_code == 200, "nothing was done on one click"
    assert security.post("/people/012346/leaving", **meant).status_code == 303
    assert second.get("/shift").status_code == 303, "back to the door"
    page = security.get("/people/012346").text
    assert WORDS["people.nothing-open"] in page
    assert security.post("/people/012346/leaving", **meant).status_code == 409
    assert security.post("/people/012346/leaving/close").status_code == 303
    assert WORDS["people.gone"] in security.get("/people/012346").text
    with desks.window("security") as window:
        for name, path in (
            ("person-roles", "/people/012345"),
            ("person-gone", "/people/012346"),
            ("person-new", "/roll/new"),
        ):
            window.goto(desks.url(path))
            desks.look(window, name)


def test_a_token_is_made_for_what_is_ticked_shown_once_and_revoked(desks: Desks) -> None:
    security = Signed(desks, "security")
    assert WORDS["tokens.none"] in security.get("/tokens").text
    assert Signed(desks, "system").get("/tokens").status_code == 403
    form = {"name": "prometheus", "days": "30", "scope-read-status": "1"}
    for wrong in ({"days": "0"}, {"days": "x"}, {"days": "9" * 9}, {"name": ""}, {"scope-read-status": ""}):
        assert security.post("/tokens", **{**form, **wrong}).status_code == 400, wrong
    assert security.post("/tokens", **form).status_code == 403, "theirs is one unit, a token knows no units"
    assert WORDS["tokens.none"] in security.get("/tokens").text
    with desks.site.database.writing() as unit:
        person, now = desks.staff["security"], desks.clock.now()
        role = Role.SECURITY_ADMINISTRATOR
        unit.grants.add(StoredGrant(new_id(), person.id, role, None, "post", "operator", now))
    security = Signed(desks, "security")  # other roles end a session
    page = security.post("/tokens", **form).text
    (secret,) = re.findall(r"<p><code>([\w.-]{20,})</code></p>", page)
    caller = desks.application.accounts.identify(secret)
    assert caller is not None
    assert {one.value for one in caller.scopes} == {"read-status"}
    assert secret not in security.get("/tokens").text
    with desks.window("security", size=NARROW, language="en") as window:
        window.goto(desks.url("/tokens"))
        desks.look(window, "tokens-narrow")
    assert security.post(f"/tokens/{caller.id}/revoke").status_code == 303
    assert desks.application.accounts.identify(secret) is None
