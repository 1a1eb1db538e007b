"""Rules inside one file, on facts alone: what must be explained, and what is only a habit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.continuity import examine_file
from evidence.domain.damage import corrupt_payload
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.inner_clocks import beyond_zone
from evidence.domain.limits import NOTED_S
from evidence.domain.media import ClockReading, Damage, Edit, MediaFacts, Step, TrackFacts
from evidence.policy.rules import Pack

VIDEO = TrackFacts(
    1,
    "video",
    "avc1",
    packets=900,
    first_s=0.0,
    last_s=29.97,
    end_s=30.0,
    usual_step_s=1 / 30,
    regular=1.0,
    first_step_s=1 / 30,
)
AUDIO = TrackFacts(2, "audio", "mp4a", packets=470, first_s=0.0, last_s=29.94, end_s=30.0, usual_step_s=0.064,
                   regular=1.0, first_step_s=0.064)  # fmt: skip


def facts(*tracks: TrackFacts, name: str = "clip.mp4", **more: object) -> MediaFacts:
    made = MediaFacts(name, 1000, "mp4", True, tracks or (VIDEO, AUDIO), duration_s=30.0)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("dazhe-2020").at(datetime(2026, 3, 2, tzinfo=UTC).date())


def only(found: tuple[Finding, ...], code: Code) -> Finding:
    matching = [finding for finding in found if finding.code is code]
    assert len(matching) == 1, [finding.as_json() for finding in found]
    return matching[0]


def test_a_sound_file_has_no_finding(pack: Pack) -> None:
    assert examine_file(facts(), pack) == ()


def test_a_hole_in_a_steady_track_must_be_explained_with_its_place_and_article(pack: Pack) -> None:
    found = only(
        examine_file(facts(replace(VIDEO, steps=(Step(11.979, 12.512),)), AUDIO), pack), Code.GAP_IN_FILE
    )
    assert found.severity is Severity.ATTENTION
    assert found.start_s == pytest.approx(11.979 + 1 / 30)
    assert found.end_s == 12.512
    assert found.measured == pytest.approx(0.4997, abs=1e-3)
    assert found.cites == tuple(cite.id for cite in pack.continuity.cites)


def test_an_audio_gap_starts_where_the_sound_stops(pack: Pack) -> None:
    found = only(
        examine_file(facts(VIDEO, replace(AUDIO, steps=(Step(7.872, 10.944),))), pack), Code.AUDIO_GAP
    )
    assert (found.severity, found.start_s, found.end_s) == (Severity.ATTENTION, pytest.approx(7.936), 10.944)


@pytest.mark.parametrize(
    ("track", "why"),
    [
        (replace(VIDEO, steps=(Step(0.0, 1.997),), first_step_s=1.997), "the first picture held"),
        (replace(VIDEO, steps=(Step(0.434, 1.033),)), "a stumble in the first second"),
        (replace(VIDEO, regular=0.6, steps=(Step(5.0, 5.6),)), "a hold in a track of variable rate"),
        (replace(VIDEO, steps=(Step(1.49, 1.598),)), "one dropped picture"),
    ],
)
def test_habits_of_recorders_are_never_more_than_info(pack: Pack, track: TrackFacts, why: str) -> None:
    assert {found.severity for found in examine_file(facts(track, AUDIO), pack)} <= {Severity.INFO}, why


def test_a_long_hold_in_a_track_of_variable_rate_must_be_explained(pack: Pack) -> None:
    track = replace(VIDEO, regular=0.6, steps=(Step(5.0, 7.0),))
    assert only(examine_file(facts(track, AUDIO), pack), Code.GAP_IN_FILE).severity is Severity.ATTENTION


def test_many_habits_are_told_once_with_their_number(pack: Pack) -> None:
    steps = tuple(Step(5.0 + i, 5.3 + i) for i in range(20))
    found = only(examine_file(facts(replace(VIDEO, regular=0.5, steps=steps), AUDIO), pack), Code.GAP_IN_FILE)
    assert found.detail["times"] == 20


def test_time_going_backwards_is_found(pack: Pack) -> None:
    track = replace(VIDEO, backsteps=(Step(12.0, 3.0),))
    found = only(examine_file(facts(track, AUDIO), pack), Code.TIMESTAMPS_GO_BACKWARDS)
    assert (found.severity, found.measured) == (Severity.ATTENTION, 9.0)


def test_audio_longer_than_video_is_found_from_the_end_of_video(pack: Pack) -> None:
    short = replace(VIDEO, last_s=25.6, end_s=25.7)
    found = only(examine_file(facts(short, AUDIO), pack), Code.AUDIO_VIDEO_LENGTH_DIFFERS)
    assert (found.start_s, found.end_s, found.measured) == (25.7, 30.0, pytest.approx(4.3))


@pytest.mark.parametrize(("late", "told"), [(0.9, False), (1.148, True)])
def test_audio_that_starts_more_than_a_second_late_is_found(pack: Pack, late: float, told: bool) -> None:
    found = examine_file(facts(VIDEO, replace(AUDIO, first_s=late)), pack)
    assert [one.code for one in found] == ([Code.AUDIO_STARTS_LATE] if told else [])


@pytest.mark.parametrize(
    ("hidden", "severity"), [(0.08, Severity.INFO), (0.455, Severity.INFO), (9.0, Severity.ATTENTION)]
)
def test_an_edit_list_is_a_fact_until_it_hides_more_than_a_habit(
    pack: Pack, hidden: float, severity: Severity
) -> None:
    track = replace(VIDEO, edits=(Edit(30.0, hidden),), hidden_s=hidden)
    assert only(examine_file(facts(track, AUDIO), pack), Code.EDIT_LIST).severity is severity


def test_changing_codec_parameters_are_found(pack: Pack) -> None:
    found = only(
        examine_file(facts(replace(VIDEO, parameters=("a", "b")), AUDIO), pack), Code.PARAMETERS_CHANGE
    )
    assert found.severity is Severity.ATTENTION


def test_a_header_that_promises_another_length_is_found(pack: Pack) -> None:
    found = only(examine_file(facts(declared_s=720.0), pack), Code.METADATA_CONTRADICTS)
    assert (found.measured, found.limit) == (30.0, 720.0)


@pytest.mark.parametrize(
    "mark",
    [
        "©too: Lavf59.27.100",
        "stream: x264 - core 164",
        "writer: mkvmerge v74",
        "handler: ISO Media file produced by Google Inc.",
        "exif: Adobe Photoshop CS6",
    ],
)
def test_marks_of_editing_software_cite_the_bar_on_editing(pack: Pack, mark: str) -> None:
    found = only(examine_file(facts(writers=(mark,)), pack), Code.EDITED_BY_SOFTWARE)
    assert found.severity is Severity.ATTENTION
    assert found.cites == tuple(cite.id for cite in pack.no_editing.cites)


@pytest.mark.parametrize(
    "mark",
    [
        "handler: Core Media Video",
        "service: FFmpeg Service01",
        "compressor: Lavc libx264",
        "ftyp: isom/512",
        "©swr: V2.1.07",
        "ISFT: CanonMVI06",
        "handler: GoPro AVC",
    ],
)
def test_marks_that_recorders_leave_too_are_never_more_than_info(pack: Pack, mark: str) -> None:
    made = facts(writers=(mark,), device_texts={"firmware": "H19"})
    assert {found.severity for found in examine_file(made, pack)} <= {Severity.INFO}


def test_a_makers_handlers_in_a_foreign_container_contradict_it(pack: Pack) -> None:
    track = replace(VIDEO, handler="GoPro AVC")
    assert (
        only(examine_file(facts(track, AUDIO), pack), Code.METADATA_CONTRADICTS).severity
        is Severity.ATTENTION
    )


def test_signs_of_truncation_become_one_finding_where_the_media_ends(pack: Pack) -> None:
    signs = (Damage("no-index", 0, 1000), Damage("partial-packet", 900, 1000))
    found = only(examine_file(facts(damage=signs), pack), Code.TRUNCATED)
    assert found.start_s == 30.0
    assert len(found.detail["signs"]) == 2  # type: ignore[arg-type]


def test_a_file_that_cannot_be_read_is_never_passed_over(pack: Pack) -> None:
    lost = MediaFacts("clip.mp4", 1000, "unknown", False, notes=("not-examined: out-of-time",))
    assert {found.code for found in examine_file(lost, pack)} == {Code.UNREADABLE, Code.NOT_EXAMINED}


def test_an_empty_file_is_a_fact_of_its_own(pack: Pack) -> None:
    empty = MediaFacts("clip.mp4", 0, "unknown", False, damage=(Damage("empty", 0, 0),))
    assert [found.code for found in examine_file(empty, pack)] == [Code.EMPTY_FILE]


@pytest.mark.parametrize(
    ("name", "container", "told"),
    [
        ("a.mp4", "avi", True),
        ("a.MP4", "3gp", False),
        ("a.mov", "mp4", False),
        ("a.txt", "avi", False),
        (".mp4", "avi", False),
        ("a.ts", "mpegts", False),
    ],
)
def test_content_of_another_family_than_the_name_is_found(
    pack: Pack, name: str, container: str, told: bool
) -> None:
    found = examine_file(facts(name=name, container=container), pack)
    assert (Code.TYPE_DIFFERS in {one.code for one in found}) is told


@pytest.mark.parametrize(("detail", "severity"), [({}, Severity.ATTENTION), ({"zero": True}, Severity.INFO),
                                                  ({"known": True}, Severity.INFO)])  # fmt: skip
def test_data_after_the_end_is_a_habit_only_where_it_is_known(
    pack: Pack, detail: dict[str, object], severity: Severity
) -> None:
    found = only(
        examine_file(facts(damage=(Damage("after-end", 900, 1000, detail=detail),)), pack),
        Code.DATA_AFTER_END,
    )
    assert (found.severity, found.measured) == (severity, 100.0)


def test_the_deep_scans_damage_keeps_its_place_and_its_own_failure(pack: Pack) -> None:
    damages = [Damage("zero-run", 1, 2, 9.0, 10.1), Damage("not-examined", detail={"reason": "out-of-time"})]
    found = list(corrupt_payload(facts(), damages, pack))
    assert [(one.code, one.start_s, one.end_s) for one in found] == [
        (Code.CORRUPT_DATA, 9.0, 10.1),
        (Code.NOT_EXAMINED, None, None),
    ]


def clocks(*readings: tuple[str, str]) -> MediaFacts:
    return facts(clocks=tuple(ClockReading(origin, text) for origin, text in readings))


@pytest.mark.parametrize(
    ("text", "severity"),
    [("1970-01-01T00:00:12Z", Severity.ATTENTION), ("1999-12-31T23:59:59Z", Severity.ATTENTION),
     ("2000-01-01T00:00:00Z", Severity.ATTENTION), ("2040-02-06T06:28:15Z", Severity.ATTENTION),
     ("2026-03-05T00:00:00Z", Severity.ATTENTION), ("1904-01-01T00:00:00Z", Severity.INFO)],
)  # fmt: skip
def test_implausible_clocks_are_found(pack: Pack, text: str, severity: Severity) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert (
        only(examine_file(clocks(("mvhd", text)), pack, now=now), Code.CLOCK_IMPLAUSIBLE).severity is severity
    )


def test_the_future_is_only_asked_about_when_the_present_is_known(pack: Pack) -> None:
    assert examine_file(clocks(("mvhd", "2036-03-05T00:00:00Z")), pack) == ()


def test_a_movie_header_changed_alone_disagrees_with_its_tracks(pack: Pack) -> None:
    made = clocks(
        ("mvhd", "2019-09-09T09:09:09Z"),
        ("tkhd:1", "2024-02-09T20:23:48Z"),
        ("mdhd:1", "2024-02-09T20:23:48Z"),
    )
    assert only(examine_file(made, pack), Code.CLOCK_DISAGREES).severity is Severity.ATTENTION


@pytest.mark.parametrize("reading", [("tmcd", "15:44:35"), ("creationdate", "2019-11-18T23:44:50+08:00")])
def test_time_codes_and_sharing_dates_apart_are_only_facts(pack: Pack, reading: tuple[str, str]) -> None:
    made = clocks(("mvhd", "2019-11-18T15:45:32Z"), reading)
    assert only(examine_file(made, pack), Code.CLOCK_DISAGREES).severity is Severity.INFO


def satellite(*records: tuple[float, str]) -> MediaFacts:
    return facts(clocks=tuple(ClockReading("gps", f"2019-11-18T19:28:{text}Z", at) for at, text in records))


def test_satellite_time_that_jumps_shows_a_cut_that_left_no_gap(pack: Pack) -> None:
    made = satellite(
        (0.0, "00.000"), (1.001, "01.000"), (2.002, "02.001"), (3.003, "05.002"), (4.004, "06.003")
    )
    found = only(examine_file(made, pack), Code.CLOCK_DISAGREES)
    assert (found.severity, found.start_s, found.measured) == (Severity.ATTENTION, 3.003, 2.0)


def test_the_first_satellite_record_may_be_an_old_one(pack: Pack) -> None:
    made = satellite((0.0, "14.000"), (1.001, "18.470"), (2.002, "19.460"), (3.003, "20.450"))
    assert examine_file(made, pack) == ()


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("2024-05-18T01:30:05Z", False),
        ("2024-05-18T01:30:35Z", False),
        ("2024-05-18T01:30:15Z", True),
        ("2024-04-18T01:30:05Z", True),
    ],
)
def test_name_and_header_agree_up_to_zone_and_length(pack: Pack, header: str, told: bool) -> None:
    made = replace(clocks(("mvhd", header)), name="DSJX9A00123_012345_20240518093005_0002.mp4")
    assert (Code.NAME_TIME_DIFFERS in {found.code for found in examine_file(made, pack)}) is told


@given(zone=st.integers(-48, 56), rest=st.floats(-400, 400), length=st.floats(0, 300))
def test_no_zone_and_no_meaning_of_a_header_makes_a_difference(zone: int, rest: float, length: float) -> None:
    assert abs(beyond_zone(zone * 900.0 + rest, length)) <= abs(rest) + 1e-6
    assert abs(beyond_zone(zone * 900.0 - length, length)) < 1e-6


def test_findings_stand_in_order_of_time(pack: Pack) -> None:
    track = replace(VIDEO, steps=(Step(20.0, 21.0), Step(5.0, 6.0)))
    found = examine_file(facts(track, replace(AUDIO, steps=(Step(10.0, 12.0),)), declared_s=700.0), pack)
    assert [one.start_s for one in found][1:] == sorted(
        one.start_s for one in found[1:] if one.start_s is not None
    )
    assert found[0].start_s is None


def test_the_tolerance_is_the_packs_own(pack: Pack) -> None:
    wide = replace(pack, continuity=replace(pack.continuity, tolerance=timedelta(seconds=5)))
    track = replace(VIDEO, regular=0.5, steps=(Step(5.0, 7.0),))
    assert only(examine_file(facts(track, AUDIO), wide), Code.GAP_IN_FILE).severity is Severity.INFO


@pytest.mark.parametrize(("length", "told"), [(30.0, True), (None, False)])
def test_when_a_file_was_modified_says_nothing_of_its_beginning_where_its_length_is_unknown(
    length: float | None, told: bool, pack: Pack
) -> None:
    written = ClockReading("mtime", "2026-03-02T09:32:00Z")  # two minutes after the time in the name
    made = facts(name="DSJX9A00123_012345_20260302173000_0001.mp4", duration_s=length, clocks=(written,))
    assert (Code.NAME_TIME_DIFFERS in {found.code for found in examine_file(made, pack)}) is told


def test_a_gap_that_is_a_habit_shows_the_limit_from_which_it_is_told(pack: Pack) -> None:
    """0.151 s in the first second: two seconds would have to be explained, 0.1 s is told."""
    track = replace(VIDEO, steps=(Step(0.2, 0.2 + 1 / 30 + 0.151),))
    found = only(examine_file(facts(track, AUDIO), pack), Code.GAP_IN_FILE)
    assert found.severity is Severity.INFO
    assert found.measured == pytest.approx(0.151, abs=1e-3)
    assert found.limit == NOTED_S == 0.1
