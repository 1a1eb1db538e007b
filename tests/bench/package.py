"""Packages: bytes per second into a bag, beside `cp` and `sha256sum` of the same bytes in the same run.

The floor copies the files and runs `sha256sum` over the copies, one behind the other, as a careful clerk
does; once as it is, and once with `sync`. A package is on the disc when it is published, so the figure that
counts is the one against the copies that were synced too. The package is made with SHA-256, SHA-512 and SM3
of every byte; what these three take alone, each on its own core or all on one, is shown too, and how long the
build waited for syncs. Peak memory is that of a process that does nothing but build.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.bench.ingest import fill_memory, peak_mib
from tests.package_room import PackageRoom

MIB = 1 << 20
TARGET_RATIO, TARGET_MEMORY_MIB = 0.7, 300


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench package")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--file-mib", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many")
    parser.add_argument("--medium", default="folder", help="folder, zip, dvd, …")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-package-", dir=options.folder))
    total = options.files * options.file_mib * MIB
    try:
        films = _films(folder, options.files, options.file_mib * MIB)
        alone = {name: _alone(name) for name in ("sha256", "sha512", "sm3")}
        print("digests alone, MB/s: " + ", ".join(f"{name} {speed:.0f}" for name, speed in alone.items()))
        together = 1 / sum(1 / speed for speed in alone.values())
        print(
            f"one behind the other {together:.0f} MB/s; side by side no more than SM3 {alone['sm3']:.0f} MB/s"
        )
        best = {"cp + sha256sum": 0.0, "the same, synced": 0.0, "package": 0.0}
        peak = 0.0
        for _ in range(options.rounds):
            for name, synced in (("cp + sha256sum", False), ("the same, synced", True)):
                fill_memory(folder)
                best[name] = max(best[name], total / _floor(folder, films, synced))
            fill_memory(folder)
            took, used, waited, beside = _package(folder, films, options.medium)
            print(f"built in {took:.1f} s; waited {waited:.1f} s for syncs, {beside:.1f} s of them beside it")
            best["package"], peak = max(best["package"], total / took), max(peak, used)
        for name, speed in best.items():
            print(f"{name:<18}{speed / 1e6:>8.0f} MB/s")
        ratio, unsynced = (best["package"] / best[name] for name in ("the same, synced", "cp + sha256sum"))
        print(f"ratio {ratio:.2f} (against copies that nobody synced {unsynced:.2f}), peak {peak:.0f} MiB")
        return int(ratio < TARGET_RATIO or peak > TARGET_MEMORY_MIB)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _films(folder: Path, number: int, size: int) -> list[Path]:
    block, films = os.urandom(4 * MIB), []
    for one in range(number):
        film = folder / f"film-{one}.mp4"
        with film.open("wb", buffering=0) as out:
            for at in range(0, size, len(block)):
                out.write(block[: size - at])
            os.fsync(out.fileno())
        films.append(film)
    return films


def _alone(name: str) -> float:
    body, digest = bytes(64 * MIB), hashlib.new(name)
    started = time.monotonic()
    digest.update(body)
    return len(body) / (time.monotonic() - started) / 1e6


def _floor(folder: Path, films: list[Path], synced: bool) -> float:
    place = folder / "floor"
    place.mkdir()
    started = time.monotonic()
    subprocess.run(["cp", *map(str, films), str(place)], check=True)
    if synced:
        subprocess.run(["sync", *(str(place / film.name) for film in films)], check=True)
    copies = [str(place / film.name) for film in films]
    subprocess.run(["sha256sum", *copies], check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - started
    shutil.rmtree(place)
    return took


def _package(folder: Path, films: list[Path], medium: str) -> tuple[float, float, float, float]:
    """Return seconds of the build, peak memory in MiB, of a process of its own; seconds in which it waited
    for syncs, and of syncs on other threads."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        told = pool.submit(_build, folder / "exports", films, medium).result()
    shutil.rmtree(folder / "exports")
    return told


def _build(place: Path, films: list[Path], medium: str) -> tuple[float, float, float, float]:
    room, spent = PackageRoom(place, films=films), {True: 0.0, False: 0.0}

    def timed(sync: Callable[[int], None]) -> Callable[[int], None]:
        def call(fd: int) -> None:
            began = time.monotonic()
            sync(fd)
            spent[threading.current_thread() is threading.main_thread()] += time.monotonic() - began

        return call

    os.fsync, os.fdatasync = timed(os.fsync), timed(os.fdatasync)
    started = time.monotonic()
    room.pack(medium)
    return time.monotonic() - started, peak_mib(os.getpid()), spent[True], spent[False]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
