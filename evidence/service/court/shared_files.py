"""The files of a link: what each is, what of it is shown in a browser, and where it lies.

Where no browser plays an original and a proxy of it stands, the proxy is shown; its digest is never told as
the file's. What is taken along is always what was approved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from evidence.domain.derivatives import State
from evidence.domain.exports import Export, Form, Item
from evidence.domain.shares import Share
from evidence.errors import IntegrityFault
from evidence.service.catalogue import StoredRecording
from evidence.service.court.derivatives import proxy_of
from evidence.service.court.export_ports import Derivatives
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.playing import MEDIA_TYPES, UNKNOWN, media_type_of
from evidence.service.site import Site

Place = tuple[str, str | None]  # key and version in the vault


@dataclass(frozen=True, slots=True)
class ShownAs:
    """What is given to a player. media_type: what a browser may be told that it is."""

    place: Place
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file of a share. number: from 1."""

    number: int
    name: str
    size_bytes: int
    sha256: str
    place: Place
    shown: ShownAs

    @property
    def is_proxy(self) -> bool:
        """Whether what is shown is made from it."""
        return self.shown.place != self.place


@dataclass(frozen=True, slots=True)
class SharedSheet:
    """What was opened, for the page of whoever opened it. provider: the unit that gives it."""

    share: Share
    export: Export
    provider: str
    files: Sequence[SharedFile]

    @property
    def mark(self) -> str:
        """What stands over each picture: of which export, by which link, for whom."""
        return f"{self.export.number} {self.share.id[:8]} {self.export.said.recipient or ''}".strip()


@dataclass(frozen=True)
class Shown:
    """A range [start, end) of something of this size, open for reading. name: to be kept by, which no other
    export's bears. verify: raises when it may not go on."""

    file: BinaryIO
    start: int
    end: int
    size: int
    name: str
    about: SharedFile
    verify: Callable[[], None]


def files_of(site: Site, derivatives: Derivatives, unit: UnitOfWork, one: Export) -> Sequence[SharedFile]:
    """Return what was granted, in order. Raises: IntegrityFault("derivative-differs")."""
    stored = unit.recordings.some([item.recording_id for item in one.granted])
    return [
        _original(site, unit, number, stored[item.recording_id])
        if item.form is Form.ORIGINAL
        else _redacted(derivatives, unit, number, item)
        for number, item in enumerate(one.granted, 1)
    ]


def _original(site: Site, unit: UnitOfWork, number: int, stored: StoredRecording) -> SharedFile:
    recording = stored.recording
    size, name = recording.origin.size_bytes, recording.origin.name.rpartition("/")[2]
    place, proxy = (recording.data_key, recording.data_version), proxy_of(unit, recording.id)
    shown = ShownAs(place, size, media_type_of(site, unit, recording.id))
    if proxy is not None and proxy.state is State.MADE and proxy.output is not None:
        shown = ShownAs((proxy.output.key, None), proxy.output.size_bytes, proxy.media_type)
    return SharedFile(number, name, size, recording.digests.sha256, place, shown)


def _redacted(derivatives: Derivatives, unit: UnitOfWork, number: int, item: Item) -> SharedFile:
    made = derivatives.get(unit, item.derivative_id or "")
    if made is None or made.sha256 != item.sha256:
        raise IntegrityFault("derivative-differs", recording=item.recording_id)
    place = (made.key, made.version)
    shown = ShownAs(place, made.size_bytes, MEDIA_TYPES.get(made.name.rpartition(".")[2], UNKNOWN))
    return SharedFile(number, made.name, made.size_bytes, made.sha256, place, shown)
