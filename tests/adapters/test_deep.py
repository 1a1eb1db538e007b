"""Deep examination on clips made with ffmpeg, and on the shared media with known truth."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evidence.adapters.decoding import broken_stretches
from evidence.adapters.deep import arguments, examine_deep
from evidence.adapters.probing import probe
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import MediaFacts
from evidence.domain.pictures import judge_deep
from tests.domain.packs import a_pack

WITHIN_S = 0.2
NOISY = "testsrc2=size=320x240:rate=25,noise=alls=6:allf=t"
SPEECH = "anoisesrc=amplitude=0.05:sample_rate=16000"


def make(path: Path, *, video: str = NOISY, audio: str = SPEECH, seconds: float = 12.0) -> Path:
    """Make a clip as cameras do: a key frame every second, no pictures coded out of order."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]
    coding = f"-t {seconds} -c:v libx264 -preset veryfast -bf 0 -g 25 -c:a aac".split()
    subprocess.run([*command, video, "-f", "lavfi", "-i", audio, *coding, str(path)], check=True)
    return path


def examine(path: Path) -> list[Finding]:
    facts = probe(path, path.name)
    return list(judge_deep(examine_deep(path, facts), facts, a_pack()))


def spans(findings: list[Finding], code: Code) -> list[tuple[float, float]]:
    return [(one.start_s or 0.0, one.end_s or 0.0) for one in findings if one.code is code]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("deep") / "clean.mp4")


def test_a_clean_clip_gives_no_finding(clean: Path) -> None:
    assert examine(clean) == []


def test_black_and_silence_are_found_and_black_is_not_called_frozen(tmp_path: Path) -> None:
    path = make(
        tmp_path / "covered.mp4",
        video=f"{NOISY},drawbox=t=fill:color=black:enable='between(t,3,6.999)'",
        audio=f"{SPEECH},volume=0:enable='between(t,8,10.999)'",
    )
    findings = examine(path)
    assert {one.code for one in findings} == {Code.BLACK_PICTURE, Code.SILENCE}
    assert spans(findings, Code.BLACK_PICTURE) == [pytest.approx((3.0, 7.0), abs=WITHIN_S)]
    assert spans(findings, Code.SILENCE) == [pytest.approx((8.0, 11.0), abs=WITHIN_S)]
    assert all(one.severity is Severity.ATTENTION and one.cites == ("test:no-editing",) for one in findings)


def test_a_frozen_picture_is_found_as_one_stretch_after_coding_anew(tmp_path: Path) -> None:
    path = make(tmp_path / "frozen.mp4", video=f"{NOISY},select='not(between(t,4,8.999))',fps=25:round=down")
    findings = examine(path)
    assert [one.code for one in findings] == [Code.FROZEN_PICTURE]
    assert spans(findings, Code.FROZEN_PICTURE) == [pytest.approx((4.0, 9.0), abs=WITHIN_S)]


def test_a_static_scene_with_sensor_noise_is_not_frozen(tmp_path: Path) -> None:
    path = make(tmp_path / "parked.mp4", video="color=gray:size=320x240:rate=25,noise=alls=6:allf=t")
    assert examine(path) == []


def test_a_track_silent_throughout_says_so(tmp_path: Path) -> None:
    (silence,) = examine(make(tmp_path / "mute.mp4", audio="anullsrc=r=16000:cl=mono", seconds=5))
    assert (silence.code, silence.detail["whole_file"]) == (Code.SILENCE, True)


def test_a_hole_of_zeros_is_damage_in_its_place(clean: Path, tmp_path: Path) -> None:
    data = bytearray(clean.read_bytes())
    at = len(data) // 2
    data[at : at + 40_000] = bytes(40_000)
    path = tmp_path / "hole.mp4"
    path.write_bytes(data)
    findings = examine(path)
    assert Code.CORRUPT_DATA in {one.code for one in findings if one.severity is Severity.ATTENTION}
    ((start, end),) = spans(findings, Code.CORRUPT_DATA)
    share = at / len(data) * 12
    assert start == pytest.approx(share, abs=1.0)
    assert end - start < 3


def test_times_of_a_transport_stream_are_its_own(tmp_path: Path) -> None:
    video = f"{NOISY},drawbox=t=fill:color=black:enable='between(t,3,6.999)'"
    path = make(tmp_path / "stream.ts", video=video, seconds=9)
    facts = probe(path, path.name)
    first = facts.of_kind("video")[0].first_s or 0.0
    assert first > 1.0
    (black,) = [one for one in examine(path) if one.code is Code.BLACK_PICTURE]
    assert black.start_s == pytest.approx(first + 3.0, abs=WITHIN_S)


def test_unreadable_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no film")
    assert examine(path) == []


def test_a_decoder_that_cannot_run_to_the_end_is_told_as_not_examined(clean: Path, tmp_path: Path) -> None:
    facts = probe(clean, clean.name)
    other = tmp_path / "other.mp4"
    other.write_bytes(b"not what the index said")
    findings = judge_deep(examine_deep(other, facts), facts, a_pack())
    assert Code.NOT_EXAMINED in {one.code for one in findings}


def test_playlists_in_film_clothing_are_not_followed(clean: Path, tmp_path: Path) -> None:
    """CVE-2016-1897: a playlist makes ffmpeg open what it names."""
    facts = probe(clean, clean.name)
    playlist = tmp_path / "attack.mp4"
    playlist.write_text("#EXTM3U\n#EXTINF:10,\nfile:///in/0\n#EXT-X-ENDLIST\n")
    assert examine_deep(playlist, facts).unfinished.startswith("decoder-ended")


def test_the_call_names_neither_file_nor_network(clean: Path) -> None:
    command = arguments(probe(clean, "-i http://x;rm.mp4"))
    assert command[command.index("-i") + 1] == "/in/0"
    assert command[command.index("-protocol_whitelist") + 1] == "file"
    assert "-nostdin" in command
    assert not [part for part in command if "http" in part]


def test_packets_that_cannot_be_decoded_are_placed_one_by_one(clean: Path, tmp_path: Path) -> None:
    assert broken_stretches(str(clean)) == []
    data = bytearray(clean.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40_000] = bytes(40_000)
    path = tmp_path / "hole.mp4"
    path.write_bytes(data)
    found = broken_stretches(str(path))
    assert "video" in {kind for kind, _, _ in found}
    assert all(0 <= start < end <= 12.2 for _, start, end in found)


CASES = [
    ("derived/ob4_frozen6s.mp4", Code.FROZEN_PICTURE, (9.0, 15.0)),
    ("derived/ob5_mute6s.mp4", Code.SILENCE, (16.0, 22.0)),
    ("derived/ob6_zero_hole32k.mp4", Code.CORRUPT_DATA, (9.009, 10.143)),
]


@pytest.mark.parametrize(("name", "code", "span"), CASES)
def test_derived_cases_are_found_within_a_fifth_of_a_second(
    media: Path, name: str, code: Code, span: tuple[float, float]
) -> None:
    findings = [one for one in examine(media / name) if one.severity is Severity.ATTENTION]
    assert [one.code for one in findings] == [code]
    assert spans(findings, code) == [pytest.approx(span, abs=WITHIN_S)]


QUIET = [
    "derived/ob0_control_clean.mp4",
    "real/vtest_pets_cctv.avi",
    "real/tree_handheld.avi",
    "real/box_webcam.mp4",
    "real/gopro_max_heromode.mp4",
    "real/MVI_4823.AVI",
    "edited/intel_bottle-detection.mp4",
    "odd/bipbop_400x300_seg0.ts",
    "odd/bipbop_400x300_seg1.ts",
]


@pytest.mark.parametrize("name", QUIET)
def test_real_cameras_have_nothing_above_info(media: Path, name: str) -> None:
    assert [one for one in examine(media / name) if one.severity is not Severity.INFO] == []


def test_messages_of_a_decoder_that_shows_every_picture_are_info(media: Path) -> None:
    (message,) = examine(media / "real" / "box_webcam.mp4")
    assert (message.code, message.severity, message.start_s) == (Code.CORRUPT_DATA, Severity.INFO, None)


def test_a_file_of_unknown_kind_needs_no_decoder() -> None:
    assert judge_deep(examine_deep(Path("/nowhere"), MediaFacts("x", 0, "unknown", False)),
                      MediaFacts("x", 0, "unknown", False), a_pack()) == ()  # fmt: skip
