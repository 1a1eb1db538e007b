"""The line: where a token may go, and what each answer means."""

from __future__ import annotations

import json
import socket
import time

import pytest

from evidence.dock.line import Address, Answer, Line, error_of
from evidence.errors import (
    Busy,
    Conflict,
    EvidenceError,
    Invalid,
    NoSpace,
    NotFound,
    Refused,
    Unavailable,
)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://evidence.example", "https://evidence.example:443"),
        ("https://evidence.example:8443/site/", "https://evidence.example:8443/site"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        (" https://[2001:db8::1] ", "https://[2001:db8::1]:443"),
    ],
)
def test_an_address_is_read_in_one_way(url: str, text: str) -> None:
    assert str(Address.parse(url)) == text


@pytest.mark.parametrize(
    "url", ["http://evidence.example", "http://10.0.0.5:8000", "http://localhost.example"]
)
def test_a_token_is_never_sent_in_clear_to_another_machine(url: str) -> None:
    with pytest.raises(Invalid, match="url-not-safe"):
        Address.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "evidence.example",
        "ftp://a",
        "https://",
        "https://a:99999",
        "https://u:p@a",
        "https://a/?q=1",
        "https://a/#f",
        "https://[::1",
        "https://" + "a" * 70 + ".example",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="url-malformed"):
        Address.parse(url)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Refused),
        (403, Refused),
        (404, NotFound),
        (410, NotFound),
        (409, Conflict),
        (425, Conflict),
        (460, Conflict),
        (423, Busy),
        (413, Refused),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (507, NoSpace),
        (302, Refused),
    ],
)
def test_a_status_means_one_kind_of_error(status: int, kind: type[EvidenceError]) -> None:
    bare = error_of(Answer(status, {}, b""))
    assert (type(bare), bare.code) == (kind, f"http-{status}")
    told = error_of(
        Answer(status, {"retry-after": "5"}, json.dumps({"code": "some-code", "size": 3}).encode())
    )
    assert (type(told), told.code) == (kind, "some-code")
    assert told.fields == {"size": 3, "status": status, "retry_after_s": 5}


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"\xff", b'{"code":7}', b'{"code":"\\u001b[31m"}', b"[" * 100_000]
)
def test_an_answer_that_is_no_problem_document_is_named_by_its_status(body: bytes) -> None:
    assert error_of(Answer(502, {}, body)).code == "http-502"


def test_a_line_that_was_aborted_before_it_had_a_connection_opens_none_any_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = Line(Address.parse(f"http://127.0.0.1:{silent.getsockname()[1]}"), "token", 60.0)
        line.abort()
        started = time.monotonic()
        with pytest.raises(Unavailable, match="no-answer"):
            line.ask("GET", "/", {})
        assert time.monotonic() - started < 5
