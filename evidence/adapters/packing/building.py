"""The building of an export, in the order of docs/formats/package.md.

Rules:
1. All is built in a fresh folder beside where it will stand, held by a lock; `bagit.txt` and the tag
manifests come
   last, so that what a kill leaves is no bag.
2. Everything is synced before the one rename that publishes it.
3. A failure removes the folder; what a kill left is removed by the next build in the same place.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evidence.adapters.packing.copying import put
from evidence.adapters.packing.images import Imaging, Made
from evidence.adapters.packing.laying import Bag, lay
from evidence.adapters.packing.one_file import one_file, pages
from evidence.bundle import audit, bagit, layout
from evidence.bundle.media import Medium
from evidence.bundle.set_list import set_list
from evidence.bundle.shipment import Attest, LaidBag, Packed, PackedBag, Shipment
from evidence.bundle.statement import statement
from evidence.errors import Conflict, NoSpace, Unavailable
from evidence.ledger.canonical import canonical

_BUILDING = "~building"


@dataclass(frozen=True)
class Packing:
    """Builds exports in one place. See the docstring of evidence/bundle/shipment.py."""

    place: Path

    def pack(self, shipment: Shipment, medium: Medium, attest: Attest, *, may_cut: bool = False) -> Packed:
        """Build and publish an export. may_cut: a file that is larger than a disc may become parts.

        Raises: as evidence/bundle/shipment.py says; nothing is published then.
        """
        final = self.place / shipment.number
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            clear_left(self.place)
            if os.path.lexists(final):
                raise Conflict("package-exists", number=shipment.number)
            with fresh(self.place, shipment.number) as (folder, lock):
                imaging = Imaging(medium, datetime.fromisoformat(shipment.created).astimezone(UTC), lock)
                packed = self._build(folder, shipment, imaging, attest, may_cut)
                _publish(folder, final)
        except OSError as fault:
            kind = NoSpace if fault.errno in (errno.ENOSPC, errno.EDQUOT) else Unavailable
            raise kind(reason=errno.errorcode.get(fault.errno or 0, "unknown")) from fault
        return packed

    def _build(
        self, folder: Path, shipment: Shipment, imaging: Imaging, attest: Attest, may_cut: bool
    ) -> Packed:
        laid = lay(shipment, imaging.medium, may_cut, folder)
        bags = [one.laid() for one in laid.bags]
        files = [(one.name, one.payload) for one in laid.bags]
        listed = set_list(shipment, imaging.medium.code, files, laid.placed)
        set_body = canonical(listed) + b"\n"
        set_sha256 = hashlib.sha256(set_body).hexdigest()
        testimony = attest(bags, set_sha256)
        said = audit.read_testimony(testimony, shipment, bags, set_sha256)
        told = statement(listed, bags, said, testimony.report)
        tags = {
            **audit.files(said, testimony),
            layout.SET_LIST: set_body,
            layout.STATEMENT: canonical(told) + b"\n",
            layout.PRINTED: testimony.print_report(told),
            layout.VERIFIER: one_file(),
            **{f"verify/{name}": body for name, body in pages().items()},
        }
        packed = [
            _close(one, disc, len(laid.bags), tags, shipment, imaging)
            for disc, one in enumerate(laid.bags, 1)
        ]
        _list(folder, listed, packed)
        _date(folder, imaging.created)
        _settle(folder)
        return Packed(shipment.number, tuple(packed), told)


def clear_left(place: Path) -> None:
    """Remove what killed builds left in this place; builds that are at work are left alone."""
    for left in place.glob(f".*{_BUILDING}"):
        with suppress(FileNotFoundError, NotADirectoryError, BlockingIOError), _locked(left):
            shutil.rmtree(left)


@contextmanager
def fresh(place: Path, number: str) -> Iterator[tuple[Path, int]]:
    """Yield a new folder and its lock; where the context ends with it still there, it is removed."""
    with ExitStack() as stack:
        folder, fd = _new(stack, place, number)
        try:
            yield folder, fd
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _new(stack: ExitStack, place: Path, number: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{number}.", suffix=_BUILDING, dir=place))
        with suppress(FileNotFoundError, BlockingIOError):
            fd = stack.enter_context(_locked(folder))
            if os.fstat(fd).st_nlink:  # else taken for a left one between its making and its lock
                return folder, fd


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield fd
    finally:
        os.close(fd)


def _close(
    bag: Bag,
    disc: int,
    of: int,
    tags: Mapping[str, bytes],
    shipment: Shipment,
    imaging: Imaging,
) -> PackedBag:
    """Write what is beside the payload, then what makes it a bag; make of it what the medium takes."""
    about = bag.laid()
    bag.put(layout.BAG_INFO, bagit.bag_info(shipment, disc, of, bag.payload))
    for path, body in tags.items():
        bag.put(path, body)
    bag.put(layout.BAGIT, bagit.declaration())
    closing = [
        put(bag.file(name), name, bagit.sums(bag.tags, algorithm))
        for algorithm, name in layout.TAG_MANIFESTS.items()
    ]
    _date(bag.folder, imaging.created)
    digits = "".join(one for one in shipment.number if one.isdigit())
    made = imaging.become(bag.folder, f"EVID_{digits}_{disc}"[:32])
    if made is not None:
        shutil.rmtree(bag.folder)
    return _packed(f"{shipment.number} {disc}/{of}", about, closing[0].sha256, made)


def _packed(label: str, about: LaidBag, tagmanifest_sha256: str, made: Made | None) -> PackedBag:
    listed: dict[str, object] = {
        "label": label,
        "bag": about.name,
        "file": about.name,
        "manifest_sha256": about.manifest_sha256,
        "manifest_sm3": about.manifest_sm3,
        "tagmanifest_sha256": tagmanifest_sha256,
        "payload_bytes": about.payload_bytes,
        "payload_files": about.payload_files,
    }
    if made is None:
        return PackedBag(about, about.name, tagmanifest_sha256, None, None, None, listed)
    of = made.digests
    listed |= {"file": made.file, "size": of.size_bytes, "sha256": of.sha256, "sm3": of.sm3, **made.facts}
    return PackedBag(about, made.file, tagmanifest_sha256, of.size_bytes, of.sha256, of.sm3, listed)


def _list(folder: Path, listed: Mapping[str, object], packed: list[PackedBag]) -> None:
    body = {
        "type": "evidence.media/1",
        "export": listed["export"],
        "medium": listed["medium"],
        "media": [one.listed for one in packed],
    }
    put(folder / layout.MEDIA_LIST, layout.MEDIA_LIST, canonical(body) + b"\n")


def _date(folder: Path, created: datetime) -> None:
    """Give everything the date of the export."""
    moment = (created.timestamp(), created.timestamp())
    for above, folders, names in os.walk(folder, topdown=False):
        for name in (*names, *folders):
            os.utime(Path(above) / name, moment)
    os.utime(folder, moment)


def _settle(folder: Path) -> None:
    """Make everything durable: thousands of small files at once, since the first sync takes most of them
    along.
    """
    for above, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync(Path(above) / name)
        _sync(Path(above))


def _publish(folder: Path, final: Path) -> None:
    try:
        folder.rename(final)  # a folder takes the place of nothing but an empty folder
    except OSError as fault:
        if fault.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise Conflict("package-exists", number=final.name) from fault
        raise
    _sync(final.parent)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
