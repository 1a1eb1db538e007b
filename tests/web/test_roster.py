"""The public roster as a page: no sign-in, no script, one answer for all that is not valid, and a limit."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evidence.service.people.leaving import Leaving
from evidence.service.people.roster import PublicTerms
from evidence.web.pages.roster import network_of
from tests.roll_room import OPERATOR, RollRoom
from tests.web.roll_door import RollDoor


@pytest.fixture
def room(tmp_path: Path) -> RollRoom:
    return RollRoom(tmp_path)


class Tags(HTMLParser):
    """Collects the tags of a page, and its links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.article("dazhe-2020-aux:13.2")
def test_anybody_can_ask_whether_a_number_is_valid(room: RollRoom) -> None:
    room.in_order("0001", name="李四", contract_to=date(2026, 12, 31))
    door = RollDoor(room, terms=PublicTerms(contact="大柘镇纪委 0753-0000000"))
    page = door.ask("GET", "/roster?number=0001")
    assert page.status_code == 200
    assert all(
        one in page.text for one in ("有效", "Valid", "大柘镇/东片执法队", "2026-12-31", "第十三条第二款")
    )
    assert "0753-0000000" in page.text
    assert "李四" not in page.text
    named = RollDoor(room, terms=PublicTerms(names=True)).ask("GET", "/roster?number=0001")
    assert "李四" in named.text


def test_a_page_has_no_script_and_may_load_nothing_but_its_style(room: RollRoom) -> None:
    room.in_order("0001")
    door = RollDoor(room)
    for query in ("", "?number=0001", "?number=9"):
        page = door.ask("GET", f"/roster{query}")
        found = Tags(page.text)
        assert "script" not in found.tags
        assert not [one for one in found.attributes if one.startswith("on") or one == "style"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert page.headers["cache-control"] == "no-store"
        assert page.text.index("行政执法辅助人员公示查询") < page.text.index("Public roster")
    style = door.ask("GET", "/roster.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text


def test_unknown_and_left_are_the_same_page_byte_for_byte(room: RollRoom) -> None:
    room.in_order("0001")
    Leaving(room.site).start(OPERATOR, "0001")
    room.person("0002")
    door = RollDoor(room)
    pages = [door.ask("GET", f"/roster?number={number}") for number in ("0001", "0002", "0003")]
    assert {page.status_code for page in pages} == {200}
    bare = {
        page.text.replace(number, "") for page, number in zip(pages, ("0001", "0002", "0003"), strict=True)
    }
    assert len(bare) == 1
    assert "无效" in pages[0].text


@pytest.mark.parametrize(
    "evil", ["<script>x</script>", '"><img src=x onerror=y>', "{{7*7}}", "\u202egnp", "a\r\nb: c"]
)
def test_what_is_asked_for_is_shown_as_text_or_not_at_all(room: RollRoom, evil: str) -> None:
    page = RollDoor(room).ask("GET", "/roster", params={"number": evil})
    found = Tags(page.text)
    assert page.status_code == 200
    assert not {"script", "img"} & set(found.tags)
    assert "onerror" not in found.attributes
    assert "49" not in page.text
    assert "\u202e" not in page.text
    assert "b" not in page.headers


def test_a_network_that_asks_too_often_has_to_wait(room: RollRoom) -> None:
    room.in_order("0001")
    door = RollDoor(room, per_minute=3)
    other = "/roster?number=0001"
    statuses = [door.ask("GET", other).status_code for _ in range(5)]
    assert statuses[-1] == 429
    refused = door.ask("GET", other)
    assert refused.headers["retry-after"] == "60"
    assert "大柘镇/东片执法队" not in refused.text
    assert door.ask("GET", "/roster").status_code == 200, "the empty form asks nothing"


def test_clients_of_one_network_are_counted_together() -> None:
    assert network_of("192.0.2.7") == network_of("192.0.2.200") == network_of("::ffff:192.0.2.9")
    assert network_of("192.0.3.7") != network_of("192.0.2.7")
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("testclient") == network_of("") == "unknown"


def test_where_the_law_knows_no_roster_the_page_says_so(tmp_path: Path) -> None:
    page = RollDoor(RollRoom(tmp_path, "inner-mongolia")).ask("GET", "/roster?number=1")
    assert page.status_code == 404
    assert "没有公示查询" in page.text
    assert "form" not in Tags(page.text).tags
