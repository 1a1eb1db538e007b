"""Every container and codec that recorders write, made by ffmpeg and read back."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.adapters.packs import load_pack
from evidence.adapters.probing import facts_from_text, facts_to_text, probe
from evidence.adapters.probing.reading import read_facts
from evidence.domain.continuity import examine_file
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import MediaFacts

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25")
H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-g", "25")
FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof")
KINDS = {
    "a.mp4": ("mp4", (*H264, "-c:a", "aac")),
    "b.mp4": ("mp4", (*H265, "-tag:v", "hvc1", "-c:a", "aac")),
    "fragmented.mp4": ("mp4", (*H264, "-c:a", "aac", *FRAGMENTED)),
    "c.mov": ("mov", (*H264, "-c:a", "pcm_s16le")),
    "ulaw.mov": ("mov", (*H264, "-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1")),
    "d.3gp": ("3gp", ("-c:v", "mpeg4", "-c:a", "aac")),
    "e.mkv": ("matroska", (*H264, "-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1")),
    "f.mkv": ("matroska", (*H265, "-c:a", "aac")),
    "g.webm": ("matroska", ("-c:v", "libvpx", "-c:a", "libvorbis")),
    "h.avi": ("avi", ("-c:v", "mjpeg", "-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1")),
    "i.avi": ("avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
    "j.ts": ("mpegts", (*H264, "-c:a", "aac")),
    "k.m2ts": ("mpegts", (*H265, "-c:a", "aac", "-mpegts_m2ts_mode", "1")),
}  # fmt: skip
SOUNDS = {
    "l.wav": ("wav", ("-c:a", "pcm_s16le")),
    "m.wav": ("wav", ("-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1")),
    "n.mp3": ("mp3", ("-c:a", "libmp3lame")),
}
LENGTH = 4.0


def ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *words], check=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of each kind, 4 s long."""
    folder = tmp_path_factory.mktemp("kinds")
    sound = ("-f", "lavfi", "-i", f"sine=440:r=48000:d={LENGTH}")
    picture = ("-f", "lavfi", "-i", f"testsrc=s=320x240:r=25:d={LENGTH}")
    for name, (_, words) in KINDS.items():
        ffmpeg(
            *picture,
            *sound,
            "-pix_fmt",
            "yuvj420p" if "mjpeg" in words else "yuv420p",
            *words,
            str(folder / name),
        )
    for name, (_, words) in SOUNDS.items():
        ffmpeg(*sound, *words, str(folder / name))
    ffmpeg(*picture, "-frames:v", "1", str(folder / "o.jpg"))
    ffmpeg(*picture, "-frames:v", "1", str(folder / "p.png"))
    frame = bytes([0x3C]) + bytes(31)  # AMR-NB at 12.2 kbit/s: 20 ms of speech, RFC 4867 §5.3
    (folder / "q.amr").write_bytes(b"#!AMR\n" + frame * 200)
    return folder


def findings(facts: MediaFacts) -> tuple[Finding, ...]:
    return examine_file(facts, load_pack("dazhe-2020").at(datetime(2026, 3, 2, tzinfo=UTC).date()))


def grave(facts: MediaFacts) -> set[Code]:
    """What must be explained, apart from ffmpeg's own marks, which these files rightly carry."""
    found = {one.code for one in findings(facts) if one.severity is not Severity.INFO}
    return found - {Code.EDITED_BY_SOFTWARE}


@pytest.mark.parametrize("name", [*KINDS, *SOUNDS, "q.amr"])
def test_a_sound_file_of_each_kind_is_read_with_its_length_and_nothing_to_explain(
    made: Path, name: str
) -> None:
    facts = probe(made / name, name)
    kind = {**KINDS, **SOUNDS, "q.amr": ("amr", ())}[name][0]
    assert (facts.container, facts.readable, facts.notes) == (kind, True, ())
    assert facts.duration_s == pytest.approx(LENGTH, abs=0.15)
    assert grave(facts) == set()
    if name in KINDS:
        video, audio = facts.of_kind("video")[0], facts.of_kind("audio")[0]
        assert (video.packets, video.width, video.height) == (100, 320, 240)
        assert video.usual_step_s == pytest.approx(0.04, abs=0.001)
        assert audio.end_s == pytest.approx((audio.first_s or 0) + LENGTH, abs=0.15)


@pytest.mark.parametrize(("name", "size"), [("o.jpg", (320, 240)), ("p.png", (320, 240))])
def test_pictures_are_read_with_their_size(made: Path, name: str, size: tuple[int, int]) -> None:
    facts = probe(made / name, name)
    track = facts.tracks[0]
    assert (facts.readable, track.kind, (track.width, track.height), grave(facts)) == (
        True,
        "image",
        size,
        set(),
    )


@pytest.mark.parametrize("name", [*KINDS, *SOUNDS, "o.jpg", "p.png", "q.amr"])
def test_content_decides_and_never_the_name(made: Path, name: str) -> None:
    as_text, as_itself = read_facts(made / name, "notes.txt"), read_facts(made / name, name)
    assert as_text.container == as_itself.container
    assert Code.TYPE_DIFFERS not in {one.code for one in findings(as_text)}
    other = "x.avi" if as_itself.container != "avi" else "x.mp4"
    assert Code.TYPE_DIFFERS in {one.code for one in findings(read_facts(made / name, other))}


@pytest.mark.parametrize(
    "name", [name for name in [*KINDS, *SOUNDS, "o.jpg", "p.png", "q.amr"] if name != "n.mp3"]
)
def test_a_file_cut_off_in_the_middle_is_found_truncated(made: Path, name: str, tmp_path: Path) -> None:
    whole = (made / name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[: len(whole) * 3 // 5 + 7])
    assert Code.TRUNCATED in grave(read_facts(cut, name))


@pytest.mark.parametrize("name", ["a.mp4", "c.mov", "h.avi", "e.mkv", "l.wav", "o.jpg", "p.png"])
def test_bytes_after_the_end_are_found(made: Path, name: str, tmp_path: Path) -> None:
    longer = tmp_path / name
    longer.write_bytes((made / name).read_bytes() + b"\x01hidden message" * 40)
    assert Code.DATA_AFTER_END in {one.code for one in findings(read_facts(longer, name))}


@pytest.mark.parametrize("name", ["a.mp4", "e.mkv", "h.avi", "j.ts"])
def test_three_seconds_without_packets_are_found_where_they_are(
    made: Path, name: str, tmp_path: Path
) -> None:
    holed = tmp_path / name
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc=s=320x240:r=25:d=10",
        "-f",
        "lavfi",
        "-i",
        "sine=440:r=8000:d=10",
        "-vf",
        "select='not(between(t,4,6.99))'",
        "-af",
        "aselect='not(between(t,4,6.99))'",
        "-vsync",
        "passthrough",
        *(("-c:v", "mpeg4", "-c:a", "pcm_s16le") if name == "h.avi" else (*H264, "-c:a", "aac")),
        str(holed),
    )
    facts = probe(holed, name)
    origin = facts.of_kind("video")[0].first_s or 0.0
    gap = next(one for one in findings(facts) if one.code is Code.GAP_IN_FILE)
    assert gap.severity is Severity.ATTENTION
    assert (gap.start_s or 0) - origin == pytest.approx(4.0, abs=0.2)
    assert (gap.end_s or 0) - origin == pytest.approx(7.0, abs=0.2)


def test_an_empty_file_and_text_called_video_get_their_findings(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("今天没有录像。\n" * 50, encoding="utf-8")
    assert grave(probe(tmp_path / "empty.mp4", "empty.mp4")) == {Code.EMPTY_FILE}
    assert grave(probe(tmp_path / "text.mp4", "text.mp4")) == {Code.TYPE_DIFFERS, Code.UNREADABLE}


def test_facts_survive_the_way_to_text_and_back(made: Path) -> None:
    for name in KINDS:
        facts = probe(made / name, name)
        assert facts_from_text(facts_to_text(facts)) == facts


def test_an_indexed_file_is_judged_without_its_media_data(made: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "e.mkv", "h.avi"):
        large = tmp_path / name
        ffmpeg(
            "-f",
            "lavfi",
            "-i",
            "color=gray:s=640x480:r=25:d=2,noise=alls=100:allf=t",
            "-q:v",
            "1",
            "-c:v",
            "mjpeg" if name != "a.mp4" else "mpeg4",
            "-pix_fmt",
            "yuvj420p" if name != "a.mp4" else "yuv420p",
            str(large),
        )
        facts = probe(large, name)
        assert facts.readable
        assert facts.bytes_read < 0.02 * facts.size_bytes + 100_000, (
            name,
            facts.bytes_read,
            facts.size_bytes,
        )


def test_the_name_is_data_whatever_it_holds(made: Path) -> None:
    for name in ("../../etc/passwd", "-version", "片" * 255, "a\nb\x1b[31m.mp4", "concat:x|y", "%d.mp4"):
        assert probe(made / "a.mp4", name).name == name


def test_the_modification_time_is_one_more_clock(made: Path) -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert [c.text for c in probe(made / "a.mp4", "a.mp4", at).clocks if c.origin == "mtime"] == [
        at.isoformat()
    ]
