"""Real camera files operated on: what was taken out, hidden, moved or spoilt is found, in its place."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.adapters.probing.payload import payload_draft
from evidence.adapters.probing.reading import read_facts
from evidence.domain.continuity import examine_file
from evidence.domain.findings import Code, Finding, Severity
from tests.domain.packs import a_pack
from tests.simulators import surgery
from tests.simulators.surgery import Movie

NEAR_S = 0.2
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOPRO, PHONE, BODY = (
    "real/gopro_max_heromode.mp4",
    "real/VID_20191220_170832.mp4",
    "derived/ob0_control_clean.mp4",
)
APPLE, AVI, STREAM = "real/cup_iphone_export.mp4", "real/MVI_4823.AVI", "odd/gst_test.ts"


@pytest.fixture
def findings(tmp_path: Path) -> Callable[[bytes, str], list[Finding]]:
    def examine(data: bytes, name: str) -> list[Finding]:
        path = tmp_path / "case"
        path.write_bytes(data)
        return list(examine_file(read_facts(path, Path(name).name), a_pack(), now=NOW))

    return examine


def loud(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.severity is not Severity.INFO]


def near(found: list[Finding], code: Code, start_s: float | None, end_s: float | None) -> bool:
    """Tell whether one finding of this code above info has this span."""
    return any(
        one.code is code
        and (start_s is None or abs((one.start_s or 0) - start_s) <= NEAR_S)
        and (end_s is None or abs((one.end_s or 0) - end_s) <= NEAR_S)
        for one in loud(found)
    )


@pytest.mark.parametrize(
    "name", [GOPRO, PHONE, BODY, APPLE, "real/hlg10_android14.mp4", "real/portrait_4k60.mp4"]
)
@pytest.mark.parametrize("front", [False, True], ids=["index-last", "index-first"])
def test_a_file_put_together_again_shows_nothing_to_explain(
    media: Path, findings: Callable[..., list[Finding]], name: str, front: bool
) -> None:
    assert loud(findings(surgery.reclaim(media / name).bytes(front), name)) == []


@pytest.mark.parametrize("name", [GOPRO, BODY, APPLE])
@pytest.mark.parametrize(("share", "count"), [(0.2, 10), (0.5, 15), (0.7, 60)])
def test_pictures_taken_out_leave_a_gap_in_their_place(
    media: Path, findings: Callable[..., list[Finding]], name: str, share: float, count: int
) -> None:
    movie = surgery.reclaim(media / name)
    count = min(count, len(movie.video.samples) // 6)
    span = surgery.drop(movie.video, int(len(movie.video.samples) * share), count)
    assert near(findings(movie.bytes(), name), Code.GAP_IN_FILE, *span)


@pytest.mark.parametrize("name", [GOPRO, BODY, APPLE])
@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_sound_taken_out_leaves_a_gap_in_its_place(
    media: Path, findings: Callable[..., list[Finding]], name: str, seconds: float
) -> None:
    movie = surgery.reclaim(media / name)
    packets = len(movie.audio.samples)
    span = surgery.drop(movie.audio, packets // 3, int(seconds * packets / movie.audio.seconds()[-1]))
    assert near(findings(movie.bytes(), name), Code.AUDIO_GAP, *span)


@pytest.mark.parametrize("name", [GOPRO, BODY, APPLE])
@pytest.mark.parametrize("entries", ["head", "tail", "middle"])
def test_media_hidden_by_an_edit_list_is_told_and_no_header_is_accused_for_it(
    media: Path, findings: Callable[..., list[Finding]], name: str, entries: str
) -> None:
    movie = surgery.reclaim(media / name)
    length = movie.video.seconds()[-1]
    shown = {
        "head": [(length - 2, 2.0)],
        "tail": [(length - 2, 0.0)],
        "middle": [(1, 0.0), (length - 3, 3.0)],
    }
    for track in (movie.video, movie.audio):
        surgery.edit(track, movie, shown[entries])
    assert {one.code for one in loud(findings(movie.bytes(), name))} == {Code.EDIT_LIST}


def test_sound_moved_back_by_an_edit_list_starts_late(
    media: Path, findings: Callable[..., list[Finding]]
) -> None:
    movie = surgery.reclaim(media / BODY)
    surgery.edit(movie.audio, movie, [(2.0, None), (movie.audio.seconds()[-1], 0.0)])
    assert near(findings(movie.bytes(), BODY), Code.AUDIO_STARTS_LATE, 0.0, 2.0)


@pytest.mark.parametrize(
    ("name", "stretch"), [(BODY, (2, 7, 20)), (BODY, (10, 14, 20)), (GOPRO, (0, 5, 8)), (APPLE, (0, 4, 6))]
)
def test_a_stretch_copied_to_a_later_place_is_found_even_in_the_middle(
    media: Path, findings: Callable[..., list[Finding]], name: str, stretch: tuple[float, float, float]
) -> None:
    movie = surgery.reclaim(media / name)
    span = surgery.repeat(movie, *stretch)
    assert near(findings(movie.bytes(), name), Code.REPEATED_CONTENT, *span)


@pytest.mark.parametrize("kind", surgery.DATED)
@pytest.mark.parametrize("by_s", [3600, 86_400, -86_400])
def test_one_header_dated_anew_disagrees_with_the_others(
    media: Path, findings: Callable[..., list[Finding]], kind: bytes, by_s: int
) -> None:
    movie = surgery.reclaim(media / GOPRO)
    dated = struct.unpack_from(">I", surgery.box(movie.moov, b"mvhd").body, 4)[0]
    surgery.redate(movie, dated - by_s, (kind,))
    assert Code.CLOCK_DISAGREES in {one.code for one in loud(findings(movie.bytes(), GOPRO))}


@pytest.mark.parametrize(
    "dated", [datetime(2033, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), 0xFFFFFFFF]
)
def test_dates_that_cannot_be_are_told(
    media: Path, findings: Callable[..., list[Finding]], dated: datetime | int
) -> None:
    movie = surgery.reclaim(media / BODY)
    surgery.redate(movie, dated)
    assert {one.code for one in loud(findings(movie.bytes(), BODY))} == {Code.CLOCK_IMPLAUSIBLE}


@pytest.mark.parametrize("name", [GOPRO, PHONE, BODY, AVI, STREAM, "real/street.mp4", "odd/sample.3gp"])
@pytest.mark.parametrize("share", [10, 40, 90])
def test_a_file_that_was_not_written_to_its_end_is_truncated(
    media: Path, findings: Callable[..., list[Finding]], name: str, share: int
) -> None:
    data = (media / name).read_bytes()
    end = len(data) * share // 100
    end -= (end % 188 - 40) * name.endswith(".ts")
    assert Code.TRUNCATED in {one.code for one in loud(findings(data[:end], name))}


@pytest.mark.parametrize("name", [GOPRO, BODY, AVI, STREAM, "real/vtest_pets_cctv.avi", "odd/sample.3gp"])
@pytest.mark.parametrize("size", [1, 7, 5000, 131_072])
def test_bytes_behind_the_end_are_told_and_are_no_loss(
    media: Path, findings: Callable[..., list[Finding]], name: str, size: int
) -> None:
    behind = random.Random(size).randbytes(size - 1)
    found = findings((media / name).read_bytes() + b"x" + behind, name)
    told = {one.code for one in loud(found)}
    assert Code.DATA_AFTER_END in told
    assert Code.TRUNCATED not in told


@pytest.mark.parametrize("packets", [100, 400])
def test_junk_between_the_packets_of_a_stream_is_told_with_its_bytes(
    media: Path, findings: Callable[..., list[Finding]], packets: int
) -> None:
    data = (media / STREAM).read_bytes()
    at = packets * 188
    (junk,) = [
        one
        for one in findings(data[:at] + b"?" * 1000 + data[at:], STREAM)
        if one.code is Code.CORRUPT_DATA and one.measured == "junk"
    ]
    assert (junk.detail["start_byte"], junk.detail["end_byte"]) == (at, at + 1000)


@pytest.mark.parametrize("size", [4096, 32_768])
def test_a_hole_of_zeros_in_coded_pictures_is_marked_as_no_padding(
    media: Path, tmp_path: Path, size: int
) -> None:
    data = (media / GOPRO).read_bytes()
    path = tmp_path / "case"
    path.write_bytes(surgery.spoil(data, len(data) // 2, size))
    holes = [one for one in payload_draft(str(path)).damage if one["kind"] == "zero-run"]
    assert holes
    assert all(dict(one["detail"])["coded"] for one in holes if dict(one["detail"])["track"] == 1)  # type: ignore[call-overload]


def test_a_movie_survives_being_taken_apart_byte_for_byte_in_its_samples(media: Path) -> None:
    movie = surgery.reclaim(media / GOPRO)
    again = Movie(movie.bytes())
    assert [track.samples for track in again.tracks] == [track.samples for track in movie.tracks]
