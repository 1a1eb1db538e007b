"""F34: the building of a package is killed at any system call by which it changes a file, or its disc is
full there.

The builder is forked from a process that has everything in memory, so that "point 137" is about the same
moment in each run (digests and writes run in threads: neighbours may change places). After it:
X1 the package is absent, or there whole: then the verifier passes it
X2 what was left over has a name that no package has, and no bag in it passes the verifier under the
package's name X3 the next build in the same place succeeds, passes the verifier, and leaves nothing but the
package
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.adapters.packing import Packing
from evidence.bundle.media import MEDIA
from evidence.errors import NoSpace
from evidence.verifier.steps import FAIL, Asked, examine
from tests.drills.sites import Verdict
from tests.drills.tracer import Point, Tracer
from tests.package_room import PackageRoom, a_witness

MEDIA_TRIED = ("folder", "zip", "dvd")
SIZES = range(40_000, 2_600_000, 40_960)  # from no room at all to more than is needed


@dataclass
class Bindery:
    """A place to build in."""

    room: PackageRoom
    folder: Path

    def survey(self, medium: str) -> list[Point]:
        """Return all points of one undisturbed build."""
        with self._place() as place:
            tracer = self._build(place, medium, 0, keep_all=True)
            assert judged(place, self.room.number, must_be_there=True) == []
            return tracer.points

    def kill(self, medium: str, number: int) -> Verdict:
        """Kill at one point, judge, build again, judge."""
        with self._place() as place:
            verdict = Verdict(number, self._build(place, medium, number).killed)
            verdict.violations += judged(place, self.room.number)
            if not (place / self.room.number).exists():
                verdict.violations += self._again(place, medium)
            return verdict

    def _again(self, place: Path, medium: str) -> list[str]:
        room = replace(self.room, place=place)  # a log of its own, as after a restart
        Packing(place).pack(room.shipment, MEDIA[medium], room.attest)
        found = judged(place, room.number, must_be_there=True)
        left = sorted(one.name for one in place.iterdir() if one.name != room.number)
        return found + [f"X3 left over: {name}" for name in left]

    @contextlib.contextmanager
    def _place(self) -> Iterator[Path]:
        place = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield place
        finally:
            shutil.rmtree(place)

    def _build(self, place: Path, medium: str, kill_at: int, *, keep_all: bool = False) -> Tracer:
        """Fork a builder, which waits until it is traced; return the tracer when it has ended."""
        go, ready = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.read(go, 1)
                Packing(place).pack(self.room.shipment, MEDIA[medium], self.room.attest)
                os._exit(0)
            except BaseException:  # noqa: BLE001 (a forked process must not go on in the drill's place)
                traceback.print_exc()
                os._exit(1)
        os.close(go)
        tracer = Tracer(pid, kill_at, keep_all)
        tracer.attach()
        os.write(ready, b"x")
        os.close(ready)
        tracer.join()
        return tracer


@contextlib.contextmanager
def bindery() -> Iterator[Bindery]:
    """Open a place to build in."""
    with tempfile.TemporaryDirectory(prefix="drill-package-") as name:
        folder = Path(name)
        yield Bindery(PackageRoom(folder / "unused", sizes=(9_000, 3, 5_001), witness=a_witness()), folder)


def judged(place: Path, number: str, *, must_be_there: bool = False) -> list[str]:
    """Return what is wrong in a place: X1 and X2."""
    final, found = place / number, []
    if final.exists():
        found += [f"X1 {fault}" for fault in _faults(final)]
    elif must_be_there:
        found.append("X1 no package")
    for left in place.iterdir():
        if left != final and not (left.name.startswith(f".{number}.") and left.name.endswith("~building")):
            found.append(f"X2 {left.name}")
    return found


def _faults(package: Path) -> list[str]:
    """Open whatever the package became, and have its verifier's steps taken."""
    if not (package / "media.json").is_file():
        return ["no media.json"]
    with tempfile.TemporaryDirectory(prefix="drill-open-") as name:
        bags = [one for one in package.iterdir() if one.is_dir()]
        for image in package.glob("*.iso"):
            command = ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", "/", name]
            subprocess.run(command, check=True, capture_output=True)
        for archive in package.glob("*.zip"):
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(name)
        bags += [one for one in Path(name).iterdir() if one.is_dir()]
        steps = [step for bag in bags for step in examine(str(bag), _ASKED)]
        subprocess.run(["chmod", "-R", "u+w", name], check=True)
        if not bags:
            return ["no bag"]
        return [f"{one.code} {one.where}" for step in steps if step.result == FAIL for one in step.faults]


_ASKED = Asked(None, None, None, None, {}, lambda _: None)


def fill(sizes: Iterable[int], medium: str) -> list[str]:
    """Build on discs of these sizes (bytes), each its own small file system; return what is wrong.

    Needs root. A build on a disc that is too small must say so, leave nothing, and leave the disc as empty
    as it was.
    """
    found, fits = [], False
    for size in sizes:
        with _small_disc(size) as place:
            room = PackageRoom(place, sizes=(9_000, 3, 5_001))
            try:
                room.pack(medium)
                fits = True
                found += [f"{size}: {fault}" for fault in judged(place, room.number, must_be_there=True)]
            except NoSpace:
                if fits:
                    found.append(f"{size}: too small, and a smaller one was not")
                found += [f"{size}: left over: {one.name}" for one in place.iterdir()]
            except OSError as fault:
                found.append(f"{size}: {errno.errorcode.get(fault.errno or 0)}")
    return found if fits else [*found, "never fits"]


@contextlib.contextmanager
def _small_disc(size: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="drill-full-") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "evidence-drill", name]
        subprocess.run(mount, check=True, capture_output=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True, stderr=sys.stderr)
