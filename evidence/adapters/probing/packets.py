"""Walking the packets of a file by PyAV (libavformat), without decoding, into the same facts as an index
gives.

Used where there is no index to read. Only local files are opened; time stamps stay in the stream's own ticks.
"""

from __future__ import annotations

from array import array
from typing import Any

from evidence.adapters.probing.draft import Draft, TrackDraft
from evidence.adapters.probing.marks import MARK_BYTES, MOST_KEYS, add_mark, note_encoder, thin_marks
from evidence.adapters.probing.source import Source
from evidence.adapters.probing.timeline import describe_backsteps, describe_points

MOST_PACKETS = 8_000_000
OPTIONS = {"protocol_whitelist": "file", "scan_all_pmts": "1"}  # without: PyAV loses late streams
CLOCKS = {"creation_time": "creationdate", "date": "date"}


class _Line:
    def __init__(self, track: TrackDraft) -> None:
        self.track = track
        self.points = array("q")
        self.decode = array("q")
        self.tail = 0
        self.corrupt: list[int] = []
        self.keys = 0


def walk_packets(source: Source, draft: Draft) -> None:
    """Read every packet of the file; what cannot be opened is written down as not readable."""
    import av

    source.bytes_read += source.size
    try:
        with av.open(source.path, options=OPTIONS, metadata_errors="replace") as container:
            lines = {stream.index: _Line(_track(stream)) for stream in list(container.streams)[:64]}
            _metadata(container.metadata, draft)
            try:
                _walk(container, lines, draft)
            except av.BlockingIOError:  # libavformat finds no packet any more in what is left
                if not any(damage["kind"] == "after-end" for damage in draft.damage):
                    draft.broken("junk")
            finally:
                for stream in list(container.streams)[:64]:
                    if stream.index in lines:
                        _finish(lines[stream.index], stream, draft)
                thin_marks(draft)
    except (av.FFmpegError, ValueError, EOFError, IndexError) as fault:
        draft.notes.append(f"not-examined: {type(fault).__name__}")


def _track(stream: Any) -> TrackDraft:
    kind = stream.type if stream.type in ("video", "audio", "subtitle") else "data"
    context = stream.codec_context
    track = TrackDraft(stream.index + 1, kind, context.name if context else "unknown")
    if kind == "video":
        track.width, track.height = context.width or None, context.height or None
    elif kind == "audio":
        track.sample_rate = context.sample_rate or None
    return track


def _metadata(metadata: dict[str, str], draft: Draft) -> None:
    for key, text in metadata.items():
        if key.lower() in ("encoder", "software", "encoded_by", "tsse"):
            draft.wrote("tag", text)
        if key in CLOCKS:
            draft.clock(CLOCKS[key], text)


def _walk(container: Any, lines: dict[int, _Line], draft: Draft) -> None:
    seen = 0
    for packet in container.demux():
        line = lines.get(packet.stream_index)
        if line is None or not packet.size:
            continue
        seen += 1
        if seen > MOST_PACKETS:
            draft.notes.append("not-examined: packets beyond the limit")
            return
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None:
            line.points.append(stamp)
            line.tail = packet.duration or line.tail
        else:
            line.track.declared_packets = (line.track.declared_packets or 0) + 1
        if packet.dts is not None:
            line.decode.append(packet.dts)
        if packet.is_corrupt and stamp is not None:
            line.corrupt.append(stamp)
        if line.track.kind == "video" and packet.is_keyframe:
            _mark(line, packet, draft)
        elif line.track.kind == "audio":
            if len(line.points) == 1:
                note_encoder(draft, bytes(packet)[:4096])
            if line.track.codec == "aac":
                note_sound(line.track, bytes(memoryview(packet)[:4]))


def _mark(line: _Line, packet: Any, draft: Draft) -> None:
    payload = bytes(packet)
    if line.keys == 0:
        note_encoder(draft, payload[:16_384])
    line.keys += 1
    for unit in parameter_sets(payload[:4096], line.track.codec):
        line.track.configured(unit.hex()[:160])
    if len(draft.content_marks) < MOST_KEYS and len(payload) >= 64 and packet.pts is not None:
        add_mark(draft, payload[:MARK_BYTES], len(payload), float(packet.pts * packet.time_base))


def note_sound(track: TrackDraft, head: bytes) -> None:
    """Note sample rate and channels of an ADTS frame (ISO/IEC 13818-7 §6.2), if it is one."""
    if len(head) == 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        track.configured(f"adts:{head[2] & 0xFD:02x}{head[3] & 0xC0:02x}")


def parameter_sets(payload: bytes, codec: str) -> list[bytes]:
    """Return the sequence parameter sets of an Annex B payload (H.264 §B.1, H.265 §B.2)."""
    if codec not in ("h264", "hevc"):
        return []
    found = []
    for unit in payload.split(b"\0\0\1")[1:]:
        kind = unit[0] & 31 if codec == "h264" and unit else (unit[0] >> 1 & 63) if unit else -1
        if kind == (7 if codec == "h264" else 33):
            found.append(unit.rstrip(b"\0"))
    return found


def _finish(line: _Line, stream: Any, draft: Draft) -> None:
    base = stream.time_base
    scale = base.denominator / base.numerator if base else 1.0
    track = line.track

    def shown(ticks: float) -> float:
        return round(ticks / scale, 6)

    if track.declared_packets:
        track.declared_packets += len(line.points)
    describe_points(track, line.points, line.tail, scale, shown)
    describe_backsteps(track, line.decode, shown)
    track.corrupt = [(shown(stamp), shown(stamp)) for stamp in line.corrupt[:200]]
    if line.points or track.kind in ("video", "audio"):
        draft.tracks.append(track)
