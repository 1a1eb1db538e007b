"""What a bag becomes: an image for a disc, or an archive; both read back.

xorriso (ISO 9660, the same bytes each time) for all that ISO 9660 and Joliet carry everywhere, genisoimage
(with UDF) for files of 4 GiB and more and for long names. An archive is stored, not packed, with ZIP64
where it is needed.
"""

from __future__ import annotations

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
from evidence.bundle.media import Form, Medium
from evidence.errors import Invalid, Unavailable

ISO9660, UDF = "iso9660", "udf"
_EXTENT = 1 << 32  # from here on some readers of ISO 9660 see the first extent only
_JOLIET = 103  # UTF-16 units of a name, with -joliet-long
_DEVICE = "/dev/sr0"
_SAME = ("-r", "-J", "-joliet-long", "-iso-level", "3", "-quiet")


@dataclass(frozen=True, slots=True)
class Made:
    """An image or archive that was read back. facts: what `media.json` says of it beside its digests."""

    file: str
    digests: Digested
    facts: dict[str, object]


def image(bag: Path, volume: str, created: datetime, medium: Medium) -> Made:
    """Make the image of a bag beside it.

    Raises: Invalid `package-medium-full`, Unavailable `package-tool-missing`, `package-image-failed`,
    OSError.
    """
    system = filesystem(bag)
    target = bag.with_name(f"{bag.name}.iso")
    graft = ["-graft-points", f"/{bag.name}={bag}"]
    named = [*_SAME, "-V", volume, "-o", str(target)]
    if system == ISO9660:
        stamp = created.strftime("%Y%m%d%H%M%S00")
        own = ["-as", "mkisofs", f"--modification-date={stamp}", "--set_all_file_dates", stamp]
        _run(["xorriso", *own, *named, *graft], created)
    else:
        _run(["genisoimage", "-udf", "-allow-limited-size", *named, *graft], created)
    with target.open("rb+", buffering=0) as made:
        size = os.fstat(made.fileno()).st_size
        if size % SECTOR:
            raise Unavailable("package-image-failed", reason="not whole blocks", tool=system)
        os.fsync(made.fileno())
    if medium.holds_bytes is not None and size > medium.holds_bytes:
        raise Invalid("package-medium-full", size=size, holds=medium.holds_bytes, medium=medium.code)
    blocks = size // SECTOR
    burn = f"xorriso -as cdrecord -v dev={_DEVICE} -dao -eject=0 {target.name}"
    back = f"dd if={_DEVICE} bs={SECTOR} count={blocks} status=none | sha256sum"
    facts: dict[str, object] = {"blocks": blocks, "filesystem": system, "burn": burn, "read_back": back}
    return Made(target.name, digest(target), facts)


def filesystem(bag: Path) -> str:
    """Return which file system an image of this bag needs."""
    for folder, _, names in os.walk(bag):
        for name in names:
            too_long = len(name.encode("utf-16-le")) > 2 * _JOLIET
            if too_long or (Path(folder) / name).stat().st_size >= _EXTENT:
                return UDF
    return ISO9660


def archive(bag: Path, created: datetime) -> Made:
    """Make the archive of a bag beside it. Raises: OSError."""
    target = bag.with_name(f"{bag.name}.zip")
    moment = created.timetuple()[:6]
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


def become(bag: Path, form: Form, volume: str, created: datetime, medium: Medium) -> Made | None:
    """Make of a bag what its medium takes; None where that is the folder itself."""
    if form is Form.IMAGE:
        return image(bag, volume, created, medium)
    return archive(bag, created) if form is Form.ARCHIVE else None


def _run(command: Sequence[str], created: datetime) -> None:
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": str(int(created.timestamp())),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError as fault:
        raise Unavailable("package-tool-missing", tool=command[0]) from fault
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")[-500:]
        raise Unavailable("package-image-failed", reason=said, tool=command[0])
