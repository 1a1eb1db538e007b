"""Surgery on camera files: MP4 sample tables rebuilt, clocks and edit lists patched, bytes spoiled.

Makes cases whose truth is known from files of real cameras, given by the caller. A rebuilt file keeps the
recorder's own boxes, brands and identity: only what the operation says is changed. No case is stored.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")
DATED = (b"mvhd", b"tkhd", b"mdhd")
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


@dataclass
class Box:
    """A box: its kind with a payload, or with children where it is one of CONTAINERS."""

    kind: bytes
    body: bytes = b""
    inside: list[Box] = field(default_factory=list)

    def find(self, *path: bytes) -> Box | None:
        """Return the first box along a path of kinds, or None."""
        here: Box | None = self
        for kind in path:
            here = next((one for one in here.inside if one.kind == kind), None) if here else None
        return here

    def bytes(self) -> bytes:
        """Return the box as it stands in a file."""
        body = b"".join(one.bytes() for one in self.inside) if self.kind in CONTAINERS else self.body
        return struct.pack(">I4s", len(body) + 8, self.kind) + body


def boxes(data: bytes) -> list[Box]:
    """Return the boxes of a sound file or payload."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        lead = 8
        if size == 1:  # a 64-bit size follows
            size, lead = struct.unpack_from(">Q", data, at + 8)[0], 16
        body = data[at + lead : at + size]
        found.append(
            Box(kind, b"" if kind in CONTAINERS else body, boxes(body) if kind in CONTAINERS else [])
        )
        at += size
    return found


@dataclass(frozen=True)
class Sample:
    """One coded packet: payload, ticks to the next, shift of presentation, key frame."""

    payload: bytes
    step: int
    shift: int = 0
    key: bool = True


@dataclass
class Track:
    """One track of a Movie: its samples, and the trak box that describes everything else."""

    box: Box
    kind: str
    scale: int
    samples: list[Sample]
    edited: bool = False  # has an edit list of its own, which stays as it is

    def seconds(self) -> list[float]:
        """Return the decode second of each sample, and of the end."""
        at, found = 0, [0.0]
        for one in self.samples:
            at += one.step
            found.append(at / self.scale)
        return found


class Movie:
    """An unfragmented MP4 or MOV taken apart: top-level boxes, movie header scale, tracks with samples."""

    def __init__(self, data: bytes) -> None:
        self.top = boxes(data)
        self.moov = next(one for one in self.top if one.kind == b"moov")
        self.scale = struct.unpack_from(">I", box(self.moov, b"mvhd").body, 12)[0]
        self.tracks = [_track(data, one) for one in self.moov.inside if one.kind == b"trak"]

    @property
    def video(self) -> Track:
        """The first video track."""
        return next(one for one in self.tracks if one.kind == "vide")

    @property
    def audio(self) -> Track:
        """The first audio track."""
        return next(one for one in self.tracks if one.kind == "soun")

    def bytes(self, front: bool = False) -> bytes:
        """Return the file, its index behind the media, or in front of it."""
        lead = b"".join(b.bytes() for b in self.top if b.kind in (b"ftyp", b"uuid"))
        for track in self.tracks:
            self._tables(track, [0] * len(track.samples))
        self._lengths()
        media, places = _interleaved(self.tracks)
        at = len(lead) + 8 + (len(self.moov.bytes()) if front else 0)
        for track, offsets in zip(self.tracks, places, strict=True):
            self._tables(track, [at + one for one in offsets])
        parts = [Box(b"mdat", media).bytes(), self.moov.bytes()]
        return lead + b"".join(reversed(parts) if front else parts)

    def _tables(self, track: Track, offsets: list[int]) -> None:
        stbl = box(track.box, b"mdia", b"minf", b"stbl")
        samples = track.samples
        tables = {
            b"stts": _full(_runs([one.step for one in samples])),
            b"stsc": _full([(1, 1, 1)]),
            b"stsz": struct.pack(">III", 0, 0, len(samples)) + _words(len(one.payload) for one in samples),
            b"stco": _full([(one,) for one in offsets]),
        }
        if any(one.shift for one in samples):
            tables[b"ctts"] = _full(_runs([one.shift & 0xFFFFFFFF for one in samples]))
        if not all(one.key for one in samples):
            tables[b"stss"] = _full([(i + 1,) for i, one in enumerate(samples) if one.key])
        gone = (*tables, b"co64", b"ctts", b"stss", b"sgpd", b"sbgp", b"sdtp", b"cslg")
        kept = [one for one in stbl.inside if one.kind not in gone]
        stbl.inside = kept + [Box(kind, body) for kind, body in tables.items()]

    def _lengths(self) -> None:
        """Write the lengths into the headers and single-entry edit lists, as the recorder would."""
        longest = 0
        for track in self.tracks:
            ticks = sum(one.step for one in track.samples)
            length = round(ticks * self.scale / track.scale)
            mdhd, tkhd = box(track.box, b"mdia", b"mdhd"), box(track.box, b"tkhd")
            mdhd.body = mdhd.body[:16] + struct.pack(">I", ticks) + mdhd.body[20:]
            elst = track.box.find(b"edts", b"elst")
            if elst is not None and not track.edited and elst.body[4:8] == b"\0\0\0\1" and elst.body[0] == 0:
                hidden = struct.unpack_from(">i", elst.body, 12)[0] * self.scale // track.scale
                elst.body = elst.body[:8] + struct.pack(">I", length - max(0, hidden)) + elst.body[12:]
            tkhd.body = tkhd.body[:20] + struct.pack(">I", length) + tkhd.body[24:]
            longest = max(longest, length)
        mvhd = box(self.moov, b"mvhd")
        mvhd.body = mvhd.body[:16] + struct.pack(">I", longest) + mvhd.body[20:]


def box(parent: Box, *path: bytes) -> Box:
    """Return the first box along a path of kinds. Raises: LookupError where there is none."""
    found = parent.find(*path)
    if found is None:
        raise LookupError(path)
    return found


def _full(rows: Sequence[tuple[int, ...]]) -> bytes:
    return struct.pack(">II", 0, len(rows)) + _words(number for row in rows for number in row)


def _words(numbers: Iterable[int]) -> bytes:
    listed = list(numbers)
    return struct.pack(f">{len(listed)}I", *listed)


def _runs(values: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for value in values:
        found[-1:] = (
            [(found[-1][0] + 1, value)] if found and found[-1][1] == value else [*found[-1:], (1, value)]
        )
    return found


def _numbers(table: Box | None, width: int, code: str = "I") -> list[tuple[int, ...]]:
    if table is None:
        return []
    count = struct.unpack_from(">I", table.body, 4)[0]
    return [struct.unpack_from(f">{width}{code}", table.body, 8 + i * width * struct.calcsize(code))
            for i in range(count)]  # fmt: skip


def _track(data: bytes, trak: Box) -> Track:
    stbl = box(trak, b"mdia", b"minf", b"stbl")
    body = box(stbl, b"stsz").body
    constant, count = struct.unpack_from(">II", body, 4)
    sizes = [constant] * count if constant else list(struct.unpack_from(f">{count}I", body, 12))
    steps = [step for n, step in _numbers(stbl.find(b"stts"), 2) for _ in range(n)]
    shifts = [s - (s >> 31 << 32) for n, s in _numbers(stbl.find(b"ctts"), 2) for _ in range(n)]
    keys = {number for (number,) in _numbers(stbl.find(b"stss"), 1)}
    wide = stbl.find(b"co64")
    chunks = [place for (place,) in (_numbers(wide, 1, "Q") if wide else _numbers(stbl.find(b"stco"), 1))]
    rows = _numbers(stbl.find(b"stsc"), 3)
    samples: list[Sample] = []
    for number, place in enumerate(chunks, start=1):
        per = next(row[1] for row in reversed(rows) if row[0] <= number)
        for i in range(len(samples), min(len(samples) + per, count)):
            payload = data[place : place + sizes[i]]
            key = not keys or i + 1 in keys
            samples.append(Sample(payload, steps[i], shifts[i] if shifts else 0, key))
            place += sizes[i]
    mdhd = box(trak, b"mdia", b"mdhd").body
    kind = box(trak, b"mdia", b"hdlr").body[8:12].decode("latin-1")
    return Track(trak, kind, struct.unpack_from(">I", mdhd, 12)[0], samples)


def _interleaved(tracks: list[Track]) -> tuple[bytes, list[list[int]]]:
    order = sorted(
        (second, number, i)
        for number, track in enumerate(tracks)
        for i, second in enumerate(track.seconds()[:-1])
    )
    parts: list[bytes] = []
    places: list[list[int]] = [[] for _ in tracks]
    at = 0
    for _, number, i in order:
        payload = tracks[number].samples[i].payload
        places[number].append(at)
        parts.append(payload)
        at += len(payload)
    return b"".join(parts), places


# Operations on a movie. Each changes it in place and returns the span it took out or put in, in seconds.


def drop(track: Track, first: int, count: int) -> tuple[float, float]:
    """Take out samples first .. first + count, time stamps of the others kept: a hole."""
    seconds = track.seconds()
    gone = sum(one.step for one in track.samples[first : first + count])
    before = track.samples[first - 1]
    track.samples[first - 1 : first + count] = [replace(before, step=before.step + gone)]
    return seconds[first], seconds[first + count]


def cut(movie: Movie, start_s: float, end_s: float) -> tuple[float, float]:
    """Take out a stretch from key frame to key frame of all tracks, time stamps closed up: no hole."""
    seconds = movie.video.seconds()
    keys = [seconds[i] for i, one in enumerate(movie.video.samples) if one.key] + [seconds[-1]]
    start, end = (min(keys, key=lambda key: abs(key - wanted)) for wanted in (start_s, end_s))
    for track in movie.tracks:
        kept = zip(track.samples, track.seconds(), strict=False)
        track.samples = [one for one, at in kept if not start - 1e-6 <= at < end - 1e-6]
    return start, end


def repeat(movie: Movie, start_s: float, end_s: float, into_s: float) -> tuple[float, float]:
    """Copy a stretch of all tracks to a later place, on key frames: content comes twice."""
    seconds = movie.video.seconds()
    keys = [seconds[i] for i, one in enumerate(movie.video.samples) if one.key] + [seconds[-1]]
    start, end, into = (min(keys, key=lambda key: abs(key - wanted)) for wanted in (start_s, end_s, into_s))
    for track in movie.tracks:
        at = track.seconds()
        copied = [one for one, t in zip(track.samples, at, strict=False) if start - 1e-6 <= t < end - 1e-6]
        place = next((i for i, t in enumerate(at) if t >= into - 1e-6), len(track.samples))
        track.samples[place:place] = copied
    return into, into + end - start


def edit(track: Track, movie: Movie, entries: Sequence[tuple[float, float | None]]) -> None:
    """Give a track an edit list of (seconds shown, second of the media or None for an empty edit)."""
    rows = [
        struct.pack(
            ">Iii", round(length * movie.scale), -1 if at is None else round(at * track.scale), 1 << 16
        )
        for length, at in entries
    ]
    elst = Box(b"elst", struct.pack(">II", 0, len(rows)) + b"".join(rows))
    track.box.inside = [one for one in track.box.inside if one.kind != b"edts"]
    track.box.inside.insert(1, Box(b"edts", inside=[elst]))
    track.edited = True


def redate(movie: Movie, dated: datetime | int, kinds: Iterable[bytes] = DATED) -> None:
    """Write a date (aware, or raw seconds since 1904) into headers of these kinds."""
    raw = dated if isinstance(dated, int) else int((dated - _EPOCH).total_seconds())

    def visit(here: Box) -> None:
        if here.kind in kinds and here.kind in DATED and here.body[0] == 0:
            here.body = here.body[:4] + struct.pack(">II", raw, raw) + here.body[12:]
        for one in here.inside:
            visit(one)

    visit(movie.moov)


def spoil(data: bytes, at: int, length: int, junk: Callable[[int], bytes] = bytes) -> bytes:
    """Overwrite a stretch with zeros, or with what `junk` makes (of the same length)."""
    length = min(length, len(data) - at)
    return data[:at] + junk(length) + data[at + length :]


def reclaim(path: Path) -> Movie:
    """Return the movie of a file."""
    return Movie(path.read_bytes())
