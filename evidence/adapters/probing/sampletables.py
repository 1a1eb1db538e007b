"""The sample tables of one track (ISO/IEC 14496-12 §8.6 and §8.7): when each sample is shown, where it lies.

Tables stay packed arrays; runs stay runs. Samples are only expanded where the order of presentation differs
from the stored one (ctts) or where the file ends before the index does. Counts are capped by the bytes that
hold them, and expansion by MOST_SAMPLES.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from itertools import accumulate, chain, islice, repeat
from operator import add, mul, sub

from evidence.adapters.probing.boxes import Box, first
from evidence.adapters.probing.draft import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SAMPLES = 4_000_000  # samples expanded per track: 24 h of AAC at 48 kHz
_SWAP = sys.byteorder == "little"


def words(data: bytes, start: int, end: int, code: str = "I") -> array[int]:
    """Return big-endian 32-bit (code I or i) or 64-bit (Q) numbers of data[start:end], rounded down."""
    packed: array[int] = array(code)
    packed.frombytes(memoryview(data)[start : start + (end - start) // packed.itemsize * packed.itemsize])
    if _SWAP:
        packed.byteswap()
    return packed


def _bound(data: bytes, start: int, end: int) -> int:
    """Return a number that no big-endian word of data[start:end] exceeds, from leading bytes only."""
    for byte in range(4):
        column = data[start + byte : end : 4]
        low, high = 0, 255  # the largest byte, by halving: translate deletes in C what is not larger
        while low < high:
            middle = (low + high) // 2
            low, high = (
                (middle + 1, high) if column.translate(None, bytes(range(middle + 1))) else (low, middle)
            )
        if low:
            return (low + 1) << 8 * (3 - byte)
    return 0


class Tables:
    """One track's tables. `count` samples as stsz says; sizes is empty where all have `constant` bytes."""

    def __init__(self, data: bytes, boxes: list[Box], draft: Draft) -> None:
        self.draft = draft
        self.largest = 0  # no sample is larger than this
        self.constant, self.count, self.sizes = self._sizes(data, boxes)
        self.times = self._pairs(data, boxes, "stts")
        self.shifts = self._pairs(data, boxes, "ctts", signed=True)
        self.layout = self._entries(data, first(boxes, "stsc"), 3, "I")
        offsets = first(boxes, "co64")
        self.offsets = (
            self._entries(data, offsets, 1, "Q")
            if offsets
            else self._entries(data, first(boxes, "stco"), 1, "I")
        )
        self.firsts: array[int] = array("I")  # first chunk of each row of stsc, from 1
        self.pers: array[int] = array("I")  # samples per chunk of each row
        self.most = 0  # no chunk holds more samples
        self._counts: list[int] = []  # chunks of each row
        self._bases: list[int] = []
        self.descriptions: set[int] = set()
        self._place_rows()
        self.sync = self._entries(data, first(boxes, "stss"), 1, "I")

    def _entries(self, data: bytes, box: Box | None, width: int, code: str) -> array[int]:
        if box is None or box.end - box.body < 8:
            return array(code)
        declared = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
        size = 8 if code == "Q" else 4
        present = (box.end - box.body - 8) // (width * size)
        if declared > present:
            self.draft.broken("sample-table", table=box.kind, declared=declared, present=present)
        start = box.body + 8
        return words(data, start, start + min(declared, present) * width * size, code)

    def _pairs(self, data: bytes, boxes: list[Box], kind: str, signed: bool = False) -> array[int]:
        return self._entries(data, first(boxes, kind), 2, "i" if signed else "I")

    def _sizes(self, data: bytes, boxes: list[Box]) -> tuple[int, int, array[int]]:
        box = first(boxes, "stsz")
        if box is None or box.end - box.body < 12:
            return self._compact_sizes(data, first(boxes, "stz2"))
        constant = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
        count = int.from_bytes(data[box.body + 8 : box.body + 12], "big")
        if constant:
            self.largest = constant
            return constant, count, array("I")
        start = box.body + 12
        self.largest = _bound(data, start, min(box.end, start + 4 * count))
        sizes = words(data, start, min(box.end, start + 4 * count))
        if len(sizes) < count:
            self.draft.broken("sample-table", table="stsz", declared=count, present=len(sizes))
        return 0, len(sizes), sizes

    def _compact_sizes(self, data: bytes, box: Box | None) -> tuple[int, int, array[int]]:
        if box is None or box.end - box.body < 12 or data[box.body + 7] not in (8, 16):
            return 0, 0, array("I")
        wide = data[box.body + 7] // 8
        count = int.from_bytes(data[box.body + 8 : box.body + 12], "big")
        self.largest = 1 << 16
        raw = data[box.body + 12 : min(box.end, box.body + 12 + count * wide)]
        return 0, len(raw) // wide, array("I", [int.from_bytes(raw[i : i + wide], "big")
                                                for i in range(0, len(raw) - wide + 1, wide)])  # fmt: skip

    def runs(self) -> list[tuple[int, int]]:
        """Return (count, step) runs of decode time, no longer than the samples there are; signed steps."""
        left = self.count
        found: list[tuple[int, int]] = []
        for count, step in zip(self.times[0::2], self.times[1::2], strict=False):
            count = min(count, left)
            if count:
                found.append((count, step - (1 << 32) if step >> 31 else step))
            left -= count
        return found

    def points(self, runs: list[tuple[int, int]]) -> Iterator[int]:
        """Yield presentation ticks of each sample in stored order (decode time plus ctts)."""
        total = min(sum(count for count, _ in runs), MOST_SAMPLES)
        decode: Iterator[int] | range
        if len(runs) == 1 and runs[0][1] > 0:
            decode = range(0, total * runs[0][1], runs[0][1])
        else:
            steps = chain.from_iterable(repeat(step, count) for count, step in runs)
            decode = islice(accumulate(steps, initial=0), total)
        if not self.shifts:
            return iter(decode)
        counts, shifts = self.shifts[0::2], self.shifts[1::2]
        each = shifts if counts.count(1) == len(counts) else chain.from_iterable(map(repeat, shifts, counts))
        return map(add, decode, chain(each, repeat(0)))

    def points_of(self, samples: list[int]) -> list[int]:
        """Return the presentation ticks of a few samples (ascending, from 0); unknown ones are left out."""
        counts, shifts = self.shifts[0::2], self.shifts[1::2]
        single = counts.count(1) == len(counts)
        ends = None if single else list(accumulate(counts))
        times: list[int] = []
        runs = iter(self.runs())
        start = ticks = count = step = 0
        for sample in samples:
            while start + count <= sample:
                start, ticks = start + count, ticks + count * step
                count, step = next(runs, (0, 0))
                if not count:
                    return times
            at = sample if ends is None else bisect_right(ends, sample)
            times.append(ticks + (sample - start) * step + (shifts[at] if at < len(shifts) else 0))
        return times

    def _place_rows(self) -> None:
        """Work out, for each row of stsc, its first chunk and the first sample of that chunk."""
        chunks = len(self.offsets)
        firsts, pers, used = self.layout[0::3], self.layout[1::3], self.layout[2::3]
        alike = (
            used[:1].tobytes() * len(used) == used.tobytes()
        )  # one memory comparison, as in nearly all files
        self.descriptions = set(used[:1] if alike else used)
        counts = list(map(sub, chain(islice(firsts, 1, None), (chunks + 1,)), firsts))
        if counts and (firsts[0] != 1 or min(counts) <= 0):  # out of order, or rows past the chunks
            if chunks:
                self.draft.broken("sample-table", table="stsc", chunks=chunks)
            rows = [i for i, number in enumerate(firsts) if 0 < number <= chunks]
            rows = [i for n, i in enumerate(rows) if not n or firsts[i] > firsts[rows[n - 1]]]
            firsts, pers = array("I", [firsts[i] for i in rows]), array("I", [pers[i] for i in rows])
            counts = list(map(sub, chain(islice(firsts, 1, None), (chunks + 1,)), firsts))
        self.firsts, self.pers, self._counts = firsts, pers, counts
        swapped = pers[:]
        if _SWAP:
            swapped.byteswap()
        self.most = _bound(swapped.tobytes(), 0, 4 * len(swapped))

    def placed(self) -> int:
        """Return how many samples the chunk tables give a place."""
        return sum(map(mul, self.pers, self._counts))

    @property
    def bases(self) -> list[int]:
        """The first sample of each row of stsc, and of what follows the last; worked out when asked for."""
        if not self._bases:
            self._bases = list(accumulate(map(mul, self.pers, self._counts), initial=0))
        return self._bases

    def chunk_samples(self, chunk: int) -> tuple[int, int]:
        """Return the first sample of a chunk (number from 0) and how many the chunk holds."""
        row = bisect_right(self.firsts, chunk + 1) - 1
        if row < 0:
            return 0, 0
        return self.bases[row] + (chunk + 1 - self.firsts[row]) * self.pers[row], self.pers[row]

    def size_of(self, start: int, end: int) -> int:
        """Return the bytes of samples start..end (end not included, clipped to the samples there are)."""
        end = min(end, self.count)
        return self.constant * max(0, end - start) if self.constant else sum(self.sizes[start:end])

    def locate(self, wanted: list[int]) -> list[tuple[int, int]]:
        """Return (offset, size) of each wanted sample (ascending, from 0); unknown ones are (-1, 0)."""
        places: list[tuple[int, int]] = []
        for sample in wanted:
            early = self.pers and sample < self.pers[0]  # the first chunk's need no table
            row = 0 if early else bisect_right(self.bases, sample) - 1
            if not 0 <= row < len(self.firsts) or not self.pers[row] or sample >= self.count:
                places.append((-1, 0))
                continue
            within = sample if early else sample - self.bases[row]
            chunk, lead = self.firsts[row] - 1 + within // self.pers[row], sample - within % self.pers[row]
            places.append(
                (self.offsets[chunk] + self.size_of(lead, sample), self.size_of(sample, sample + 1))
            )
        return places
