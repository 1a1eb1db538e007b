"""Movie fragments (ISO/IEC 14496-12 §8.8): the time line of a fragmented MP4, from its moof boxes alone."""

from __future__ import annotations

from array import array
from struct import unpack_from

from evidence.adapters.probing.boxes import Box, children, first
from evidence.adapters.probing.draft import Draft, TrackDraft
from evidence.adapters.probing.packed import words
from evidence.adapters.probing.sampletables import MOST_SAMPLES
from evidence.adapters.probing.source import Source
from evidence.adapters.probing.timeline import describe_backsteps, describe_points

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.timeline import Shown

LONGEST_MOOF = 16 << 20


class _Line:
    """What the fragments say of one track: decode and presentation ticks of the samples inside the file."""

    def __init__(self, defaults: tuple[int, int]) -> None:
        self.duration, self.size = defaults
        self.decode = array("q")
        self.points = array("q")
        self.next = 0
        self.tail = 0
        self.declared = 0
        self.bytes_missing = 0
        self.missing_at: int | None = None
        self.missing_byte: int | None = None


class Fragments:
    """All fragments of a file, gathered track by track."""

    def __init__(self, moov: bytes, top: list[Box], draft: Draft) -> None:
        self.draft = draft
        self.lines: dict[int, _Line] = {}
        self.total = 0
        mvex = first(top, "mvex")
        for box in children(moov, mvex.body, mvex.end, draft) if mvex else []:
            if box.kind == "trex" and box.end - box.body >= 24:
                ident, _, duration, size = unpack_from(">IIII", moov, box.body + 4)
                self.lines[ident] = _Line((duration, size))

    def read(self, source: Source, moofs: list[Box]) -> None:
        """Read every moof; media data is not touched."""
        for moof in moofs:
            if moof.end - moof.start > LONGEST_MOOF or self.total > MOST_SAMPLES:
                self.draft.notes.append("not-examined: fragments beyond the limit")
                return
            data = source.read(moof.start, moof.end - moof.start)
            implied = moof.start
            for traf in children(data, moof.body - moof.start, len(data), self.draft):
                if traf.kind == "traf":
                    implied = self._track_fragment(data, traf, moof.start, implied, source.size)

    def _track_fragment(self, data: bytes, traf: Box, moof_at: int, implied: int, size: int) -> int:
        inside = children(data, traf.body, traf.end, self.draft)
        header = first(inside, "tfhd")
        if header is None or header.end - header.body < 8:
            self.draft.broken("sample-table", table="tfhd")
            return implied
        flags, ident = unpack_from(">II", data, header.body)
        line = self.lines.setdefault(ident, _Line((0, 0)))
        at, base, duration, sample = header.body + 8, implied, line.duration, line.size
        room = header.end
        if flags & 0x1 and at + 8 <= room:
            base, at = unpack_from(">Q", data, at)[0], at + 8
        elif flags & 0x20000:
            base = moof_at
        at += 4 * bool(flags & 0x2)
        if flags & 0x8 and at + 4 <= room:
            duration, at = unpack_from(">I", data, at)[0], at + 4
        if flags & 0x10 and at + 4 <= room:
            sample = unpack_from(">I", data, at)[0]
        decode = first(inside, "tfdt")
        if decode and decode.end - decode.body >= (12 if data[decode.body] == 1 else 8):
            line.next = unpack_from(">Q" if data[decode.body] == 1 else ">I", data, decode.body + 4)[0]
        place = base
        for run in inside:
            if run.kind == "trun":
                place = self._run(data, run, line, (base, place), (duration, sample), size)
        return place

    def _run(self, data: bytes, run: Box, line: _Line, places: tuple[int, int], defaults: tuple[int, int],
             file_size: int) -> int:  # fmt: skip
        if run.end - run.body < 8:
            self.draft.broken("sample-table", table="trun")
            return places[1]
        flags, count = unpack_from(">II", data, run.body)
        at, place = run.body + 8, places[1]
        if flags & 0x1 and at + 4 <= run.end:
            place, at = places[0] + unpack_from(">i", data, at)[0], at + 4
        at += 4 * bool(flags & 0x4)
        fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
        width = len(fields)
        present = (
            min(count, (run.end - at) // (4 * width)) if width else min(count, MOST_SAMPLES - self.total)
        )
        if present < count:
            self.draft.broken("sample-table", table="trun", declared=count, present=present)
        table = words(data, at, at + 4 * width * present)
        column = {bit: table[i::width] for i, bit in enumerate(fields)}
        self.total += present
        for i in range(present):
            step = column[0x100][i] if 0x100 in column else defaults[0]
            size = column[0x200][i] if 0x200 in column else defaults[1]
            shift = column[0x800][i] if 0x800 in column else 0
            self._sample(line, step, size, shift - (1 << 32) if shift >> 31 else shift, place, file_size)
            place += size
        return place

    def _sample(self, line: _Line, step: int, size: int, shift: int, place: int, file_size: int) -> None:
        line.declared += 1
        if line.next >> 62:
            line.next = 0  # a decode time beyond 2^62 ticks is no time
        if place + size > file_size:
            line.bytes_missing += min(size, place + size - file_size)
            if line.missing_at is None:
                line.missing_at, line.missing_byte = line.next + shift, min(place, file_size)
        else:
            line.decode.append(line.next)
            line.points.append(line.next + shift)
        line.next += step
        line.tail = step

    def describe(self, track: TrackDraft, ident: int, scale: int, shown: Shown) -> None:
        """Describe one track from what was gathered; ident is its tkhd track id."""
        line = self.lines.get(ident)
        if line is None or not line.declared:
            return
        track.declared_packets, track.bytes_missing = line.declared, line.bytes_missing
        describe_points(track, line.points, line.tail, scale, shown)
        describe_backsteps(track, line.decode, shown)
        if line.missing_at is not None:
            self.draft.broken(
                "index-past-end", line.missing_byte, None, shown(line.missing_at),
                track=track.number, missing=line.declared - len(line.points),
            )  # fmt: skip
