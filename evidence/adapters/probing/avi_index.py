"""Where the chunks of an AVI's streams are: from idx1 (one read), or from the chunk headers inside movi.

Sizes only; nothing of the media is read. OpenDML files of more than one RIFF are walked header by header,
since their idx1 covers the first part only.
"""

from __future__ import annotations

from array import array

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.packed import SWAP
from evidence.adapters.probing.source import LONGEST_READ, Source

MOST_CHUNKS = 2_000_000


class Chunks:
    """movi lists as (start of the list's kind, end), idx1 as (start, end), and the chunk sizes per stream."""

    def __init__(self) -> None:
        self.movi: list[tuple[int, int]] = []
        self.index: tuple[int, int] | None = None
        self.sizes: dict[int, list[int]] = {}
        self.super_index = False  # an OpenDML indx stands in the header


def read_chunks(source: Source, draft: Draft, chunks: Chunks, streams: int, declared: int) -> None:
    """Fill chunks.sizes; write down a missing index and chunks that lie past the end of the file.

    declared >= 0: the number of video chunks the header promises.
    """
    if not chunks.movi:
        draft.broken("no-index", 0, source.size, boxes=draft.layout[:8])
        return
    if chunks.index is not None and len(chunks.movi) == 1:
        _from_index(source, draft, chunks)
        if sum(map(len, chunks.sizes.values())) >= declared:
            return
        chunks.sizes = {}  # some recorders index only part: the chunk headers say what is there
    if chunks.index is None and not chunks.super_index:
        draft.broken("no-index", chunks.movi[0][0], source.size, boxes=draft.layout[:8])
    for start, end in chunks.movi:
        _from_headers(source, draft, chunks, start + 4, end, streams)


def _from_index(source: Source, draft: Draft, chunks: Chunks) -> None:
    start, end = chunks.index or (0, 0)
    data = source.read(start, min(end - start, LONGEST_READ) // 16 * 16)
    packed = array("I")
    packed.frombytes(data[: len(data) // 16 * 16])
    if not SWAP:
        packed.byteswap()
    names, offsets, sizes = packed[0::4], packed[2::4], packed[3::4]
    movi = chunks.movi[0][0]
    base = 0 if offsets and offsets[0] >= movi else movi
    past = 0
    for name, offset, size in zip(names, offsets, sizes, strict=True):
        stream = _stream_of(name.to_bytes(4, "little"))
        if stream is None:
            continue
        if base + offset + 8 + size > source.size:
            past += 1
            continue
        chunks.sizes.setdefault(stream, []).append(size)
    if past:
        draft.broken("index-past-end", source.size, None, missing=past)


def _from_headers(source: Source, draft: Draft, chunks: Chunks, at: int, end: int, streams: int) -> None:
    seen = 0
    while at + 8 <= end and seen < MOST_CHUNKS:
        head = source.read(at, 8)
        size = int.from_bytes(head[4:8], "little")
        stream = _stream_of(head[:4])
        if head[:4] == b"LIST":
            at += 12
            continue
        if (stream is None or stream >= streams) and head[:2] != b"ix" and head[:4] not in (b"JUNK", b"idx1"):
            draft.broken("junk", at, end, found=head[:4].hex())
            return
        if at + 8 + size > end:
            draft.broken("partial-packet", at, source.size, declared=size)
            return
        if stream is not None:
            chunks.sizes.setdefault(stream, []).append(size)
        at += 8 + size + (size & 1)
        seen += 1


def _stream_of(name: bytes) -> int | None:
    """Return the stream number of a chunk name like 00dc or 01wb; palettes and others have none."""
    if name[:2].isdigit() and name[2:4] in (b"dc", b"db", b"wb", b"tx", b"sb"):
        return int(name[:2])
    return None
