"""A file of 5 GiB survives DVD and BD, and the memory of the builder does not grow with it; sets of 60 GB
are split by the sizes of their files. What is large takes minutes and is left to the grown form.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from evidence.bundle.media import MEDIA, plan
from evidence.verifier.__main__ import main
from tests import udf
from tests.bench.ingest import peak_mib
from tests.package_room import PackageRoom, holes

GIB = 1 << 30
MEMORY_MIB = 300


@pytest.mark.parametrize(("medium", "discs"), [("dvd", 15), ("bd-25", 3), ("bd-100", 1)])
def test_sixty_gigabytes_of_files_are_split_by_their_sizes(tmp_path: Path, medium: str, discs: int) -> None:
    films = [holes(1_999_000_000, tmp_path, f"film-{number}") for number in range(30)]
    assert sum(film.stat().st_blocks for film in films) < 1000, "they take no room"
    sizes = [[film.stat().st_size] for film in films]
    split = plan(sizes, MEDIA[medium])
    assert len(split) == discs
    assert [piece.file for disc in split for piece in disc] == list(range(30)), "in order of time"
    assert all(piece.number == 0 for disc in split for piece in disc), "nothing is cut"


def build(place: Path, film: Path, medium: str) -> float:
    PackageRoom(place, films=[film]).pack(medium, may_cut=True)
    return peak_mib(os.getpid())


@pytest.mark.grown
@pytest.mark.parametrize(("medium", "bags", "system"), [("dvd", 2, "iso9660"), ("bd-25", 1, "udf")])
def test_a_file_of_five_gibibytes_survives(tmp_path: Path, medium: str, bags: int, system: str) -> None:
    film = holes(5 * GIB, tmp_path)
    with film.open("rb+") as made:
        for at in (0, GIB - 3, 4 * GIB - 2051, 4 * GIB - 5, 5 * GIB - 9):  # at edges of parts and of 32 bits
            made.seek(at)
            made.write(b"evidence"[: 5 * GIB - at])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(build, tmp_path / "exports", film, medium).result() < MEMORY_MIB
    (export,) = (tmp_path / "exports").iterdir()
    listed = json.loads((export / "media.json").read_text("utf-8"))["media"]
    assert [one["filesystem"] for one in listed] == [system] * bags
    opened = [unpack(export / one["file"], tmp_path, system) for one in listed]
    assert main([str(one) for one in opened]) == 0
    digest, parts = (
        hashlib.sha256(),
        sorted(part for out in opened for part in out.glob("data/originals/*/*")),
    )
    for part in parts:
        with part.open("rb") as body:
            while block := body.read(1 << 20):
                digest.update(block)
    with film.open("rb") as made:
        assert digest.hexdigest() == hashlib.file_digest(made, "sha256").hexdigest()


def unpack(image: Path, folder: Path, system: str) -> Path:
    """Take the bag out of an image and remove the image; what is large comes from UDF where there is one."""
    out = folder / image.stem
    command = ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", f"/{image.stem}", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(["chmod", "-R", "u+w", str(out)], check=True)
    if system == "udf":
        (large,) = out.glob("data/originals/*/*")
        with large.open("wb") as into:
            into.writelines(udf.blocks(image, f"/{image.stem}/{large.relative_to(out)}"))
    image.unlink()
    return out
