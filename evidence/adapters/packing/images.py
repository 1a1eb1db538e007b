"""What a bag becomes: an image for a disc, or an archive; both read back.

xorriso (ISO 9660, the same bytes each time) for all that ISO 9660 and Joliet carry everywhere, genisoimage
(with UDF) for files of 4 GiB and more and for long names. An archive is stored, not packed, with ZIP64
where it is needed.
"""

from __future__ import annotations

import errno
import os
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.adapters.packing.copying import BLOCK, digest
from evidence.bundle.bagit import Digested
from evidence.bundle.media import BLOCK as SECTOR
from evidence.bundle.media import EXTENT_BYTES, Form, Medium
from evidence.errors import Invalid, Unavailable

ISO9660, UDF = "iso9660", "udf"
_DEVICE = "/dev/sr0"
_FRAME = 1 << 20  # of an image, beside what is in the bag
_SAME = ("-r", "-J", "-joliet-long", "-iso-level", "3", "-quiet")


@dataclass(frozen=True, slots=True)
class Made:
    """An image or archive that was read back. facts: what `media.json` says of it beside its digests."""

    file: str
    digests: Digested
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class Imaging:
    """How the bags of one build become what their medium takes. created: the date of everything. lock: a
    descriptor that other programs inherit, so that the folder stays locked until the last of them has ended.
    """

    medium: Medium
    created: datetime
    lock: int

    def become(self, bag: Path, volume: str) -> Made | None:
        """Make of a bag what its medium takes, beside it; None where that is the folder itself.

        Raises: Invalid `package-medium-full`, Unavailable `package-tool-missing`, `package-image-failed`,
        OSError.
        """
        if self.medium.form is Form.IMAGE:
            return self._image(bag, volume)
        return self._archive(bag) if self.medium.form is Form.ARCHIVE else None

    def _image(self, bag: Path, volume: str) -> Made:
        system, target = filesystem(bag), bag.with_name(f"{bag.name}.iso")
        named = [*_SAME, "-V", volume, "-o", str(target), "-graft-points", f"/{bag.name}={bag}"]
        if system == ISO9660:
            stamp = self.created.strftime("%Y%m%d%H%M%S00")
            own = ["-as", "mkisofs", f"--modification-date={stamp}", "--set_all_file_dates", stamp]
            self._run(["xorriso", *own, *named], bag, target)
        else:
            self._run(["genisoimage", "-udf", "-allow-limited-size", *named], bag, target)
        with target.open("rb+", buffering=0) as made:
            os.fsync(made.fileno())
            blocks, rest = divmod(os.fstat(made.fileno()).st_size, SECTOR)
        if rest:
            raise Unavailable("package-image-failed", reason="not whole blocks", tool=system)
        holds = self.medium.holds_bytes
        if holds is not None and blocks * SECTOR > holds:
            raise Invalid("package-medium-full", size=blocks * SECTOR, holds=holds, medium=self.medium.code)
        burn = f"xorriso -as cdrecord -v dev={_DEVICE} -dao -eject=0 {target.name}"
        back = f"dd if={_DEVICE} bs={SECTOR} count={blocks} status=none | sha256sum"
        facts: dict[str, object] = {"blocks": blocks, "filesystem": system, "burn": burn, "read_back": back}
        return Made(target.name, digest(target), facts)

    def _archive(self, bag: Path) -> Made:
        target, moment = bag.with_name(f"{bag.name}.zip"), self.created.timetuple()[:6]
        with target.open("xb") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
                for file in sorted(one for one in bag.rglob("*") if one.is_file()):
                    entry = zipfile.ZipInfo(f"{bag.name}/{file.relative_to(bag).as_posix()}", moment)
                    entry.external_attr, entry.file_size = 0o100644 << 16, file.stat().st_size
                    with file.open("rb") as source, made.open(entry, "w") as into:
                        while block := source.read(BLOCK):
                            into.write(block)
            out.flush()
            os.fsync(out.fileno())
        return Made(target.name, digest(target), {})

    def _run(self, command: Sequence[str], bag: Path, target: Path) -> None:
        own = {"SOURCE_DATE_EPOCH": str(int(self.created.timestamp())), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        try:
            done = subprocess.run(  # noqa: S603 (names of files are ours, or behind "=")
                command, env={**os.environ, **own}, capture_output=True, check=False, pass_fds=(self.lock,)
            )
        except FileNotFoundError as fault:
            raise Unavailable("package-tool-missing", tool=command[0]) from fault
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace")[-500:]
            if _is_short(bag, target):
                raise OSError(errno.ENOSPC, said)
            raise Unavailable("package-image-failed", reason=said, tool=command[0])


def _is_short(bag: Path, target: Path) -> bool:
    """Tell whether there is less room for an image than its bag takes: each tool has its own words for
    that.
    """
    files = os.statvfs(bag)
    started = target.stat().st_size if target.exists() else 0
    needed = sum(one.stat().st_size for one in bag.rglob("*") if one.is_file())
    return files.f_bavail * files.f_frsize + started < needed + _FRAME


def filesystem(bag: Path) -> str:
    """Return which file system an image of this bag needs."""
    return UDF if any(one.stat().st_size >= EXTENT_BYTES for one in bag.rglob("*")) else ISO9660
