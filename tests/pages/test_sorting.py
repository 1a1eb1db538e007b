"""Lists are in the order that their address asks for; an order that a list does not know is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.ids import new_id
from evidence.domain.rights import Role
from evidence.errors import Invalid
from evidence.locale import CHINESE, text
from evidence.service.cases import case_pages
from evidence.service.listing import Listing
from evidence.service.people.people_ports import StoredCase
from evidence.web.pages.sorting import in_order, sorting_of
from tests.web.browser import Browser, WebRoom

# Each list by its address, with the keys that it knows and who reads it.
LISTS = {
    "/custody/cases": ("number", "opened", "closed"),
    "/custody/exports": ("number", "way", "recipient"),
    "/custody/exports/waiting": ("number", "way", "recipient"),
    "/custody/holds": ("recorded",),
    "/custody/disposals": ("at", "recording", "state"),
    "/custody/search": ("time",),
    "/custody/devices": ("serial",),
    "/people": ("number",),
    "/gaps": ("day", "device", "wearer", "file", "state"),
    "/faults": ("opened", "kind", "state"),
    "/complaints": ("number", "received", "due"),
    "/exemptions": ("when", "stated"),
    "/samples": ("unit", "period", "reviewed"),
}
ROLES = (Role.CUSTODIAN, Role.AGENCY_HEAD, Role.UNIT_HEAD, Role.SECURITY_ADMINISTRATOR)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebRoom]:
    """A site with three cases, the later the lower their number, of which one is closed."""
    made = WebRoom(tmp_path_factory.mktemp("site"))
    made.add_person("000100", *ROLES)
    with made.site.database.writing() as unit:
        for place, number in enumerate("cab"):
            opened = made.clock.now() + timedelta(days=place)
            unit.cases.add(StoredCase(number, number, made.agency.id, made.agency.path, opened, None))
        unit.cases.close("a", made.clock.now())
    yield made


@pytest.fixture
def reader(room: WebRoom) -> Browser:
    browser = Browser(room)
    browser.take(room, "000100")
    return browser


def numbers(text: str) -> list[str]:
    return re.findall(r'<a href="/cases/(\w)">', text)


def test_a_list_is_in_the_order_that_is_asked_for_and_its_head_says_so(reader: Browser) -> None:
    orders = {"": "abc", "number": "abc", "-number": "cba", "opened": "cab", "-opened": "bac"}
    for sort, order in {**orders, "-closed": "acb"}.items():
        page = reader.get(f"/custody/cases?sort={sort}").text
        assert "".join(numbers(page)) == order
        assert page.count("aria-sort") == 1
    assert 'aria-sort="descending"><a href="/custody/cases?sort=closed">' in page


def test_pages_of_an_order_follow_on_each_other(reader: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_pages, "MOST", 1)
    for sort, order in {"opened": "cab", "-opened": "bac", "closed": "bca", "-closed": "acb"}.items():
        at, seen = f"/custody/cases?sort={sort}", ""
        for _ in order:
            page = reader.get(at).text
            seen += "".join(numbers(page))
            at = unescape("".join(re.findall(r'rel="next" href="([^"]+)"', page)))
        assert seen == order
        assert 'rel="next"' not in page


@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_its_own_orders_and_refuses_any_other(room: WebRoom, reader: Browser, path: str) -> None:
    for key in LISTS[path]:
        for sort in (key, f"-{key}"):
            assert reader.get(f"{path}?sort={sort}").status_code == 200, sort
    before = room.dump()
    for wrong in ("size", "--number", "<b>", "-"):
        answer = reader.get(f"{path}?sort={wrong}", accept="text/html")
        assert answer.status_code == 400, wrong
        assert text(CHINESE, "error.unknown-sort") in answer.text
        assert "<b>" not in answer.text
    known = {line for line in room.dump().splitlines() if not line.startswith(("audit_", "session"))}
    assert known <= set(before.splitlines())


@given(st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers())))
def test_lines_without_a_value_come_last_and_equal_ones_stay_as_they_are(
    lines: list[tuple[int | None, int]],
) -> None:
    keys = {"first": lambda one: one[0]}
    for sort, is_down in (("first", False), ("-first", True)):
        found = in_order(lines, sort, keys)
        told = [one for one in lines if one[0] is not None]
        told.sort(key=lambda one: -(one[0] or 0) if is_down else one[0] or 0)
        assert found == [*told, *(one for one in lines if one[0] is None)]
    assert in_order(lines, "", keys) == lines


def test_an_order_is_read_from_few_words() -> None:
    assert sorting_of("", ("late",)) == Listing("", is_down=False)
    assert sorting_of("-late", ("late",)) == Listing("late", is_down=True)
    with pytest.raises(Invalid, match="unknown-sort"):
        sorting_of(new_id(), ("late",))
