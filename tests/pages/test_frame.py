"""The frame around every desk: who sees which rooms, the language, problems, no outside address."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import Request

from evidence.locale import CHINESE, ENGLISH, catalogue
from evidence.web.pages.language import is_ours
from evidence.web.pages.problems import shown
from evidence.web.pages.rooms import ROOMS
from tests.pages.room import Desks


def test_every_room_has_its_words() -> None:
    wanted = {f"room.{one.name}" for one in ROOMS} | {f"desk.{one.desk}" for one in ROOMS}
    for language in (CHINESE, ENGLISH):
        assert wanted - set(catalogue(language)) == set()


@pytest.mark.parametrize(
    ("path", "is_here"),
    [("/", True), ("/gaps?unit=a", True), ("//evil.example", False), ("/\\evil.example", False)]
    + [("https://evil.example", False), ("", False), ("/a\r\nX: y", False), ("javascript:alert(1)", False)],
)
def test_only_a_path_of_ours_is_gone_back_to(path: str, is_here: bool) -> None:
    assert is_ours(path) is is_here


def test_who_is_not_signed_in_is_asked_to_and_then_comes_to_the_page_that_was_wanted(desks: Desks) -> None:
    with desks.window(None) as page:
        page.goto(desks.url("/account"))
        assert page.url == desks.url("/sign-in")
        page.fill("#login", "012345")
        assert [one["name"] for one in page.context.cookies(desks.url("/").replace("http:", "https:"))] == [
            "__Host-evidence-language",
            "__Host-evidence-back",
        ]


def test_a_problem_is_a_page_for_people_and_a_document_for_programs(desks: Desks) -> None:
    with httpx2.Client(base_url=desks.url("")) as client:
        program = client.get("/nowhere")
        person = client.get("/nowhere", headers={"Accept": "text/html"})
    assert program.headers["content-type"] == "application/problem+json"
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert catalogue(CHINESE)["page.safe"] in person.text


def test_static_files_are_asked_for_once(desks: Desks) -> None:
    with httpx2.Client(base_url=desks.url("/static/")) as client:
        for name in ("evidence.css", "desk.css", "desk.js", "htmx.js", "tus.js", "passkey.js", "roster.css"):
            first = client.get(name)
            assert (first.status_code, name) == (200, name)
            again = client.get(name, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        for name in ("..%2Fapp.py", "app.py", "package.json", "%00", "evidence.css.map"):
            assert client.get(name).status_code == 404


def test_a_refusal_as_a_page_says_which_articles_are_adopted(desks: Desks) -> None:
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/complaints",
            "headers": [(b"accept", b"text/html")],
            "query_string": b"",
            "app": desks.app,
        }
    )
    answer = shown(request, 403, "direct-superior", {"cites": "xinping-2022-aux:20 dazhe-2020:12"})
    assert answer is not None
    page = bytes(answer.body).decode()
    assert "参照采用《" in page
    assert "xinping-2022-aux:20" in page
    assert "; 《大柘镇人民政府行政执法音像记录管理制度》第十二条 / dazhe-2020:12" in page
