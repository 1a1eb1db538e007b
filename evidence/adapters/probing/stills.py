"""JPEG (ITU-T T.81) and PNG (ISO/IEC 15948): picture size, clocks, end mark, what comes after."""

from __future__ import annotations

from evidence.adapters.probing.draft import Draft, TrackDraft
from evidence.adapters.probing.source import Source

MOST_SEGMENTS = 2000
BLOCK = 1 << 20
LONGEST_STILL = 512 << 20  # bytes searched for an end mark
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # SOF markers


def read_still(source: Source, draft: Draft) -> None:
    """Read a picture into the draft, as one track of kind "image"."""
    track = TrackDraft(1, "image", draft.container)
    draft.tracks = [track]
    if draft.container == "png":
        _read_png(source, draft, track)
    else:
        _read_jpeg(source, draft, track)


def _read_png(source: Source, draft: Draft, track: TrackDraft) -> None:
    at = 8
    for _ in range(100_000):
        head = source.read(at, 8)
        if len(head) < 8:
            draft.broken("no-end-mark", at, source.size)
            return
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if not (kind.isalpha() and kind.isascii()):
            draft.broken("junk", at, source.size)
            return
        if kind == b"IHDR":
            size = source.read(at + 8, 8)
            track.width, track.height = int.from_bytes(size[:4], "big"), int.from_bytes(size[4:8], "big")
            track.packets = 1
        if kind == b"tIME":
            _png_time(source.read(at + 8, 7), draft)
        at += 12 + length
        if at > source.size:
            draft.broken(
                "box-past-end", at - 12 - length, source.size, box=kind.decode("latin-1"), declared=length
            )
            return
        if kind == b"IEND":
            _after_end(source, draft, at)
            return


def _png_time(raw: bytes, draft: Draft) -> None:
    if len(raw) == 7:
        year = int.from_bytes(raw[:2], "big")
        text = f"{year:04d}-{raw[2]:02d}-{raw[3]:02d}T{raw[4]:02d}:{raw[5]:02d}:{raw[6]:02d}Z"
        draft.clock("png-time", text)  # the last change of the picture, PNG §11.3.6.1


def _read_jpeg(source: Source, draft: Draft, track: TrackDraft) -> None:
    at = 2
    for _ in range(MOST_SEGMENTS):
        head = source.read(at, 4)
        if len(head) < 4 or head[0] != 0xFF:
            draft.broken("no-end-mark" if len(head) < 4 else "junk", at, source.size)
            return
        if head[1] == 0xFF:  # fill byte, T.81 §B.1.1.2
            at += 1
            continue
        length = int.from_bytes(head[2:4], "big")
        if head[1] in FRAMES:
            size = source.read(at + 5, 4)
            track.height, track.width = int.from_bytes(size[:2], "big"), int.from_bytes(size[2:4], "big")
            track.packets = 1
        elif head[1] == 0xE1:
            _read_exif(source.read(at + 4, min(length, 65_536)), draft)
        at += 2 + length
        if head[1] == 0xDA:
            _scan(source, draft, at)
            return


def _scan(source: Source, draft: Draft, at: int) -> None:
    """Find the end mark FF D9 after the scan; entropy-coded data never holds one (T.81 §B.1.1.5)."""
    carry = b""
    limit = min(source.size, at + LONGEST_STILL)
    while at < limit:
        block = carry + source.read(at, BLOCK)
        found = block.find(b"\xff\xd9")
        if found >= 0:
            _after_end(source, draft, at - len(carry) + found + 2)
            return
        at += len(block) - len(carry)
        carry = block[-1:]
    draft.broken("no-end-mark", limit, source.size)


def _after_end(source: Source, draft: Draft, at: int) -> None:
    if at >= source.size:
        return
    tail = source.read(at, 4096)
    known = tail[4:8] == b"ftyp" or tail[:3] == b"\xff\xd8\xff" or source.read(source.size - 4, 4) == b"SEFT"
    zero = not tail.strip(b"\0") and not source.read(source.size - 4096, 4096).strip(b"\0")
    draft.broken("after-end", at, source.size, known=known, zero=zero)


def _read_exif(segment: bytes, draft: Draft) -> None:
    """Read make, model, software and dates (Exif 2.32 §4.6) of IFD0 and the Exif IFD; offsets are checked."""
    if segment[:6] != b"Exif\0\0":
        return
    body = segment[6:]
    order: str = "little" if body[:2] == b"II" else "big"
    pending = [_number(body, 4, 4, order)]
    for _ in range(2):
        if not pending:
            return
        start = pending.pop()
        for i in range(min(_number(body, start, 2, order), 200)):
            at = start + 2 + 12 * i
            tag, count = _number(body, at, 2, order), _number(body, at + 4, 4, order)
            place = _number(body, at + 8, 4, order) if count > 4 else at + 8
            if tag == 0x8769:
                pending.append(_number(body, at + 8, 4, order))
            elif tag in (0x010F, 0x0110, 0x0131, 0x0132, 0x9003, 0x9004):
                _exif_text(tag, body[place : place + min(count, 200)], draft)


def _exif_text(tag: int, raw: bytes, draft: Draft) -> None:
    text = raw.split(b"\0")[0].decode("utf-8", "replace").strip()
    if tag in (0x010F, 0x0110):
        draft.device_texts["make" if tag == 0x010F else "model"] = text
    elif tag == 0x0131:
        draft.wrote("exif", text)
    elif len(text) == 19:
        iso = text[:10].replace(":", "-") + "T" + text[11:]
        draft.clock({0x0132: "exif-changed", 0x9003: "exif", 0x9004: "exif-digitized"}[tag], iso)


def _number(body: bytes, at: int, size: int, order: str) -> int:
    return int.from_bytes(body[at : at + size], "little" if order == "little" else "big")
