"""Time stamps of checkpoints: asked for, checked, kept, logged; an authority that is away stops nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.adapters.time_authority import HttpTimeAuthority
from evidence.errors import IntegrityFault, Invalid, Unavailable
from evidence.service.log.timestamping import Timestamping
from tests import inside, tampering
from tests.log_room import LogRoom
from tests.rebuilding_room import lose_database, make_site, reopen, restore, rows
from tests.simulators.time_authority import TimeAuthority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    one = TimeAuthority(tmp_path_factory.mktemp("tsa") / "folder")
    yield one
    one.close()


@pytest.fixture
def line(authority: TimeAuthority) -> HttpTimeAuthority:
    authority.status = 200
    return HttpTimeAuthority(authority.url, authority.certificate)


def desk(room: LogRoom, line: HttpTimeAuthority) -> Timestamping:
    """Open the desk; fsck checks the tokens from then on."""
    room.auditing = replace(room.auditing, authority=line)
    return Timestamping(room.small.site, line)


def test_a_stamp_lies_in_the_vault_stands_in_the_log_and_bare_openssl_verifies_it(
    room: LogRoom, line: HttpTimeAuthority, authority: TimeAuthority, tmp_path: Path
) -> None:
    stamping = desk(room, line)
    assert stamping.stamp()
    newest = stamping.newest()
    assert newest is not None
    note, token = newest
    entry = json.loads(room.small.log()[-1])
    size = int(note.split(b"\n")[1])
    assert entry["act"] == "log.timestamp"
    assert entry["facts"]["sha256"] == hashlib.sha256(token).hexdigest()
    assert (entry["facts"]["log"], entry["facts"]["size"]) == ("custody", size)
    assert inside.sealed(room.folder, f"log/custody/{size:015d}/timestamp") == token
    for name, body in (("checkpoint", note), ("timestamp", token), ("other", note + b" ")):
        (tmp_path / name).write_bytes(body)
    command = ["openssl", "ts", "-verify", "-in", "timestamp", "-CAfile", str(authority.certificate), "-data"]
    assert subprocess.run([*command, "checkpoint"], cwd=tmp_path, capture_output=True).returncode == 0
    assert subprocess.run([*command, "other"], cwd=tmp_path, capture_output=True).returncode != 0
    assert room.fsck() == []


def test_it_is_asked_once_an_hour_and_only_where_the_log_has_grown(
    room: LogRoom, line: HttpTimeAuthority, authority: TimeAuthority
) -> None:
    stamping, before = desk(room, line), authority.asked
    room.small.clock.time = datetime.now(UTC)
    assert [stamping.stamp(), stamping.stamp()] == [True, False]
    room.publish()
    assert not stamping.stamp(), "the hour is not over"
    room.small.clock.pass_by(timedelta(minutes=61))
    assert [stamping.stamp(), stamping.stamp()] == [True, False]
    assert authority.asked == before + 2


def test_an_authority_that_is_away_stops_nothing_and_is_told_after_a_day(
    room: LogRoom, line: HttpTimeAuthority, authority: TimeAuthority, caplog: pytest.LogCaptureFixture
) -> None:
    stamping, authority.status = desk(room, line), 503
    assert not stamping.stamp()
    assert not stamping.is_silent()
    room.small.clock.pass_by(timedelta(hours=25))
    assert not stamping.stamp()
    assert stamping.state() == {"size": 0, "at": None, "is_silent": True}
    assert [one.levelname for one in caplog.records if one.name == "evidence.timestamping"] == [
        "WARNING",
        "ERROR",
    ]
    assert room.seal("b.mp4")
    assert room.publish().size
    assert room.fsck() == []
    with pytest.raises(Unavailable, match="tsa-unreachable"):
        HttpTimeAuthority("http://127.0.0.1:9/", authority.certificate).stamp(b"x")


def test_an_answer_about_other_bytes_or_of_another_authority_is_not_kept(
    room: LogRoom, line: HttpTimeAuthority, authority: TimeAuthority, tmp_path: Path
) -> None:
    before, vault = rows(room), inside.objects(room.folder)
    other = TimeAuthority(tmp_path / "other")
    assert not desk(room, HttpTimeAuthority(other.url, authority.certificate)).stamp()
    token = line.stamp(b"these bytes")
    assert line.verify(token, b"these bytes").tzinfo is UTC
    for wrong, body in (
        (token, b"those bytes"),
        (token[:-9] + b"\0" * 9, b"these bytes"),
        (b"no", b"these bytes"),
    ):
        with pytest.raises(IntegrityFault, match="timestamp-wrong"):
            line.verify(wrong, body)
    with pytest.raises(IntegrityFault, match="timestamp-wrong"):
        line.verify(other.answer((authority.folder / "query").read_bytes()), b"these bytes")
    other.close()
    assert (rows(room), inside.objects(room.folder)) == (before, vault)


def test_a_stamp_that_a_crash_left_in_the_vault_is_taken_up(
    room: LogRoom, line: HttpTimeAuthority, authority: TimeAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamping = desk(room, line)

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("evidence.service.log.timestamping.to_text", broken)
        with pytest.raises(RuntimeError):
            stamping.stamp()
    asked = authority.asked
    assert stamping.stamp()
    assert authority.asked == asked
    assert room.fsck() == []


@pytest.mark.parametrize("part", ["vault", "row"])
def test_a_stamp_that_was_changed_is_found(room: LogRoom, line: HttpTimeAuthority, part: str) -> None:
    stamping = desk(room, line)
    assert stamping.stamp()
    size = int((stamping.newest() or (b"", b""))[0].split(b"\n")[1])
    key = f"log/custody/{size:015d}/timestamp"
    room.publish()
    if part == "vault":
        body = bytearray(inside.sealed(room.folder, key))
        body[-1] ^= 1
        tampering.overwrite(room.folder, key, bytes(body))
    else:
        room.as_administrator("UPDATE log_timestamp SET token = :other", other=b"other")
    assert ("timestamp-wrong", key) in room.found()


def test_a_rebuild_brings_the_stamps_back(tmp_path: Path, line: HttpTimeAuthority) -> None:
    room = make_site(tmp_path)
    assert desk(room, line).stamp()
    room.publish()
    before = rows(room)["log_timestamp"]
    lose_database(room)
    assert restore(room).faults == []
    assert rows(room)["log_timestamp"] == before
    assert len(before) == 1
    reopen(room)
    desk(room, line)
    assert room.fsck() == []
    room.close()


def test_wrong_settings_are_refused(authority: TimeAuthority, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="tsa-certificate-unreadable"):
        HttpTimeAuthority(authority.url, tmp_path / "missing")
    with pytest.raises(Invalid, match="url-malformed"):
        HttpTimeAuthority("ftp://x/", authority.certificate)
