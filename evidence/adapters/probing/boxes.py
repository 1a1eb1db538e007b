"""Boxes of the ISO base media file format and QuickTime (ISO/IEC 14496-12 §4.2): where they start and end.

Never trusts a size: a box that reaches past its parent is clipped and reported, one shorter than its own
header ends the walk. Walks are loops over one level; the caller descends by name, so depth is bounded by
code.
"""

from __future__ import annotations

from struct import Struct

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source

MOST_BOXES = 200_000  # top-level boxes read (a day of one-second fragments has 172,800)
TOP_KINDS = (
    b"moov",
    b"mdat",
    b"moof",
    b"free",
    b"skip",
    b"wide",
    b"mfra",
    b"sidx",
    b"styp",
    b"uuid",
    b"meta",
    b"udta",
)
_HEAD = Struct(">I4s")
_LONG = Struct(">Q")


class Box:
    """One box: `kind` its four characters, `start` of the box, `body` start of its payload, `end` clipped."""

    __slots__ = ("body", "clipped", "end", "kind", "start")

    def __init__(self, kind: str, start: int, body: int, end: int, clipped: bool) -> None:
        self.kind = kind
        self.start = start
        self.body = body
        self.end = end
        self.clipped = clipped


def children(data: bytes, start: int, end: int, draft: Draft) -> list[Box]:
    """Return the boxes of data[start:end]; what cannot be a box ends the list and is written down."""
    found: list[Box] = []
    while end - start >= 8 and len(found) < 10_000:
        size, raw = _HEAD.unpack_from(data, start)
        body = start + 8
        if size == 1 and end - start >= 16:
            size, body = _LONG.unpack_from(data, start + 8)[0], start + 16
        elif size == 0:
            if raw == b"\0\0\0\0":  # QuickTime ends a udta list with a zero word
                break
            size = end - start
        if size < body - start:
            draft.broken("box-size", detail_box=raw.decode("latin-1"))
            break
        clipped = start + size > end
        if clipped:
            draft.broken("box-size", detail_box=raw.decode("latin-1"))
        found.append(Box(raw.decode("latin-1"), start, body, min(start + size, end), clipped))
        start += size
    return found


def first(boxes: list[Box], kind: str) -> Box | None:
    """Return the first box of this kind, or None."""
    for box in boxes:
        if box.kind == kind:
            return box
    return None


def descend(data: bytes, box: Box | None, path: tuple[str, ...], draft: Draft) -> Box | None:
    """Return the first box along a path of kinds inside `box`, or None."""
    for kind in path:
        if box is None:
            return None
        box = first(children(data, box.body, box.end, draft), kind)
    return box


def top_level(source: Source, draft: Draft) -> list[Box]:
    """Return the boxes of the file itself, reading only their headers."""
    found: list[Box] = []
    at = 0
    while at < source.size:
        if len(found) >= MOST_BOXES:
            draft.notes.append("not-examined: too many boxes")
            break
        head = source.read(at, 16)
        if len(head) < 8 or not plausible_kind(head[4:8]):
            _trailing(source, draft, at, bool(found))
            break
        size, raw = _HEAD.unpack_from(head)
        body = at + 8
        if size == 1 and len(head) == 16:
            size, body = _LONG.unpack_from(head, 8)[0], at + 16
        elif size == 0:
            size = source.size - at
        if size < body - at:
            draft.broken("box-size", at, source.size, detail_box=raw.decode("latin-1"))
            break
        clipped = at + size > source.size
        kinds = {box.kind for box in found}
        if clipped and raw not in TOP_KINDS and {"moov", "mdat"} <= kinds:
            _trailing(source, draft, at, True)  # text that looks like a box
            break
        if clipped:
            draft.broken("box-past-end", at, source.size, box=raw.decode("latin-1"), declared=size)
        found.append(Box(raw.decode("latin-1"), at, body, min(at + size, source.size), clipped))
        at += size
    return found


def _trailing(source: Source, draft: Draft, at: int, after_boxes: bool) -> None:
    tail = source.read(at, 4096)
    zero = not tail.strip(b"\0") and not source.read(source.size - 4096, 4096).strip(b"\0")
    draft.broken("after-end" if after_boxes else "not-media", at, source.size, zero=zero)


def plausible_kind(raw: bytes) -> bool:
    """Tell whether four bytes can be a box type: printable, or QuickTime's © in front."""
    return len(raw) == 4 and all(32 <= byte < 127 or byte == 0xA9 for byte in raw)
