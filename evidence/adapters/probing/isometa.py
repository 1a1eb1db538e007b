"""Clocks, makers and software in the boxes of an ISO or QuickTime file.

mvhd, tkhd, mdhd dates count seconds from 1904-01-01 UTC (ISO/IEC 14496-12 §8.2.2), whatever zone the recorder
put there; udta texts (QuickTime ©xyz and 3GPP TS 26.244 §8), iTunes ilst, and Apple's keyed metadata.
"""

from __future__ import annotations

from struct import Struct

from evidence.adapters.probing.boxes import Box, children, descend, first
from evidence.adapters.probing.calendar import from_1904
from evidence.adapters.probing.draft import MOST_TEXT, Draft, TrackDraft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.isomedia import Media
    from evidence.adapters.probing.source import Source

_SHORT, _WIDE = Struct(">III"), Struct(">QIQ")
SOFTWARE = (
    "©too",
    "©swr",
    "©enc",
    "©TSC",
    "com.apple.quicktime.software",
    "com.android.version",
    "©wrt",
    "tool",
)
MAKERS = {
    "©mak": "make",
    "©mod": "model",
    "©fmt": "format",
    "FIRM": "firmware",
    "LENS": "lens",
    "manu": "make",
    "modl": "model",
    "offc": "officer",
    "com.apple.quicktime.make": "make",
    "com.apple.quicktime.model": "model",
    "com.android.manufacturer": "make",
    "com.android.model": "model",
    "com.android.version": "android",
    "com.apple.quicktime.software": "software",
    "©swr": "software",
    "©day": "day",
}
SERIALS = (
    "SNum",
    "slno",
    "CAME",
    "©sno",
    "©ser",
    "srno",
    "serl",
    "SERN",
    "snum",
    "com.apple.quicktime.camera.identifier",
)


def read_movie(data: bytes, box: Box | None, draft: Draft) -> int:
    """Read mvhd: the file's clock, its declared length. Return its time scale, >= 1."""
    created, scale, length = _timed_header(data, box)
    if box is not None:
        draft.clock("mvhd", from_1904(created))
    draft.declared_s = length / scale if length else None
    return scale


def _timed_header(data: bytes, box: Box | None) -> tuple[int, int, int]:
    if box is None or box.end - box.body < 20:
        return 0, 1, 0
    if data[box.body] == 1 and box.end - box.body >= 32:
        created = int.from_bytes(data[box.body + 4 : box.body + 12], "big")
        scale, length = Struct(">IQ").unpack_from(data, box.body + 20)
    else:
        created, _, scale = _SHORT.unpack_from(data, box.body + 4)
        length = int.from_bytes(data[box.body + 16 : box.body + 20], "big")
    return created, max(1, scale), length


def read_track_clock(data: bytes, box: Box | None, number: int, draft: Draft) -> int:
    """Read tkhd: the track's clock. Return the track id (0 where there is none)."""
    if box is None or box.end - box.body < 16:
        return 0
    wide = data[box.body] == 1
    created = int.from_bytes(data[box.body + 4 : box.body + (12 if wide else 8)], "big")
    draft.clock(f"tkhd:{number}", from_1904(created))
    at = box.body + (20 if wide else 12)
    return int.from_bytes(data[at : at + 4], "big")


def read_media_clock(data: bytes, box: Box | None, track: TrackDraft, draft: Draft) -> int:
    """Read mdhd: the media's clock and declared length. Return its time scale, >= 1."""
    created, scale, length = _timed_header(data, box)
    if box is not None:
        draft.clock(f"mdhd:{track.number}", from_1904(created))
        track.declared_s = length / scale
    return scale


def handler_name(raw: bytes) -> str:
    """Return a handler's name from a C string (ISO) or a counted one (QuickTime)."""
    if raw and 0 < raw[0] < 32 and raw[0] <= len(raw) - 1:
        raw = raw[1 : 1 + raw[0]]
    return _text(raw.split(b"\0")[0])


def read_descriptions(
    data: bytes, stsd: Box | None, track: TrackDraft, draft: Draft, used: set[int]
) -> bytes:
    """Read the sample descriptions: codec, picture size, rate, each configuration in use. Return the first
    entry.

    used: the descriptions that chunks refer to, from 1; empty (fragments, no chunks) means: the first.
    """
    if stsd is None or stsd.end - stsd.body < 8:
        draft.broken("sample-table", table="stsd", track=track.number)
        return b""
    entries = children(data, stsd.body + 8, stsd.end, draft)[:16]
    for i, entry in enumerate(entries):
        body = data[entry.body : entry.end]
        if i == 0:
            track.codec = entry.kind.strip() or "unknown"
        if track.kind == "video" and len(body) >= 78:
            size = int.from_bytes(body[24:26], "big"), int.from_bytes(body[26:28], "big")
            if i == 0:
                track.width, track.height = size
                draft.wrote("compressor", _text(body[43 : 43 + min(body[42], 31)]))
        elif track.kind == "audio" and len(body) >= 28 and i == 0:
            track.sample_rate = int.from_bytes(body[24:26], "big") or None
        if i + 1 in (used or {1}):
            track.configured(f"{entry.kind.strip()}:{_checksum(body)}")
    return data[entries[0].body : entries[0].end] if entries else b""


def _checksum(body: bytes) -> str:
    from zlib import crc32

    return f"{crc32(body[8:]):08x}"


def read_user_data(data: bytes, top: list[Box], draft: Draft) -> None:
    """Read udta and meta of the movie: who made and who wrote it, serial numbers, Apple's creation date."""
    udta = first(top, "udta")
    if udta:
        if udta.clipped:
            draft.notes.append("user data is cut off")
        for box in children(data, udta.body, udta.end, draft)[:200]:
            if box.kind == "meta":
                _read_meta(data, box, draft)
            else:
                _note(draft, box.kind, _udta_text(data[box.body : box.end]))
    meta = first(top, "meta")
    if meta:
        _read_meta(data, meta, draft)


def _udta_text(body: bytes) -> str:
    if len(body) > 4 and int.from_bytes(body[:2], "big") in (len(body) - 4, len(body) - 5):
        return _text(body[4:])
    if len(body) > 6 and body[:4] == b"\0\0\0\0":  # 3GPP: full box, packed language, text
        return _text(body[6:])
    return _text(body)


def _read_meta(data: bytes, meta: Box, draft: Draft) -> None:
    full = data[meta.body + 4 : meta.body + 8] not in (b"hdlr", b"keys", b"ilst")
    inside = children(data, meta.body + (4 if full else 0), meta.end, draft)
    names: list[str] = []
    keys = first(inside, "keys")
    if keys:
        names = [
            _text(data[box.body : box.end]) for box in children(data, keys.body + 8, keys.end, draft)[:200]
        ]
    ilst = first(inside, "ilst")
    for item in children(data, ilst.body, ilst.end, draft)[:200] if ilst else []:
        number = int.from_bytes(item.kind.encode("latin-1"), "big")
        name = names[number - 1] if 0 < number <= len(names) else item.kind
        value = descend(data, item, ("data",), draft)
        if value and value.end - value.body > 8:
            _note(draft, name, _text(data[value.body + 8 : value.end]))


def _note(draft: Draft, name: str, text: str) -> None:
    if not text:
        return
    if name == "com.apple.quicktime.creationdate":
        draft.clock("creationdate", text, meaning="start")
    if name in SOFTWARE:
        draft.wrote(name, text)
    if name in MAKERS:
        draft.device_texts.setdefault(MAKERS[name], text)
    elif name in SERIALS:
        draft.device_ids[f"udta:{name}"] = text
    elif name.startswith("©") and len(draft.device_texts) < 64:
        draft.device_texts.setdefault(name, text)


def read_timecode(source: Source, draft: Draft, medias: list[Media]) -> None:
    """Read the first time code of a tmcd track (QuickTime): a time of day without a date."""
    for media in medias:
        if media.track.codec != "tmcd" or media.tables.count < 1 or len(media.entry) < 26:
            continue
        offset, size = media.tables.locate([0])[0]
        raw = source.read(offset, min(size, 4))
        scale, length = int.from_bytes(media.entry[16:20], "big"), int.from_bytes(media.entry[20:24], "big")
        if len(raw) == 4 and scale and length and scale >= length:
            count, dropping = int.from_bytes(raw, "big"), media.entry[15] & 1
            # the rate, not the frames-per-second byte: GoPro writes 29 there for 30
            second = round(count * length / scale) if dropping else count // round(scale / length)
            text = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            draft.clock("tmcd", text, meaning="start")


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").strip("\0 \t\r\n")
    clean = "".join(char if char.isprintable() else "�" for char in text[:MOST_TEXT])
    return "" if clean.count("�") * 4 > len(clean) else clean
