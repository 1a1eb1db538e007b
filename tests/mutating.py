"""Media files and their mutants: what a broken card, or somebody who wants to break a reader, hands in."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_SOURCE = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=1", "-f", "lavfi", "-i", "sine=440:r=8000:d=1")
_KINDS: Mapping[str, Sequence[str]] = {
    "a.mp4": (),
    "f.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
    "b.mkv": (),
    "c.avi": ("-c:v", "mjpeg"),
    "d.ts": (),
    "e.wav": ("-map", "1"),
    "g.png": ("-map", "0", "-frames:v", "1"),
    "h.mp3": ("-map", "1"),
    "i.jpg": ("-map", "0", "-frames:v", "1"),
}
_WORDS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff")


def small_media(folder: Path) -> list[Path]:
    """Make small files of several containers."""
    for name, words in _KINDS.items():
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", *_SOURCE, *words, str(folder / name)], check=True
        )
    return sorted(folder / name for name in _KINDS)


def mutant(body: bytes, dice: random.Random) -> bytes:
    """Overwrite some words of a file, most of them where its headers are, and perhaps cut it off."""
    made = bytearray(body)
    for _ in range(dice.choice((0, 1, 1, 4, 20))):
        at = dice.randrange(len(made)) if dice.random() < 0.5 else dice.randrange(min(len(made), 4096))
        made[at : at + 4] = dice.choice((*_WORDS, dice.randbytes(4)))
    if dice.random() < 0.5:
        del made[dice.randrange(len(made)) :]
    return bytes(made)
