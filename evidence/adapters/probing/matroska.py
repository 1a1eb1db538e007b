"""Matroska and WebM (RFC 9559, EBML RFC 8794): headers, cluster and block headers, never the media data.

Every block says its track and its time in its first bytes; the walk jumps from block to block, so a cut or
unfinished cluster shows where the file ends. Blocks of one frame are placed exactly; the frames inside a
laced block follow at the track's default duration.
"""

from __future__ import annotations

from array import array
from struct import unpack

from evidence.adapters.probing.calendar import from_1970
from evidence.adapters.probing.draft import Draft, TrackDraft
from evidence.adapters.probing.marks import MARK_BYTES, MOST_KEYS, add_mark, note_encoder, thin_marks
from evidence.adapters.probing.source import Source
from evidence.adapters.probing.timeline import describe_points

SEGMENT, INFO, TRACKS, CLUSTER, CUES, TAGS = (
    0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B, 0x1254C367)  # fmt: skip
TOP = {0x114D9B74: "SeekHead", INFO: "Info", TRACKS: "Tracks", CLUSTER: "Cluster", CUES: "Cues", TAGS: "Tags",
       0xEC: "Void", 0x1043A770: "Chapters", 0x1941A469: "Attachments", 0xBF: "CRC-32"}  # fmt: skip
MOST_BLOCKS = 4_000_000
MOST_HEADER = 4 << 20
FARTHEST = 64 << 20  # bytes searched for the next cluster behind broken ones
EPOCH_2001 = 978_307_200
KINDS = {1: "video", 2: "audio", 17: "subtitle"}


class _Line:
    def __init__(self, track: TrackDraft, step_ns: int) -> None:
        self.track = track
        self.step_ns = step_ns
        self.points = array("q")
        self.key_marks = 0


class _Walk:
    """The state of one walk through a segment."""

    def __init__(self, source: Source, draft: Draft) -> None:
        self.source = source
        self.draft = draft
        self.scale_ns = 1_000_000
        self.lines: dict[int, _Line] = {}
        self.cluster_time = 0
        self.blocks = 0


def element(source: Source, at: int) -> tuple[int, int, int] | None:
    """Return (id, start of the payload, size or -1 if unknown) of the element there; None if it is none."""
    head = source.read(at, 12)
    if not head or head[0] < 0x10:
        return None
    wide = 9 - head[0].bit_length()
    if len(head) <= wide or head[wide] == 0:
        return None
    long = 9 - head[wide].bit_length()
    if len(head) < wide + long:
        return None
    size = int.from_bytes(head[wide : wide + long], "big") & (1 << 7 * long) - 1
    return int.from_bytes(head[:wide], "big"), at + wide + long, -1 if size == (1 << 7 * long) - 1 else size


def read_matroska(source: Source, draft: Draft) -> None:
    """Read a Matroska file into the draft."""
    walk = _Walk(source, draft)
    head = element(source, 0)
    segment = element(source, head[1] + max(0, head[2])) if head else None
    if segment is None or segment[0] != SEGMENT:
        draft.broken("no-index", 0, source.size, boxes=[])
        return
    _, body, size = segment
    end = source.size if size < 0 else body + size
    if end > source.size:
        draft.broken("box-past-end", body, source.size, box="Segment", declared=size)
    elif size < 0:
        draft.notes.append("segment of unknown size")
    elif end < source.size:
        draft.broken("after-end", end, source.size, zero=not source.read(end, 4096).strip(b"\0"))
    _segment(walk, body, min(end, source.size))
    _finish(walk)
    thin_marks(draft)


def _segment(walk: _Walk, at: int, end: int) -> None:
    source, draft = walk.source, walk.draft
    while at < end and walk.blocks < MOST_BLOCKS:
        found = element(source, at)
        if found is None or (found[0] not in TOP and found[1] + found[2] > end):
            again = _next_cluster(source, at + 1, end)
            draft.broken("partial-packet" if end - at < 12 else "junk", at, end if again is None else again)
            if again is None:
                return
            at = again
            continue
        ident, body, size = found
        name = TOP.get(ident, f"0x{ident:X}")
        if draft.layout[-1:] != [name] and len(draft.layout) < 64:
            draft.layout.append(name)
        stop = body + size if size >= 0 else end
        if ident == CLUSTER:
            stop = _cluster(walk, body, min(stop, end), size < 0)
        elif ident in (INFO, TRACKS, TAGS):
            _header(walk, ident, source.read(body, min(size, MOST_HEADER) if size >= 0 else 0))
        if size >= 0 and body + size > end:
            draft.broken("box-past-end", at, end, box=name, declared=size)
            return
        at = stop


def _next_cluster(source: Source, at: int, end: int) -> int | None:
    """Return where the next cluster begins behind broken bytes, or None."""
    end = min(end, at + FARTHEST)
    while at < end:
        block = source.read(at, min(end - at, 1 << 20))
        place = block.find(CLUSTER.to_bytes(4, "big"))
        if place >= 0:
            return at + place
        at += max(1, len(block) - 3)
    return None


def _cluster(walk: _Walk, at: int, end: int, open_end: bool) -> int:
    """Walk the blocks of a cluster. Return where the next top-level element starts."""
    while at < end and walk.blocks < MOST_BLOCKS:
        found = element(walk.source, at)
        if found is None:
            walk.draft.broken("partial-packet" if end - at < 12 else "junk", at, end)
            return end
        ident, body, size = found
        if open_end and ident in TOP and ident not in (0xEC, 0xBF):
            return at
        if ident == 0xA0:  # BlockGroup: step inside
            at = body
            continue
        if size < 0 or body + size > end:
            kind = "partial-packet" if end >= walk.source.size else "junk"
            walk.draft.broken(kind, at, end, declared=size)
            return end
        if ident == 0xE7:
            walk.cluster_time = int.from_bytes(walk.source.read(body, min(size, 8)), "big")
        elif ident in (0xA3, 0xA1):
            _block(walk, body, size, ident == 0xA3)
        at = body + size
    return end


def _block(walk: _Walk, body: int, size: int, simple: bool) -> None:
    head = walk.source.read(body, 12)
    if len(head) < 4 or head[0] < 0x10:
        return
    walk.blocks += 1
    wide = 9 - head[0].bit_length()
    number = int.from_bytes(head[:wide], "big") & (1 << 7 * wide) - 1
    line = walk.lines.get(number)
    if line is None or len(head) < wide + 3:
        return
    offset = int.from_bytes(head[wide : wide + 2], "big", signed=True)
    step = round(line.step_ns / walk.scale_ns)
    frames = (
        head[wide + 3] + 1 if head[wide + 2] & 6 and len(head) > wide + 3 and step else 1
    )  # RFC 9559 §10.3
    line.points.extend(walk.cluster_time + offset + i * step for i in range(frames))
    wants = (
        line.track.kind == "video" and (not simple or head[wide + 2] & 0x80) and line.key_marks < MOST_KEYS
    )
    if wants or len(line.points) == 1:
        payload = walk.source.read(body + wide + 3, min(size - wide - 3, MARK_BYTES))
        note_encoder(walk.draft, payload)
        if wants and len(payload) >= 64:
            line.key_marks += 1
            add_mark(walk.draft, payload, size - wide - 3, (walk.cluster_time + offset) * walk.scale_ns / 1e9)


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """Return (id, payload) of the elements in data, clipped to it."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data) and data[at] >= 0x10 and len(found) < 2000:
        wide = 9 - data[at].bit_length()
        if at + wide >= len(data) or data[at + wide] == 0:
            break
        long = 9 - data[at + wide].bit_length()
        body = at + wide + long
        size = int.from_bytes(data[at + wide : body], "big") & (1 << 7 * long) - 1
        found.append((int.from_bytes(data[at : at + wide], "big"), data[body : body + size]))
        at = body + size
    return found


def _header(walk: _Walk, ident: int, data: bytes) -> None:
    if ident == INFO:
        _info(walk, data)
    elif ident == TRACKS:
        for kind, body in parts(data):
            if kind == 0xAE and len(walk.lines) < 64:
                _track(walk, dict(parts(body)))
    else:
        _tags(walk.draft, data)


def _info(walk: _Walk, data: bytes) -> None:
    fields = dict(parts(data))
    walk.scale_ns = int.from_bytes(fields.get(0x2AD7B1, b"\x0f\x42\x40"), "big") or 1_000_000
    raw = fields.get(0x4489, b"")
    if len(raw) in (4, 8):
        length = unpack(">f" if len(raw) == 4 else ">d", raw)[0]
        if 0 < length < 1e15:
            walk.draft.declared_s = length * walk.scale_ns / 1e9
    if 0x4461 in fields:
        walk.draft.clock(
            "mkv-date",
            from_1970(EPOCH_2001 + int.from_bytes(fields[0x4461][:8], "big", signed=True) // 10**9),
        )
    for key, origin in ((0x4D80, "muxer"), (0x5741, "writer")):
        walk.draft.wrote(origin, fields.get(key, b"").decode("utf-8", "replace").strip("\0"))


def _track(walk: _Walk, fields: dict[int, bytes]) -> None:
    kind = KINDS.get(int.from_bytes(fields.get(0x83, b""), "big"), "data")
    codec = fields.get(0x86, b"").decode("latin-1").strip("\0")
    track = TrackDraft(len(walk.lines) + 1, kind, codec)
    if kind == "video":
        size = dict(parts(fields.get(0xE0, b"")))
        track.width = int.from_bytes(size.get(0xB0, b""), "big") or None
        track.height = int.from_bytes(size.get(0xBA, b""), "big") or None
    elif kind == "audio":
        raw = dict(parts(fields.get(0xE1, b""))).get(0xB5, b"")
        track.sample_rate = (
            int(unpack(">f" if len(raw) == 4 else ">d", raw)[0]) if len(raw) in (4, 8) else None
        )
    track.configured(f"{codec}:{fields.get(0x63A2, b'').hex()[:64]}")
    step = int.from_bytes(fields.get(0x23E383, b""), "big")
    walk.lines[int.from_bytes(fields.get(0xD7, b""), "big")] = _Line(track, step)
    walk.draft.tracks.append(track)


def _tags(draft: Draft, data: bytes) -> None:
    for _, tag in parts(data):
        for kind, simple in parts(tag):
            if kind == 0x67C8:
                fields = dict(parts(simple))
                name = fields.get(0x45A3, b"").decode("utf-8", "replace").upper()
                if name in ("ENCODER", "_STATISTICS_WRITING_APP"):
                    draft.wrote("tag", fields.get(0x4487, b"").decode("utf-8", "replace"))


def _finish(walk: _Walk) -> None:
    for line in walk.lines.values():
        scale = 1e9 / walk.scale_ns
        order = line.points
        usual = (max(order) - min(order)) / (len(order) - 1) if len(order) > 1 else 0
        tail = round(line.step_ns / walk.scale_ns) if line.step_ns else round(usual)
        describe_points(line.track, order, tail, scale, lambda at, scale=scale: round(at / scale, 6))  # type: ignore[misc]
