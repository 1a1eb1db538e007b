"""Trends of a unit: what is only counted is counted as the list of deadlines would say it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from evidence.adapters.db.search_tables import search_row
from evidence.adapters.db.tables import examination, recording, upload
from evidence.domain.access import reach
from evidence.domain.deadlines import DeadlineKind, judge_deadline
from evidence.domain.findings import Finding
from evidence.domain.instants import to_text
from evidence.domain.rights import Action, Role
from evidence.domain.spans import Span
from evidence.domain.standing import Classification
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.trends import Trends
from tests.builders import SmallSite, an_origin
from tests.gap_room import GapRoom, a_gap
from tests.people_room import OPERATOR
from tests.service.footage import a_wav

BODY = a_wav(1)
DAY, LEAST = timedelta(days=1), timedelta(microseconds=1)
# Corrected ends, before now: in time, at the last instant, late, a month late, of a clock never set, ahead.
ENDS = (timedelta(hours=2), DAY, DAY + LEAST, 35 * DAY, timedelta(days=20000), -timedelta(minutes=10), None)
Counts = Counter[tuple[str, str]]


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    """Two units with recordings of three months, at the edges of what tells in time from late."""
    room = GapRoom(small)
    small.clock.pass_by(95 * DAY)
    turn, made = datetime(2026, 3, 31, 16, tzinfo=UTC), dict[str, tuple[datetime, datetime | None]]()
    wearers = (room.wearer, room.new(Role.FIELD_OFFICER, where=room.beside))
    for place, number in itertools.product(range(2), range(len(ENDS))):
        sealed, before = turn + (number % 3 - 1) * 31 * DAY, ENDS[number]
        made[f"{place}-{number}.wav"] = sealed, None if before is None else sealed - before
    made |= {
        "0-before.wav": (turn, turn - LEAST),
        "0-after.wav": (turn, turn),
    }  # of a month, where the law is
    ids = {}
    for name in made:
        place = int(name[0])
        origin = an_origin(name, wearer=wearers[place].name, size_bytes=len(BODY), device=f"DSJ{place}")
        ids[name] = small.send(origin, BODY).id
    small.do_jobs()
    for name, (sealed, ended) in made.items():
        _so_it_was(room, ids[name], sealed, ended, [a_gap(file=name)] if name.endswith("-0.wav") else [])
    return room


def _so_it_was(
    room: GapRoom, one: str, sealed: datetime, ended: datetime | None, found: Sequence[Finding]
) -> None:
    """Let a recording have been first heard of and sealed at a moment, as if nothing but this was found."""
    at = to_text(sealed)
    with room.small.database.engine.begin() as connection:
        mine = select(recording.c.upload_id).where(recording.c.id == one).scalar_subquery()
        connection.execute(update(upload).where(upload.c.id == mine).values(created_at=at))
        connection.execute(update(recording).where(recording.c.id == one).values(sealed_at=at))
        same = examination.c.scope_id == one
        connection.execute(update(examination).where(same).values(current=False))
    room.find(*found, recording=one)
    with room.small.database.writing() as unit:
        unit.recordings.note_end(one, ended)


def told(room: GapRoom, unit_id: str | None) -> Counts:
    """What the trends say, by month and count."""
    found = Trends(room.site).by_month(OPERATOR, unit_id)
    assert not found.is_cut
    counts: Counts = Counter()
    for one in found.months:
        counts[one.name, "judged"] += one.judged
        counts[one.name, "on_time"] += one.on_time
    return +counts


def listed(room: GapRoom, numbers: set[str]) -> Counts:
    """The same, of every recording of these wearers one by one."""
    there, now = reach(OPERATOR, Action.READ_GAPS, room.site.bars()), room.small.clock.now()
    with room.small.database.reading() as unit:
        rows = Deadlines(room.site).rows(unit, there, now)
    counts: Counts = Counter()
    for row in rows:
        if row.wearer in numbers and row.state.kind in (DeadlineKind.ON_TIME, DeadlineKind.LATE):
            month = f"{row.state.counted_from.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m}"
            counts[month, "judged"] += 1
            counts[month, "on_time"] += row.state.kind is DeadlineKind.ON_TIME
    return +counts


def test_what_is_only_counted_is_counted_as_each_recording_is_judged(room: GapRoom) -> None:
    with room.small.database.reading() as unit:
        numbers = {one.number: one.unit_id for one in unit.people.all()}
    for unit_id in (room.unit.id, room.beside.id):
        mine = {number for number, home in numbers.items() if home == unit_id}
        counts = told(room, unit_id)
        assert counts == listed(room, mine)
        assert {kind for _, kind in counts} == {"judged", "on_time"}
    assert told(room, None) == listed(room, set(numbers))
    with room.small.database.reading() as unit:
        there, now = reach(OPERATOR, Action.READ_GAPS, room.site.bars()), room.small.clock.now()
        span = Span(now - 365 * DAY, now)
        (seen,) = unit.punctuality.counts(there, now, None, [span], DAY, 100)
    assert {one.is_plain for one in seen} == {True, False}, "some are only counted"
    _verify_a_class_bars(room)


def test_the_rows_of_searches_say_of_each_recording_what_the_rule_says(room: GapRoom) -> None:
    now = room.small.clock.now()
    with room.small.database.reading() as unit:
        every = list(unit.recordings.all())
        listed = unit.recordings.listed([one.recording.id for one in every])
    assert listed == {one.recording.id: one for one in every}
    with room.small.database.engine.begin() as connection:
        rows = {row.recording_id: row for row in connection.execute(select(search_row))}
    for one in every:
        row, sealed = rows[one.recording.id], one.recording.sealed_at
        judged = judge_deadline(
            one.ended_at,
            sealed,
            now,
            room.site.policies.latest.upload_deadline,
            certain_from=one.first_seen_at,
        )
        assert row.counted_from == to_text(judged.counted_from)
        took = (sealed - judged.counted_from) // LEAST if judged.end_certain else None
        assert row.took_us == took
        is_in_time = took is not None and took <= DAY // LEAST
        assert is_in_time == (judged.kind is DeadlineKind.ON_TIME)
    assert len({row.took_us is None for row in rows.values()}) == 2


def _verify_a_class_bars(room: GapRoom) -> None:
    """What a head may not know of is not counted for them."""
    head = room.new(Role.UNIT_HEAD)
    before = Trends(room.site).by_month(head, room.unit.id)
    with room.small.database.writing() as unit:
        (hidden,) = [one for one in unit.recordings.all("DSJ0") if one.recording.origin.name == "0-0.wav"]
        unit.standings.classify(hidden.recording.id, Classification.MINORS)
    after = Trends(room.site).by_month(head, room.unit.id)
    gone = sum(one.judged for one in before.months) - sum(one.judged for one in after.months)
    assert gone == 1
