"""Sessions of one recorder, made from the key frame intervals of one real recording: what is done is known.

A Session is a list of clips; each clip knows what its clocks show, which intervals it holds, and its names.
The headers (three kinds of date, serial, officer, model) are written as the recorder would. Cases are made by
changing clips, then written into a folder by `write`. Times are seconds after START unless said otherwise.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.simulators.surgery import Box, Movie, Sample, redate

START = datetime(2024, 5, 18, 9, 30)  # noqa: DTZ001 - local time, as in names
ZONE = timedelta(hours=8)
Namer = Callable[["Clip"], str]


@dataclass(frozen=True)
class Clip:
    """One file to be: key frame intervals [first, last) of the recording, what its clocks and names say."""

    number: int
    first: int
    last: int
    shows: datetime  # the recorder's local clock at the start
    header: datetime | None = None  # what the header says (UTC, as written); None: by the session's habit
    serial: str = "DSJX9A00123"
    officer: str = "012345"
    model: str = "DSJ-X9"
    name: str = ""  # "" is named by the session's namer
    spoil: Callable[[bytes], bytes] | None = None  # done to the finished file
    channel: str = ""


def station(clip: Clip) -> str:
    """Return the name that the truth sessions use."""
    return f"{clip.serial}_{clip.officer}_{clip.shows:%Y%m%d%H%M%S}_{clip.number:04d}.mp4"


def viofo(clip: Clip) -> str:
    """Return a Viofo name."""
    return f"{clip.shows:%Y_%m%d_%H%M%S}_{clip.number:06d}{clip.channel or 'F'}.MP4"


def vantrue(clip: Clip) -> str:
    """Return a Vantrue name."""
    return f"{clip.shows:%Y%m%d_%H%M%S}_{clip.number:04d}_N_A.mp4"


def mai70(clip: Clip) -> str:
    """Return a 70mai name."""
    return f"NO{clip.shows:%Y%m%d-%H%M%S}-{clip.number:06d}F.MP4"


def gopro(clip: Clip) -> str:
    """Return a GoPro chapter name: the number counts chapters of one clip."""
    return f"GX{clip.number:02d}0042.MP4"


def android(clip: Clip) -> str:
    """Return an Android name."""
    return f"VID_{clip.shows:%Y%m%d_%H%M%S}.mp4"


@dataclass
class Footage:
    """A recording taken apart into its key frame intervals: video and audio samples of each."""

    movie: Movie
    video: list[list[Sample]] = field(default_factory=list)
    audio: list[list[Sample]] = field(default_factory=list)
    interval_s: float = 0.0

    @classmethod
    def of(cls, path: Path) -> Footage:
        """Take a recording with regular key frames apart. The audio goes where its packets begin."""
        found = cls(Movie(path.read_bytes()))
        for one in found.movie.video.samples:
            if one.key:
                found.video.append([])
            found.video[-1].append(one)
        scale = found.movie.video.scale
        found.interval_s = sum(one.step for one in found.video[0]) / scale
        found.audio = [[] for _ in found.video]
        for one, at in zip(found.movie.audio.samples, found.movie.audio.seconds(), strict=False):
            found.audio[min(int(at / found.interval_s + 1e-6), len(found.audio) - 1)].append(one)
        if sum(one.step for one in found.video[-1]) < found.interval_s * scale * 0.99:
            found.video.pop()
            found.audio.pop()
        return found

    def __len__(self) -> int:
        return len(self.video)


@dataclass
class Session:
    """Clips of one footage, with how this recorder writes its header's date and its names."""

    footage: Footage
    clips: list[Clip]
    habit: str = "utc-start"  # or "utc-end", "local" (local time labelled UTC), "none"
    namer: Namer = station

    @classmethod
    def of(cls, footage: Footage, per: int = 5, start: datetime = START, count: int | None = None,
           overlap: int = 0, first_number: int = 1, **how: object) -> Session:  # fmt: skip
        """Return a clean session: clips of `per` intervals, one after the other or overlapping."""
        clips: list[Clip] = []
        first = 0
        while first + per <= len(footage) and (count is None or len(clips) < count):
            shows = start + timedelta(seconds=int(first * footage.interval_s))
            clips.append(Clip(first_number + len(clips), first, first + per, shows))
            first += per - overlap
        return cls(footage, clips, **how)  # type: ignore[arg-type]

    def change(self, place: int, **fields: object) -> Session:
        """Replace fields of the clip at a place (from 0)."""
        self.clips[place] = replace(self.clips[place], **fields)  # type: ignore[arg-type]
        return self

    def shift(self, place: int, by: timedelta) -> Session:
        """Set the recorder's clock by so much, from the clip at a place on."""
        self.clips[place:] = [replace(one, shows=one.shows + by) for one in self.clips[place:]]
        return self

    def without(self, *places: int) -> Session:
        """Take clips away."""
        self.clips = [one for place, one in enumerate(self.clips) if place not in places]
        return self

    def write(self, folder: Path) -> list[Path]:
        """Write all clips into a folder that exists; return their paths in the order of the clips."""
        paths = []
        for clip in self.clips:
            path = folder / (clip.name or self.namer(clip))
            path.write_bytes(self.bytes(clip))
            paths.append(path)
        return paths

    def bytes(self, clip: Clip) -> bytes:
        """Return the finished file of a clip."""
        movie = copy.deepcopy(self.footage.movie)
        span = slice(clip.first, clip.last)
        movie.video.samples = [one for part in self.footage.video[span] for one in part]
        movie.audio.samples = [one for part in self.footage.audio[span] for one in part]
        length = sum(one.step for one in movie.video.samples) / movie.video.scale
        _identify(movie, clip)
        redate(movie, self._header(clip, length))
        data = movie.bytes()
        return clip.spoil(data) if clip.spoil else data

    def _header(self, clip: Clip, length_s: float) -> datetime | int:
        if clip.header is not None:
            return clip.header.replace(tzinfo=UTC)
        if self.habit == "none":
            return 0
        at = clip.shows - (timedelta(0) if self.habit == "local" else ZONE)
        if self.habit == "utc-end":
            at += timedelta(seconds=int(length_s))
        return at.replace(tzinfo=UTC)


def _identify(movie: Movie, clip: Clip) -> None:
    def text(kind: bytes, value: str) -> bytes:
        return Box(kind, struct.pack(">HH", len(value), 0x15C7) + value.encode()).bytes()

    udta = text(b"\xa9mod", clip.model) + Box(b"snum", clip.serial.encode()).bytes()
    udta += Box(b"offc", clip.officer.encode()).bytes()
    movie.moov.inside = [one for one in movie.moov.inside if one.kind != b"udta"] + [Box(b"udta", udta)]
