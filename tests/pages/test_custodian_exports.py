"""Exports on pages: one asks, another decides file by file; who may not is told, and nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.exports import Export, Ground, State
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Undertaking, UndertakingKind
from evidence.domain.rights import Role
from evidence.service.people_ports import StoredGrant
from evidence.service.sign_in_ports import StoredSignIn
from tests.pages.custody_room import HOSTILE, OPERATOR
from tests.pages.test_custodian_acts import AUX, CUSTODIAN, HEAD, Acting, post
from tests.web.browser import Browser

OFFICER = "012345"
WORDS = {"recipient": "某区人民法院", "purpose": "举证", "basis": "举证通知书", "medium": "folder"}


class Leaving(Acting):
    """The site with a case of two files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        app = self.room.application
        self.case = app.cases.open(OPERATOR, "杭综执〔2026〕3号", self.room.agency.id).id
        self.files = [self.custody.seal(name.encode(), name) for name in ("a.mp4", "<script>alert(1)<b>.mp4")]
        for one in self.files:
            app.cases.link(OPERATOR, self.case, one)

    def ask(self, **changes: str) -> str:
        """Have the custodian ask on the page; return the address of the export."""
        form = {"case": self.case, "way": "transfer", **WORDS, **changes}
        browser = self.browser(CUSTODIAN)
        status, then = self.send(browser, form)
        assert status == 303, then
        return then.partition("?")[0]

    def send(self, browser: Browser, form: dict[str, str]) -> tuple[int, str]:
        """Send the form with both files ticked."""
        fields: Any = {"csrf": browser.csrf(), **form, "recording": self.files}
        answer = browser.post("/custody/exports", fields, accept="text/html")
        return answer.status_code, answer.headers.get("location", answer.text)

    def hire_auxiliary(self) -> None:
        """Add an auxiliary who was given, against the law, what a custodian and a head have."""
        room, now, roles = self.room, self.room.clock.now(), (Role.CUSTODIAN, Role.UNIT_HEAD)
        day = now.date() - timedelta(days=9)
        who = ("赵强", PersonType.AUXILIARY, room.agency.id)
        person = Person(new_id(), AUX, *who, contract_from=day)
        with room.site.database.writing() as unit:
            unit.people.add(person, now)
            unit.sign_ins.add(StoredSignIn(person.id, AUX, now))
            for role in roles:
                grant = (new_id(), person.id, role, room.agency.id, "post", "operator", now)
                unit.grants.add(StoredGrant(*grant))
            for kind in UndertakingKind:
                unit.people.add_undertaking(Undertaking(new_id(), person.id, kind, day))

    def export(self, page: str) -> Export:
        """Return an export as it stands."""
        with self.room.site.database.reading() as unit:
            found = unit.exports.get(page.rpartition("/")[2])
        assert found is not None
        return found


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaving]:
    made = Leaving(tmp_path_factory.mktemp("leaving"))
    yield made
    made.room.application.signer.close()


@pytest.mark.article("dazhe-2020:14")
def test_files_of_a_case_are_asked_for_and_decided_one_by_one_by_somebody_else(leaving: Leaving) -> None:
    custodian, head = leaving.browser(CUSTODIAN), leaving.browser(HEAD)
    form = custodian.get(f"/custody/exports/new?case={leaving.case}").text
    assert all(f'value="{one}"' in form for one in leaving.files)
    page = leaving.ask()
    number = leaving.export(page).number
    assert number in head.get("/custody/exports/waiting").text
    assert f'name="ground-{leaving.files[1]}"' in head.get(page).text
    refuse = {f"ground-{leaving.files[1]}": "third-party", "reason": "同意一份", "decision": "approve"}
    assert post(head, f"{page}/decide", **refuse) == (303, f"{page}?done=export-decided")
    decided = leaving.export(page)
    assert [one.recording_id for one in decided.granted] == leaving.files[:1]
    assert [one.ground for one in decided.refused] == [Ground.THIRD_PARTY]
    assert number not in head.get("/custody/exports/waiting").text
    assert number in custodian.get("/custody/exports?state=approved").text
    assert number not in custodian.get("/custody/exports?state=refused").text
    assert "涉及他人权益" in custodian.get(page).text
    assert f"/api/v1/exports/{decided.id}/documents/refusal" in custodian.get(page).text


def test_who_asked_cannot_decide_and_is_told_so_with_nothing_changed(leaving: Leaving) -> None:
    page = leaving.ask()
    own = leaving.room.add_person("012388", Role.CUSTODIAN, Role.UNIT_HEAD)
    both = leaving.browser(own.number)
    status, then = leaving.send(both, {"case": leaving.case, "way": "transfer", **WORDS})
    assert status == 303, then
    mine = then.partition("?")[0]
    assert 'name="decision"' not in both.get(mine).text
    assert leaving.export(mine).number not in both.get("/custody/exports/waiting").text
    assert leaving.export(page).number in both.get("/custody/exports/waiting").text
    status, told = post(both, f"{mine}/decide", reason="同意", decision="approve")
    assert (status, 'role="alert"' in told) == (403, True)
    assert leaving.export(mine).state is State.ASKED
    status, _ = post(leaving.browser(CUSTODIAN), f"{page}/decide", reason="同意", decision="approve")
    assert (status, leaving.export(page).state) == (403, State.ASKED)


def test_what_is_wrong_with_a_wish_is_told_and_what_was_typed_and_ticked_is_kept(leaving: Leaving) -> None:
    before = leaving.room.dump().count("export.ask")
    form = {"case": leaving.case, **WORDS, "way": "party-copy", "recipient": HOSTILE}
    status, told = leaving.send(leaving.browser(CUSTODIAN), form)
    assert (status, 'role="alert"' in told, told.count(" checked")) == (400, True, 2)
    assert "举证通知书" in told
    assert "<script>alert" not in told
    assert leaving.room.dump().count("export.ask") == before


def test_a_refusal_of_all_and_a_missing_check_of_secrecy_are_told(leaving: Leaving) -> None:
    head = leaving.browser(HEAD)
    page = leaving.ask(way="outside-supply")
    status, told = post(head, f"{page}/decide", reason="我的理由", decision="approve")
    assert (status, "我的理由" in told, leaving.export(page).state) == (400, True, State.ASKED)
    assert post(head, f"{page}/decide", reason="不行", decision="perhaps")[0] == 400
    every = {f"ground-{one}": "nonsense" for one in leaving.files}
    assert post(head, f"{page}/decide", reason="不行", decision="approve", **every)[0] == 400
    assert post(head, f"{page}/decide", reason="不行", decision="refuse")[0] == 303
    assert leaving.export(page).state is State.REFUSED


def test_auxiliaries_and_officers_have_no_such_room_and_strangers_find_no_export(leaving: Leaving) -> None:
    page, before = leaving.ask(), leaving.room.dump().count("export.ask")
    leaving.hire_auxiliary()
    for number in (AUX, OFFICER):
        browser = leaving.browser(number)
        for path in ("/custody/exports", "/custody/exports/waiting", page):
            assert browser.get(path, accept="text/html").status_code == 403
        assert leaving.send(browser, {"case": leaving.case, "way": "transfer", **WORDS})[0] == 403
        assert post(browser, f"{page}/decide", reason="同意", decision="approve")[0] == 403
        assert "/custody/exports" not in browser.get("/account").text
    assert leaving.export(page).state is State.ASKED
    assert leaving.room.dump().count("export.ask") == before
    assert leaving.browser(CUSTODIAN).get(f"/custody/exports/{'0' * 32}").status_code == 404


def test_hostile_words_stand_as_words(leaving: Leaving) -> None:
    page = leaving.ask(recipient=HOSTILE, purpose="1+1", basis="<b>x</b>")
    for path in ("/custody/exports", page, "/custody/exports/waiting"):
        told = leaving.browser(HEAD).get(path).text
        assert "&lt;script&gt;" in told
        assert "<script>alert" not in told
        assert "<b>x" not in told


def test_the_list_turns_by_number(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence.service.export_desk.MOST", 1)
    first, second = (leaving.export(leaving.ask()).number for _ in range(2))
    told = leaving.browser(CUSTODIAN).get("/custody/exports").text
    assert (second in told, f"after={second}" in told) == (True, True)
    told = leaving.browser(CUSTODIAN).get(f"/custody/exports?after={second}").text
    assert (first in told, f">{second}<" in told) == (True, False)
