"""Playing over HTTP: ranges that are safe to show, hidden recordings, and streams that end with the right."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import insert, update

from evidence.adapters.db import people_tables as tables
from evidence.adapters.db.sign_in_tables import sign_in
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.rights import CASE_RIGHTS, Action, Role
from tests import forms
from tests.manned_site import OPERATOR, A
from tests.service.footage import a_wav
from tests.simulators.card import content
from tests.tampering import no_log
from tests.web.people_service import PeopleService
from tests.web.talk import Answer

BODY = a_wav(2)
CUT_WITHIN_S = 5  # drill A06


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleService]:
    """A service with everybody in it."""
    with PeopleService(tmp_path_factory.mktemp("site")) as service:
        yield service


@pytest.fixture(scope="module")
def sound(service: PeopleService) -> str:
    """An examined recording that an officer wore."""
    recording = service.site.seal("officer", BODY, name="DCIM/010001 at somebody's door.mp4")
    service.site.small.do_jobs()
    return recording


def played(service: PeopleService, who: str, recording: str, query: str = "", **headers: str) -> Answer:
    return service.ask(who, f"/recordings/{recording}/play{query}", **headers)


def acts(service: PeopleService, act: str) -> list[dict[str, object]]:
    return [entry for entry in map(json.loads, service.site.small.log()) if entry["act"] == act]


def test_a_range_is_safe_to_show_and_names_no_file(service: PeopleService, sound: str) -> None:
    before = len(acts(service, "evidence.play"))
    answer = played(service, "officer", sound, Range="bytes=10-19")
    assert (answer.status, answer.body) == (206, BODY[10:20])
    headers = answer.headers
    assert headers["content-range"] == f"bytes 10-19/{len(BODY)}"
    assert headers["content-type"] == "audio/wav"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-disposition"] == "inline"
    assert "repr-digest" not in headers
    assert "010001" not in str({**headers, "evidence-watermark": ""})
    number, at = headers["evidence-watermark"].split(" ")
    assert number == "010001"
    assert at.endswith("Z")
    (entry,) = acts(service, "evidence.play")[before:]
    assert entry["facts"] == {"start": 10, "end": 20, "purpose": None}


def test_the_whole_is_one_entry_and_comes_back_byte_for_byte(service: PeopleService, sound: str) -> None:
    before = len(acts(service, "evidence.play"))
    answer = played(service, "custodian", sound, "?purpose=case")
    assert (answer.status, answer.body) == (200, BODY)
    assert "evidence-watermark" not in answer.headers, "who may copy needs none"
    (entry,) = acts(service, "evidence.play")[before:]
    assert entry["facts"] == {"start": 0, "end": len(BODY), "purpose": "case"}


@pytest.mark.parametrize("tail", ["/play", "/original"])
def test_the_purpose_is_asked_for_others_recordings(service: PeopleService, sound: str, tail: str) -> None:
    ask = f"/recordings/{sound}{tail}"
    answer = service.ask("custodian", ask)
    assert (answer.status, answer.code) == (403, "purpose-needed")
    assert service.ask("custodian", f"{ask}?purpose=curiosity").status == 422
    service.site.case(sound, "second", {Action.LIST_RECORDINGS})
    answer = service.ask("custodian", f"{ask}?purpose=case")
    assert (answer.status, answer.body) == (200, BODY)


def test_what_cannot_be_logged_is_not_played(service: PeopleService, sound: str) -> None:
    with no_log(service.site.small.folder):
        answer = played(service, "officer", sound, Range="bytes=0-9")
        assert (answer.status, answer.code) == (503, "database-unavailable")
        assert BODY[:10] not in answer.body
    assert played(service, "officer", sound, Range="bytes=0-9").status == 206


def test_a_range_that_cannot_be_is_416_and_no_look(service: PeopleService, sound: str) -> None:
    before = len(acts(service, "evidence.play"))
    answer = played(service, "officer", sound, Range=f"bytes={len(BODY)}-")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(BODY)}")
    assert len(acts(service, "evidence.play")) == before


PATHS = [
    ("GET", "/recordings/{}"),
    ("GET", "/recordings/{}/findings"),
    ("GET", "/recordings/{}/manifest"),
    ("GET", "/recordings/{}/original?purpose=case"),
    ("GET", "/recordings/{}/play?purpose=case"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_hidden_recording_is_answered_byte_for_byte_as_one_that_is_not_there(
    service: PeopleService, method: str, path: str
) -> None:
    foreign = service.site.seal("stranger")
    absent = new_id()
    for who in ("custodian", "head"):
        hidden, missing = (service.ask(who, path.format(one), method) for one in (foreign, absent))
        assert hidden.status == missing.status == 404
        assert hidden.body.replace(foreign.encode(), b"") == missing.body.replace(absent.encode(), b"")
        drop = {"date"}
        assert {k: v for k, v in hidden.headers.items() if k not in drop} == {
            k: v for k, v in missing.headers.items() if k not in drop
        }


def test_a_case_with_all_but_playing_shows_no_picture(service: PeopleService, sound: str) -> None:
    service.site.case(sound, "stranger", CASE_RIGHTS - {Action.PLAY})
    assert service.ask("stranger", f"/recordings/{sound}").status == 200
    answer = played(service, "stranger", sound, "?purpose=case")
    assert (answer.status, answer.code) == (404, "recording-not-found")
    assert service.ask("stranger", f"/recordings/{sound}/original?purpose=case").body == BODY


def test_an_auxiliary_is_told_neither_serial_nor_digests_nor_names_of_others(
    service: PeopleService, sound: str
) -> None:
    mine = service.site.seal("aux", name="DCIM/mine.mp4")
    rows = service.ask("aux", "/recordings").json
    assert [row["id"] for row in rows] == [mine]
    lacked = {"device", "sha256", "sm3"}
    assert not lacked & rows[0].keys()
    assert rows[0]["name"] == "DCIM/mine.mp4"
    full = service.ask("custodian", f"/recordings/{sound}").json
    assert lacked < full.keys()
    service.site.case(sound, "aux", {Action.LIST_RECORDINGS, Action.READ_FINDINGS, Action.PLAY})
    told = service.ask("aux", f"/recordings/{sound}").json
    assert told.keys() == full.keys() - lacked - {"name", "wearer", "labels", "case_number_due"}
    for path in (f"/recordings/{sound}", f"/recordings/{sound}/findings", "/deadlines", "/recordings"):
        said = service.ask("aux", path)
        assert said.status == 200
        for secret in (full["device"], full["sha256"], full["name"], full["wearer"]):
            assert secret not in said.body.decode(), path
    assert service.ask("aux", f"/recordings/{sound}/manifest").status == 403
    assert service.ask("aux", f"/recordings/{sound}/original?purpose=case").status == 403
    assert "evidence-watermark" in played(service, "aux", sound, "?purpose=case").headers


# The right ends while a long answer is on its way.

LONG = 48_000_000


@pytest.fixture(scope="module")
def long(service: PeopleService) -> str:
    """A recording that no socket's buffer holds."""
    return service.site.seal("second", content(LONG, 9))


def revoke(service: PeopleService, held: str) -> None:
    with service.site.small.database.writing() as unit:
        assert unit.grants.revoke(held, "operator", service.site.small.clock.now())


def disable(service: PeopleService, held: str) -> None:
    del held
    at = to_text(service.site.small.clock.now())
    row = {"login": new_id(), "totp_step": 0, "created_at": at, "disabled_at": at}
    with service.site.small.database.writing() as unit:
        new = insert(sign_in).values(person_id=service.site.ids["guest"], **row)
        unit.standings._db.execute(new)  # type: ignore[attr-defined]


def close_case(service: PeopleService, held: str) -> None:
    service.site.cases.close(OPERATOR, held)


def end_emergency(service: PeopleService, held: str) -> None:
    at = to_text(service.site.small.clock.now())
    ended = update(tables.emergency).where(tables.emergency.c.id == held).values(ended_at=at)
    with service.site.small.database.writing() as unit:
        unit.standings._db.execute(ended)  # type: ignore[attr-defined]


def by_role(service: PeopleService, recording: str) -> str:
    del recording
    return service.site.grant("guest", Role.CUSTODIAN, A)


def by_case(service: PeopleService, recording: str) -> str:
    return service.site.case(recording, "guest", {Action.PLAY})


def by_emergency(service: PeopleService, recording: str) -> str:
    return service.site.open_emergency(recording, "guest")


ENDINGS = [(by_role, revoke), (by_role, disable), (by_case, close_case), (by_emergency, end_emergency)]


@pytest.mark.parametrize(("giving", "ending"), ENDINGS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("is_reading", [False, True], ids=["stalled", "reading"])
def test_a_stream_is_cut_within_seconds_after_its_right_ended(
    service: PeopleService,
    long: str,
    giving: Callable[[PeopleService, str], str],
    ending: Callable[[PeopleService, str], None],
    is_reading: bool,
) -> None:
    service.site.hire("guest", f"03{new_id()[:6]}", "b")
    held = giving(service, long)
    denied = len(acts(service, "access.denied"))
    path = f"/api/v1/recordings/{long}/play?purpose=case"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30 * forms.PATIENCE) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer guest\r\n\r\n".encode())
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 200
        assert int(answer.headers["content-length"]) == LONG
        read = len(answer.read(1 << 16))
        ending(service, held)
        began = time.monotonic()
        while len(acts(service, "access.denied")) == denied:
            assert time.monotonic() - began < CUT_WITHIN_S * forms.PATIENCE, "nobody asked again"
            if is_reading:
                read += len(answer.read1(1 << 14))
            time.sleep(0.05)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            while True:
                some = answer.read(1 << 20)
                read += len(some)
                if not some:
                    raise http.client.IncompleteRead(b"")
    assert read < LONG


def test_a_stream_goes_on_as_long_as_the_right_does(service: PeopleService, long: str) -> None:
    path = f"/api/v1/recordings/{long}/play?purpose=case"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30 * forms.PATIENCE) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer custodian\r\n\r\n".encode())
        answer = http.client.HTTPResponse(line)
        answer.begin()
        first = answer.read(1 << 16)
        time.sleep(5)  # it was asked again at least once
        assert len(first) + len(answer.read()) == LONG
