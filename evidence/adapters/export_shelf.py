"""Where packages lie until they are handed over: a folder of the site, one folder for each export.

A package appears there whole, by the packer's one rename. Its statement is kept beside it before that, so
that what a crash left can be recognised and told of. What is only passing stands in folders as the packer's
own, which are gone when their use ends, and which the next one removes after a kill. Nothing here is the only
copy of anything.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from evidence.adapters.packing.building import clear_left, fresh
from evidence.bundle.media import Medium
from evidence.bundle.shipment import Attest, Packed, Shipment
from evidence.errors import EvidenceError, IntegrityFault, NoSpace, Unavailable
from evidence.service.court.export_ports import Packer, Shelved, ShelvedVolume

_LIST = "media.json"
_BLOCK = 1 << 20
_DAY = (1980, 1, 1, 0, 0, 0)  # of every name in an archive: the same package gives the same bytes


@dataclass(frozen=True)
class ExportShelf:
    """See service.export_ports.Shelf."""

    place: Path
    packer: Packer

    def pack(self, shipment: Shipment, medium: Medium, attest: Attest, *, may_cut: bool = False) -> Packed:
        """Build and publish a package."""
        return self.packer.pack(shipment, medium, attest, may_cut=may_cut)

    def note(self, number: str, statement: bytes) -> None:
        """Keep the statement of a package that is about to be published; durable when this returns."""
        self.place.mkdir(parents=True, exist_ok=True)
        with fresh(self.place, number) as (folder, _), (folder / _LIST).open("wb") as file:
            file.write(statement)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(self._statement(number))
        _sync(self.place)

    def published(self, number: str) -> Shelved | None:
        """Return a published package, None where there is none. Raises: IntegrityFault("package-damaged")."""
        folder = self.place / number
        if not folder.is_dir():
            return None
        try:
            listed = json.loads((folder / _LIST).read_bytes())
            volumes = tuple(_volume(folder, one) for one in listed["media"])
            return Shelved(volumes, self._statement(number).read_bytes())
        except (FileNotFoundError, ValueError, KeyError, TypeError) as problem:
            raise IntegrityFault("package-damaged", number=number, reason=type(problem).__name__) from problem

    def open(self, number: str, volume: str) -> tuple[BinaryIO, int]:
        """Open one medium in one file; of a folder it has no name, so that no kill leaves it."""
        found = self.place / number / volume
        try:
            file: BinaryIO = found.open("rb") if found.is_file() else self._archived(found)
        except OSError as fault:
            raise _as_ours(fault) from fault
        return file, os.fstat(file.fileno()).st_size

    def _archived(self, folder: Path) -> BinaryIO:
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile(dir=self.place))
            _archive(folder, file)
            file.seek(0)
            stack.pop_all()
        return cast(BinaryIO, file)

    def holds(self, number: str) -> bool:
        """Tell whether anything of a package lies there."""
        return (self.place / number).exists() or self._statement(number).exists()

    def discard(self, number: str) -> None:
        """Take a package away, whole at once: what a kill leaves of it has a name that no package has."""
        with fresh(self.place, number) as (folder, _):
            for one in (self.place / number, self._statement(number)):
                if one.exists():
                    one.rename(folder / one.name)
            _sync(self.place)

    @contextmanager
    def copy(self, number: str, volume: str) -> Iterator[Path]:
        """Return a finished copy of one medium in one file, while the context is open: of an image or archive
        its bytes, of a folder an archive of all its files, stored."""
        found = self.place / number / volume
        clear_left(self.place)
        with fresh(self.place, number) as (folder, _):
            name = folder / volume
            with name.open("wb") as file:
                if found.is_dir():
                    _archive(found, file)
                else:
                    with found.open("rb") as body:
                        shutil.copyfileobj(body, file, _BLOCK)
                file.flush()
                os.fsync(file.fileno())
            yield name

    def _statement(self, number: str) -> Path:
        return self.place / f"{number}.statement.json"


def _volume(folder: Path, one: Any) -> ShelvedVolume:
    is_file = "sha256" in one
    return ShelvedVolume(
        label=one["label"],
        file=one["file"],
        size_bytes=one["size"] if is_file else _size(folder / one["file"]),
        sha256=one["sha256"] if is_file else one["tagmanifest_sha256"],
        sm3=one["sm3"] if is_file else None,
        manifest_sha256=one["manifest_sha256"],
        tagmanifest_sha256=one["tagmanifest_sha256"],
    )


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def _archive(folder: Path, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                about = zipfile.ZipInfo(f"{folder.name}/{one.relative_to(folder).as_posix()}", _DAY)
                about.file_size = one.stat().st_size
                with one.open("rb") as body, archive.open(about, "w") as into:
                    shutil.copyfileobj(body, into, _BLOCK)


def _as_ours(fault: OSError) -> EvidenceError:
    kind = NoSpace if fault.errno in (errno.ENOSPC, errno.EDQUOT) else Unavailable
    return kind(reason=errno.errorcode.get(fault.errno or 0, "unknown"))


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
