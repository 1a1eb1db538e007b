"""The deep look into the media data itself, without decoding: holes of zeros and broken packets, in seconds.

An H.264 or H.265 sample is a chain of lengths that must end where the sample ends (ISO/IEC 14496-15
§5.3.4.2), and emulation prevention keeps zeros out of it (ITU-T H.264 §7.4.1): a run of ZEROS is a hole.
So `coded` stands beside a hole in such samples: there zeros are no padding. Where no index tells the samples,
PyAV hands out the packets. PCM is left out: silence is zeros.
"""

from __future__ import annotations

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.isomedia import Media

ZEROS = b"\0" * 256
NEAR_S = 0.25  # broken packets closer than this are one piece of damage
CHAINS = {"avc1": (b"avcC", 4), "avc3": (b"avcC", 4), "hvc1": (b"hvcC", 21), "hev1": (b"hvcC", 21)}
RAW = ("sowt", "twos", "raw", "lpcm", "in24", "in32", "fl32", "ulaw", "alaw", "ipcm")
LONGEST_SAMPLE = 32 << 20


class _Broken:
    """One piece of damage as it grows, packet by packet."""

    def __init__(self) -> None:
        self.kind, self.track = "", 0
        self.start_byte, self.end_byte, self.start_s, self.end_s = 0, 0, 0.0, 0.0
        self.packets = 0
        self.coded = False


def payload_draft(path: str) -> Draft:
    """Read the media data of one file once and return a draft that holds its damage. Raises: OSError."""
    from evidence.adapters.probing.reading import FAULTS, container_of

    source = Source(path)
    draft = Draft(source.size)
    try:
        if container_of(source) != "iso" or not _scan_samples(source, draft):
            _scan_packets(source, draft)
    except FAULTS as fault:
        draft.notes.append(f"not-examined: {type(fault).__name__}")
    finally:
        source.close()
    return draft


def _scan_samples(source: Source, draft: Draft) -> bool:
    """Scan by the index. Return False where there is none (fragmented, or not readable)."""
    from evidence.adapters.probing.isomedia import read_medias

    medias = [one for one in read_medias(source, Draft(source.size)) if one.tables.count]
    for media in medias:
        if media.track.kind in ("video", "audio") and media.track.codec not in RAW:
            _scan_track(source, draft, media)
    return bool(medias)


def _scan_track(source: Source, draft: Draft, media: Media) -> None:
    tables = media.tables
    lead = _length_bytes(media.entry, media.track.codec)
    runs = tables.runs()
    step = runs[0][1] / media.scale if runs else 0.0
    seconds = list(map(media.shown(), tables.points(runs)))
    broken: list[tuple[float, float, str, int, int]] = []
    for chunk, offset in enumerate(tables.offsets):
        first, per = tables.chunk_samples(chunk)
        for sample in range(first, min(first + per, tables.count, len(seconds))):
            size = tables.constant or tables.sizes[sample]
            payload = source.read(offset, min(size, LONGEST_SAMPLE))
            kind = _fault(payload, lead) if len(payload) == size else ""  # cut off: told from the index
            if kind:
                broken.append((seconds[sample], seconds[sample] + step, kind, offset, offset + size))
            offset += size
    _write_down(draft, media.track.number, broken, coded=bool(lead))


def _length_bytes(entry: bytes, codec: str) -> int:
    """Return the width of the length before each NAL unit, 0 where there are none."""
    name, at = CHAINS.get(codec, (b"", 0))
    start = entry.find(name) if name else -1
    return (entry[start + 4 + at] & 3) + 1 if start >= 0 and len(entry) > start + 4 + at else 0


def _fault(payload: bytes, lead: int) -> str:
    if ZEROS in payload:
        return "zero-run"
    if not lead:
        return "zero-run" if payload and not payload.strip(b"\0") else ""
    at, end = 0, len(payload)
    while at < end:
        length = int.from_bytes(payload[at : at + lead], "big")
        at += lead + length
        if length == 0 or at > end:
            return "broken-packet"
    return ""


def _scan_packets(source: Source, draft: Draft) -> None:
    import av

    from evidence.adapters.probing.packets import OPTIONS

    broken: dict[int, list[tuple[float, float, str, int, int]]] = {}
    try:
        with av.open(source.path, options=OPTIONS, metadata_errors="replace") as container:
            coded = [stream for stream in container.streams if stream.type in ("video", "audio")]
            wanted = {
                one.index: _extra_length_bytes(one.codec_context.name, one.codec_context.extradata or b"")
                for one in coded
                if not one.codec_context.name.startswith(("pcm", "raw"))
            }
            for packet in container.demux():
                if packet.stream_index not in wanted or not packet.size or packet.pts is None:
                    continue
                kind = _fault(bytes(packet), wanted[packet.stream_index])
                if kind:
                    at = float(packet.pts * packet.time_base)
                    length = float((packet.duration or 0) * packet.time_base)
                    place = packet.pos if packet.pos is not None else 0
                    broken.setdefault(packet.stream_index, []).append(
                        (at, at + length, kind, place, place + packet.size)
                    )
    except (av.FFmpegError, ValueError, EOFError, IndexError) as fault:
        draft.notes.append(f"not-examined: {type(fault).__name__}")
    for number, found in broken.items():
        _write_down(draft, number + 1, found, coded=bool(wanted[number]))


def _extra_length_bytes(codec: str, extra: bytes) -> int:
    """Return the width of the length before each NAL unit by avcC or hvcC, 0 for a byte stream."""
    at = {"h264": 4, "hevc": 21}.get(codec, 0)
    return (extra[at] & 3) + 1 if at and len(extra) > at and extra[0] == 1 else 0


def _write_down(
    draft: Draft, track: int, broken: list[tuple[float, float, str, int, int]], *, coded: bool
) -> None:
    piece = _Broken()
    piece.coded = coded
    for start_s, end_s, kind, start, end in sorted(broken):
        if piece.packets and start_s - piece.end_s <= NEAR_S:
            piece.end_s, piece.packets = max(piece.end_s, end_s), piece.packets + 1
            piece.start_byte, piece.end_byte = min(piece.start_byte, start), max(piece.end_byte, end)
            piece.kind = "zero-run" if kind == "zero-run" else piece.kind
            continue
        _close(draft, piece)
        piece = _Broken()
        piece.coded = coded
        piece.kind, piece.track, piece.packets = kind, track, 1
        piece.start_byte, piece.end_byte, piece.start_s, piece.end_s = start, end, start_s, end_s
    _close(draft, piece)


def _close(draft: Draft, piece: _Broken) -> None:
    if piece.packets:
        draft.broken(
            piece.kind,
            piece.start_byte,
            piece.end_byte,
            piece.start_s,
            track=piece.track,
            packets=piece.packets,
            coded=piece.coded,
        )
        draft.damage[-1]["end_s"] = round(piece.end_s, 6)
