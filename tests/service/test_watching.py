"""Each start is logged with what it works by; what is changed below a running service is an alarm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.builds import BuildFiles
from evidence.service.watching import Watching
from tests import tampering
from tests.log_room import LogRoom
from tests.policy.packs import GOOD


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site whose pack is a file of the operator's."""
    (tmp_path / "pack.toml").write_text(GOOD)
    room = LogRoom(tmp_path)
    yield room
    room.close()


def start(room: LogRoom) -> Watching:
    """Start a process of the site."""
    watching = Watching(room.small.site, room.line, BuildFiles(str(room.folder.parent / "pack.toml")))
    watching.begin()
    return watching


def starts(room: LogRoom) -> list[dict[str, Any]]:
    """The facts of all starts."""
    entries = [json.loads(body) for body in room.small.log()]
    return [entry["facts"] for entry in entries if entry["act"] == "site.start"]


def test_a_start_is_in_the_log_with_what_it_works_by(room: LogRoom) -> None:
    found = start(room).builds.now().digests()
    assert starts(room) == [{**found, "changed": []}]


def test_the_next_start_says_what_was_changed_while_nothing_ran(room: LogRoom) -> None:
    start(room)
    (room.folder.parent / "pack.toml").write_text(GOOD + "\n")
    start(room)
    start(room)
    assert [facts["changed"] for facts in starts(room)] == [[], ["policy"], []]


def test_a_pack_that_is_changed_below_a_running_service_is_an_alarm(room: LogRoom) -> None:
    watching = start(room)
    assert watching.look() == []
    room.small.clock.pass_by(timedelta(seconds=20))
    assert watching.look() == []
    sound_at = room.small.clock.time
    room.small.clock.pass_by(timedelta(seconds=20))
    (room.folder.parent / "pack.toml").write_text(GOOD.replace('version = "1"', 'version = "2"'))
    (alarm,) = watching.look()
    assert (alarm.kind, alarm.item, alarm.detail["files"]) == ("policy-changed", "policy", "pack.toml")
    assert alarm.earliest == sound_at
    assert room.desk.store.halted()
    watching.look()
    assert len(room.auditing.standing()) == 1


def test_who_has_not_begun_watches_nothing(room: LogRoom) -> None:
    policy = BuildFiles(str(room.folder.parent / "pack.toml"))
    assert Watching(room.small.site, room.line, policy).look() == []


def test_a_service_that_cannot_log_its_start_does_not_start(room: LogRoom) -> None:
    room.seal()
    with tampering.no_log(room.folder), pytest.raises(Exception, match=r"full|58030"):
        start(room)
    assert starts(room) == []
