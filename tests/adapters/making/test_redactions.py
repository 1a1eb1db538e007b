"""Redactions, clips, stills and marks by the real ffmpeg, looked at picture by picture; and the check of a
redaction, which must find what a careless maker leaves.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters import making
from evidence.adapters.making import SandboxedMaker, calls, covers
from evidence.adapters.making.beside import has_messages
from evidence.adapters.making.checking import check
from evidence.adapters.probing import probe
from evidence.domain.derivatives import Derivative, Operation
from evidence.domain.instants import from_text
from evidence.domain.orders import Box, Cover, Hush, Order, Region, Span
from evidence.service.court.derivative_ports import Made
from tests.clips import HEIGHT, RATE, WIDTH, clip, difference, pictures, sound

NOW = from_text("2026-03-02T01:00:00.000000Z")
FACE = (Box(500, 40, 60, 80, 80), Box(2000, 200, 120, 60, 100))
HIDDEN = Order(
    Operation.REDACTION, "t", "r",
    regions=(
        Region(Cover.BLACK, FACE, 2500, "face"),
        Region(Cover.BLUR, (Box(0, 0, 0, 100, 48),), 3000, "plate"),
    ),
    spans=(Span(500, 1000, Hush.MUTE, "name"), Span(1500, 2000, Hush.BLEEP, "number")),
)  # fmt: skip


def make(folder: Path, order: Order, original: Path | None = None) -> tuple[Made, Path]:
    """Make what is asked for of a clip; return what is said of it, and the file."""
    (folder / "scratch").mkdir(exist_ok=True)
    if original is None:
        original = folder / "original.mp4"
        original.write_bytes(clip("mp4"))
    wanted = Derivative("d" * 32, "r" * 32, order.operation, order.parameters, "x", NOW, order.words)
    copy, maker = folder / "copy", SandboxedMaker(folder / "scratch")
    with maker.room() as file:
        made = maker.make(original, probe(original, original.name), wanted, file, lambda _: None)
        copy.write_bytes(file.read_bytes())
    return made, copy


def inside(picture: bytes, box: Box) -> bytes:
    """Return the points of a box."""
    rows = (
        picture[y * WIDTH + box.x : y * WIDTH + box.x + box.width] for y in range(box.y, box.y + box.height)
    )
    return b"".join(rows)


def loudness(file: Path, since: float, until: float) -> float:
    part = sound(file)[round(since * 16000) : round(until * 16000)]
    return (sum(one * one for one in part) / len(part)) ** 0.5


def test_no_picture_shows_what_is_hidden_wherever_it_has_moved_and_all_else_is_as_it_was(
    tmp_path: Path,
) -> None:
    made, copy = make(tmp_path, HIDDEN)
    assert made.fault == ""
    before, after = pictures(tmp_path / "original.mp4"), pictures(copy)
    assert len(after) == len(before)
    face, plate = HIDDEN.regions
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        ms = 1000 * number / RATE
        where = face.at(ms)
        assert (where is not None) == (500 <= ms < 2500)
        if where is not None:
            assert max(inside(new, where)) < 40, (ms, "black, but for what the codec smears from the edge")
        squares = inside(new, plate.boxes[0])
        rows = [squares[at : at + 100] for at in range(0, len(squares), 100)]
        assert all(max(row[x : x + 12]) - min(row[x : x + 12]) < 60 for row in rows for x in (18, 34, 50)), ms
        right = Box(0, WIDTH - 24, 0, 24, HEIGHT - 1)
        assert difference(inside(old, right), inside(new, right)) < 6


def test_muted_sound_is_gone_and_a_bleep_is_nothing_but_a_tone(tmp_path: Path) -> None:
    made, copy = make(tmp_path, HIDDEN)
    assert loudness(tmp_path / "original.mp4", 0.5, 1.0) > 0.05
    assert loudness(copy, 0.5, 1.0) < 0.0001
    assert loudness(copy, 1.5, 2.0) == pytest.approx(0.1 / 2**0.5 / 8, rel=0.2), "a sine of that loudness"
    assert loudness(copy, 2.2, 2.8) == pytest.approx(loudness(tmp_path / "original.mp4", 2.2, 2.8), rel=0.1)
    measured: Any = made.made_with["measured"]
    assert float(measured["loudness-muted"]) < -80
    assert float(measured["loudness-beside-bleep"]) < -60
    assert float(measured["detail-black"]) < 0.02
    assert float(measured["detail-blur"]) < 0.15
    assert float(measured["sound-alike"]) > 0.99


def test_sound_behind_a_gap_stays_beside_its_pictures_and_is_hidden_there(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    gap = "[1:a]aselect='lt(t,1)+gte(t,2)',volume=0:enable='lt(t,2.5)'[a]"
    inputs = "-f lavfi -i testsrc2=s=160x128:r=25:d=4 -f lavfi -i sine=440:d=4"
    call = f'ffmpeg -v error {inputs} -filter_complex "{gap}" -map 0:v -map [a] -c:a pcm_s16le {film}'
    subprocess.run(shlex.split(call), check=True)
    order = replace(HIDDEN, regions=(), spans=(Span(3000, 3500, Hush.MUTE, "name"),))
    made, copy = make(tmp_path, order, film)
    assert made.fault == ""
    heard = [loudness(copy, at / 10, at / 10 + 0.1) > 0.01 for at in range(39)]
    assert heard == [25 <= at < 30 or at >= 35 for at in range(39)]


def test_the_same_order_gives_the_same_bytes(tmp_path: Path) -> None:
    first, copy = make(tmp_path, HIDDEN)
    body = copy.read_bytes()
    second, copy = make(tmp_path, HIDDEN)
    assert (first, body) == (second, copy.read_bytes())


@pytest.mark.parametrize(
    ("spoiled", "fault"),
    [
        ({"cover": None}, "region-not-hidden"),
        ({"late": True}, "region-not-hidden"),
        ({"hush": None}, "span-not-hidden"),
    ],
)
def test_a_maker_that_hides_nothing_or_too_late_or_leaves_the_sound_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiled: dict[str, object], fault: str
) -> None:
    if "cover" in spoiled:
        monkeypatch.setattr("evidence.adapters.making.calls.cover", lambda picture, _: picture)
    if "late" in spoiled:
        known = covers.places
        monkeypatch.setattr(covers, "places", lambda one: [(ms + 400, box) for ms, box in known(one)])
    if "hush" in spoiled:
        monkeypatch.setattr("evidence.adapters.making.calls.hush", lambda heard, _: heard)
    made, _ = make(tmp_path, HIDDEN)
    assert made.fault == fault


@pytest.mark.parametrize(
    ("filters", "fault"),
    [
        ("boxblur=2:1", "region-not-hidden"),  # a blur through which one reads
        ("null", "region-not-hidden"),
        ("drawbox=0:0:320:240:black:fill", "outside-changed"),
        ("drawbox=140:60:120:120:black:fill,fps=17", "pictures-differ"),
        ("hflip,drawbox=140:60:120:120:black:fill", "outside-changed"),
    ],
)
def test_the_check_sees_bytes_and_not_intentions(tmp_path: Path, filters: str, fault: str) -> None:
    original, copy = tmp_path / "original.mp4", tmp_path / "copy.mp4"
    original.write_bytes(clip("mp4"))
    call = f"ffmpeg -v error -y -i {original} -vf {filters} -c:v libx264 -crf 18 -c:a copy {copy}"
    subprocess.run(shlex.split(call), check=True)
    region = Region(Cover.BLUR, (Box(0, 140, 60, 120, 120),), 3000, "face")
    order = replace(HIDDEN, regions=(region,), spans=())
    assert check(str(original), str(copy), order)["fault"] == fault


def test_subtitles_places_thumbnails_and_sound_tracks_beside_do_not_come_along(tmp_path: Path) -> None:
    words, thumbnail, film = tmp_path / "words.srt", tmp_path / "thumb.jpg", tmp_path / "film.mp4"
    words.write_text("1\n00:00:00,000 --> 00:00:02,000\nspoken-secret\n", "utf-8")
    film.write_bytes(clip("mp4"))
    original = tmp_path / "original.mp4"
    red = f"ffmpeg -v error -y -f lavfi -i color=red:size=64x64 -frames:v 1 {thumbnail}"
    both = f"ffmpeg -v error -y -i {film} -i {words} -i {thumbnail} -map 0 -map 1 -map 2 -map 0:a"
    told = "-c copy -c:s mov_text -disposition:v:1 attached_pic -metadata location=+30.25+120.16/"
    for call in (red, f"{both} {told} -metadata title=title-secret {original}"):
        subprocess.run(shlex.split(call), check=True)
    assert b"spoken-secret" in original.read_bytes()
    clip_of = Order(Operation.CLIP, "t", "r", 0, 2000)
    for order in (HIDDEN, clip_of, replace(clip_of, at_key_frames=True)):
        made, copy = make(tmp_path, order, original)
        assert made.fault == ""
        assert [one.kind for one in probe(copy, "copy.mp4").tracks] == ["video", "audio"]
        for secret in (
            b"spoken-secret",
            b"title-secret",
            b"+30.25",
            thumbnail.read_bytes()[-64:],
            b"text-secret",
        ):
            assert secret not in copy.read_bytes(), (order.operation, secret)


def with_captions(folder: Path, text: bytes) -> Path:
    """Return a film in whose pictures themselves words stand, as closed captions do (ATSC A/53)."""
    pairs = b"".join(b"\xfc" + text[at : at + 2] for at in range(0, len(text), 2))
    told = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | len(text) // 2, 0xFF]) + pairs + b"\xff"
    return with_units(folder, b"\x00\x00\x00\x01\x06\x04" + bytes([len(told)]) + told + b"\x80", "mp4")


def with_units(folder: Path, unit: bytes, kind: str) -> Path:
    """Return a film with a unit before each picture."""
    plain = "-f lavfi -i testsrc2=s=160x128:r=25:d=1 -c:v libx264 -bf 0 -bsf:v filter_units=remove_types=6"
    subprocess.run(shlex.split(f"ffmpeg -v error -y {plain} -f h264 {folder}/plain"), check=True)
    units = re.split(rb"(?=\x00\x00\x00\x01|(?<!\x00)\x00\x00\x01)", (folder / "plain").read_bytes())
    begun = [unit + one if one.lstrip(b"\x00")[1:2] in (b"\x65", b"\x41", b"\x61") else one for one in units]
    (folder / "spoken").write_bytes(b"".join(begun))
    call = f"ffmpeg -v error -y -fflags +genpts -r 25 -f h264 -i {folder}/spoken -c copy {folder}/film.{kind}"
    subprocess.run(shlex.split(call), check=True)
    return folder / f"film.{kind}"


@pytest.mark.parametrize("operation", ["redaction", "clip", "key-frames", "watermark", "proxy"])
def test_words_within_the_pictures_do_not_come_along(tmp_path: Path, operation: str) -> None:
    """Captions travel beside each picture through decoder, filters and encoder: no track holds them."""
    film = with_captions(tmp_path, b"39.9042N116.4E")
    assert b"\xfc39\xfc.9" in film.read_bytes()
    region = Region(Cover.BLACK, (Box(0, 0, 0, 32, 32),), 1000, "face")
    if operation == "proxy":
        copy = tmp_path / "proxy"
        call = calls.proxy_call(probe(film, film.name))
        copy.touch()
        assert making.encode(call, [film], copy, 1.0, lambda _: None).returncode == 0
    else:
        kind = Operation.CLIP if operation == "key-frames" else Operation(operation)
        order = Order(kind, "t", "r", 0, 900, at_key_frames=operation == "key-frames")
        order = replace(order, regions=(region,) if operation == "redaction" else ())
        made, copy = make(tmp_path, replace(order, recipient="x" if operation == "watermark" else None), film)
        assert made.fault == ""
    assert len(pictures(copy)) > 20
    assert b"\xfc39" not in copy.read_bytes()


UNITS = {
    "serial number": b"\x06\x05\x20" + bytes(range(1, 17)),
    "own kind": b"\x1e" + bytes(range(1, 17)),
    "filler": b"\x0c\xff",
}


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        ("serial number", "mkv"),
        ("own kind", "mp4"),
        ("own kind", "mkv"),
        ("filler", "mp4"),
        ("own kind", "ts"),
    ],
)
def test_a_clip_at_key_frames_keeps_pictures_only_whatever_they_lie_in(
    tmp_path: Path, unit: str, kind: str
) -> None:
    film = with_units(tmp_path, b"\x00\x00\x00\x01" + UNITS[unit] + b"39.9042N116.4E_x\x80", kind)
    assert b"39.9042N116.4E_x" in film.read_bytes()
    made, copy = make(tmp_path, Order(Operation.CLIP, "t", "r", 0, 900, at_key_frames=True), film)
    assert made.fault == ""
    assert len(pictures(copy)) > 20
    assert b"39.9042N" not in copy.read_bytes()


def test_what_nobody_can_take_out_of_pictures_is_encoded_anew_or_not_at_all(tmp_path: Path) -> None:
    """Each picture of Motion JPEG may have remarks of its own."""
    film = tmp_path / "film.avi"
    call = f"ffmpeg -v error -f lavfi -i testsrc2=s=160x128:r=25:d=1 -c:v mjpeg {film}"
    subprocess.run(shlex.split(call), check=True)
    made, copy = make(tmp_path, Order(Operation.CLIP, "t", "r", 0, 900, at_key_frames=True), film)
    assert (made.fault, copy.read_bytes()) == ("tracks-left", b"")
    assert make(tmp_path, Order(Operation.CLIP, "t", "r", 0, 900), film)[0].fault == ""


@pytest.mark.parametrize(("told", "fault"), [("info=1", "tracks-left"), ("info=0", "")])
def test_messages_in_the_settings_of_h265_are_found_and_the_clip_is_not_kept(
    tmp_path: Path, told: str, fault: str
) -> None:
    film = tmp_path / "film.mp4"
    how = f"-c:v libx265 -preset ultrafast -x265-params log-level=none:{told}"
    call = f"ffmpeg -v error -f lavfi -i testsrc2=s=160x128:r=25:d=1 {how} {film}"
    subprocess.run(shlex.split(call), check=True, capture_output=True)
    assert (b"x265 (build" in film.read_bytes()) == bool(fault)
    made, copy = make(tmp_path, Order(Operation.CLIP, "t", "r", 0, 900, at_key_frames=True), film)
    assert made.fault == fault
    assert len(pictures(copy)) > 20


def test_settings_that_cannot_be_read_are_taken_for_messages(tmp_path: Path) -> None:
    sets = b"hvcC" + bytes(22) + b"\x01\x20\x00\x01\x00\x04abcd"
    for body, is_found in (
        (sets, False),
        (sets[:-1], True),
        (sets[:26], True),
        (b"hvc1", True),
        (b"avc1", False),
    ):
        (tmp_path / "film").write_bytes(body)
        assert has_messages(tmp_path / "film") is is_found, body


def test_a_still_holds_no_profile_that_its_picture_brought_along(tmp_path: Path) -> None:
    """Pictures of Motion JPEG carry colour profiles, and in these whatever the recorder wrote there."""
    picture, film = tmp_path / "one.jpg", tmp_path / "film.avi"
    call = f"ffmpeg -v error -f lavfi -i testsrc2=s=160x128 -frames:v 1 {picture}"
    subprocess.run(shlex.split(call), check=True)
    profile = b"ICC_PROFILE\x00\x01\x01" + bytes(36) + b"acsp" + bytes(92) + b"DSJ-0001"
    body = picture.read_bytes()
    size = (len(profile) + 2).to_bytes(2, "big")
    picture.write_bytes(body[:2] + b"\xff\xe2" + size + profile + body[2:])
    call = f"ffmpeg -v error -loop 1 -framerate 25 -t 1 -i {picture} -c copy {film}"
    subprocess.run(shlex.split(call), check=True)
    assert b"DSJ-0001" in film.read_bytes()
    made, copy = make(tmp_path, Order(Operation.STILL, "t", "r", 400), film)
    assert (made.fault, copy.read_bytes()[:4]) == ("", b"\x89PNG")
    assert b"iCCP" not in copy.read_bytes()


def test_a_region_that_goes_there_and_back_within_a_step_is_hidden_all_the_way() -> None:
    """A detector tells a box for each picture, of which there may be sixty in a second."""
    boxes = tuple(Box(ms, 40 + 30 * (ms % 50 == 20), 40, 20, 20) for ms in range(0, 400, 10))
    region = Region(Cover.BLACK, boxes, 500, "face")
    told = list(covers.places(region))
    for ms in range(499):
        drawn = [box for since, box in told if since <= ms][-1]
        where = region.at(ms)
        assert where is not None
        assert drawn.x <= where.x < where.x + where.width <= drawn.x + drawn.width, ms


def test_boxes_of_hours_are_told_one_by_one_and_none_is_searched_for() -> None:
    wandering = tuple(Box(ms, ms // 1000 % 2 * 4000, 0, 20, 20) for ms in range(0, 900_000, 901))
    order = Order(Operation.REDACTION, "t", "r", regions=(Region(Cover.BLACK, wandering, 900_000, "face"),))
    began, told = time.process_time(), covers.commands(order)
    assert next(told).startswith("0.000 drawbox@r0 x 0, ")
    assert sum(1 for _ in told) > 20_000
    assert time.process_time() - began < 1.5


def test_a_clip_has_the_pictures_of_its_part_and_no_other(tmp_path: Path) -> None:
    made, copy = make(tmp_path, Order(Operation.CLIP, "t", "r", 1000, 2200))
    assert made.fault == ""
    before, after = pictures(tmp_path / "original.mp4"), pictures(copy)
    assert len(after) == 30
    for number in (0, 15, 29):
        assert difference(before[25 + number], after[number]) < 4
        assert difference(before[26 + number], after[number]) > difference(before[25 + number], after[number])


def test_a_clip_at_key_frames_begins_with_the_key_picture_before_and_hides_nothing_there(
    tmp_path: Path,
) -> None:
    made, copy = make(tmp_path, Order(Operation.CLIP, "t", "r", 1500, 2200, at_key_frames=True))
    assert made.fault == ""
    before, after = pictures(tmp_path / "original.mp4"), pictures(copy)
    assert after[0] == before[25], "the very picture: nothing is encoded anew"
    assert len(after) >= 18
    assert all(not track.edits or track.hidden_s == 0 for track in probe(copy, "copy.mp4").tracks)


def test_a_still_is_the_picture_shown_at_its_moment(tmp_path: Path) -> None:
    made, copy = make(tmp_path, Order(Operation.STILL, "t", "r", 1030))
    assert (made.fault, made.made_with["shown_ms"]) == ("", 1000)
    assert copy.read_bytes().startswith(b"\x89PNG")
    assert difference(pictures(copy)[0], pictures(tmp_path / "original.mp4")[25]) < 2
    assert make(tmp_path, Order(Operation.STILL, "t", "r", 0))[0].made_with["shown_ms"] == 0


def test_a_mark_is_burned_into_every_picture_whatever_a_name_says(tmp_path: Path) -> None:
    order = Order(Operation.WATERMARK, "t", "r", recipient="某律师 %{n} :x='1'; [a]")
    made, copy = make(tmp_path, order)
    assert made.fault == ""
    corner = Box(0, 6, 5, 120, 12)
    before, after = pictures(tmp_path / "original.mp4"), pictures(copy)
    assert all(
        difference(inside(a, corner), inside(b, corner)) > 8 for a, b in zip(before, after, strict=True)
    )
    assert "某律师" not in json.dumps(made.made_with, ensure_ascii=False), "the call names nobody"


def test_a_check_that_does_not_end_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = making.run_sandboxed

    def broken(argv: list[str], **how: Any) -> Any:
        return known(["false"] if "-I" in argv else argv, **how)

    monkeypatch.setattr(making, "run_sandboxed", broken)
    assert make(tmp_path, HIDDEN)[0].fault == "not-checked"


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_picture_is_hidden_as_it_is_seen(tmp_path: Path, degrees: int) -> None:
    film, original = tmp_path / "film.mp4", tmp_path / "turned.mp4"
    film.write_bytes(clip("mp4"))
    call = f"ffmpeg -v error -y -i {film} -c copy -metadata:s:v:0 rotate={degrees} {original}"
    subprocess.run(shlex.split(call), check=True)
    region = Region(Cover.BLACK, (Box(0, 20, 10, 60, 60),), 3000, "face")
    made, copy = make(tmp_path, replace(HIDDEN, regions=(region,), spans=()), original)
    assert made.fault == ""
    track = probe(copy, "copy.mp4").of_kind("video")[0]
    assert (track.width, track.height) == ((WIDTH, HEIGHT) if degrees == 180 else (HEIGHT, WIDTH))
