"""Commanding, on real footage: told, cleared by an officer's recording, and judged again with the roll."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.adapters.packs import load_pack
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.service.intake.placing import place_recordings
from evidence.service.oversight.commanding import judge_again
from tests.builders import SmallSite, an_origin
from tests.people_room import Room

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass
class Films:
    """Films of ten seconds that say in their header when they began."""

    folder: Path

    def at(self, began: datetime) -> bytes:
        """Return one."""
        path = self.folder / f"{began:%H%M%S}.mp4"
        if not path.exists():
            source = "testsrc=s=64x48:r=10:d=10"
            coded = ("-c:v", "libx264", "-bf", "0", "-metadata", f"creation_time={began:%Y-%m-%dT%H:%M:%SZ}")
            command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *coded, str(path)]
            subprocess.run(command, check=True, timeout=60)
        return path.read_bytes()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


def seal(room: Room, films: Films, wearer: str, began: datetime = BEGAN, **origin: object) -> str:
    """Have a film that a number wore sealed and judged; the device is one of its own."""
    body = films.at(began)
    device = f"DSJX{len(room.small.log()):08d}"
    known = {"device": device, "wearer": wearer, "size_bytes": len(body)}
    upload = room.small.send(
        an_origin("film.mp4", **{**known, "modified_at": began + timedelta(seconds=10), **origin}), body
    )
    room.small.do_jobs()
    return upload.id


def told(room: Room, recording_id: str) -> list[str]:
    """Return what is told about command."""
    codes = ("acting-alone", "auxiliary-took-evidence")
    with room.small.database.reading() as unit:
        found = unit.examinations.current(recording_id)
    return [str(one.body["code"]) for one in found if one.body["code"] in codes]


def test_an_auxiliary_alone_is_told_and_an_officer_alone_is_not(room: Room, films: Films) -> None:
    room.add(Role.AUXILIARY, type_=PersonType.AUXILIARY, number="A1")
    room.add(number="O1")
    assert told(room, seal(room, films, "A1")) == ["acting-alone"]
    assert told(room, seal(room, films, "O1")) == []
    assert told(room, seal(room, films, "nobody")) == []


def test_the_officer_whom_the_dock_names_commands(room: Room, films: Films) -> None:
    room.add(type_=PersonType.AUXILIARY, number="A1")
    room.add(number="O1", where=room.beside)
    assert told(room, seal(room, films, "A1", labels={"commander": "O1"})) == []
    assert told(room, seal(room, films, "A1", labels={"commander": "A1"})) == ["acting-alone"]


def test_an_officers_recording_of_the_unit_clears_it_when_it_comes_before_or_after(
    room: Room, films: Films
) -> None:
    room.add(type_=PersonType.AUXILIARY, number="A1")
    room.add(number="O1")
    first = seal(room, films, "A1")
    assert told(room, first) == ["acting-alone"]
    seal(room, films, "O1", BEGAN + timedelta(minutes=5))
    assert told(room, first) == ["acting-alone"], "another time"
    seal(room, films, "O1", BEGAN + timedelta(seconds=5))
    assert told(room, first) == [], "judged again"
    assert told(room, seal(room, films, "A1", BEGAN + timedelta(seconds=8))) == []


def test_an_officer_of_another_unit_does_not_clear_it(room: Room, films: Films) -> None:
    room.add(type_=PersonType.AUXILIARY, number="A1")
    room.add(number="O1", where=room.beside)
    first = seal(room, films, "A1")
    seal(room, films, "O1")
    assert told(room, first) == ["acting-alone"]


def test_it_is_judged_again_when_people_are_added(room: Room, films: Films) -> None:
    first = seal(room, films, "A1", labels={"commander": "O1"})
    assert told(room, first) == []
    room.add(type_=PersonType.AUXILIARY, number="A1")
    judge_with_the_roll(room, first)
    assert told(room, first) == ["acting-alone"], "the commander is not on the roll"
    room.add(number="O1")
    judge_with_the_roll(room, first)
    assert told(room, first) == []


def judge_with_the_roll(room: Room, recording_id: str) -> None:
    """Place a recording as the roll stands now and have it judged, as enrolling does."""
    with room.small.database.writing() as unit:
        stored = unit.recordings.get(recording_id)
        assert stored is not None
        place_recordings(unit, [stored.recording])
        judge_again(unit, [recording_id], room.small.clock.now())
    room.small.do_jobs()


@pytest.mark.article("lanzhou-new-area-aux:9(3)")
def test_where_the_pack_bars_evidence_taking_it_is_a_breach_even_under_command(
    small: SmallSite, films: Films
) -> None:
    small.site = replace(small.site, policies=load_pack("strict"))
    small.uploads, small.work = (
        replace(small.uploads, site=small.site),
        replace(small.work, site=small.site, uploads=replace(small.uploads, site=small.site)),
    )
    room = Room(small)
    room.add(type_=PersonType.AUXILIARY, number="A1")
    room.add(number="O1")
    commanded = seal(room, films, "A1", labels={"commander": "O1"})
    assert told(room, commanded) == ["auxiliary-took-evidence"]
