"""Whether the samples that an index promises lie inside the file, and which do not.

Nothing is read but the tables. In a sound file only the last chunks are looked at; where the file ends before
the index does, every chunk is, so that the time line can be told for what is really present.
"""

from __future__ import annotations

from evidence.adapters.probing.sampletables import MOST_SAMPLES, Tables


class Reach:
    """What of a track lies inside the file. `missing` holds half-open ranges of sample numbers, ascending."""

    def __init__(self) -> None:
        self.missing: list[tuple[int, int]] = []
        self.bytes_missing = 0
        self.first_byte: int | None = None
        self.placed = 0  # samples that the chunk tables give a place


def reach(tables: Tables, file_size: int) -> Reach:
    """Return which samples lie (wholly or in part) outside a file of this size."""
    found = Reach()
    found.placed = tables.placed
    edge = file_size - tables.most * tables.largest  # a chunk before this cannot reach past the end
    start = tables.offsets.first_not_below(edge + 1)
    for chunk, offset in enumerate(tables.offsets.between(start, len(tables.offsets)), start):
        if offset > edge:
            _check_chunk(tables, found, file_size, offset, *tables.chunk_samples(chunk))
    return found


def _check_chunk(tables: Tables, found: Reach, size: int, at: int, sample: int, per: int) -> None:
    stop = min(sample + per, tables.count)
    if sample >= stop or at + tables.size_of(sample, stop) <= size:
        return
    if tables.constant:
        fits = min(max(0, (size - at) // tables.constant), stop - sample)
        at += fits * tables.constant
    else:
        fits = 0
        for each in tables.sizes.between(sample, stop):
            if at + each > size:
                break
            fits, at = fits + 1, at + each
    gone = tables.size_of(sample + fits, stop)
    found.bytes_missing += gone - max(0, min(size - at, gone))
    found.first_byte = at if found.first_byte is None else min(at, found.first_byte)
    if len(found.missing) < MOST_SAMPLES:
        found.missing.append((sample + fits, stop))
