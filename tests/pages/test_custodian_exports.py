"""Exports on pages: one asks, another decides file by file; who may not is told, and nothing changes."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from evidence.domain.exports import Export, Form, Ground, State
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Undertaking, UndertakingKind
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.service.court.derivatives import Derivatives
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from tests.clips import clip
from tests.pages.custody_room import HOSTILE, OPERATOR, CustodyRoom
from tests.pages.room import NARROW, Desks
from tests.pages.test_custodian_acts import AUX, CUSTODIAN, HEAD, SECOND, Acting, post
from tests.service.court.test_derivatives import REDACTION
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
    form = custodian.get(f"/custody/exports/new/{leaving.case}").text
    assert all(f'value="{one}"' in form for one in leaving.files)
    page = leaving.ask()
    number, asks = leaving.export(page).number, f"/custody/exports/new/{leaving.case}"
    assert asks in custodian.get(f"/cases/{leaving.case}").text
    assert asks not in head.get(f"/cases/{leaving.case}").text, "nobody is led to what is not theirs to ask"
    status, told = leaving.send(head, {"case": leaving.case, "way": "transfer", **WORDS})
    assert (status, "由该资料所属单位或者上级的保管人员" in told) == (403, True)
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


def test_files_stand_with_the_time_they_were_made_and_in_its_order_where_one_asks_and_where_one_decides(
    leaving: Leaving, media: Path
) -> None:
    made, app = leaving.custody.session(media), leaving.room.application
    case = app.cases.open(OPERATOR, "杭综执〔2026〕6号", leaving.room.agency.id).id
    for one in reversed(made):
        app.cases.link(OPERATOR, case, one)
    custodian = leaving.browser(CUSTODIAN)
    form = custodian.get(f"/custody/exports/new/{case}").text
    assert re.findall(r'name="recording" value="([0-9a-f]+)"', form) == made
    asked = {"csrf": custodian.csrf(), "case": case, "recording": made, **WORDS, "way": "transfer"}
    answer = custodian.post("/custody/exports", asked, accept="text/html")
    decided = leaving.browser(HEAD).get(answer.headers["location"].partition("?")[0]).text
    for told in (form, decided):
        assert [told.count(f"2024-05-18 09:30:{at}") for at in ("00", "22", "27")] == [1, 1, 1]


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


def test_the_board_counts_what_somebody_may_decide_and_leads_there(tmp_path: Path) -> None:
    leaving, tile = Leaving(tmp_path), r'href="([^"]+)">待审批的对外提供\s*<strong data-watch="exports">(\d+)'
    leaving.ask()
    leaving.ask(way="party-copy", applicant="张三", relation="当事人", identity="身份证")  # not the head's
    assert re.findall(tile, leaving.browser(HEAD).get("/board").text) == [("/custody/exports/waiting", "1")]
    leaving.room.application.signer.close()


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


def test_that_the_same_is_on_its_way_already_is_told_after_asking(leaving: Leaving) -> None:
    words = {"recipient": "某仲裁委员会", "way": "outside-supply"}
    first = leaving.ask(**words)
    told = leaving.browser(CUSTODIAN).get(leaving.ask(**words)).text
    assert ("已有未办结的对外提供" in told, f'href="{first}"' in told) == (True, True)


def test_the_list_turns_by_number(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence.service.court.export_desk.MOST", 1)
    first, second = (leaving.export(leaving.ask()).number for _ in range(2))
    told = leaving.browser(CUSTODIAN).get("/custody/exports").text
    assert (second in told, f"after={second}" in told) == (True, True)
    told = leaving.browser(CUSTODIAN).get(f"/custody/exports?after={second}").text
    assert (first in told, f">{second}<" in told) == (True, False)


@pytest.mark.article("dazhe-2020:15", "longquan:8")
def test_a_file_is_asked_for_as_a_redaction_where_there_is_one(leaving: Leaving) -> None:
    app, custodian = leaving.room.application, leaving.browser(CUSTODIAN)
    film = leaving.custody.seal(clip("mp4"), "film.mp4")
    leaving.custody.work()
    made = Derivatives(leaving.room.site).make(OPERATOR, film, REDACTION)
    leaving.custody.work()
    case = app.cases.open(OPERATOR, "杭综执〔2026〕4号", leaving.room.agency.id).id
    app.cases.link(OPERATOR, case, film)
    form = custodian.get(f"/custody/exports/new/{case}").text
    assert f'name="form-{film}"' in form
    assert f'value="{made.id}"' in form
    which = f"遮蔽件 · {made.id[:8]} · 全程 · 遮蔽画面 1 处、声音 1 段"
    for told in (form, custodian.get(f"/recordings/{film}").text):
        assert (which in told, "0:00.50 – 0:01.00 静音" in told, "电话号码" in told) == (True, True, True)
        assert "服务器操作员" in told
    played = f"/api/v1/recordings/{film}/derivatives/{made.id}/play?purpose=export"
    assert f'src="{played}"' in form
    assert f'src="{played}"' in custodian.get(f"/recordings/{film}?purpose=export&shown={made.id}").text
    asked = {"csrf": custodian.csrf(), "case": case, "recording": film, **WORDS, "way": "outside-supply"}
    strange = custodian.post("/custody/exports", {**asked, f"form-{film}": "f" * 32}, accept="text/html")
    assert strange.status_code == 409
    answer = custodian.post("/custody/exports", {**asked, f"form-{film}": made.id}, accept="text/html")
    (item,) = leaving.export(answer.headers["location"].partition("?")[0]).items
    assert (item.form, item.derivative_id) == (Form.REDACTED, made.id)
    decided = leaving.browser(HEAD).get(answer.headers["location"]).text
    assert (which in decided, f'src="{played}"' in decided) == (True, True)
    unhidden = "已有遮蔽件，申请的是原件"
    assert unhidden not in decided
    for way, is_told in (("outside-supply", True), ("transfer", False)):
        wanted = {**asked, "way": way, f"form-{film}": "original"}
        whole = custodian.post("/custody/exports", wanted, accept="text/html")
        told = leaving.browser(HEAD).get(whole.headers["location"].partition("?")[0]).text
        assert (unhidden in told) == is_told, "a court gets the whole"


@pytest.mark.article("longquan:8", "longquan:9")
def test_where_nobody_said_as_what_a_file_goes_out_only_a_court_gets_the_whole(leaving: Leaving) -> None:
    app, custodian, party = leaving.room.application, leaving.browser(CUSTODIAN), "party-copy"
    film = leaving.custody.seal(clip("mp4"), "street.mp4")
    leaving.custody.work()
    case = app.cases.open(OPERATOR, "杭综执〔2026〕7号", leaving.room.agency.id).id
    app.cases.link(OPERATOR, case, film)
    who = {"applicant": "张三", "relation": "当事人", "identity": "身份证"}
    asked = {"csrf": custodian.csrf(), "case": case, "recording": film, **WORDS, **who, f"form-{film}": ""}

    def goes_out(way: str) -> list[str | None]:
        answer = custodian.post("/custody/exports", {**asked, "way": way}, accept="text/html")
        if answer.status_code == 303:
            page = answer.headers["location"].partition("?")[0]
            return [one.derivative_id for one in leaving.export(page).items]
        assert (answer.status_code, "请选定其中一份" in answer.text) == (400, True)
        return []

    unsaid = custodian.get(f"/custody/exports/new/{case}").text.partition('name="way" required>')[2]
    assert unsaid.startswith('<option value="">'), "what goes out hangs on it: it is said, not left as it is"
    assert goes_out(party) == [None], "there is nothing else"
    first = Derivatives(leaving.room.site).make(OPERATOR, film, REDACTION)
    assert goes_out(party) == [None], "it is not made yet"
    leaving.custody.work()
    form = custodian.get(f"/custody/exports/new/{case}").text
    assert re.findall(rf'name="form-{film}" value="(\w*)" checked', form) == [""]
    told = "移送检察院、法院的，为原件；提供给当事人和其他方的，为“遮蔽件"
    assert (told in form, f"“遮蔽件 · {first.id[:8]}" in form) == (True, True)
    assert [goes_out(way) for way in (party, "outside-supply", "transfer")] == [[first.id]] * 2 + [[None]]
    Derivatives(leaving.room.site).make(OPERATOR, film, REDACTION)
    leaving.custody.work()
    assert "须在下面选定一份" in custodian.get(f"/custody/exports/new/{case}").text
    before = leaving.room.dump().count("export.ask")
    assert [goes_out(way) for way in (party, "outside-supply")] == [[], []], "which one, a person says"
    assert leaving.room.dump().count("export.ask") == before
    assert goes_out("transfer") == [None]


@pytest.mark.article("longquan:8", "longquan:9")
def test_that_a_restricted_file_does_not_go_out_whole_is_told_where_one_asks_and_where_one_decides(
    leaving: Leaving,
) -> None:
    custodian, head, app = leaving.browser(CUSTODIAN), leaving.browser(HEAD), leaving.room.application
    case = app.cases.open(OPERATOR, "杭综执〔2026〕5号", leaving.room.agency.id).id
    secret, plain = (leaving.custody.seal(name.encode(), name) for name in ("secret.mp4", "plain.mp4"))
    for one in (secret, plain):
        app.cases.link(OPERATOR, case, one)
    desk, now = app.oversight.classes, leaving.room.clock.now()
    desk.classify(OPERATOR, secret, Classification.COMMERCIAL_SECRET, "商业秘密")
    with leaving.room.site.database.reading() as unit:
        readers = [one.id for one in unit.people.all() if one.number in (CUSTODIAN, HEAD)]
    for one in readers:
        desk.name_reader(OPERATOR, secret, one, now + timedelta(days=9))
    assert custodian.get(f"/custody/exports/new/{case}").text.count("受限资料") == 1
    asked = {"csrf": custodian.csrf(), "case": case, **WORDS, "way": "outside-supply"}
    answer = custodian.post("/custody/exports", {**asked, "recording": [secret, plain]}, accept="text/html")
    page = answer.headers["location"].partition("?")[0]
    for browser in (custodian, head):
        told = browser.get(page).text
        assert (told.count("不能整体提供</span>"), "申请已受理" in told) == (1, True)
    goes = head.get(page).text.count('<option value="">')
    assert goes == 1, "it is not proposed that the restricted one goes"
    said = {"reason": "同意", "secrecy": "已审查", "decision": "approve", f"ground-{secret}": "secret"}
    assert post(head, f"{page}/decide", **said)[0] == 303
    assert "不能整体提供</span>" not in custodian.get(page).text, "it is decided"
    assert [one.recording_id for one in leaving.export(page).granted] == [plain]


def test_who_asked_takes_a_request_back_on_its_page_and_nobody_else_does(leaving: Leaving) -> None:
    page, custodian, head = leaving.ask(), leaving.browser(CUSTODIAN), leaving.browser(HEAD)
    assert f'action="{page}/withdraw"' not in head.get(page).text
    second = leaving.browser(SECOND)
    assert f'action="{page}/withdraw"' not in second.get(page).text
    status, told = post(second, f"{page}/withdraw", reason="不要了")
    assert (status, "由提出申请的人撤回" in told, leaving.export(page).state) == (403, True, State.ASKED)
    assert post(custodian, f"{page}/withdraw", reason=" ")[0] == 400
    assert f'action="{page}/withdraw"' in custodian.get(page).text
    assert post(custodian, f"{page}/withdraw", reason="填错案号") == (303, f"{page}?done=export-withdrawn")
    shown = custodian.get(page).text
    assert ("已撤回" in shown, "填错案号" in shown, f'action="{page}/withdraw"' in shown) == (
        True,
        True,
        False,
    )
    status, told = post(head, f"{page}/decide", reason="同意", decision="approve")
    assert (status, "已由申请人撤回" in told, leaving.export(page).state) == (409, True, State.WITHDRAWN)
    number = leaving.export(page).number
    assert number not in head.get("/custody/exports/waiting").text
    assert number in custodian.get("/custody/exports?state=withdrawn").text
    assert number not in custodian.get("/custody/exports?state=asked").text


def built(leaving: Leaving, **changes: str) -> str:
    """Have an export asked for, approved and built; return its address."""
    page = leaving.ask(way="outside-supply", **changes)
    said = {"reason": "同意", "secrecy": "经审查不涉密", "decision": "approve"}
    assert post(leaving.browser(HEAD), f"{page}/decide", **said)[0] == 303
    leaving.custody.work()
    assert leaving.export(page).state is State.BUILT, leaving.export(page).problem
    return page


@pytest.mark.article("dazhe-2020:14")
def test_a_package_is_read_back_handed_over_by_two_and_receipted_on_its_page(leaving: Leaving) -> None:
    browser, page = leaving.browser(CUSTODIAN), built(leaving)
    made = leaving.export(page).built
    assert made is not None
    (volume,) = made.volumes
    assert volume.sha256 in browser.get(page).text
    medium = {"number": "1", "serial": "SN-7", "read_back": "0" * 64}
    status, told = post(browser, f"{page}/written", **medium)
    assert (status, 'value="SN-7"' in told) == (409, True)
    assert post(browser, f"{page}/written", **{**medium, "number": "x"})[0] == 404
    assert leaving.export(page).built == made
    done = post(browser, f"{page}/written", **{**medium, "read_back": volume.sha256})
    assert done == (303, f"{page}?done=export-written")
    shown = browser.get(page).text
    assert f"由 {CUSTODIAN}" in shown
    assert "填报读回一致，程序未读取" in shown
    alone = post(browser, f"{page}/hand-over", beside=CUSTODIAN, receiver=HOSTILE)
    assert (alone[0], leaving.export(page).state) == (403, State.BUILT)
    assert "<script>alert" not in alone[1]
    assert post(browser, f"{page}/receipt", seal="")[0] == 409
    assert post(browser, f"{page}/hand-over", beside=SECOND, receiver=HOSTILE)[0] == 303
    assert leaving.export(page).state is State.HANDED_OVER
    assert post(browser, f"{page}/receipt", seal="封1号")[0] == 303
    told = browser.get(page).text
    assert leaving.export(page).state is State.RECEIPTED
    assert "<script>alert" not in told
    for kind in ("documents/custody-report", "documents/evidence-list", "documents/hand-over", "receipt"):
        address = f"/api/v1/exports/{page.rpartition('/')[2]}/{kind}"
        assert f'href="{address}"' in told
        assert browser.get(address).status_code == 200


@pytest.mark.article("dazhe-2020:14")
def test_a_transfer_leaves_its_copy_in_the_vault_whatever_kind_of_vault_that_is(leaving: Leaving) -> None:
    app, browser = leaving.room.application, leaving.browser(CUSTODIAN)
    app.court.transfer_units.name(OPERATOR, leaving.room.agency.id)
    page = leaving.ask()
    assert post(leaving.browser(HEAD), f"{page}/decide", reason="同意", decision="approve")[0] == 303
    leaving.custody.work()
    made = leaving.export(page).built
    assert made is not None, leaving.export(page).problem
    early = post(browser, f"{page}/hand-over", beside=SECOND, receiver="王法官")
    assert (early[0], "尚未登记写入并回读" in early[1]) == (409, True)
    medium = {"number": "1", "serial": "SN-1", "read_back": made.volumes[0].sha256}
    assert post(browser, f"{page}/written", **medium)[0] == 303
    assert post(browser, f"{page}/hand-over", beside=SECOND, receiver="王法官")[0] == 303
    done = leaving.export(page)
    assert done.built is not None
    (kept,) = leaving.room.site.vault.list(f"exports/{done.id}/")
    assert kept.lock.holds == {done.id}
    assert app.auditing.fsck(OPERATOR) == []


@pytest.mark.parametrize(("medium", "kind"), [("dvd", "iso"), ("zip", "zip"), ("folder", "zip")])
def test_a_medium_is_chosen_on_the_page_downloaded_there_and_read_by_what_courts_have(
    leaving: Leaving, tmp_path: Path, medium: str, kind: str
) -> None:
    browser, page = leaving.browser(CUSTODIAN), built(leaving, medium=medium)
    address, done = f"/api/v1/exports/{page.rpartition('/')[2]}/media/1", leaving.export(page)
    shown = browser.get(page).text
    assert f'href="{address}"' in shown
    said = ("不是所下载 ZIP 的" in shown, "刻录与回读命令" in shown)
    assert said == (medium == "folder", medium == "dvd"), "what the SHA-256 beside the medium is of"
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    name = f"{done.number}_1of1.{kind}"
    kept_as = f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert answer.headers["content-disposition"] == kept_as
    (file := tmp_path / name).write_bytes(answer.content)
    assert done.built is not None
    if medium != "folder":
        assert hashlib.sha256(answer.content).hexdigest() == done.built.volumes[0].sha256
        part = browser.get(address, range="bytes=16-31")
        assert (part.status_code, part.content) == (206, answer.content[16:32])
    if kind == "iso":
        told = run("isoinfo", "-J", "-f", "-i", str(file))
        assert all(one in told for one in ("/data/originals/", "a.mp4", "/report/chain-of-custody.pdf"))
        run("xorriso", "-osirrox", "on", "-indev", str(file), "-extract", "/", str(tmp_path / "bag"))
    else:
        zipfile.ZipFile(file).extractall(tmp_path / "bag")
    (bag,) = [one.parent for one in (tmp_path / "bag").rglob("bagit.txt")]
    assert "PASS" in run(sys.executable, "-I", str(bag / "verify" / "verify.py"), str(bag))
    assert browser.get(f"{address[:-1]}2").status_code == 404
    assert leaving.browser(HEAD).get(address).status_code == 404
    assert leaving.browser(OFFICER).get(address).status_code == 404


def test_beside_the_media_the_page_gives_their_list_the_trust_file_and_the_proof_of_the_seal(
    leaving: Leaving, tmp_path: Path
) -> None:
    browser, page = leaving.browser(CUSTODIAN), built(leaving, medium="zip")
    export, told = f"/api/v1/exports/{page.rpartition('/')[2]}", browser.get(page).text
    ways = {name: browser.get(path) for name, path in (
        ("media.zip", f"{export}/media/1"), ("media.json", f"{export}/media-list"),
        ("seal.tlog-proof", f"{export}/seal-proof"), ("trust.txt", "/api/v1/trust-file"),
    )}  # fmt: skip
    for name, answer in ways.items():
        assert answer.status_code == 200, answer.text
        assert f'href="{answer.url.path}"' in told
        (tmp_path / name).write_bytes(answer.content)
    (listed,) = json.loads(ways["media.json"].content)["media"]
    assert listed["sha256"] == hashlib.sha256(ways["media.zip"].content).hexdigest()
    assert leaving.room.dump().count('"medium":"media.json"') == 1
    zipfile.ZipFile(tmp_path / "media.zip").extractall(tmp_path / "bag")
    (bag,) = [one.parent for one in (tmp_path / "bag").rglob("bagit.txt")]
    given = ("--trust", str(tmp_path / "trust.txt"), "--seal", str(tmp_path / "seal.tlog-proof"))
    said = run(sys.executable, "-I", str(bag / "verify" / "verify.py"), *given, str(bag))
    assert "9. [通过 PASS]" in said
    assert "ALL PASSED" in said
    for stranger in (HEAD, OFFICER):
        assert leaving.browser(stranger).get(f"{export}/media-list").status_code == 404
    assert leaving.browser(OFFICER).get(f"{export}/seal-proof").status_code in (403, 404)


def test_every_file_of_an_export_bears_its_number_and_its_cases(leaving: Leaving) -> None:
    browser, page = leaving.browser(CUSTODIAN), built(leaving, medium="zip")
    about, export = f"/api/v1/exports/{page.rpartition('/')[2]}", leaving.export(page)
    told = [browser.get(f"{about}/{kind}") for kind in ("media/1", "media-list", "seal-proof")]
    begins = f"{export.number}_杭综执〔2026〕3号_"
    assert f"--seal {begins}seal.tlog-proof" in browser.get(page).text
    assert export.built is not None
    medium = {"number": "1", "serial": "SN", "read_back": export.built.volumes[0].sha256}
    then = (("written", medium), ("hand-over", {"beside": SECOND, "receiver": "王"}), ("receipt", {}))
    assert [post(browser, f"{page}/{act}", **form)[0] for act, form in then] == [303] * 3
    told += [browser.get(f"{about}/{kind}") for kind in ("documents/custody-report", "receipt")]
    parts = [one.headers["content-disposition"].split("; ") for one in told]
    assert [part[0] for part in parts] == ["attachment"] * 3 + ["inline"] * 2
    ends = ("media.json", "seal.tlog-proof", "custody-report.pdf", "receipt.json")
    whole = [unquote(part[2].removeprefix("filename*=UTF-8''")) for part in parts]
    assert whole == [f"{export.number}_1of1.zip", *(begins + end for end in ends)]
    plain = rf'filename="{export.number}_[A-Za-z0-9_.-]+"'
    assert all(re.fullmatch(plain, part[1]) for part in parts), "for programs that read no other"


@pytest.mark.article("dazhe-2020:14")
def test_who_does_not_hand_a_transfer_over_is_told_who_does_and_shown_no_way_to(tmp_path: Path) -> None:
    leaving = Leaving(tmp_path)  # no unit is named there
    app, page = leaving.room.application, leaving.ask()
    assert "等待审批：由科室负责人 / 机关负责人作出" in leaving.browser(SECOND).get(page).text
    assert post(leaving.browser(HEAD), f"{page}/decide", reason="同意", decision="approve")[0] == 303
    leaving.custody.work()
    legal = app.organisation.units.add(OPERATOR, "法制科", leaving.room.agency.id)
    app.court.transfer_units.name(OPERATOR, legal.id)
    browser, medium = leaving.browser(CUSTODIAN), f"/api/v1/exports/{page.rpartition('/')[2]}/media/1"
    told = browser.get(page).text
    assert "本次移送由“法制科”办理" in told
    for way in (medium, f"{page}/written", f"{page}/hand-over", f"{page}/receipt"):
        assert f'"{way}"' not in told
    followed = browser.get(medium, **{"sec-fetch-mode": "navigate", "accept": "text/html"})
    assert (followed.status_code, followed.headers["content-type"]) == (403, "text/html; charset=utf-8")
    asked = browser.get(medium)
    assert (asked.status_code, asked.json()["code"]) == (403, "not-the-transfer-unit")
    app.signer.close()


@pytest.mark.article("dazhe-2020:15")
def test_of_a_partys_copy_the_page_says_that_the_head_of_the_agency_decides(leaving: Leaving) -> None:
    page = leaving.ask(way="party-copy", applicant="张三", relation="当事人", identity="身份证")
    assert "等待审批：由机关负责人作出" in leaving.browser(HEAD).get(page).text


def run(*command: str) -> str:
    """Run a program that must succeed; return what it says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.article("dazhe-2020:15")
def test_the_secrets_of_a_link_are_on_one_page_once_and_the_link_is_revoked(leaving: Leaving) -> None:
    browser, page = leaving.browser(CUSTODIAN), built(leaving)
    export = page.rpartition("/")[2]
    assert post(browser, f"{page}/shares", hours="0")[0] == 400
    assert post(leaving.browser(HEAD), f"{page}/shares", hours="2")[0] == 403
    with leaving.room.site.database.reading() as unit:
        assert unit.shares.of(export) == []
    status, told = post(browser, f"{page}/shares", hours="2")
    token, code = re.findall(r"<dd><code>([^<]+)</code></dd>", told)
    assert (status, len(code)) == (200, 8)
    assert token not in browser.get(page).text
    with leaving.room.site.database.reading() as unit:
        (share,) = unit.shares.of(export)
    assert post(browser, f"{page}/shares/revoke", share=share.id)[0] == 303
    assert "已撤销" in browser.get(page).text
    assert post(browser, f"{page}/shares/revoke", share=share.id)[0] == 409


def test_an_export_is_asked_for_and_decided_in_the_browser_at_every_width(desks: Desks) -> None:
    app, custody = desks.application, CustodyRoom(desks)
    case = app.cases.open(OPERATOR, "杭综执〔2026〕3号", desks.agency.id).id
    for name in ("a.mp4", HOSTILE.replace("/", "_") + "长" * 60 + ".mp4"):
        app.cases.link(OPERATOR, case, custody.seal(name.encode(), name))
    with desks.window("custodian") as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(desks.url("/custody/exports"))
        desks.look(page, "exports-none")
        page.goto(desks.url(f"/cases/{case}"))
        page.get_by_role("link", name="申请对外提供").click()
        for box in page.locator("input[name=recording]").all():
            box.check()
        page.get_by_label("去向").select_option("outside-supply")
        for field, said in (
            ("接收方", HOSTILE),
            ("用途", "普法宣传"),
            ("依据（来函文号）", "某函〔2026〕1号"),
        ):
            page.get_by_label(field).fill(said)
        desks.look(page, "export-new")
        page.get_by_role("button", name="申请对外提供").click()
        desks.look(page, "export-asked")
        address = page.url.partition("?")[0]
    with desks.window("head", size=NARROW, dark=True) as page:
        page.goto(desks.url("/custody/exports/waiting"))
        desks.look(page, "exports-waiting-narrow")
        page.goto(address)
        page.locator("select[name^=ground-]").nth(1).select_option("third-party")
        page.get_by_label("理由").fill("同意一份")
        page.get_by_label("保密审查情况").fill("经审查不涉密")
        desks.look(page, "export-decide-narrow")
        page.get_by_role("button", name="同意", exact=True).click()
        expect(page.get_by_role("status")).to_be_visible()
    custody.work()
    with desks.window("custodian", "en") as page:
        page.goto(address)
        page.get_by_label("Hours").fill("2")
        page.get_by_role("button", name="Make a link").click()
        expect(page.get_by_text("The link is made")).to_be_visible()
        desks.look(page, "export-built")
    with desks.window("custodian", "en", NARROW) as page:
        page.goto(address)
        desks.look(page, "export-built-narrow")
        page.goto(desks.url("/custody/exports"))
        desks.look(page, "exports-narrow")
