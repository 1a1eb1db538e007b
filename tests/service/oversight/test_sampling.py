"""Samples for review: committed to before, drawn by nobody's choice, reviewed by who looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from evidence.adapters.db.sample_tables import sample as table
from evidence.adapters.packs import load_pack
from evidence.domain.access import Caller, Purpose
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.samples import Sample, SampleOutcome, commitment, draw, population_digest
from evidence.errors import Conflict, IntegrityFault, Invalid, NotFound, Refused
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.oversight.sampling import Sampling
from evidence.service.people.people import People
from evidence.service.recordings.playing import Playing
from tests.builders import START, SmallSite, an_origin
from tests.people_room import OPERATOR, Room

PACKS = ("dazhe-2020", "longquan", "inner-mongolia", "strict")
DAY = timedelta(days=1)
IN_ORDER = SampleOutcome.IN_ORDER


class SampleRoom(Room):
    """A head, a wearer, and four recordings of a day that was committed to."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.head = self.new(Role.UNIT_HEAD)
        self.wearer = self.new(Role.FIELD_OFFICER)

    @property
    def desk(self) -> Sampling:
        """The desk for samples."""
        return Sampling(self.site)

    def under(self, pack: str) -> None:
        """Let another pack be in force."""
        self.small.site = replace(self.small.site, policies=load_pack(pack))

    def commit(self, caller: Caller | None = None) -> Sample:
        """Commit to a seed for the day that is about to begin, and let it begin."""
        begin = self.small.clock.now() + timedelta(seconds=1)
        one = self.desk.commit(caller or self.head, self.unit.id, begin, begin + DAY)
        self.small.clock.pass_by(timedelta(seconds=1))
        return one

    def a_day(self, number: int = 4) -> tuple[Sample, list[str]]:
        """Commit, let recordings be made, let the day end; return the sample and the recordings."""
        one = self.commit()
        made = [self.record(self.wearer.id) for _ in range(number)]
        self.small.clock.pass_by(DAY)
        return one, made

    def look(self, caller: Caller, recording: str, start: int = 0, end: int = 100) -> None:
        """Let somebody be shown a range."""
        played = Playing(self.site).play(caller, recording, lambda _: (start, end), Purpose.SAMPLE)
        played.file.close()

    def drawn(self, one: Sample, caller: Caller | None = None) -> list[str | None]:
        """Return the ids that were drawn, None for one out of sight."""
        _, found = self.desk.drawn(caller or self.head, one.id)
        return [None if it.item is None else it.item.recording_id for it in found]


@pytest.fixture
def room(small: SmallSite) -> SampleRoom:
    return SampleRoom(small)


@pytest.mark.article("dazhe-2020:16")
@pytest.mark.parametrize("pack", PACKS)
def test_the_seed_is_in_the_log_as_a_commitment_first_and_anybody_can_draw_again(
    room: SampleRoom, pack: str
) -> None:
    room.under(pack)
    one, made = room.a_day()
    (committed,) = room.entries(Act.SAMPLE_COMMIT)
    assert committed["facts"]["cites"] == ["dazhe-2020:16"]
    assert (committed["facts"]["share_percent"], committed["facts"]["least"]) == (5, 3)
    assert room.drawn(one) == []
    done = room.desk.draw(room.head, one.id)
    assert done.drawn is not None
    (told,) = room.entries(Act.SAMPLE_DRAW)
    seed = bytes.fromhex(told["facts"]["seed"])
    assert commitment(seed) == committed["facts"]["commitment"] == one.commitment
    assert told["facts"]["population_sha256"] == population_digest(made)
    assert (told["facts"]["population"], told["facts"]["quota"]) == (4, 3)
    assert room.drawn(one) == draw(seed, made, 3)
    assert room.desk.population(room.head, one.id) == (sorted(made), 0)
    with room.refused("sample-drawn", Conflict):
        room.desk.draw(room.head, one.id)


def test_nobody_sees_the_seed_before_the_draw(room: SampleRoom) -> None:
    one, _ = room.a_day()
    with room.small.database.reading() as unit:
        seed = unit.samples.seed(one.id)
    assert seed is not None
    assert seed.hex() not in str(room.entries())
    assert seed.hex() not in str(room.desk.all(OPERATOR))
    room.desk.draw(room.head, one.id)
    with room.small.database.reading() as unit:
        assert unit.samples.seed(one.id) is None
    assert seed.hex() in str(room.entries())


def test_a_time_that_has_begun_is_committed_to_no_more_and_one_that_runs_is_not_drawn(
    room: SampleRoom,
) -> None:
    now = room.small.clock.now()
    with room.refused("period-begun", Invalid):
        room.desk.commit(room.head, room.unit.id, now - timedelta(seconds=1), now + DAY)
    with room.refused("ends-before-start", Invalid):
        room.desk.commit(room.head, room.unit.id, now + DAY, now + DAY)
    one = room.commit()
    with room.refused("period-runs", Conflict):
        room.desk.draw(room.head, one.id)
    with room.refused("sample-not-drawn", Conflict):
        room.desk.population(room.head, one.id)


def test_only_the_recordings_of_the_unit_and_of_the_time_are_drawn_from(room: SampleRoom) -> None:
    early = room.record(room.wearer.id)
    room.small.clock.pass_by(timedelta(seconds=1))
    one = room.commit()
    mine = room.record(room.wearer.id)
    beside = room.record(room.add(Role.FIELD_OFFICER, where=room.beside))
    room.small.clock.pass_by(DAY)
    late = room.record(room.wearer.id)
    room.desk.draw(room.head, one.id)
    assert room.drawn(one) == [mine]
    assert not {early, beside, late} & set(room.desk.population(room.head, one.id)[0])


@pytest.mark.article("dazhe-2020:16")
def test_a_review_shows_who_was_shown_what_and_when_and_without_a_look_there_is_none(
    room: SampleRoom,
) -> None:
    one, made = room.a_day()
    for recording in made:
        room.look(room.head, recording)  # before the draw: counts for nothing
    room.small.clock.pass_by(timedelta(seconds=1))
    room.desk.draw(room.head, one.id)
    first, second, _ = room.drawn(one)
    assert first is not None
    assert second is not None
    room.look(OPERATOR, first)
    with room.refused("not-looked-at", Conflict):
        room.desk.review(room.head, one.id, first, IN_ORDER, "规范")
    room.look(room.head, first, 0, 60)
    room.look(room.head, first, 40, 90)
    with room.refused("reason-needed", Invalid):
        room.desk.review(room.head, one.id, first, IN_ORDER, " ")
    room.desk.review(room.head, one.id, first, IN_ORDER, "规范")
    with room.refused("sample-reviewed", Conflict):
        room.desk.review(room.head, one.id, first, SampleOutcome.TO_FOLLOW_UP, "再看")
    (entry,) = room.entries(Act.SAMPLE_REVIEW)
    assert entry["facts"] == {"outcome": "in-order", "shown": [[0, 60], [40, 90]]}
    assert set(entry["pd"]) == {"note"}
    _, found = room.desk.drawn(room.head, one.id)
    assert found[0].item is not None
    assert (found[0].item.reviewed_by, found[0].item.note) == (room.head.id, "规范")
    assert [(look.by, look.start, look.end) for look in found[0].looks] == [
        ("operator", 0, 100),
        (room.head.id, 0, 60),
        (room.head.id, 40, 90),
    ]
    assert found[0].looks[-1].at > found[0].looks[0].at
    (listed,) = room.desk.all(room.head)
    assert listed.reviewed == 1


def test_nobody_draws_or_reviews_what_they_wore_themselves(room: SampleRoom) -> None:
    one, made = room.a_day(3)
    worn = room.head
    other = room.commit()
    own = room.record(worn.id)
    room.small.clock.pass_by(DAY)
    with room.refused("own-recording"):
        room.desk.draw(room.head, other.id)
    second = room.new(Role.UNIT_HEAD)
    room.desk.draw(second, other.id)
    room.look(room.head, own)
    with room.refused("own-recording"):
        room.desk.review(room.head, other.id, own, IN_ORDER, "规范")
    room.look(second, own)
    room.desk.review(second, other.id, own, IN_ORDER, "规范")
    room.desk.draw(room.head, one.id)
    assert set(room.drawn(one)) == set(made)


def test_strangers_find_no_sample_and_what_was_not_drawn_is_not_reviewed(room: SampleRoom) -> None:
    one, made = room.a_day()
    other = room.new(Role.UNIT_HEAD, where=room.beside)
    for act in (room.desk.draw, room.desk.drawn, room.desk.population):
        with room.refused("sample-not-found", OutOfSight):
            act(other, one.id)
    assert room.desk.all(other) == []
    room.desk.draw(room.head, one.id)
    (left,) = set(made) - set(room.drawn(one))
    room.look(room.head, left)
    for sample_id in (one.id, new_id()):
        with room.refused("not-in-sample", Conflict):
            room.desk.review(room.head, sample_id, left, IN_ORDER, "规范")
    with room.refused("recording-not-found", NotFound):
        room.desk.review(room.head, one.id, new_id(), IN_ORDER, "规范")
    aux = room.new(Role.UNIT_HEAD, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law", Refused):
        room.desk.draw(aux, one.id)


def test_a_restricted_recording_is_drawn_like_others_and_stays_out_of_sight(room: SampleRoom) -> None:
    one, made = room.a_day(3)
    Classes(room.site).classify(OPERATOR, made[0], "minors", "未成年人")
    room.desk.draw(room.head, one.id)
    assert sorted(map(str, room.drawn(one))) == sorted(["None", *made[1:]])
    assert room.desk.population(room.head, one.id) == (sorted(made[1:]), 1)
    assert set(room.drawn(one, OPERATOR)) == set(made)


def test_a_seed_that_is_lost_or_is_not_the_one_draws_nothing(room: SampleRoom) -> None:
    one, _ = room.a_day()
    for secret, code, family in ((None, "seed-lost", Conflict), ("00" * 32, "seed-wrong", IntegrityFault)):
        with room.small.database.writing() as unit:
            unit.log._db.execute(update(table).values(secret=secret))  # type: ignore[attr-defined]
        with room.refused(code, family):
            room.desk.draw(room.head, one.id)


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "00" * 32, "commitment": commitment(bytes(32))},  # a seed of one's own choice
        {"least": 1},
        {"share_percent": 1},
        {"until": to_text(START - timedelta(days=1))},
        {"unit_id": "beside"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_the_log_has_no_commitment_to_is_not_drawn(room: SampleRoom, forged: dict[str, object]) -> None:
    one, _ = room.a_day()
    changed = {key: room.beside.id if value == "beside" else value for key, value in forged.items()}
    with room.small.database.writing() as unit:
        unit.log._db.execute(update(table).values(**changed))  # type: ignore[attr-defined]
    with room.refused("seed-wrong", IntegrityFault):
        room.desk.draw(OPERATOR, one.id)


def test_what_comes_to_the_unit_after_the_draw_is_not_in_what_it_was_drawn_from(room: SampleRoom) -> None:
    """Somebody comes onto the roll late: their recordings are the unit's by then, and were not then."""
    one = room.commit()
    made = [room.record(room.wearer.id) for _ in range(4)]
    for name in ("late.wav", "later.wav"):
        room.small.send(an_origin(name, wearer="4711", size_bytes=4), b"abcd")
    room.small.do_jobs()
    room.small.clock.pass_by(DAY)
    drawn = room.desk.draw(room.head, one.id).drawn
    assert drawn is not None
    People(room.site).add(OPERATOR, "4711", PersonType.OFFICER, room.unit.id)
    with room.small.database.reading() as unit:
        assert len(unit.samples.population(room.unit.path, one.since, one.until)) == 6
    ids, withheld = room.desk.population(room.head, one.id)
    assert (ids, withheld) == (sorted(made), 0)
    assert population_digest(ids) == drawn.population_sha256
    assert draw(drawn.seed, ids, drawn.quota) == room.drawn(one)
