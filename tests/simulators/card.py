"""A recorder's card: folders and files as a dock finds them, and a digest that notices any change to them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

MODIFIED_NS = 1_763_631_005_250_000_000  # 2025-11-20T09:30:05.25Z

# Names that careless software turns into paths, options, commands or screens full of nonsense. All are data.
HOSTILE_NAMES: tuple[bytes, ...] = (
    b"-rf",
    b"--url=http:",
    b"..\\..\\x.mp4",
    b"a\nb.mp4",
    b"\x1b[31mred\x07.mp4",
    b"$(reboot).mp4",
    b"caf\xe9.mp4",  # not UTF-8
    ("现场记录" * 21).encode(),  # 252 of the 255 bytes a name may have
    "\u202egpj.4pm".encode(),
    b"%2e%2e%2fx",
    b" ",
    b"CON",
)


def write_card(folder: Path, files: Mapping[str | bytes, bytes], modified_ns: int = MODIFIED_NS) -> Path:
    """Write files (path on the card with "/" → content) into a new folder; all have the same time. Return
    it."""
    for name, content in files.items():
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, ns=(modified_ns, modified_ns))
    return folder


def shift(segments: int = 3, size: int = 100_000) -> dict[str | bytes, bytes]:
    """Return the files of one shift: segments with telling, different bytes, an empty file and a log beside
    them."""
    files: dict[str | bytes, bytes] = {
        f"DCIM/100MEDIA/DSJ_{n:04d}.mp4": content(size + n, n) for n in range(segments)
    }
    return files | {"DCIM/100MEDIA/empty.jpg": b"", "LOG/20251120.txt": "开机\n".encode()}


def content(size: int, seed: int = 0) -> bytes:
    """Return bytes that do not repeat and are the same for the same seed."""
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(size)


def bury(folder: Path) -> None:
    """Make a file so deep below folder that no path reaches it, and not even root can list the way there."""
    place = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(22):
            os.mkdir("d" * 200, dir_fd=place)
            place, before = os.open("d" * 200, os.O_RDONLY, dir_fd=place), place
            os.close(before)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    finally:
        os.close(place)


def tree_digest(folder: Path) -> str:
    """Return a digest of every name, kind, mode, size, time and byte below a folder."""
    digest = hashlib.sha256()
    for place, folders, names in os.walk(os.fsencode(folder)):
        folders.sort()
        for name in sorted(names) + sorted(folders):
            path = os.path.join(place, name)
            facts = os.lstat(path)
            digest.update(repr((path, facts.st_mode, facts.st_size, facts.st_mtime_ns)).encode())
            if name in names and not os.path.islink(path):
                with open(path, "rb") as file:
                    digest.update(file.read())
    return digest.hexdigest()
