"""Sessions made from real footage: clean ones stay quiet in every naming and clock habit, changed ones show
what was done to them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from evidence.adapters.probing.reading import read_facts
from evidence.domain.continuity import examine_file
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.sequence import SequenceFile, examine_sequence
from tests.conftest import shared_media
from tests.domain.packs import a_pack
from tests.simulators import sessions, surgery
from tests.simulators.sessions import ZONE, Clip, Footage, Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEAR_S = 0.2
PACK = a_pack()
NAMERS = [
    sessions.station,
    sessions.viofo,
    sessions.vantrue,
    sessions.mai70,
    sessions.gopro,
    sessions.android,
]
Examine = Callable[[Session], list[Finding]]


@cache
def footage() -> Footage:
    """The recording that all sessions here are cut from."""
    folder = shared_media()
    assert folder is not None
    return Footage.of(folder / "derived" / "ob0_control_clean.mp4")


@pytest.fixture
def examine(media: Path, tmp_path: Path) -> Examine:
    """Write a session and judge its files, given in any order."""

    def judge(session: Session) -> list[Finding]:
        paths = session.write(tmp_path)
        random.Random(len(paths)).shuffle(paths)
        files = []
        for path in paths:
            facts = read_facts(path, path.name)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files.append(SequenceFile(facts, digest, findings=examine_file(facts, PACK, now=NOW)))
        return list(examine_sequence(files, PACK, NOW))

    return judge


@pytest.fixture
def clean(media: Path) -> Callable[..., Session]:
    """Make a clean session of clips of five intervals, or as told."""
    return lambda **how: Session.of(footage(), **how)


def loud(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.severity is not Severity.INFO]


def told(found: list[Finding], code: Code, session: Session, place: int) -> list[Finding]:
    clip = session.clips[place]
    name = clip.name or session.namer(clip)
    return [one for one in loud(found) if one.code is code and one.file == name]


@pytest.mark.parametrize("habit", ["utc-start", "utc-end", "local", "none"])
@pytest.mark.parametrize("per", [3, 5])
def test_a_clean_session_is_quiet_whatever_its_header_means(
    clean: Callable[..., Session], examine: Examine, habit: str, per: int
) -> None:
    assert loud(examine(clean(per=per, habit=habit))) == []


@pytest.mark.parametrize("namer", NAMERS)
def test_a_clean_session_is_quiet_whatever_its_names(
    clean: Callable[..., Session], examine: Examine, namer: sessions.Namer
) -> None:
    assert loud(examine(clean(namer=namer, start=datetime(2023, 12, 31, 23, 59, 50)))) == []  # noqa: DTZ001


@pytest.mark.parametrize("namer", NAMERS[:4])
@pytest.mark.parametrize("place", [1, 3])
def test_a_segment_taken_away_shows_by_number_and_time(
    clean: Callable[..., Session], examine: Examine, namer: sessions.Namer, place: int
) -> None:
    session = clean(namer=namer).without(place)
    found = examine(session)
    (gap,) = told(found, Code.GAP_BETWEEN_FILES, session, place - 1)
    assert gap.measured == pytest.approx(5 * footage().interval_s, abs=NEAR_S)
    assert told(found, Code.MISSING_SEQUENCE_NUMBER, session, place - 1)
    assert len(loud(found)) == 2


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("stretch", [(1, 3), (0, 2), (2, 4)])
def test_a_cut_that_leaves_no_trace_in_its_file_shows_in_the_session(
    clean: Callable[..., Session], examine: Examine, place: int, stretch: tuple[int, int]
) -> None:
    """Two seconds taken out of any clip: not a habit of the recorder to lose half a second at each change."""

    def cut(data: bytes) -> bytes:
        movie = surgery.Movie(data)
        surgery.cut(movie, *(key * footage().interval_s for key in stretch))
        return movie.bytes()

    session = clean().change(place, spoil=cut)
    found = examine(session)
    (gap,) = told(found, Code.GAP_BETWEEN_FILES, session, place)
    assert gap.measured == pytest.approx(2 * footage().interval_s, abs=NEAR_S)
    assert loud(found) == [gap]


@pytest.mark.parametrize("base", [datetime(1970, 1, 1), datetime(2000, 1, 1), datetime(2022, 1, 1)])  # noqa: DTZ001
def test_a_clock_reset_in_mid_session_is_a_jump(
    clean: Callable[..., Session], examine: Examine, base: datetime
) -> None:
    session = clean()
    session.shift(2, base - session.clips[2].shows)
    assert told(examine(session), Code.CLOCK_JUMP, session, 2)


@pytest.mark.parametrize(
    "by", [timedelta(hours=1), timedelta(hours=8), timedelta(days=1), timedelta(hours=-1)]
)
def test_a_clock_set_by_a_zone_or_a_day_is_a_jump(
    clean: Callable[..., Session], examine: Examine, by: timedelta
) -> None:
    session = clean().shift(2, by)
    assert told(examine(session), Code.CLOCK_JUMP, session, 2)


def test_a_second_activity_hours_later_is_only_a_fact(
    clean: Callable[..., Session], examine: Examine
) -> None:
    session = clean().shift(2, timedelta(hours=3, minutes=7, seconds=11))
    found = examine(session)
    assert loud(found) == []
    assert [one.severity for one in found if one.code is Code.CLOCK_JUMP] == [Severity.INFO]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 3), (0, 1), (2, 4)])
def test_files_whose_contents_were_exchanged_are_out_of_order(
    clean: Callable[..., Session], examine: Examine, one: int, other: int
) -> None:
    session = clean()
    a, b = session.clips[one], session.clips[other]
    session.change(one, first=b.first, last=b.last, header=b.shows - ZONE)
    session.change(other, first=a.first, last=a.last, header=a.shows - ZONE)
    found = examine(session)
    assert told(found, Code.ORDER_DIFFERS, session, one)
    assert told(found, Code.ORDER_DIFFERS, session, other)


@pytest.mark.parametrize("stranger", [{"serial": "DSJX9A00777"}, {"model": "OTHER-1"}, {"officer": "999999"}])
@pytest.mark.parametrize("renamed", [False, True])
def test_a_file_of_another_recorder_or_officer_in_between_is_foreign(
    clean: Callable[..., Session], examine: Examine, stranger: dict[str, str], renamed: bool
) -> None:
    session = clean()
    name = sessions.station(session.clips[2]) if renamed else ""
    session.change(2, name=name, **stranger)
    assert told(examine(session), Code.FOREIGN_DEVICE, session, 2)


def test_a_recorder_handed_over_to_another_officer_is_not_foreign(
    clean: Callable[..., Session], examine: Examine
) -> None:
    session = clean()
    session.clips = [replace(one, officer="999999") if i > 2 else one for i, one in enumerate(session.clips)]
    assert loud(examine(session)) == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data[: len(data) * 6 // 10], Code.TRUNCATED),
        (lambda _: b"", Code.EMPTY_FILE),
        (lambda data: surgery.Movie(data).bytes(front=True), Code.EDITED_BY_SOFTWARE),
    ],
    ids=["power lost", "nothing written", "index moved to the front"],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_one_file_unlike_the_others_is_told(
    clean: Callable[..., Session],
    examine: Examine,
    place: int,
    spoil: Callable[[bytes], bytes],
    code: Code,
) -> None:
    session = clean().change(place, spoil=spoil)
    assert told(examine(session), code, session, place)


def test_a_counter_that_wraps_is_quiet(clean: Callable[..., Session], examine: Examine) -> None:
    session = clean()
    session.clips = [replace(one, number=(9997 + i) % 9999 + 1) for i, one in enumerate(session.clips)]
    assert [one.number for one in session.clips[1:3]] == [9999, 1]
    assert loud(examine(session)) == []


@pytest.mark.parametrize("overlap", [1, 2])
def test_an_overlap_at_every_change_of_file_is_a_habit(
    clean: Callable[..., Session], examine: Examine, overlap: int
) -> None:
    found = examine(clean(overlap=overlap))
    sizes = [one.measured for one in found if one.code is Code.OVERLAP]
    assert loud(found) == []
    assert sizes == [pytest.approx(overlap * footage().interval_s, abs=NEAR_S)] * len(sizes) != []


def test_a_session_is_written_as_its_clips_say(clean: Callable[..., Session], tmp_path: Path) -> None:
    session = clean(count=2)
    paths = session.write(tmp_path)
    clip: Clip = session.clips[1]
    facts = read_facts(paths[1], paths[1].name)
    assert paths[1].name == sessions.station(clip)
    assert facts.device_ids["udta:snum"] == clip.serial
    assert facts.of_kind("video")[0].end_s == pytest.approx(5 * footage().interval_s, abs=1e-3)
