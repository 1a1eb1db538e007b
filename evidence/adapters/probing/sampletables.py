"""The sample tables of one track (ISO/IEC 14496-12 §8.6 and §8.7): when each sample is shown, where it lies.

Tables stay as they lie in the file (packed.py); runs stay runs. Samples are only expanded where the order of
presentation differs from the stored one (ctts) or where the file ends before the index does. Counts are
capped by the bytes that hold them, and expansion by MOST_SAMPLES.
"""

from __future__ import annotations

from _bisect import bisect_right
from _operator import add, mul, sub
from array import array
from itertools import accumulate, chain, islice, repeat

from evidence.adapters.probing.boxes import Box, first
from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.packed import Numbers, Rows, survey, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SAMPLES = 4_000_000  # samples expanded per track: 24 h of AAC at 48 kHz


class Tables:
    """One track's tables. `count` samples as stsz says; sizes is empty where all have `constant` bytes."""

    def __init__(self, data: bytes, boxes: list[Box], draft: Draft) -> None:
        self.draft = draft
        self.largest = 0  # no sample is larger than this
        self.constant, self.count, self.sizes = self._sizes(data, boxes)
        self.times = self._pairs(data, boxes, "stts")
        self.shifts = self._pairs(data, boxes, "ctts", signed=True)
        self._layout = self._numbers(data, first(boxes, "stsc"), 3)
        offsets = first(boxes, "co64")
        self.offsets = self._numbers(data, offsets or first(boxes, "stco"), 1, 8 if offsets else 4)
        self._rows: tuple[array[int], array[int], list[int]] | None = None
        self._lead = 0, 0  # the first row of stsc: its first chunk, from 1, and the samples of each
        found = self._survey()
        self.most = found.most  # no chunk holds more samples
        self.placed = found.placed  # samples that the chunk tables give a place
        self.descriptions = found.descriptions
        self.sync = self._entries(data, first(boxes, "stss"), 1, "I")

    def _numbers(self, data: bytes, box: Box | None, columns: int, width: int = 4) -> Numbers:
        """Return the table of a box, row after row of so many columns, as far as there are bytes."""
        if box is None or box.end - box.body < 8:
            return Numbers(data, 0, 0, width)
        declared = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
        present = (box.end - box.body - 8) // (columns * width)
        if declared > present:
            self.draft.broken("sample-table", table=box.kind, declared=declared, present=present)
        return Numbers(data, box.body + 8, min(declared, present) * columns, width)

    def _entries(self, data: bytes, box: Box | None, columns: int, code: str) -> array[int]:
        table = self._numbers(data, box, columns)
        return words(data, table.start, table.start + 4 * len(table), code)

    def _pairs(self, data: bytes, boxes: list[Box], kind: str, signed: bool = False) -> array[int]:
        return self._entries(data, first(boxes, kind), 2, "i" if signed else "I")

    def _sizes(self, data: bytes, boxes: list[Box]) -> tuple[int, int, Numbers]:
        box = first(boxes, "stsz")
        if box is None or box.end - box.body < 12:
            return self._compact_sizes(data, first(boxes, "stz2"))
        constant = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
        count = int.from_bytes(data[box.body + 8 : box.body + 12], "big")
        if constant:
            self.largest = constant
            return constant, count, Numbers(data, 0, 0)
        present = min(count, (box.end - box.body - 12) // 4)
        sizes = Numbers(data, box.body + 12, present)
        self.largest = sizes.bound()
        if present < count:
            self.draft.broken("sample-table", table="stsz", declared=count, present=present)
        return 0, present, sizes

    def _compact_sizes(self, data: bytes, box: Box | None) -> tuple[int, int, Numbers]:
        if box is None or box.end - box.body < 12 or data[box.body + 7] not in (8, 16):
            return 0, 0, Numbers(data, 0, 0)
        wide = data[box.body + 7] // 8
        count = min(
            int.from_bytes(data[box.body + 8 : box.body + 12], "big"), (box.end - box.body - 12) // wide
        )
        self.largest = 1 << 16
        spread = bytearray(4 * count)
        for byte in range(wide):
            spread[4 - wide + byte :: 4] = data[box.body + 12 + byte : box.body + 12 + count * wide : wide]
        return 0, count, Numbers(bytes(spread), 0, count)

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

    def _survey(self) -> Rows:
        """Work out what stsc says as a whole; where it contradicts itself, from the rows that do not."""
        chunks, layout = len(self.offsets), self._layout
        found = survey(layout.data, layout.start, len(layout) // 3, chunks + 1)
        if found is None:  # out of order, or rows past the chunks
            if chunks:
                self.draft.broken("sample-table", table="stsc", chunks=chunks)
            found = Rows()
            firsts, pers, used = self._columns()
            rows = [i for i, number in enumerate(firsts) if 0 < number <= chunks]
            rows = [i for n, i in enumerate(rows) if not n or firsts[i] > firsts[rows[n - 1]]]
            firsts, pers = array("I", [firsts[i] for i in rows]), array("I", [pers[i] for i in rows])
            self._rows = firsts, pers, self._bases(firsts, pers)
            found.placed, found.most, found.descriptions = self._rows[2][-1], max(pers, default=0), set(used)
        if self._rows is None and layout:
            self._lead = layout[0], layout[1]
        elif self._rows and self._rows[0]:
            self._lead = self._rows[0][0], self._rows[1][0]
        return found

    def _columns(self) -> tuple[array[int], array[int], array[int]]:
        whole = self._layout.between(0, len(self._layout))
        return whole[0::3], whole[1::3], whole[2::3]

    def _bases(self, firsts: array[int], pers: array[int]) -> list[int]:
        """Return the first sample of each row of stsc, and of what follows the last."""
        ends = chain(islice(firsts, 1, None), (len(self.offsets) + 1,))
        return list(accumulate(map(mul, pers, map(sub, ends, firsts)), initial=0))

    def rows(self) -> tuple[array[int], array[int], list[int]]:
        """Return first chunk (from 1), samples per chunk and first sample of each row of stsc."""
        if self._rows is None:
            firsts, pers, _ = self._columns()
            self._rows = firsts, pers, self._bases(firsts, pers)
        return self._rows

    def chunk_samples(self, chunk: int) -> tuple[int, int]:
        """Return the first sample of a chunk (number from 0) and how many the chunk holds."""
        firsts, pers, bases = self._rows or self.rows()
        row = bisect_right(firsts, chunk + 1) - 1
        if row < 0:
            return 0, 0
        return bases[row] + (chunk + 1 - firsts[row]) * pers[row], pers[row]

    def size_of(self, start: int, end: int) -> int:
        """Return the bytes of samples start..end (end not included, clipped to the samples there are)."""
        end = min(end, self.count)
        if self.constant or start >= end:
            return self.constant * max(0, end - start)
        return sum(self.sizes.between(start, end)) if end - start > 1 else self.sizes[start]

    def locate(self, wanted: list[int]) -> list[tuple[int, int]]:
        """Return (offset, size) of each wanted sample (ascending, from 0); unknown ones are (-1, 0)."""
        places: list[tuple[int, int]] = []
        for sample in wanted:
            first_chunk, per, base = *self._lead, 0  # the first chunk's samples need no table
            if sample >= per:
                firsts, pers, bases = self.rows()
                row = bisect_right(bases, sample) - 1
                inside = 0 <= row < len(firsts)
                first_chunk, per, base = (firsts[row], pers[row], bases[row]) if inside else (0, 0, 0)
            if not per or sample >= self.count:
                places.append((-1, 0))
                continue
            within = sample - base
            chunk, lead = first_chunk - 1 + within // per, sample - within % per
            places.append(
                (self.offsets[chunk] + self.size_of(lead, sample), self.size_of(sample, sample + 1))
            )
        return places
