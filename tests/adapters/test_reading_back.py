"""What the program reads on a medium: all of it, or an error; never an empty medium in place of a fault."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from evidence.adapters.reading_back import read_back, read_volume
from evidence.errors import Conflict, NotFound

IMAGE = bytes(range(256)) * 8


def test_a_folder_is_read_as_stock_commands_read_it_and_links_count_for_nothing(tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    (disc / "2026").mkdir(parents=True)
    (disc / "2026" / "甲 1.mp4").write_bytes(b"one")
    (disc / "乙.mp4").write_bytes(b"two")
    (tmp_path / "elsewhere").write_bytes(b"three")
    (disc / "link.mp4").symlink_to(tmp_path / "elsewhere")
    found = read_back(disc)
    assert found.digests == {hashlib.sha256(one).hexdigest() for one in (b"one", b"two")}
    by_hand = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    told = subprocess.run(["sh", "-c", by_hand], cwd=disc, capture_output=True, text=True, check=True)
    assert told.stdout.split()[0] == found.sha256


def test_what_cannot_be_read_is_an_error_and_not_an_empty_medium(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="folder-not-found"):
        read_back(tmp_path / "not-mounted")
    with pytest.raises(OSError, match="Errno"):
        read_back(Path("/proc/self/task"))
    with pytest.raises(OSError, match="Errno"):
        read_volume(tmp_path / "not-there", 5)


def test_an_image_is_known_by_all_its_bytes_and_a_longer_file_is_another_one(tmp_path: Path) -> None:
    image = tmp_path / "disc.iso"
    image.write_bytes(IMAGE)
    assert read_volume(image, len(IMAGE)) == hashlib.sha256(IMAGE).hexdigest()
    image.write_bytes(IMAGE[:-1])
    assert read_volume(image, len(IMAGE)) == hashlib.sha256(IMAGE[:-1]).hexdigest(), "what is there is told"
    image.write_bytes(IMAGE + b"x")
    with pytest.raises(Conflict, match="medium-longer"):
        read_volume(image, len(IMAGE))


def test_a_folder_that_is_no_bag_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="bag-not-whole"):
        read_volume(tmp_path, 5)
