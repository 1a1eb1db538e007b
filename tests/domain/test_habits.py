"""What untouched recorders do by habit, as facts: a lone file of theirs has nothing above info.

The figures were measured on originals of such devices.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evidence.domain.continuity import examine_file
from evidence.domain.findings import Code, Severity
from evidence.domain.media import ClockReading, Edit, MediaFacts, Step, TrackFacts
from tests.domain.packs import a_pack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VIDEO = TrackFacts(
    1, "video", "avc1", packets=300, first_s=0.0, last_s=9.967, end_s=10.0, declared_s=10.0,
    usual_step_s=1 / 30, first_step_s=1 / 30, regular=0.99,
)  # fmt: skip
SOUND = TrackFacts(
    2, "audio", "mp4a", packets=470, first_s=0.0, last_s=9.98, end_s=10.0, declared_s=10.0,
    usual_step_s=0.0213, first_step_s=0.0213, regular=0.99,
)  # fmt: skip


def a_file(name: str, dates: tuple[tuple[str, str], ...], video: TrackFacts = VIDEO,
           sound: TrackFacts = SOUND, **facts: object) -> MediaFacts:  # fmt: skip
    made = MediaFacts(
        name, 10**7, "mp4", True, (video, sound), duration_s=10.0, declared_s=10.0, brands=("mp42",),
        clocks=tuple(ClockReading(origin, text) for origin, text in dates),
    )  # fmt: skip
    return replace(made, **facts)  # type: ignore[arg-type]


def gps(*seconds: float) -> tuple[ClockReading, ...]:
    """Satellite records, one a second, whose clock shows these seconds."""
    header = ClockReading("mvhd", "2017-04-17T10:31:15Z")
    shown = [f"2017-04-17T10:31:{15 + second:06.3f}Z" for second in seconds]
    return header, *(ClockReading("gps", text, float(at)) for at, text in enumerate(shown))


PHONE = (("mvhd", "2019-01-01T10:00:10Z"),)
THERMAL = replace(VIDEO, usual_step_s=1 / 7, first_step_s=1.997, regular=0.6)
HABITS = {
    "a hole in the first second": a_file(
        "clip.mp4", PHONE, replace(VIDEO, steps=(Step(0.434, 1.033),)),
        replace(SOUND, steps=(Step(0, 0.081),)),
    ),
    "a first picture held, seven pictures a second, sound after an empty edit": a_file(
        "thermal.mp4", PHONE, replace(THERMAL, steps=(Step(0, 1.997), Step(3, 3.24), Step(5, 5.21))),
        replace(SOUND, first_s=0.138, edits=(Edit(0.138, None), Edit(9.8, 0.0))),
    ),
    "half a second hidden, time stamps below zero": a_file(
        "IMG_0001.MOV", (("mvhd", "2019-01-01T10:00:00Z"), ("creationdate", "2019-01-01T18:00:00+0800")),
        replace(VIDEO, first_s=-0.47, edits=(Edit(9.5, 0.455),), hidden_s=0.455),
        replace(SOUND, first_s=-0.5, edits=(Edit(9.5, 0.5),), hidden_s=0.5), container="mov", brands=("qt",),
    ),
    "sound a quarter of a second shorter": a_file(
        "100_0123.AVI", (), sound=replace(SOUND, end_s=9.73, declared_s=9.73), container="avi", brands=()
    ),
    "a time code of its own": a_file(
        "GOPR0001.MP4", (("mvhd", "2017-04-17T10:31:15Z"), ("tmcd", "10:30:06")), brands=("mp41",)
    ),
    "a satellite clock that stands still once": a_file("clip.mp4", (), clocks=gps(0, 1, 2, 2, 4, 5)),
    "a first satellite record from before": a_file("clip.mp4", (), clocks=gps(-1.47, 1, 2, 3)),
    "one picture dropped, a second video track": a_file(
        "PXL_20220101_101010123.MP.mp4", (("mvhd", "2022-01-01T10:10:20Z"),),
        replace(VIDEO, steps=(Step(1.49, 1.598),)),
    ),
    "ten pictures a second in the dark": a_file(
        "dark.mp4", PHONE,
        replace(VIDEO, usual_step_s=0.1, regular=0.7, steps=tuple(Step(i, i + 0.24) for i in range(9))),
        replace(SOUND, first_step_s=0.176, steps=(Step(0, 0.176),)),
    ),
    "a header that stands for the end, in a zone of half hours": a_file(
        "VID_20200101_101010.mp4", (("mvhd", "2020-01-01T04:40:20Z"),)
    ),
    "local time called UTC": a_file("VID_20200101_101010.mp4", (("mvhd", "2020-01-01T10:10:10Z"),)),
}  # fmt: skip


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_of_a_lone_file_is_never_more_than_a_fact(habit: str) -> None:
    found = examine_file(HABITS[habit], a_pack(), now=NOW)
    assert [one.as_json() for one in found if one.severity is not Severity.INFO] == []


def test_a_rewriting_mark_is_told_even_where_all_else_looks_like_a_phone() -> None:
    dropped = replace(VIDEO, steps=(Step(3.0, 3.133),))
    facts = a_file("clip.mp4", PHONE, dropped, writers=("©too: Lavf57.7.2",))
    serious = [one.code for one in examine_file(facts, a_pack()) if one.severity is not Severity.INFO]
    assert serious == [Code.EDITED_BY_SOFTWARE]


def test_a_header_of_twelve_minutes_on_half_a_minute_contradicts_its_packets() -> None:
    facts = a_file("clip.mkv", (), container="matroska", declared_s=720.0)
    (found,) = examine_file(facts, a_pack())
    assert (found.code, found.measured, found.limit) == (Code.METADATA_CONTRADICTS, 10.0, 720.0)


def test_an_edit_list_of_several_parts_is_not_taken_for_a_wrong_header() -> None:
    parts = (Edit(1, 0.0), Edit(6, 4.0))
    shown = replace(VIDEO, edits=parts, hidden_s=3.0, last_s=6.967, end_s=7.0)
    codes = {one.code for one in examine_file(a_file("clip.mp4", PHONE, shown), a_pack())}
    assert Code.EDIT_LIST in codes
    assert Code.METADATA_CONTRADICTS not in codes
