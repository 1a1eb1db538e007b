"""Proxies made by the real ffmpeg in the sandbox: of what browsers do not play, of damaged files, of none."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from evidence.adapters import making
from evidence.adapters.making import SandboxedMaker
from evidence.adapters.making.calls import proxy_call
from evidence.adapters.probing import probe
from evidence.domain.derivatives import Derivative, Operation
from evidence.domain.instants import from_text
from evidence.domain.playable import needs_proxy, plays_as_it_is
from evidence.service.court.derivative_ports import Made
from tests.clips import RATE, SECONDS, clip, difference, pictures, sound

WANTED = Derivative(
    "d" * 32, "r" * 32, Operation.PROXY, {}, "service", from_text("2026-03-02T01:00:00.000000Z")
)


def make(scratch: Path, original: Path, told: list[int] | None = None) -> tuple[Made, bytes]:
    """Make a proxy; return what is said of it, and its bytes."""
    scratch.mkdir(exist_ok=True)
    maker = SandboxedMaker(scratch)
    with maker.room() as file:
        tell = (told if told is not None else []).append
        made = maker.make(original, probe(original, original.name), WANTED, file, tell)
        return made, file.read_bytes()


@pytest.fixture
def avi(tmp_path: Path) -> Path:
    path = tmp_path / "original"
    path.write_bytes(clip("avi"))
    return path


@pytest.mark.parametrize("kind", ["avi", "ts"])
def test_pictures_and_sound_come_through_each_at_its_time(tmp_path: Path, kind: str) -> None:
    original, copy = tmp_path / f"original.{kind}", tmp_path / "proxy.mp4"
    original.write_bytes(clip(kind))
    told: list[int] = []
    made, body = make(tmp_path / "scratch", original, told)
    copy.write_bytes(body)
    assert made.fault == ""
    facts = probe(copy, "proxy.mp4")
    assert plays_as_it_is(facts)
    assert needs_proxy(probe(original, original.name))
    assert facts.duration_s == pytest.approx(SECONDS, abs=0.1)
    before, after = pictures(original), pictures(copy)
    assert len(after) == len(before) == SECONDS * RATE
    for at in (0, 30, 70):
        assert difference(after[at], before[at]) < 4, "the same picture, but for what the codec costs"
    assert len(sound(copy)) == pytest.approx(len(sound(original)), abs=2000)
    assert max(sound(copy)) > 0.05
    assert told == sorted(set(told))
    assert told[-1] >= 90


def test_it_begins_with_its_index_and_has_a_key_picture_each_second(tmp_path: Path, avi: Path) -> None:
    _, body = make(tmp_path / "scratch", avi)
    copy = tmp_path / "proxy.mp4"
    copy.write_bytes(body)
    assert probe(copy, "proxy.mp4").layout[:2] == ("ftyp", "moov")
    asked = (
        f"ffprobe -v error -skip_frame nokey -select_streams v -show_entries frame=pts_time -of csv {copy}"
    )
    keys = subprocess.run(shlex.split(asked), check=True, capture_output=True, text=True).stdout
    assert [round(float(one.split(",")[1])) for one in keys.split()] == list(range(SECONDS))


def test_the_same_original_gives_the_same_bytes(tmp_path: Path, avi: Path) -> None:
    first, second = make(tmp_path / "one", avi), make(tmp_path / "two", avi)
    assert first == second
    assert str(first[0].made_with["tool"]).startswith("ffmpeg version ")
    assert first[0].made_with["call"] == proxy_call(probe(avi, "original"))


def test_nothing_of_the_original_comes_along_but_pictures_and_sound(tmp_path: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:02,000\nspoken-secret\n", "utf-8")
    thumbnail, film, original = tmp_path / "thumb.jpg", tmp_path / "film.avi", tmp_path / "original.mkv"
    film.write_bytes(clip("avi"))
    red = f"ffmpeg -v error -y -f lavfi -i color=red:size=64x64 -frames:v 1 {thumbnail}"
    told = "-metadata location=+30.25+120.16/ -metadata title=title-secret"
    both = f"ffmpeg -v error -y -i {film} -i {words} -map 0 -map 1 -c copy -c:s srt {told}"
    for call in (red, f"{both} -attach {thumbnail} -metadata:s:t mimetype=image/jpeg {original}"):
        subprocess.run(shlex.split(call), check=True)
    assert b"spoken-secret" in original.read_bytes()
    made, body = make(tmp_path / "scratch", original)
    assert made.fault == ""
    copy = tmp_path / "proxy.mp4"
    copy.write_bytes(body)
    assert [one.kind for one in probe(copy, "proxy.mp4").tracks] == ["video", "audio"]
    for secret in (b"spoken-secret", b"title-secret", b"+30.25", b"location", thumbnail.read_bytes()[-64:]):
        assert secret not in body


@pytest.mark.parametrize(
    ("name", "packets"),
    [("derived/oa1_avi_powerloss.avi", 39), ("derived/ob7_ts_truncated.ts", 410), ("odd/sample.3gp", 74)],
)
def test_a_damaged_file_is_shown_as_far_as_it_can_be_decoded(
    tmp_path: Path, media: Path, name: str, packets: int
) -> None:
    made, body = make(tmp_path / "scratch", media / name)
    copy = tmp_path / "proxy.mp4"
    copy.write_bytes(body)
    assert made.fault == ""
    assert probe(copy, "proxy.mp4").of_kind("video")[0].packets >= packets


@pytest.mark.parametrize("body", [b"", b"no media at all", clip("mp4")[:5000]])
def test_what_cannot_be_decoded_is_said_and_never_raised(tmp_path: Path, body: bytes) -> None:
    original = tmp_path / "original"
    original.write_bytes(body)
    made, _ = make(tmp_path / "scratch", original)
    assert made.fault == "not-decodable"


def test_what_grows_too_large_or_takes_too_long_is_stopped(
    tmp_path: Path, avi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_LEAST_BYTES", 10_000)
    monkeypatch.setattr(making, "_MOST_BYTES_PER_S", 0)
    made, body = make(tmp_path / "scratch", avi)
    assert made.fault == "too-large"
    assert len(body) <= 10_000
    monkeypatch.undo()
    monkeypatch.setattr(making, "_START_UP_S", 0.05)
    monkeypatch.setattr(making, "_SLOWEST", 0.0)
    monkeypatch.setattr(making, "_BYTES_PER_S", 1 << 50)
    assert make(tmp_path / "scratch", avi)[0].fault == "out-of-time"


def test_rooms_are_gone_with_their_use_and_those_of_the_dead_at_the_next_start(tmp_path: Path) -> None:
    maker = SandboxedMaker(tmp_path)
    (tmp_path / "derived-dead").mkdir()
    (tmp_path / "derived-dead" / "output").write_bytes(b"half")
    with maker.room() as file:
        SandboxedMaker(tmp_path)
        assert file.exists(), "somebody holds it"
        assert not (tmp_path / "derived-dead").exists()
    assert list(tmp_path.iterdir()) == []


def test_no_file_but_the_output_can_be_written(tmp_path: Path, avi: Path) -> None:
    before = avi.read_bytes()
    result = making.run_sandboxed(
        ["sh", "-c", "echo no > /in/0; echo no > /other; echo yes > /out; cat /out"],
        inputs=[avi],
        output=making.Sink(tmp_path / "out", 100) if (tmp_path / "out").touch() is None else None,
    )
    assert result.stdout == b"yes\n"
    assert (tmp_path / "out").read_bytes() == b"yes\n"
    assert avi.read_bytes() == before
