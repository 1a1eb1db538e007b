"""The page of a link: one person without an account, with a code; shown or taken along; over at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from evidence.domain.exports import Said, Way
from evidence.service.court.exports import Wish
from evidence.service.court.sharing import Made
from evidence.web.pages.shared import COOKIE
from tests.clips import clip
from tests.pages.custody_room import HOSTILE, OPERATOR, CustodyRoom
from tests.pages.room import NARROW, Desks
from tests.people_room import DECIDER, LENDER
from tests.web.browser import Browser, WebRoom

IN_PLAYER = {"sec-fetch-dest": "video"}
LOADED = "one => one.readyState > 1 || new Promise(done => one.addEventListener('loadeddata', done))"


class Lending:
    """A site where a clip and a thing that no browser plays were approved for somebody outside."""

    def __init__(self, room: WebRoom, recipient: str = "某电视台") -> None:
        self.room, self.custody, app = room, CustodyRoom(room), room.application
        self.files = [
            self.custody.seal(clip("mp4"), "DCIM/问话.mp4"),
            self.custody.seal(b"no media", HOSTILE),
        ]
        self.custody.work()
        said = Said(recipient, "普法宣传", "某函〔2026〕1号")
        wish = Wish(Way.SUPPLY, tuple(self.files), said, unit_id=room.agency.id)
        self.export = app.court.exports.ask(OPERATOR, wish).export.id
        how = {"reason": "同意", "secrecy": "经审查不涉密"}
        app.court.exports.decide(DECIDER, self.export, is_approved=True, **how)

    def link(self, *, may_download: bool = False) -> Made:
        """Make a link for a day."""
        return self.room.application.court.sharing.share(LENDER, self.export, 24, may_download=may_download)

    def opened(self, *, may_download: bool = False) -> tuple[Browser, Made]:
        """Return a browser in which a link was opened."""
        browser, made = Browser(self.room), self.link(may_download=may_download)
        answer = browser.post(f"/shared/{made.token}", {"code": made.code}, accept="text/html")
        assert (answer.status_code, answer.headers["location"]) == (303, "/shared")
        return browser, made


@pytest.fixture(scope="module")
def lending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lending]:
    made = Lending(WebRoom(tmp_path_factory.mktemp("lending") / "data"))
    yield made
    made.room.application.signer.close()


def count(lending: Lending, act: str) -> int:
    return lending.room.dump().count(f'"act":"{act}"')


def test_before_its_code_a_link_tells_nothing_not_even_that_it_exists(lending: Lending) -> None:
    made, stranger = lending.link(), Browser(lending.room)
    for path in (f"/shared/{made.token}", f"/shared/{'x' * 43}"):
        told = stranger.get(path)
        assert told.status_code == 200
        assert "某电视台" not in told.text
    assert (
        stranger.get(f"/shared/{made.token}").text.replace(made.token, "x" * 43)
        == stranger.get(f"/shared/{'x' * 43}").text
    )
    assert stranger.get("/shared", accept="text/html").status_code == 403
    assert stranger.get("/shared/files/1", **IN_PLAYER).status_code == 403
    before = count(lending, "share.open")
    foreign = stranger.post(f"/shared/{made.token}", {"code": made.code}, sec_fetch_site="cross-site")
    assert (foreign.status_code, count(lending, "share.open")) == (403, before)


@pytest.mark.article("dazhe-2020:15")
def test_a_link_opens_once_in_one_browser_and_shows_with_the_recipients_name(lending: Lending) -> None:
    browser, made = lending.opened()
    page = browser.get("/shared").text
    assert page.count("某电视台") >= 4
    assert made.share.id[:8] in page
    assert "/copy" not in page
    assert "<script" not in page
    assert "&lt;img" in page
    assert page.count("<video") == 1
    other = Browser(lending.room)
    again = other.post(f"/shared/{made.token}", {"code": made.code}, accept="text/html")
    assert (again.status_code, "向提供单位索取新的链接" in again.text) == (403, True)
    assert COOKIE not in other.client.cookies


@pytest.mark.article("dazhe-2020:15")
def test_each_range_is_logged_and_what_may_only_be_shown_is_given_to_a_player_alone(lending: Lending) -> None:
    browser, made = lending.opened()
    before = count(lending, "share.read")
    part = browser.get("/shared/files/1", range="bytes=0-99", **IN_PLAYER)
    assert (part.status_code, part.content) == (206, clip("mp4")[:100])
    assert part.headers["content-type"] == "video/mp4"
    assert part.headers["content-disposition"] == "inline"
    assert count(lending, "share.read") == before + 1
    for path, sent in (
        ("/shared/files/1", {}),
        ("/shared/files/1", {"sec-fetch-dest": "document"}),
        ("/shared/files/1/copy", {}),
    ):
        refused = browser.get(path, **sent)
        assert (refused.status_code, refused.json()["code"]) == (403, "share-shows-only")
    bearer = {"authorization": f"Bearer {browser.client.cookies[COOKIE]}"}
    refused = browser.get("/api/v1/shared/files/1", **bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "share-shows-only")
    assert browser.get("/shared/files/3", **IN_PLAYER).status_code == 404
    assert count(lending, "share.read") == before + 1


@pytest.mark.article("dazhe-2020:15")
def test_what_may_be_taken_along_is_downloaded_whole_by_its_name_until_it_is_revoked(
    lending: Lending,
) -> None:
    browser, made = lending.opened(may_download=True)
    assert browser.get("/shared").text.count("/copy") == 2
    copy = browser.get("/shared/files/1/copy")
    assert (copy.status_code, copy.content) == (200, clip("mp4"))
    name = copy.headers["content-disposition"].partition("; filename*=UTF-8''")[2]
    assert re.fullmatch(r"EXP-2026-\d{6}_%E9%97%AE.*", name), "of which export, and as the recorder named it"
    assert copy.headers["content-type"] == "application/octet-stream"
    lending.room.application.court.sharing.revoke(OPERATOR, made.share.id)
    before = count(lending, "share.read")
    for path in ("/shared", "/shared/files/1/copy"):
        assert browser.get(path, accept="text/html").status_code == 403
    assert browser.get("/shared/files/1", **IN_PLAYER).status_code == 403
    assert count(lending, "share.read") == before


def test_the_page_of_a_revoked_link_says_so_and_asks_for_no_code(lending: Lending) -> None:
    made, stranger = lending.link(), Browser(lending.room)
    lending.room.application.court.sharing.revoke(OPERATOR, made.share.id)
    before = count(lending, "share.open")
    typed = stranger.post(f"/shared/{made.token}", {"code": made.code}, accept="text/html")
    for told in (stranger.get(f"/shared/{made.token}"), typed):
        assert told.status_code == 403
        assert "这个链接已由提供单位撤销" in told.text
        assert 'name="code"' not in told.text
        assert "某电视台" not in told.text, "and nothing else about it"
    assert (count(lending, "share.open"), COOKIE in stranger.client.cookies) == (before, False)


def test_where_no_browser_plays_an_original_its_proxy_is_shown_and_the_original_taken_along(
    lending: Lending,
) -> None:
    app, room = lending.room.application, lending.room
    film = lending.custody.seal(clip("avi"), "film.avi")
    lending.custody.work()
    said = Said("某电视台", "普法宣传", "函")
    export = app.court.exports.ask(OPERATOR, Wish(Way.SUPPLY, (film,), said, unit_id=room.agency.id)).export
    app.court.exports.decide(DECIDER, export.id, is_approved=True, reason="同意", secrecy="经审查不涉密")
    made = app.court.sharing.share(LENDER, export.id, 2, may_download=True)
    browser = Browser(room)
    browser.post(f"/shared/{made.token}", {"code": made.code})
    assert "为浏览器转换的副本" in browser.get("/shared").text
    shown = browser.get("/shared/files/1", **IN_PLAYER)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "video/mp4")
    assert shown.content[4:8] == b"ftyp"
    assert browser.get("/shared/files/1/copy").content == clip("avi")


def test_the_cookie_of_one_link_opens_no_file_of_another(lending: Lending) -> None:
    app = lending.room.application
    said = Said("另一个人", "其他", "函")
    wish = Wish(Way.SUPPLY, (lending.files[1],), said, unit_id=lending.room.agency.id)
    other = app.court.exports.ask(OPERATOR, wish).export.id
    app.court.exports.decide(DECIDER, other, is_approved=True, reason="同意", secrecy="经审查不涉密")
    made = app.court.sharing.share(LENDER, other, 2, may_download=True)
    browser = Browser(lending.room)
    browser.post(f"/shared/{made.token}", {"code": made.code})
    assert "某电视台" not in browser.get("/shared").text
    assert browser.get("/shared/files/1/copy").content == b"no media"
    assert browser.get("/shared/files/2/copy").status_code == 404


def test_five_wrong_codes_lock_a_link_from_wherever_they_come(lending: Lending) -> None:
    made, before = lending.link(), count(lending, "share.open")
    for number in range(5):
        guess = Browser(lending.room, f"198.51.{number}.7")
        assert guess.post(f"/shared/{made.token}", {"code": "00000000"}).status_code == 403
    late = Browser(lending.room).post(f"/shared/{made.token}", {"code": made.code}, accept="text/html")
    assert (late.status_code, count(lending, "share.open")) == (403, before)
    assert 'role="alert"' in late.text


def test_a_recipient_opens_looks_and_plays_in_the_browser_at_every_width(desks: Desks) -> None:
    lending = Lending(desks, f"{'某市电视台法治频道' * 6}{HOSTILE}")
    made = lending.link(may_download=True)
    with desks.window(None) as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(desks.url(f"/shared/{made.token}"))
        desks.look(page, "shared-code")
        page.locator("#code").fill(made.code)
        page.get_by_role("button").click()
        expect(page.locator("video")).to_be_visible()
        page.locator("video").evaluate(LOADED)
        assert page.evaluate("document.querySelector('video').error") is None
        desks.look(page, "shared-opened")
        kept = page.context.cookies()
        with page.expect_download() as taken:
            page.locator("a.copy").first.click()
        assert Path(taken.value.path()).read_bytes() == clip("mp4")
    with desks.window(None, size=NARROW, dark=True) as page:
        page.context.add_cookies([one for one in kept if one["name"] == COOKIE])  # type: ignore[misc]
        page.goto(desks.url("/shared"))
        page.locator("video").evaluate(LOADED)
        desks.look(page, "shared-opened-narrow")
