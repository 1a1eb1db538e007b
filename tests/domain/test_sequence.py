"""Rules between the files of one device, on made-up sessions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import ClockReading, MediaFacts, TrackFacts
from evidence.domain.sequence import SequenceFile, examine_sequence
from tests.domain.packs import a_pack
from tests.domain.sessions import START, ZONE, Piece, a_file, row

PACK = a_pack()


def findings(files: list[SequenceFile], now: datetime | None = None) -> list[Finding]:
    return [one for one in examine_sequence(files, PACK, now) if one.severity is not Severity.INFO]


def told(files: list[SequenceFile], code: Code) -> list[Finding]:
    return [one for one in examine_sequence(files, PACK) if one.code is code]


def mvhd(time: datetime) -> tuple[ClockReading, ...]:
    return (ClockReading("mvhd", time.isoformat() + "Z"),)


def test_segments_that_follow_each_other_give_no_finding() -> None:
    assert examine_sequence([a_file(piece) for piece in row([60.06] * 10, begins_s=0.7)], PACK) == ()


def test_no_file_and_one_file_give_no_finding() -> None:
    assert examine_sequence([], PACK) == ()
    assert examine_sequence([a_file(Piece(1, 0, 60.0))], PACK) == ()


def test_a_pause_is_a_gap_on_the_time_line_of_the_file_before_it() -> None:
    files = [a_file(piece) for piece in row([60.06] * 6, {3: 7.0})]
    (gap,) = findings(files)
    assert (gap.code, gap.file) == (Code.GAP_BETWEEN_FILES, files[2].facts.name)
    assert gap.start_s == 60.06
    assert gap.end_s == pytest.approx(67.06, abs=0.6)
    assert gap.detail["least_s"] <= 7.0 <= gap.detail["most_s"]
    assert gap.detail["before"] == files[2].facts.name
    assert gap.detail["after"] == files[3].facts.name
    assert gap.cites == ("test:continuity",)
    assert gap.limit == 1.0


def test_the_gap_names_its_time_in_utc() -> None:
    files = [a_file(piece) for piece in row([5.005] * 5)]
    (gap,) = [one for one in findings([*files[:2], *files[3:]]) if one.code is Code.GAP_BETWEEN_FILES]
    assert gap.detail["from"] == "2024-05-18T01:30:10.010000Z"
    assert gap.detail["until"] == "2024-05-18T01:30:15.015000Z"


def test_a_missing_segment_is_a_missing_number_and_a_gap_of_its_exact_length() -> None:
    files = [a_file(piece) for piece in row([61.3] * 6) if piece.number not in (3, 4)]
    number, gap = findings(files)
    assert (number.code, number.detail["missing"]) == (Code.MISSING_SEQUENCE_NUMBER, [3, 4])
    assert (gap.code, gap.measured) == (Code.GAP_BETWEEN_FILES, 122.6)


def test_a_segment_shortened_in_itself_leaves_a_gap_behind_it() -> None:
    pieces = row([60.06] * 5)
    files = [a_file(replace(one, length_s=57.057) if one.number == 2 else one) for one in pieces]
    (gap,) = findings(files)
    assert (gap.file, gap.measured) == (files[1].facts.name, 3.003)


def test_renumbered_files_still_show_the_missing_time() -> None:
    kept = [piece for piece in row([60.06] * 6) if piece.number != 3]
    files = [a_file(replace(piece, number=i)) for i, piece in enumerate(kept, start=1)]
    (gap,) = findings(files)
    assert (gap.code, gap.measured) == (Code.GAP_BETWEEN_FILES, 60.06)


def test_the_order_in_which_files_are_given_does_not_matter() -> None:
    files = [a_file(piece) for piece in row([60.06] * 8, {3: 7.0}) if piece.number != 6]
    shuffled = list(files)
    random.Random(1).shuffle(shuffled)
    key = str
    assert sorted(map(key, findings(files))) == sorted(map(key, findings(shuffled)))


def test_a_pause_longer_than_the_activity_window_is_another_activity() -> None:
    assert findings([a_file(piece) for piece in row([60.06] * 4, {2: 1900.0})]) == []
    assert len(findings([a_file(piece) for piece in row([60.06] * 4, {2: 1700.0})])) == 1


def test_an_overlap_at_every_joint_is_a_habit() -> None:
    pieces = row([60.06] * 6, dict.fromkeys(range(1, 6), -1.001))
    overlaps = told([a_file(piece) for piece in pieces], Code.OVERLAP)
    assert [one.severity for one in overlaps] == [Severity.INFO] * 5
    assert all(one.measured == pytest.approx(1.0, abs=0.2) for one in overlaps)


def test_a_single_overlap_must_be_explained() -> None:
    (overlap,) = findings([a_file(piece) for piece in row([60.06] * 6, {3: -5.0})])
    assert (overlap.code, overlap.severity) == (Code.OVERLAP, Severity.ATTENTION)
    assert overlap.measured == pytest.approx(5.0, abs=0.6)


def test_key_frames_found_in_both_files_make_an_overlap_exact() -> None:
    pieces = row([60.06] * 3, {1: -1.5, 2: -1.5})
    files = [
        replace(one, facts=replace(one.facts, content_marks=marks, mark_times=times))
        for one, marks, times in zip(
            [a_file(piece) for piece in pieces],
            [("a", "b"), ("b", "c"), ("c", "d")],
            [(0.0, 58.56), (0.0, 58.56), (0.0, 58.0)],
            strict=True,
        )
    ]
    assert [one.measured for one in told(files, Code.OVERLAP)] == [1.5, 1.5]
    assert told(files, Code.REPEATED_CONTENT) == []


def test_content_found_again_far_away_is_repeated_content() -> None:
    files = [a_file(piece) for piece in row([60.06] * 5)]
    marks = [(f"{i}a", f"{i}b", f"{i}c") for i in range(5)]
    marks[4] = ("4a", "1b", "1c")
    files = [
        replace(one, facts=replace(one.facts, content_marks=own, mark_times=(0.0, 2.0, 4.0)))
        for one, own in zip(files, marks, strict=True)
    ]
    (repeat,) = findings(files)
    assert (repeat.code, repeat.file, repeat.start_s, repeat.end_s) == (
        Code.REPEATED_CONTENT,
        files[4].facts.name,
        2.0,
        4.0,
    )
    assert repeat.detail["same_as"] == files[1].facts.name


def test_a_copy_under_the_next_name_is_a_duplicate_and_its_own_content_is_missing() -> None:
    pieces = row([60.06] * 5)
    files = [a_file(piece) for piece in pieces]
    copy = replace(files[1], facts=replace(files[1].facts, name=pieces[2].name))
    found = findings([*files[:2], copy, *files[3:]])
    assert [one.code for one in found] == [Code.GAP_BETWEEN_FILES, Code.DUPLICATE_FILE]
    gap, duplicate = found
    assert (gap.file, gap.measured) == (pieces[1].name, 60.06)
    assert (duplicate.file, duplicate.detail["same_as"]) == (pieces[2].name, pieces[1].name)


def test_exchanged_contents_contradict_their_names() -> None:
    pieces = row([60.06] * 5)
    headers = [0, 2, 1, 3, 4]
    files = [
        a_file(piece, clocks=mvhd(pieces[h].shown - ZONE)) for piece, h in zip(pieces, headers, strict=True)
    ]
    found = findings(files)
    assert [(one.code, one.file, one.measured) for one in found] == [
        (Code.ORDER_DIFFERS, pieces[1].name, -60.0),
        (Code.ORDER_DIFFERS, pieces[2].name, 60.0),
    ]


def test_two_files_alone_show_that_they_were_exchanged() -> None:
    a, b = row([60.06] * 2)
    files = [a_file(a, clocks=mvhd(b.shown - ZONE)), a_file(b, clocks=mvhd(a.shown - ZONE))]
    assert [one.code for one in findings(files)] == [Code.ORDER_DIFFERS] * 2


def test_one_name_that_leaves_the_habit_is_told() -> None:
    files = [a_file(piece) for piece in row([60.06] * 5)]
    files[3] = a_file(row([60.06] * 5)[3], clocks=mvhd(START - ZONE + timedelta(seconds=900)))
    (found,) = findings(files)
    assert (found.code, found.file) == (Code.NAME_TIME_DIFFERS, files[3].facts.name)


def test_a_constant_difference_between_name_and_header_is_a_habit() -> None:
    odd = timedelta(hours=8, seconds=57)
    inner = Finding(Code.NAME_TIME_DIFFERS, Severity.ATTENTION, "", measured=57.0)
    files = [a_file(piece, clocks=mvhd(piece.shown - odd)) for piece in row([60.06] * 5)]
    files = [replace(one, findings=(replace(inner, file=one.facts.name),)) for one in files]
    found = examine_sequence(files, PACK)
    assert [one.severity for one in found] == [Severity.INFO] * 5
    assert all(one.detail["habit"] is True for one in found)


def test_headers_that_stand_for_the_end_are_a_habit() -> None:
    pieces = row([60.06, 12.5, 60.06, 33.3, 60.06])
    files = [
        a_file(piece, clocks=mvhd(piece.shown - ZONE + timedelta(seconds=round(piece.length_s))))
        for piece in pieces
    ]
    assert findings(files) == []


def test_a_clock_that_lost_its_time_is_a_jump_and_no_gap() -> None:
    pieces = row([60.06] * 5)
    lost = [replace(piece, begins_s=piece.begins_s - 769_339_800 - 180) for piece in pieces[3:]]
    found = findings([a_file(piece) for piece in (*pieces[:3], *lost)])
    assert {one.code for one in found} == {Code.CLOCK_JUMP, Code.CLOCK_IMPLAUSIBLE}
    (jump,) = [one for one in found if one.code is Code.CLOCK_JUMP]
    assert jump.file == lost[0].name
    assert [one.file for one in found if one.code is Code.CLOCK_IMPLAUSIBLE] == [one.name for one in lost]


def test_a_clock_set_back_is_a_jump() -> None:
    pieces = row([60.06] * 5, begins_s=7200.0)
    moved = [replace(one, begins_s=one.begins_s - 3600 * (one.number > 3)) for one in pieces]
    (jump,) = findings([a_file(piece) for piece in moved])
    assert (jump.code, jump.file) == (Code.CLOCK_JUMP, moved[3].name)
    assert jump.measured == pytest.approx(-3600, abs=2)


@pytest.mark.parametrize("hours", [0.75, 1, 8, 24])
def test_a_clock_set_by_whole_quarter_hours_while_recording_went_on_is_a_jump(hours: float) -> None:
    """The file before is full: the recorder split there, and nobody stopped it."""
    pieces = row([60.06] * 3 + [22.5], pauses={2: hours * 3600})
    (jump,) = findings([a_file(piece) for piece in pieces])
    assert (jump.code, jump.severity, jump.file) == (Code.CLOCK_JUMP, Severity.ATTENTION, pieces[2].name)


@pytest.mark.parametrize("hours", [0.75, 1, 8, 24])
def test_a_pause_of_whole_quarter_hours_after_somebody_stopped_is_another_activity(hours: float) -> None:
    pieces = row([60.06, 60.06, 33.3, 60.06, 12.5], pauses={3: hours * 3600})
    (fact,) = told([a_file(piece) for piece in pieces], Code.CLOCK_JUMP)
    assert (fact.severity, fact.detail["manner"], fact.file) == (
        Severity.INFO,
        "another-activity",
        pieces[3].name,
    )


def test_a_file_that_is_full_by_its_size_is_full_though_it_is_short() -> None:
    pieces = row([60.06, 60.06, 33.3, 60.06], pauses={3: 3600})
    sizes = [30_000_000, 60_000_000, 60_000_000, 45_000_000]
    files = [a_file(piece, size_bytes=size) for piece, size in zip(pieces, sizes, strict=True)]
    (jump,) = told(files, Code.CLOCK_JUMP)
    assert jump.severity is Severity.ATTENTION


def test_a_time_in_the_future_cannot_be() -> None:
    files = [a_file(piece) for piece in row([60.06] * 2)]
    now = datetime(2024, 5, 10, tzinfo=UTC)
    assert {one.code for one in findings(files, now)} == {Code.CLOCK_IMPLAUSIBLE}
    assert findings(files, datetime(2024, 5, 19, tzinfo=UTC)) == []


def test_a_counter_that_wraps_is_a_habit_and_nothing_is_missing() -> None:
    pieces = [
        replace(one, number=number) for one, number in zip(row([60.06] * 4), (9998, 9999, 0, 1), strict=True)
    ]
    (reset,) = examine_sequence([a_file(piece) for piece in pieces], PACK)
    assert (reset.code, reset.severity, reset.detail["wrapped"]) == (Code.COUNTER_RESET, Severity.INFO, True)


def test_a_counter_that_falls_back_in_the_middle_must_be_explained() -> None:
    pieces = [
        replace(one, number=number) for one, number in zip(row([60.06] * 4), (17, 18, 5, 6), strict=True)
    ]
    (reset,) = findings([a_file(piece) for piece in pieces])
    assert reset.code is Code.COUNTER_RESET


def test_a_number_that_never_changes_is_no_counter() -> None:
    pieces = [replace(one, number=60) for one in row([60.06] * 4)]
    assert findings([a_file(piece) for piece in pieces]) == []


def test_a_file_of_another_serial_number_is_foreign() -> None:
    files = [a_file(piece) for piece in row([60.06] * 4)]
    files[2] = replace(files[2], facts=replace(files[2].facts, device_ids={"udta:slno": "Y1"}))
    (found,) = findings(files)
    assert (found.code, found.file, found.measured, found.limit) == (
        Code.FOREIGN_DEVICE,
        files[2].facts.name,
        "Y1",
        "X9",
    )


def test_a_file_with_other_pictures_is_foreign() -> None:
    files = [a_file(piece) for piece in row([60.06] * 4)]
    track = replace(files[1].facts.tracks[0], width=1280, height=720)
    files[1] = replace(files[1], facts=replace(files[1].facts, tracks=(track,)))
    assert [one.code for one in findings(files)] == [Code.FOREIGN_DEVICE]


def test_another_order_of_boxes_shows_rewriting_without_any_tag() -> None:
    files = [a_file(piece) for piece in row([60.06] * 4)]
    files[1] = replace(files[1], facts=replace(files[1].facts, layout=("ftyp", "moov", "mdat")))
    (found,) = findings(files)
    assert (found.code, found.file) == (Code.EDITED_BY_SOFTWARE, files[1].facts.name)
    assert found.detail["differs_from_other_files_in"] == ["layout"]


def test_a_whole_card_of_rewritten_files_stays_rewritten() -> None:
    mark = Finding(Code.EDITED_BY_SOFTWARE, Severity.ATTENTION, "", measured="Lavf")
    files = [a_file(piece) for piece in row([60.06] * 4)]
    files = [replace(one, findings=(replace(mark, file=one.facts.name),)) for one in files]
    assert len(findings(files)) == 4


def test_a_quirk_shared_by_the_other_files_is_a_habit() -> None:
    quirk = Finding(Code.EDIT_LIST, Severity.ATTENTION, "", measured=0.455)
    files = [a_file(piece) for piece in row([60.06] * 4)]
    shared = [replace(one, findings=(replace(quirk, file=one.facts.name),)) for one in files]
    assert findings(shared) == []
    assert [one.file for one in findings([*files[:3], shared[3]])] == [files[3].facts.name]


def test_a_mark_that_only_one_file_carries_is_raised() -> None:
    mark = Finding(Code.EDIT_LIST, Severity.INFO, "", measured=2.0)
    files = [a_file(piece) for piece in row([60.06] * 4)]
    files[1] = replace(files[1], findings=(replace(mark, file=files[1].facts.name),))
    assert [one.code for one in findings(files)] == [Code.EDIT_LIST]


def test_a_file_broken_off_by_loss_of_power_makes_no_false_gap() -> None:
    files = [a_file(piece) for piece in row([60.06] * 4)]
    files[3] = replace(
        files[3], facts=MediaFacts(files[3].facts.name, 30_000_000, "mp4", False, layout=("ftyp", "mdat"))
    )
    assert findings(files) == []
    assert findings([*files[:3], files[3], a_file(Piece(5, 60.06 * 3 + 31.0, 60.06))]) == []


def test_a_long_pause_after_a_broken_off_file_is_a_gap() -> None:
    files = [a_file(piece) for piece in row([60.06] * 4)]
    files[3] = replace(files[3], facts=MediaFacts(files[3].facts.name, 30_000_000, "mp4", False))
    (gap,) = findings([*files, a_file(Piece(5, 60.06 * 3 + 30.0 + 300.0, 60.06))])
    assert (gap.code, gap.file, gap.start_s) == (Code.GAP_BETWEEN_FILES, files[3].facts.name, None)
    assert gap.measured == pytest.approx(300, abs=5)


def test_front_and_rear_camera_are_judged_apart() -> None:
    shots = [(minute, side) for minute in (30, 31, 32) for side in "FR"]
    names = [f"2024_0518_09{minute}00_{i:03d}{side}.MP4" for i, (minute, side) in enumerate(shots, start=1)]
    files = [a_file(Piece(i, i, 60.0), name=name, clocks=()) for i, name in enumerate(names)]
    assert findings(files) == []
    gap, number = findings([*files[:3], *files[4:]])  # rear, 09:31
    assert (number.code, number.file, number.detail["missing"]) == (
        Code.MISSING_SEQUENCE_NUMBER,
        names[2],
        [4],
    )
    assert (gap.code, gap.file, gap.detail["after"]) == (Code.GAP_BETWEEN_FILES, names[1], names[5])


def a_stream(name: str, first_s: float, end_s: float) -> SequenceFile:
    track = TrackFacts(1, "video", "h264", packets=300, first_s=first_s, last_s=end_s - 0.03, end_s=end_s,
                       usual_step_s=0.0333)  # fmt: skip
    return SequenceFile(MediaFacts(name, 1, "mpegts", True, (track,), duration_s=end_s - first_s))


def test_stream_clocks_that_run_on_make_a_clean_pair_without_any_date() -> None:
    assert findings([a_stream("b.ts", 19.977, 29.987), a_stream("a.ts", 10.0, 19.977)]) == []


def test_stream_clocks_show_a_missing_part_exactly() -> None:
    (gap,) = findings([a_stream("a.ts", 10.0, 20.0), a_stream("c.ts", 30.0, 40.0)])
    assert (gap.file, gap.start_s, gap.end_s) == ("a.ts", 20.0, 30.0)


def test_one_break_is_a_gap_and_no_habit_of_losing_a_little_at_every_joint() -> None:
    pieces = row([3.625, 3.0, 3.0, 3.0], {1: 2.25})  # 0.44 s at each of three joints would explain it too
    (gap,) = findings([a_file(piece) for piece in pieces])
    assert (gap.code, gap.file) == (Code.GAP_BETWEEN_FILES, pieces[0].name)


LENGTHS = st.lists(st.floats(3.0, 400.0), min_size=3, max_size=12)


@given(lengths=LENGTHS, phase=st.floats(0.0, 0.999), data=st.data())
def test_every_gap_that_clocks_of_whole_seconds_can_show_is_found_and_no_other(
    lengths: list[float], phase: float, data: st.DataObject
) -> None:
    """Tolerance 1 s + clock step 1 s: whatever lies above must be found, whatever does not exist must not."""
    places = data.draw(st.sets(st.integers(1, len(lengths) - 1), max_size=3))
    pauses = {place: data.draw(st.floats(2.1, 1500.0)) for place in sorted(places)}
    pieces = row(lengths, pauses, begins_s=phase)
    found = findings([a_file(piece) for piece in pieces])
    assert {one.code for one in found} <= {Code.GAP_BETWEEN_FILES}
    assert [one.file for one in found] == [pieces[place - 1].name for place in sorted(pauses)]
    for one, place in zip(found, sorted(pauses), strict=True):
        assert one.detail["least_s"] - 0.05 <= pauses[place] <= one.detail["most_s"] + 0.05


@given(count=st.integers(4, 12), length=st.floats(5.0, 400.0), data=st.data())
def test_removed_segments_are_found_with_their_exact_length(
    count: int, length: float, data: st.DataObject
) -> None:
    removed = data.draw(st.sets(st.integers(2, count - 1), min_size=1, max_size=2))
    pieces = [piece for piece in row([length] * count) if piece.number not in removed]
    found = findings([a_file(piece) for piece in pieces])
    missing = [one for one in found if one.code is Code.MISSING_SEQUENCE_NUMBER]
    gaps = [one for one in found if one.code is Code.GAP_BETWEEN_FILES]
    assert sorted(number for one in missing for number in one.detail["missing"]) == sorted(removed)
    assert sum(float(one.measured or 0) for one in gaps) == pytest.approx(length * len(removed), abs=0.01)


@given(count=st.integers(3, 12), overlap=st.floats(1.2, 2.9), phase=st.floats(0.0, 0.999))
def test_a_constant_overlap_is_never_more_than_a_habit(count: int, overlap: float, phase: float) -> None:
    pieces = row([60.06] * count, dict.fromkeys(range(1, count), -overlap), begins_s=phase)
    assert findings([a_file(piece) for piece in pieces]) == []


RUN = st.lists(st.integers(1, 12), min_size=2, max_size=8, unique=True).map(sorted)
NEAR_S = 60.0


def a_run(numbers: list[int], begins_s: float) -> list[SequenceFile]:
    return [a_file(Piece(number, begins_s + 60.06 * number, 60.06)) for number in numbers]


def missing(files: list[SequenceFile]) -> set[tuple[object, ...]]:
    return {
        (one.file, one.detail["after"], *one.detail["missing"])  # type: ignore[misc]
        for one in told(files, Code.MISSING_SEQUENCE_NUMBER)
    }


@given(one=RUN, other=RUN, apart_d=st.integers(1, 900), order=st.randoms())
def test_the_numbers_of_another_run_of_a_recorder_fill_no_hole(
    one: list[int], other: list[int], apart_d: int, order: random.Random
) -> None:
    both = sorted(one + other)
    if both == list(range(both[0], both[0] + len(both))):
        return  # numbers that run through without a hole are believed before any clock: a clock jump is told
    first, second = a_run(one, 0.0), a_run(other, apart_d * 86400.0)
    together = [*first, *second]
    order.shuffle(together)
    assert missing(first) | missing(second) <= missing(together)


@given(numbers=RUN, other=RUN, data=st.data())
def test_only_the_file_that_was_missing_fills_its_hole(
    numbers: list[int], other: list[int], data: st.DataObject
) -> None:
    lost = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))
    if not lost:
        return
    number = data.draw(st.sampled_from(lost))
    found = missing([*a_run(sorted([*numbers, number]), 0.0), *a_run(other, 86400.0)])
    assert not any(number in one[2:] for one in found if one in missing(a_run([*numbers, number], 0.0)))
    assert found >= missing(a_run(other, 86400.0))
