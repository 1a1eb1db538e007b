"""Short clips of moving pictures and sound, made once for each kind, and what a decoder sees in them."""

from __future__ import annotations

import shutil
import subprocess
from array import array
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

SECONDS, WIDTH, HEIGHT, RATE = 3, 320, 240, 25
_PICTURE = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}"
_SOUND = "sine=frequency=440:sample_rate=16000"
_CODING = {
    "avi": "-c:v mpeg4 -q:v 3 -c:a pcm_s16le",  # no browser plays it
    "ts": "-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a aac",
    "mp4": "-c:v libx264 -preset ultrafast -bf 0 -g 25 -c:a aac",
}
_ROOM = Path(mkdtemp(prefix="clips-"))


@cache
def clip(kind: str = "avi", seconds: float = SECONDS) -> bytes:
    """Return a clip in a container of this kind."""
    path = _ROOM / f"clip.{kind}"
    how = f"-t {seconds} {_CODING[kind]}".split()
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", _PICTURE]
    subprocess.run([*command, "-f", "lavfi", "-i", _SOUND, *how, str(path)], check=True)
    return path.read_bytes()


def pictures(file: Path) -> list[bytes]:
    """Return all pictures of a file, one byte of light for each point."""
    asked = f"ffprobe -v error -select_streams v:0 -show_entries stream=width,height -of csv=p=0 {file}"
    size = subprocess.run(asked.split(), check=True, capture_output=True, text=True).stdout
    width, height = (int(one) for one in size.split()[0].split(",")[:2])
    raw = _decoded(file, "-map 0:v:0 -fps_mode passthrough -f rawvideo -pix_fmt gray")
    return [raw[at : at + width * height] for at in range(0, len(raw), width * height)]


def difference(one: bytes, other: bytes) -> float:
    """Return the mean difference of two pictures, of 255."""
    assert len(one) == len(other)
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def sound(file: Path) -> array[float]:
    """Return the sound of a file: one channel, 16000 values a second, from -1 to 1."""
    return array("f", _decoded(file, "-map 0:a:0 -ac 1 -ar 16000 -f f32le"))


def _decoded(file: Path, how: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(file), *how.split(), "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def forget() -> None:
    """Remove the clips."""
    shutil.rmtree(_ROOM, ignore_errors=True)
