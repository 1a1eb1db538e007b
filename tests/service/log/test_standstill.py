"""Nobody has to read the service's notes to learn that the logs are signed or checked no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.errors import EvidenceError
from evidence.service.log.auditing import Auditing
from evidence.service.log.standstill import CHECKS_MISSED, UNSIGNED
from tests.log_room import OPERATOR, LogRoom

SECOND = timedelta(seconds=1)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with a published and checked log."""
    room = LogRoom(tmp_path)
    room.seal()
    room.publish()
    assert room.fsck() == []
    room.publish()
    yield room
    room.close()


def told(room: LogRoom) -> list[tuple[str, str]]:
    """Return kind and item of what stands."""
    return [(one.kind, one.item) for one in room.auditing.alarms(OPERATOR)]


def test_entries_that_nobody_signs_are_told_after_ten_minutes_and_no_more_once_they_are_signed(
    room: LogRoom,
) -> None:
    keys = {file: file.read_bytes() for file in (room.signer_folder / "keys").iterdir()}
    for file in keys:
        file.unlink()
    room.small.clock.pass_by(timedelta(minutes=1))
    began = room.small.clock.now()
    room.seal("b.mp4")
    with pytest.raises(EvidenceError, match="signing-key-missing"):
        room.publish()
    room.small.clock.pass_by(UNSIGNED - timedelta(minutes=2))
    assert told(room) == []
    room.small.clock.pass_by(timedelta(minutes=3))
    (alarm,) = room.auditing.alarms(OPERATOR)
    assert (alarm.kind, alarm.item) == ("signing-stands-still", "custody")
    assert alarm.earliest is not None
    assert began - SECOND <= alarm.earliest <= began + timedelta(minutes=1)
    assert room.auditing.standing() == [], "what stands still stops nothing"
    for file, body in keys.items():
        file.write_bytes(body)
        file.chmod(0o600)
    room.publish()
    assert told(room) == []


def test_checks_that_do_not_end_sound_are_told_and_the_signing_goes_on(room: LogRoom) -> None:
    every = room.auditing.every
    room.small.clock.pass_by(CHECKS_MISSED * every - timedelta(minutes=1))
    assert told(room) == []
    room.small.clock.pass_by(timedelta(minutes=2))
    assert told(room) == [("no-sound-check", "custody")]
    room.seal("b.mp4")
    room.publish()
    assert room.fsck() == []
    assert told(room) == []


def test_how_long_checks_may_fail_follows_how_often_the_site_checks(room: LogRoom) -> None:
    often = Auditing(room.small.site, room.line, room.auditing.checks, every=timedelta(minutes=1))
    room.small.clock.pass_by(timedelta(minutes=4))
    assert [one.kind for one in often.alarms(OPERATOR)] == ["no-sound-check"]
    assert told(room) == []
