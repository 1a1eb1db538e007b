"""The measures of a site say what is in work, what waits, and what somebody must see to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.alarms import Alarm
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.domain.uploads import UploadState
from evidence.errors import Refused
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.intake.opening import RESERVE_BYTES
from evidence.service.jobs import JobName, Queue
from evidence.service.log.standstill import UNSIGNED
from evidence.service.measuring import MAY_WAIT, MISSING, SHORT_OF_SPACE, Measures, Measuring, Need
from tests import inside
from tests.log_room import OPERATOR, LogRoom

EVERY = timedelta(days=1)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with a sealed recording, its logs published and checked."""
    room = LogRoom(tmp_path)
    room.seal()
    room.small.do_jobs()
    room.publish()
    assert room.fsck() == []
    room.publish()
    yield room
    room.close()


def measured(room: LogRoom) -> Measures:
    """Return the measures of this moment."""
    return Measuring(room.small.site, EVERY).now(OPERATOR)


def test_a_site_where_all_is_done_needs_nobody(room: LogRoom) -> None:
    found = measured(room)
    assert found.needs() == []
    assert (found.alarms, found.standstills, found.waits()) == (0, 0, {})
    assert all(one.queued == one.running == one.failed == 0 for one in found.jobs)
    assert set(found.uploads.values()) == {0}
    assert found.missing == {DeadlineKind.DUE_SOON: 0, DeadlineKind.OVERDUE: 0}
    assert all(one.entries >= one.signed > 0 for one in found.logs if one.name == "custody")


def test_a_look_at_the_measures_leaves_no_trace_and_is_refused_to_who_may_not(room: LogRoom) -> None:
    before = inside.tables(room.folder)
    measured(room)
    assert inside.tables(room.folder) == before
    with pytest.raises(Refused, match="not-permitted"):
        Measuring(room.small.site, EVERY).now(Caller("d" * 32, Kind.DOCK))


def test_a_job_is_late_from_when_it_could_begin_and_by_how_long_its_queue_may_wait(room: LogRoom) -> None:
    began = room.small.clock.now()
    with room.small.site.database.writing() as unit:
        unit.jobs.add(JobName.EXAMINE, "a" * 32, began)
        unit.jobs.add(JobName.FIXITY, "b" * 32, began + timedelta(days=3))
    room.small.clock.pass_by(MAY_WAIT[Queue.EXAMINE] - timedelta(seconds=1))
    found = measured(room)
    assert found.needs() == []
    assert set(found.waits()) == {Queue.EXAMINE}, "what is to begin later does not wait"
    room.small.clock.pass_by(timedelta(seconds=2))
    found = measured(room)
    assert found.needs() == [Need.LATE_WORK]
    assert found.waits()[Queue.EXAMINE] > MAY_WAIT[Queue.EXAMINE]
    (waiting,) = [one for one in found.jobs if one.name is JobName.EXAMINE and one.queued]
    assert (waiting.queued, waiting.running, waiting.failed) == (1, 0, 0)


def test_every_queue_has_a_length_that_its_work_may_wait() -> None:
    assert set(MAY_WAIT) == set(Queue)


def test_a_job_that_was_given_up_is_told(room: LogRoom) -> None:
    now = room.small.clock.now()
    with room.small.site.database.writing() as unit:
        unit.jobs.add(JobName.LISTEN, "a" * 32, now)
    with room.small.site.database.writing() as unit:
        claimed = unit.jobs.claim("me", room.small.clock.now(), [JobName.LISTEN])
        assert claimed is not None
        assert unit.jobs.fail(claimed, "no use", None, now)
    assert measured(room).needs() == [Need.FAILED]


def test_what_is_on_its_way_or_set_aside_is_counted_by_its_state(room: LogRoom) -> None:
    small = room.small
    origin = Origin("DSJ1", "012345", "on-its-way.mp4", 10, small.clock.now(), clock_offset_ms=0)
    small.uploads.create(small.dock, origin, None)
    found = measured(room)
    assert found.uploads[UploadState.RECEIVING] == 1
    assert found.needs() == [], "an upload on its way needs nobody"
    small.clock.pass_by(small.site.terms.upload_rest + timedelta(hours=1))
    small.uploads.expire(small.clock.now())
    found = measured(room)
    assert (found.uploads[UploadState.RECEIVING], found.uploads[UploadState.EXPIRED]) == (0, 1)
    assert Need.SET_ASIDE in found.needs()


@pytest.mark.article("dazhe-2020:12")
def test_an_announced_file_is_missing_once_it_is_overdue(room: LogRoom) -> None:
    small = room.small
    owed = Origin("DSJ1", "012345", "owed.mp4", 10, small.clock.now(), clock_offset_ms=0)
    small.cards.announce(small.dock, owed, [owed])
    assert set(measured(room).missing.values()) == {0}
    small.clock.pass_by(timedelta(hours=25))
    found = measured(room)
    assert found.missing[DeadlineKind.OVERDUE] == 1
    assert Need.OVERDUE in found.needs()


@pytest.mark.article("dazhe-2020:12")
def test_what_is_only_counted_as_overdue_is_what_each_file_is_judged_to_be(room: LogRoom) -> None:
    small, chance = room.small, random.Random(20261130)
    for number in range(30):
        hours = chance.choice((0, 1, 12, 18, 23, 24, 25, 30, 60)) + chance.choice((0, 0, 1e-9, 0.05, -0.05))
        ended = small.clock.now() - timedelta(hours=hours)
        offset = chance.choice((0, 0, -240_000, 240_000))
        told = ended if chance.random() < 0.9 else None
        one = Origin("DSJ1", "012345", f"{number}.mp4", 10, told, clock_offset_ms=offset)
        small.cards.announce(small.dock, one, [one])
        small.clock.pass_by(timedelta(minutes=chance.choice((0, 0, 5, 60))))
    soon = Origin("DSJ1", "012345", "soon.mp4", 10, small.clock.now() - timedelta(hours=23))
    small.cards.announce(small.dock, soon, [soon])
    now = small.clock.now()
    with small.site.database.reading() as unit:
        rows = Deadlines(small.site).rows_of(unit.cards.outstanding(), (), now)
    judged = Counter(row.state.kind for row in rows)
    assert measured(room).missing == {kind: judged[kind] for kind in MISSING}
    assert judged[DeadlineKind.DUE_SOON] > 0
    assert 0 < judged[DeadlineKind.OVERDUE] < 30


def test_an_alarm_comes_before_all_else_and_a_standstill_is_told(room: LogRoom) -> None:
    room.seal("b.mp4")
    room.small.clock.pass_by(UNSIGNED + timedelta(minutes=1))
    found = measured(room)
    assert Need.STANDSTILL in found.needs()
    assert any(one.unsigned_since is not None for one in found.logs)
    with room.small.site.database.writing() as unit:
        unit.alarms.add(Alarm("root-differs", "custody", room.small.clock.now(), None, {}))
    found = measured(room)
    assert (found.alarms, found.needs()[0]) == (1, Need.ALARM)


@pytest.mark.parametrize(
    ("free", "need"),
    [
        (SHORT_OF_SPACE, None),
        (SHORT_OF_SPACE - 1, Need.SHORT),
        (RESERVE_BYTES, Need.SHORT),
        (RESERVE_BYTES - 1, Need.NO_SPACE),
        (0, Need.NO_SPACE),
    ],
)
def test_space_is_short_before_uploads_end_and_then_they_have_ended(
    room: LogRoom, free: int, need: Need | None
) -> None:
    assert replace(measured(room), staging_free=free).needs() == ([need] if need else [])


def test_an_original_that_is_not_what_was_sealed_wants_somebody_at_once(room: LogRoom) -> None:
    one = room.seal("b.mp4")
    with room.small.site.database.writing() as unit:
        unit.recordings.note_check(one, room.small.clock.now(), "bytes-differ")
    found = measured(room)
    assert (found.damaged, found.needs()) == (1, [Need.DAMAGED])
    with room.small.site.database.writing() as unit:
        unit.recordings.note_check(one, room.small.clock.now(), "ok")
    assert measured(room).needs() == []
