"""Packed numbers of an index, left as they lie in the file and judged many at once.

An hour's index holds half a million numbers. A Python loop over them takes longer than reading them, and so
does memory touched for the first time: a new page costs the kernel more than its numbers cost the processor.
So a table stays the bytes it is, single numbers are decoded where they are asked for, and what must be known
of all is worked out block by block: by byte columns, or as one long integer whose 32-bit lanes are the
numbers, so that one subtraction serves all of them. Time and memory grow with the bytes of a table only,
whatever a hostile one says.
"""

from __future__ import annotations

import sys
from _operator import mul
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SWAP = sys.byteorder == "little"
_BLOCK = 4096  # numbers judged in one go: what they need stays in the processor's cache
_LANE = 32
_ROW = 12  # bytes of a row of stsc: first chunk, samples per chunk, description
_SMALL = 15  # factors up to this fit two into a byte


class _Lanes:
    """Long integers with `count` lanes: a one in each, its top bit, all bits, all but small factors."""

    def __init__(self, count: int) -> None:
        self.ones = int.from_bytes(b"\0\0\0\1" * count, "big")
        self.top = self.ones << (_LANE - 1)
        self.lift = self.top - self.ones
        self.all = (1 << _LANE * count) - 1
        self.large = self.all ^ self.ones * _SMALL


class Numbers:
    """A table of `count` big-endian numbers of `width` bytes, the first at `start`."""

    __slots__ = ("count", "data", "start", "width")

    def __init__(self, data: bytes, start: int, count: int, width: int = 4) -> None:
        self.data = data
        self.start = start
        self.count = count
        self.width = width

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> int:
        """Return one number, 0 <= place < len. Raises: IndexError for any other place."""
        if not 0 <= place < self.count:
            raise IndexError(place)
        at = self.start + place * self.width
        return int.from_bytes(self.data[at : at + self.width], "big")

    def __iter__(self) -> Iterator[int]:
        return iter(self.between(0, self.count))

    def between(self, first: int, end: int) -> array[int]:
        """Return the numbers of the places first..end (end not included, clipped)."""
        end = min(end, self.count)
        at = self.start + first * self.width
        return words(
            self.data, at, self.start + max(first, end) * self.width, "Q" if self.width == 8 else "I"
        )

    def bound(self) -> int:
        """Return a number that none of these 32-bit numbers exceeds, from their leading bytes only."""
        end = self.start + self.count * self.width
        step = 32 * _BLOCK
        return max(
            (_bound(self.data, at, min(at + step, end)) for at in range(self.start, end, step)), default=0
        )

    def first_not_below(self, limit: int) -> int:
        """Return a place before which all numbers are < limit; the first such place where numbers ascend."""
        if limit <= 0 or limit >> 8 * self.width:
            return 0 if limit <= 0 else self.count
        place, end = 0, self.start + self.count * self.width
        for byte in range(self.width):
            column = self.data[self.start + place * self.width + byte : end : self.width]
            digit = limit >> 8 * (self.width - 1 - byte) & 255
            found = column.translate(bytes(digit) + b"\1" * (256 - digit)).find(1)
            if found < 0:
                return self.count
            place += found
            if column[found:] != bytes([digit]) * (len(column) - found):
                return place  # larger ones are among the rest: their further bytes do not count
        return place


class Rows:
    """What the rows of stsc say: samples that get a place, most samples in a chunk, descriptions in use."""

    def __init__(self) -> None:
        self.placed = 0
        self.most = 0
        self.descriptions: set[int] = set()


def survey(data: bytes, start: int, count: int, after: int) -> Rows | None:
    """Return what `count` rows of stsc at `start` say; the last row's chunks end before number after < 2**31.

    None unless the numbers of their first chunks ascend from 1.
    """
    rows, lanes = Rows(), _Lanes(min(count, _BLOCK))
    if count and data[start : start + 4] != b"\0\0\0\1":
        return None
    for at in range(start, start + count * _ROW, _BLOCK * _ROW):
        end = min(at + _BLOCK * _ROW, start + count * _ROW)
        following = int.from_bytes(data[end : end + 4], "big") if end < start + count * _ROW else after
        block = array("I", data[at:end])  # not decoded: only moved
        if end - at < _BLOCK * _ROW:
            lanes = _Lanes((end - at) // _ROW)
        distances = _distances(lanes, block[0::3], following)
        if distances is None:
            return None
        _add_up(rows, lanes, distances, block[1::3])
        used = block[2::3].tobytes()
        alike = used == used[:4] * (len(used) // 4)  # as in nearly all files
        rows.descriptions.update(words(used, 0, 4 if alike else len(used)))
    return rows


def words(data: bytes, start: int, end: int, code: str = "I") -> array[int]:
    """Return big-endian 32-bit (code I or i) or 64-bit (Q) numbers of data[start:end], rounded down."""
    packed: array[int] = array(code)
    packed.frombytes(memoryview(data)[start : start + (end - start) // packed.itemsize * packed.itemsize])
    if SWAP:
        packed.byteswap()
    return packed


def _distances(lanes: _Lanes, raw: array[int], after: int) -> int | None:
    """Return in lanes the distance from each big-endian number to the next; None unless all are >= 1."""
    numbers = int.from_bytes(raw, "big")
    if numbers & lanes.top or after >> (_LANE - 1):  # out of the question as number of a chunk
        return None
    following = (numbers << _LANE | after) & lanes.all
    lifted = following + lanes.lift - numbers  # below 0 in no lane; the top bit says: the distance is >= 1
    return lifted - lanes.lift if lifted & lanes.top == lanes.top else None


def _add_up(rows: Rows, lanes: _Lanes, counts: int, raw: array[int]) -> None:
    """Add the samples of rows of counts chunks (in lanes) with so many samples each (big-endian)."""
    factors, size = int.from_bytes(raw, "big"), 4 * len(raw)
    if (counts | factors) & lanes.large:
        pers = words(raw.tobytes(), 0, size)
        rows.placed += sum(map(mul, pers, words(counts.to_bytes(size, "big"), 0, size)))
        rows.most = max(rows.most, *pers)
        return
    pairs = (factors << 4 | counts).to_bytes(size, "big")[3::4]
    while pairs:  # few are distinct: each kind is counted by taking it out
        rest = pairs.translate(None, pairs[:1])
        per, chunks = divmod(pairs[0], _SMALL + 1)
        rows.placed += (len(pairs) - len(rest)) * per * chunks
        rows.most = max(rows.most, per)
        pairs = rest


def _bound(data: bytes, start: int, end: int) -> int:
    for byte in range(4):
        column = data[start + byte : end : 4]
        if column == bytes(len(column)):
            continue
        low, high = 0, 255  # the largest byte: translate deletes in C what is not larger than the middle
        while low < high:
            middle = int(((low + 1) * (high + 1)) ** 0.5) - 1  # the geometric one: small bytes are usual
            larger = column.translate(None, bytes(range(middle + 1)))
            if larger:
                low, column = middle + 1, larger
            else:
                high = middle
        return (low + 1) << 8 * (3 - byte)
    return 0
