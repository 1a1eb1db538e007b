"""A detector of the operator's proposes where something is to be hidden; only a person orders it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.adapters.tracking import SandboxedTracker, tracker_of
from evidence.domain.audit import Act
from evidence.domain.derivatives import Operation, State
from evidence.domain.orders import Box, Cover, Order, Region
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid
from evidence.service.court.derivative_ports import Question
from evidence.service.court.derivatives import Derivatives
from evidence.service.court.proposing import Proposing
from tests.derivative_room import DerivativeRoom

DETECTORS = Path(__file__).parents[2] / "detectors"
REAL = f"{sys.executable} -I {{detector}}/track.py {{film}} {{question}}"
ECHO = '/bin/echo \'{"regions":[{"boxes":[{"at_s":%d,"x":%s,"y":1,"width":1,"height":1}],"until_s":9.5}]}\''
START = Box(0, 10, 40, 30, 30)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A white square that goes from left to right over a dark ground, for three seconds."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    ground, square = "color=0x202020:s=320x160:r=25:d=3", "color=white:s=30x30:r=25:d=3"
    way = "[0][1]overlay=x=10+60*t:y=40:shortest=1"
    command = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", ground, "-f", "lavfi", "-i", square]
    subprocess.run([*command, "-filter_complex", way, "-c:v", "libx264", str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def room(tmp_path: Path) -> DerivativeRoom:
    return DerivativeRoom(tmp_path)


def desk(room: DerivativeRoom, command: str = REAL) -> Proposing:
    scratch = room.small.folder
    return Proposing(replace(room.site, tracker=SandboxedTracker(scratch, "bright 1.0", command, DETECTORS)))


@pytest.mark.article("longquan:8", "dazhe-2020:15")
def test_what_a_real_detector_proposes_is_ordered_by_a_person_and_hides_what_moves(
    room: DerivativeRoom, film: bytes
) -> None:
    recording = room.film("mp4", film)
    name, found = desk(room).propose(room.custodian, recording, Question(0, 2800, (START,)))
    assert name == "bright 1.0"
    ((boxes, until),) = found.regions
    assert len(boxes) >= 10
    assert boxes[-1].x - boxes[0].x > 100, "it follows what moves"
    assert all(abs(box.x - (10 + 60 * box.at_ms / 1000)) <= 16 for box in boxes)
    assert room.made(recording) == [], "nothing is made of a proposal"
    (entry,) = room.entries(Act.DERIVATIVE_PROPOSE)
    assert (entry["by"], entry["facts"]["regions"], entry["facts"]["fault"]) == (room.custodian.id, 1, "")
    wide = tuple(Box(box.at_ms, max(0, box.x - 16), 30, box.width + 32, 50) for box in boxes)
    order = Order(
        Operation.REDACTION,
        "遮蔽件",
        "申请",
        regions=(Region(Cover.BLACK, wide, until, "路人面部"),),
        to_ms=2600,
    )
    asked = Derivatives(room.site).make(room.custodian, recording, order)
    room.small.do_jobs()
    (made,) = [one for one in room.made(recording) if one.id == asked.id]
    assert (made.state, made.problem) == (State.MADE, None)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("/bin/sh -c 'exit 3'", "ended-3"),
        ("/bin/echo nothing", "not-readable"),
        ("/bin/echo {}", "not-readable"),
        ('/bin/echo \'{"regions":[{"boxes":[],"until_s":1}]}\'', "not-readable"),
        (
            ECHO % (9, "1"),
            "not-readable",
        ),
        (
            ECHO % (0, "1e999"),
            "not-readable",
        ),
        ("/usr/bin/yes", "too-much-said"),
        ("/bin/sh -c 'echo x > {detector}/left'", "ended-2"),
    ],
)
def test_a_detector_that_says_nonsense_proposes_nothing_and_the_log_says_so(
    room: DerivativeRoom, film: bytes, command: str, fault: str
) -> None:
    recording = room.film("mp4", film, is_derived=False)
    with pytest.raises(Conflict, match="detector-failed") as told:
        desk(room, command).propose(room.custodian, recording, Question(0, 1000, (START,)))
    assert told.value.fields["fault"] == fault
    (entry,) = room.entries(Act.DERIVATIVE_PROPOSE)
    assert (entry["res"], entry["facts"]["regions"], entry["facts"]["fault"]) == ("failed", 0, fault)
    assert not (DETECTORS / "left").exists()


def test_without_a_detector_or_with_a_question_that_is_none_nothing_is_asked(
    room: DerivativeRoom, film: bytes
) -> None:
    recording = room.film("mp4", film, is_derived=False)
    with pytest.raises(Conflict, match="no-detector"):
        Proposing(room.site).propose(room.custodian, recording, Question(0, 1000))
    late = Box(5000, 1, 1, 1, 1)
    for wrong in (Question(1000, 1000), Question(0, 9000), Question(0, 1000, (late,)), Question(-1, 5)):
        with pytest.raises(Invalid, match="order-wrong"):
            desk(room).propose(room.custodian, recording, wrong)
    assert room.entries(Act.DERIVATIVE_PROPOSE) == []


@pytest.mark.article("dazhe-2020-aux:10(2)")
def test_no_auxiliary_asks_a_detector(room: DerivativeRoom, film: bytes) -> None:
    recording = room.film("mp4", film, is_derived=False)
    auxiliary = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law"):
        desk(room).propose(auxiliary, recording, Question(0, 1000, (START,)))


def test_what_is_set_up_in_part_is_none(tmp_path: Path) -> None:
    assert tracker_of(tmp_path, "", "", "") is None
    found = tracker_of(tmp_path, "a 1", "run", str(tmp_path))
    assert found is not None
    assert found.name == "a 1"
