"""Judging what decoding showed, on made-up stretches."""

from __future__ import annotations

import pytest

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import Damage, MediaFacts, Step, TrackFacts
from evidence.domain.pictures import DeepFacts, Stretch, judge_deep, merge, subtract
from tests.domain.packs import a_pack

VIDEO = TrackFacts(1, "video", "avc1", packets=1500, first_s=0.0, last_s=59.96, end_s=60.0, usual_step_s=0.04)
FACTS = MediaFacts("clip.mp4", 1, "mp4", True, (VIDEO,), duration_s=60.0)


def judge(deep: DeepFacts, facts: MediaFacts = FACTS) -> list[Finding]:
    return list(judge_deep(deep, facts, a_pack()))


def test_nothing_seen_is_nothing_told() -> None:
    assert judge(DeepFacts()) == []


def test_a_black_picture_is_not_told_as_frozen_too() -> None:
    found = judge(DeepFacts(black=(Stretch(10, 14),), frozen=(Stretch(10, 14.02), Stretch(20, 26))))
    assert [(one.code, one.start_s, one.end_s) for one in found] == [
        (Code.BLACK_PICTURE, 10, 14),
        (Code.FROZEN_PICTURE, 20, 26),
    ]


def test_pieces_of_one_freeze_are_one_finding() -> None:
    pieces = tuple(Stretch(start, start + 0.96) for start in range(9, 15))
    (found,) = judge(DeepFacts(frozen=pieces))
    assert (found.start_s, found.end_s) == (9, 14.96)


@pytest.mark.parametrize("length", [0.12, 1.0, 1.7])
def test_a_short_standstill_is_no_freeze(length: float) -> None:
    assert judge(DeepFacts(frozen=(Stretch(5, 5 + length),))) == []


def test_a_picture_held_over_a_hole_in_time_is_a_gap_and_no_freeze() -> None:
    held = TrackFacts(1, "video", "avc1", first_s=0.0, end_s=60.0, usual_step_s=0.04, steps=(Step(10, 16),))
    facts = MediaFacts("clip.mp4", 1, "mp4", True, (held,), duration_s=60.0)
    assert judge(DeepFacts(frozen=(Stretch(10, 16),)), facts) == []


def test_single_pictures_of_a_slow_camera_are_no_freeze() -> None:
    slow = TrackFacts(1, "video", "cvid", first_s=0.0, end_s=60.0, usual_step_s=0.5)
    facts = MediaFacts("clip.avi", 1, "avi", True, (slow,), duration_s=60.0)
    pieces = tuple(Stretch(i * 0.5, i * 0.5 + 0.5) for i in range(100))
    assert judge(DeepFacts(frozen=pieces), facts) == []


def test_decoder_and_payload_scan_tell_one_damage_once() -> None:
    scan = (Damage("zero-run", 100, 200, 9.0, 10.1),)
    (found,) = judge(DeepFacts(broken=(("video", Stretch(9.0, 10.2)),), damage=scan, grumbles=30))
    assert (found.code, found.severity) == (Code.CORRUPT_DATA, Severity.ATTENTION)
    assert (found.start_s, found.end_s, found.detail["signs"]) == (9.0, 10.2, ["video", "zero-run"])


def test_zeros_that_every_decoder_reads_without_a_word_are_padding() -> None:
    scan = (Damage("zero-run", 100, 200, 9.0, 10.1),)
    assert [one.severity for one in judge(DeepFacts(damage=scan))] == [Severity.INFO]
    assert [one.severity for one in judge(DeepFacts(damage=scan, grumbles=1))] == [Severity.ATTENTION]


def test_messages_alone_are_a_fact_about_the_encoder() -> None:
    (found,) = judge(DeepFacts(grumbles=4, grumble="[h264] non-intra slice"))
    assert (found.severity, found.measured, found.start_s) == (Severity.INFO, 4.0, None)


def test_what_was_not_decoded_to_the_end_is_never_silent() -> None:
    (found,) = judge(DeepFacts(unfinished="out-of-time"))
    assert (found.code, found.severity, found.measured) == (
        Code.NOT_EXAMINED,
        Severity.ATTENTION,
        "out-of-time",
    )


def test_stretches_are_merged_and_cut() -> None:
    assert merge([Stretch(3, 4), Stretch(0, 1), Stretch(1.1, 2)], 0.2) == [Stretch(0, 2), Stretch(3, 4)]
    assert subtract([Stretch(0, 10)], [Stretch(2, 3), Stretch(9, 12)]) == [Stretch(0, 2), Stretch(3, 9)]


def test_zeros_where_the_coding_allows_none_are_a_hole_though_it_decodes() -> None:
    scan = (Damage("zero-run", 100, 200, 9.0, 10.1, {"coded": True}),)
    assert [one.severity for one in judge(DeepFacts(damage=scan))] == [Severity.ATTENTION]


@pytest.mark.parametrize(("length", "severity"), [(1.0, Severity.INFO), (1.95, Severity.ATTENTION)])
def test_a_second_of_black_or_silence_is_a_fact_and_two_must_be_explained(
    length: float, severity: Severity
) -> None:
    stretch = (Stretch(5, 5 + length),)
    assert [one.severity for one in judge(DeepFacts(black=stretch, silent=stretch))] == [severity, severity]


def test_silence_that_comes_again_and_again_is_how_this_file_sounds() -> None:
    often = tuple(Stretch(start, start + 9.0) for start in range(0, 60, 10))
    assert {one.severity for one in judge(DeepFacts(silent=often))} == {Severity.INFO}
    assert {one.severity for one in judge(DeepFacts(silent=often[:2]))} == {Severity.ATTENTION}
    assert {one.severity for one in judge(DeepFacts(silent=(Stretch(0, 60),)))} == {Severity.ATTENTION}
