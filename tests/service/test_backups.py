"""What was done about backups is noted by name in the log, and its age is watched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.instants import to_text
from evidence.domain.rights import Kind
from evidence.errors import Invalid, Refused
from evidence.service.backups import Backups, Done
from evidence.service.measuring import Measuring, Need
from tests import inside
from tests.log_room import OPERATOR, LogRoom

DAY, MONTH = timedelta(days=1), timedelta(days=31)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site that has begun."""
    room = LogRoom(tmp_path)
    room.seal()
    room.small.do_jobs()
    yield room
    room.close()


def needs(room: LogRoom, backup_every: timedelta = DAY, restore_every: timedelta = MONTH) -> set[Need]:
    """Return what is needed of backups."""
    found = Measuring(room.small.site, timedelta(days=900), backup_every, restore_every).now(OPERATOR)
    return {Need.NO_BACKUP, Need.NO_RESTORE} & set(found.needs())


def note(room: LogRoom, done: Done, at: datetime | None = None) -> datetime:
    """Note it as the operator."""
    return Backups(room.small.site).note(OPERATOR, done, at)


def test_what_was_never_done_counts_from_the_beginning_of_the_site(room: LogRoom) -> None:
    assert needs(room) == set()
    room.small.clock.pass_by(DAY + timedelta(minutes=1))
    assert needs(room) == {Need.NO_BACKUP}
    room.small.clock.pass_by(MONTH)
    assert needs(room) == {Need.NO_BACKUP, Need.NO_RESTORE}
    assert needs(room, timedelta(), timedelta()) == set(), "nobody watches them"


def test_the_age_is_that_of_what_the_backup_holds_and_not_of_the_note(room: LogRoom) -> None:
    room.small.clock.pass_by(timedelta(days=3))
    held = room.small.clock.now()
    room.small.clock.pass_by(timedelta(hours=20))
    assert note(room, Done.COPIED, held) == held
    assert needs(room) == set()
    room.small.clock.pass_by(timedelta(hours=5))
    assert needs(room) == {Need.NO_BACKUP}
    note(room, Done.COPIED)
    assert needs(room) == set()
    entry = json.loads(room.small.log()[-1])
    assert (entry["act"], entry["by"]) == ("site.backup", "operator")


def test_one_kind_does_not_stand_for_the_other(room: LogRoom) -> None:
    room.small.clock.pass_by(MONTH + DAY)
    note(room, Done.COPIED)
    assert needs(room) == {Need.NO_RESTORE}
    note(room, Done.RESTORED)
    assert needs(room) == set()
    assert json.loads(room.small.log()[-1])["act"] == "site.restore"


def test_a_moment_that_cannot_be_is_refused_and_nothing_is_noted(room: LogRoom) -> None:
    began = room.small.clock.now() - timedelta(days=400)
    room.small.clock.pass_by(timedelta(days=2))
    last = note(room, Done.COPIED)
    before = inside.tables(room.folder)
    for at in (began, last, last - timedelta(seconds=1), room.small.clock.now() + timedelta(minutes=1)):
        with pytest.raises(Invalid, match="backup-time-wrong") as refused:
            note(room, Done.COPIED, at)
        assert refused.value.fields["at"] == to_text(at)
    assert inside.tables(room.folder) == before
    with pytest.raises(Refused, match="not-permitted"):
        Backups(room.small.site).note(Caller("d" * 32, Kind.DOCK), Done.COPIED)
    assert json.loads(room.small.log()[-1])["act"] == "access.denied"
