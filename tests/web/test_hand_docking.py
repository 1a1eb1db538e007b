"""Sending with a session, as the docking page does: the doors of docks, and nothing by a foreign page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pages.officer_room import SERIAL, OfficerRoom
from tests.web.browser import ORIGIN, Browser

OURS = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
LIST = {
    "device": SERIAL,
    "wearer": "anybody",
    "files": [{"name": "a.mp4", "size": 4, "modified": "2026-03-02T09:30:05Z"}],
}
TOLD = {"filename": "a.mp4", "device": SERIAL, "wearer": "anybody", "modified": "2026-03-02T09:30:05Z"}
METADATA = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in TOLD.items())
TUS = {"tus-resumable": "1.0.0"}
OPENING = {**TUS, "upload-length": "4", "upload-metadata": METADATA}
PIECE = {**TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[OfficerRoom]:
    made = OfficerRoom(tmp_path / "data", None, tmp_path)  # type: ignore[arg-type]
    made.register()
    made.issue()
    yield made
    made.site.database.close()


class Sender:
    """A browser that is signed in, and asks as the page's script does."""

    def __init__(self, room: OfficerRoom, word: str = "officer") -> None:
        self.browser = Browser(room)
        self.browser.take(room, room.staff[word].number)
        self.token = self.browser.csrf()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask with the token and the words of our own page; a header given as "" is left out."""
        told = {**OURS, "x-csrf-token": self.token, **{k.replace("_", "-"): v for k, v in headers.items()}}
        sent = {name: value for name, value in told.items() if value}
        given = {"json": body} if isinstance(body, dict) else {"content": body}
        return self.browser.client.request(method, f"/api/v1{path}", headers=sent, **given)


def test_a_session_announces_sends_and_has_the_receipt(room: OfficerRoom) -> None:
    sender = Sender(room)
    listed = sender.ask("POST", "/cards", {**LIST, "sent": "2026-03-02T09:31:00+08:00"})
    assert (listed.status_code, listed.json()["files"][0]["state"]) == (201, "wanted")
    place = sender.ask("POST", "/uploads", **OPENING).headers["location"].removeprefix("/api/v1")
    assert sender.ask("PATCH", place, b"se", **PIECE).status_code == 204
    again = sender.ask("POST", "/cards", LIST).json()["files"][0]
    assert (again["state"], again["upload"]) == ("receiving", place.rsplit("/", 1)[1])
    assert sender.ask("HEAD", place, **TUS).headers["upload-offset"] == "2"
    assert sender.ask("PATCH", place, b"nt", **{**PIECE, "upload-offset": "2"}).status_code == 204
    assert sender.ask("GET", f"{place}/receipt").status_code == 202
    room.do_jobs()
    receipt = sender.ask("GET", f"{place}/receipt")
    assert receipt.status_code == 200
    assert receipt.json()["signed"]["name"] == "a.mp4"
    other = Sender(room, "second")
    assert other.ask("GET", f"{place}/receipt").status_code == 404
    assert other.ask("HEAD", place, **TUS).status_code == 404


@pytest.mark.parametrize(
    "forged", [{"x_csrf_token": ""}, {"x_csrf_token": "0" * 64}, {"origin": "https://evil.example"}]
)
def test_a_foreign_page_neither_announces_nor_sends(room: OfficerRoom, forged: dict[str, str]) -> None:
    sender = Sender(room)
    forged = {**forged, **({"sec_fetch_site": "cross-site"} if "origin" in forged else {})}
    assert sender.ask("POST", "/cards", LIST, **forged).status_code == 403
    sender.ask("POST", "/cards", LIST)
    assert sender.ask("POST", "/uploads", **{**OPENING, **forged}).status_code == 403
    place = sender.ask("POST", "/uploads", **OPENING).headers["location"].removeprefix("/api/v1")
    assert sender.ask("PATCH", place, b"sent", **{**PIECE, **forged}).status_code == 403
    assert sender.ask("DELETE", place, **{**TUS, **forged}).status_code == 403
    assert sender.ask("HEAD", place, **TUS).headers["upload-offset"] == "0"


def test_who_is_signed_out_sends_no_more(room: OfficerRoom) -> None:
    sender = Sender(room)
    sender.ask("POST", "/cards", LIST)
    place = sender.ask("POST", "/uploads", **OPENING).headers["location"].removeprefix("/api/v1")
    room.application.sessions.sign_out(sender.browser.token or "")
    assert sender.ask("PATCH", place, b"sent", **PIECE).status_code == 401
    assert Sender(room).ask("HEAD", place, **TUS).headers["upload-offset"] == "0"


def test_a_recorder_in_other_hands_is_not_found(room: OfficerRoom) -> None:
    for word in ("second", "aux"):
        sender = Sender(room, word)
        assert sender.ask("POST", "/cards", LIST).status_code == 404
        assert sender.ask("POST", "/uploads", **OPENING).status_code == 404
    for word in ("head", "auditor", "system"):
        assert Sender(room, word).ask("POST", "/cards", LIST).status_code == 403
