"""Originals over HTTP: whole and in ranges, logged before the first byte, under names that steer nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from evidence.domain.audit import Act
from tests import inside
from tests.service_process import ServiceProcess
from tests.simulators.card import content
from tests.tampering import no_log
from tests.web.talk import Answer, Dock, ask, raw

BODY = content(3_000_000, 5)
NAMES = (
    "../../../../etc/passwd",
    "/etc/passwd",
    "..",
    "a/..",
    "folder/",
    "..\\..\\windows\\win.ini",
    "%2e%2e%2f%2e%2e%2fx",
    "a\r\nSet-Cookie: evil=1\r\n\r\n<script>.mp4",
    "\x1b]0;owned\x07\x1b[31m.mp4",
    "\u202egpj.4pm",
    "\u2028\u2029\x85\ufeff.mp4",
    "现" * 255,
    "<script>alert(1)</script>.mp4",
    "<img src=x onerror=alert(1)>",
    'a"; filename="b.exe',
    "=cmd|' /C calc'!A0.csv",
    "'; DROP TABLE recording; --",
    "CON",
    " ",
    "𠮷㐂👮‍♀️.mp4",
    "x" * 4096,
    "\x01" * 4096,
)


@dataclass
class Stored:
    """A sealed recording and how to ask for it."""

    service: ServiceProcess
    id: str
    device: str

    def get(self, tail: str = "/original", **headers: str) -> Answer:
        """Ask as the administrator."""
        path = f"/api/v1/recordings/{self.id}{tail}"
        return ask(self.service.port, "GET", path, self.service.admin_token, headers)


def stored(service: ServiceProcess, token: str, body: bytes, name: str = "a.mp4") -> Stored:
    """Seal a file."""
    dock = Dock(service, token)
    return Stored(service, dock.seal(body, name)["recording"], dock.device)


@pytest.fixture(scope="module")
def original(service: ServiceProcess, token: str) -> Stored:
    """A sealed file of three megabytes."""
    return stored(service, token, BODY, "DCIM/现场 1.mp4")


def test_the_whole_original_comes_back_byte_for_byte_and_says_its_digest(original: Stored) -> None:
    answer = original.get()
    assert answer.status == 200
    assert answer.body == BODY
    assert answer.headers["accept-ranges"] == "bytes"
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"


def test_an_original_is_never_something_a_browser_runs_or_keeps(original: Stored) -> None:
    headers = original.get().headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


SIZE = len(BODY)


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        (f"bytes=0-{SIZE - 1}", 0, SIZE),
        ("bytes=1-2000000", 1, 2_000_001),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=100-{10**18}", 100, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-500", SIZE - 500, SIZE),
        (f"bytes=-{10**18}", 0, SIZE),
    ],
)
def test_one_range_comes_back_as_it_was_asked_for(
    original: Stored, wanted: str, start: int, end: int
) -> None:
    answer = original.get(Range=wanted)
    assert answer.status == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.body == BODY[start:end]


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={10**18}-", "bytes=-0"])
def test_a_range_that_cannot_be_is_416_and_tells_the_size(original: Stored, wanted: str) -> None:
    answer = original.get(Range=wanted)
    assert (answer.status, answer.code) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=5-2",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2,4-5",
        "items=0-1",
        "bytes 0-1",
        "x",
        f"bytes={'9' * 40}-",
    ],
)
def test_what_is_no_single_range_of_bytes_gets_the_whole(original: Stored, wanted: str) -> None:
    answer = original.get(Range=wanted)
    assert answer.status == 200
    assert answer.body == BODY


def test_an_empty_original_comes_back_whole_and_has_no_range(service: ServiceProcess, token: str) -> None:
    empty = stored(service, token, b"")
    answer = empty.get()
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    for wanted in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        answer = empty.get(Range=wanted)
        assert (answer.status, answer.headers["content-range"]) == (416, "bytes */0")


def test_the_manifest_comes_back_as_it_stands_in_the_vault(original: Stored, site: Path) -> None:
    answer = original.get("/manifest")
    assert answer.status == 200
    assert answer.body == inside.sealed(site, f"recordings/{original.id}/manifest.json")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def reads(site: Path, act: Act, recording: str) -> int:
    """Count the entries of the log about reads of a recording."""
    rows = inside.rows(site, "SELECT body FROM audit_entry WHERE act = :act", act=act.value)
    return sum(recording.encode() in body for (body,) in rows)


@pytest.mark.parametrize("tail", ["/original", "/manifest", "", "/findings"])
@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=0-"])
def test_what_cannot_be_logged_is_not_shown(original: Stored, site: Path, tail: str, wanted: str) -> None:
    with no_log(site):
        answer = original.get(tail, Range=wanted)
        assert (answer.status, answer.code) == (503, "database-unavailable")
        assert set(answer.json) == {"type", "title", "status", "code", "reason"}
        assert "retry-after" in answer.headers
    assert original.get(tail).status == 200


@pytest.mark.parametrize("path", ["recordings", "findings", "deadlines", "gaps", "status"])
def test_lists_that_cannot_be_logged_are_not_shown(service: ServiceProcess, site: Path, path: str) -> None:
    with no_log(site):
        answer = ask(service.port, "GET", f"/api/v1/{path}", service.admin_token)
        assert (answer.status, answer.code) == (503, "database-unavailable")
    assert ask(service.port, "GET", f"/api/v1/{path}", service.admin_token).status == 200


def test_an_error_of_our_own_tells_nothing_and_is_as_protected_as_any_answer(
    original: Stored, site: Path
) -> None:
    with no_log(site, by_mistake=True):
        answer = original.get()
    assert (answer.status, answer.code) == (500, "unexpected")
    assert set(answer.json) == {"type", "title", "status", "code"}
    for name in ("x-content-type-options", "referrer-policy", "strict-transport-security", "x-frame-options"):
        assert name in answer.headers, name


def test_each_read_stands_in_the_log_when_its_first_byte_arrives(original: Stored, site: Path) -> None:
    before = reads(site, Act.READ_ORIGINAL, original.id)
    head = (
        f"GET /api/v1/recordings/{original.id}/original HTTP/1.1\nHost: x\n"
        f"Authorization: Bearer {original.service.admin_token}\n\n"
    )
    with raw(original.service.port, head) as line:
        assert line.recv(1) == b"H"
        assert reads(site, Act.READ_ORIGINAL, original.id) == before + 1
    assert original.get(Range="bytes=5-9").status == 206
    assert reads(site, Act.READ_ORIGINAL, original.id) == before + 2


@pytest.fixture(scope="module")
def hostile(service: ServiceProcess, token: str) -> dict[str, Stored]:
    """A recording under each hostile name."""
    return {name: stored(service, token, content(100 + n, n), name) for n, name in enumerate(NAMES)}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:30])
def test_a_hostile_name_is_kept_as_data_and_comes_back_as_inert_json(
    hostile: dict[str, Stored], name: str
) -> None:
    answer = hostile[name].get("")
    assert answer.json["name"] == name
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any(byte < 0x20 and byte != 0x0A for byte in answer.body), "control characters are escaped"
    manifest = json.loads(hostile[name].get("/manifest").body)["signed"]
    assert manifest["original"]["name"] == name


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:30])
def test_a_hostile_name_makes_a_harmless_header(hostile: dict[str, Stored], name: str) -> None:
    answer = hostile[name].get()
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    kind, _, told = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9_.-]+"', kind), "for who does not read the other"
    assert told.isascii()
    assert not set(told) & set(" \"';\\\r\n/<>")
    file = unquote(told)
    assert file not in ("", ".", "..")
    assert "/" not in file
    last = name.rsplit("/", 1)[-1]
    assert file == (last if last not in ("", ".", "..") else hostile[name].id)


def test_no_name_became_a_path(hostile: dict[str, Stored], site: Path) -> None:
    for one in hostile.values():
        for name in ("data", "manifest.json"):
            assert inside.sealed(site, f"recordings/{one.id}/{name}")
    names = {part for path in site.parent.rglob("*") for part in path.relative_to(site.parent).parts}
    assert all(part.isascii() and part.isprintable() and len(part) < 64 for part in names)
    assert not any(
        word in part for part in names for word in ("script", "passwd", "cmd", "DROP", "CON", "win.ini")
    )


@pytest.mark.parametrize(
    "name",
    ["", "a\0b", "\ud800.mp4", "x" * 4097, "现" * 1366],
    ids=["empty", "nul", "surrogate", "long", "long-utf8"],
)
def test_a_name_that_cannot_be_kept_as_data_is_refused_and_owes_nothing(
    service: ServiceProcess, dock: Dock, site: Path, name: str
) -> None:
    card = {"device": dock.device, "wearer": "012345", "files": [{"name": name, "size": 1}]}
    answer = ask(
        service.port,
        "POST",
        "/api/v1/cards",
        dock.token,
        {"Content-Type": "application/json"},
        json.dumps(card).encode(),
    )
    assert answer.status in (400, 422), answer
    assert answer.code in ("invalid-request", "invalid-text", "missing-text")
    assert inside.count(site, "SELECT count(*) FROM card WHERE device = :device", device=dock.device) == 0
