"""AVI and WAV (RIFF; Microsoft AVI RIFF File Reference, OpenDML AVI 1.02): judged from headers and index.

The time line of an AVI comes from idx1 or, without it, from the chunk headers inside movi; media is skipped.
An AVI frame's time is its number times the stream's step; an empty chunk is a frame that was dropped.
"""

from __future__ import annotations

from struct import unpack_from

from evidence.adapters.probing.avi_index import Chunks, read_chunks
from evidence.adapters.probing.calendar import spoken_date
from evidence.adapters.probing.draft import Draft, TrackDraft
from evidence.adapters.probing.source import Source
from evidence.adapters.probing.timeline import describe_points

MOST_HEADER = 1 << 20
KINDS = {b"vids": "video", b"auds": "audio", b"txts": "subtitle"}
WAVE_CODECS = {1: "pcm", 3: "pcm_float", 6: "pcm_alaw", 7: "pcm_mulaw", 0x50: "mp2", 0x55: "mp3", 0xFF: "aac",
               0x2000: "ac3", 0x11: "adpcm_ima", 2: "adpcm_ms", 0xFFFE: "pcm"}  # fmt: skip


class Stream:
    """One strl list: what its strh and strf say."""

    def __init__(self, number: int, head: bytes, form: bytes) -> None:
        kind = KINDS.get(head[:4], "data")
        self.track = TrackDraft(number + 1, kind, head[4:8].decode("latin-1").strip("\0 ").lower())
        self.scale, self.rate, self.start, self.length = unpack_from("<IIII", head, 20)
        self.indexed = False
        self.sample_size = unpack_from("<I", head, 44)[0] if len(head) >= 48 else 0
        if kind == "video" and len(form) >= 20:
            self.track.width, height = unpack_from("<Ii", form, 4)
            self.track.height = abs(height)
            self.track.codec = form[16:20].decode("latin-1").strip("\0 ").lower() or "raw"
            self.track.configured(f"{self.track.codec}:{self.track.width}x{self.track.height}")
        elif kind == "audio" and len(form) >= 16:
            tag, _, self.track.sample_rate, _, block = unpack_from("<HHIIH", form)
            self.track.codec = WAVE_CODECS.get(tag, f"0x{tag:x}")
            self.sample_size = self.sample_size or (block if tag in (1, 3, 6, 7) else 0)
            self.track.configured(f"{self.track.codec}:{self.track.sample_rate}")


def read_riff(source: Source, draft: Draft) -> None:
    """Read an AVI or WAV file into the draft."""
    declared = int.from_bytes(source.read(4, 4), "little")
    if draft.container == "wav":
        _read_wave(source, draft, declared)
    else:
        _read_avi(source, draft)


def walk(source: Source, start: int, end: int, most: int = 4096) -> list[tuple[bytes, int, int, int]]:
    """Return (kind, body, declared size, end clipped to the file) of the chunks in [start, end)."""
    found: list[tuple[bytes, int, int, int]] = []
    at = start
    while at + 8 <= min(end, source.size) and len(found) < most:
        head = source.read(at, 8)
        size = int.from_bytes(head[4:8], "little")
        found.append((head[:4], at + 8, size, min(at + 8 + size, source.size)))
        at += 8 + size + (size & 1)
    return found


def _read_avi(source: Source, draft: Draft) -> None:
    chunks = Chunks()
    streams: list[Stream] = []
    cut = False
    after = source.size  # where the last RIFF list ends
    for kind, body, size, end in walk(source, 0, source.size):
        if cut:
            break
        if kind != b"RIFF":
            draft.broken(
                "after-end", body - 8, source.size, zero=not source.read(body - 8, 4096).strip(b"\0")
            )
            break
        if size == 0 or body + size > source.size:
            draft.broken(
                "sizes-zero" if size == 0 else "box-past-end", 0, source.size, box="RIFF", declared=size
            )
            end = source.size
        after = body + size + (size & 1)
        for part, at, length, stop in walk(source, body + 4, end):
            name = part.decode("latin-1") if part != b"LIST" else source.read(at, 4).decode("latin-1")
            draft.layout.append(name.strip())
            if name == "hdrl":
                streams = _read_header(source.read(at + 4, min(stop - at - 4, MOST_HEADER)), draft)
            elif name == "movi":
                chunks.movi.append((at, stop if length else source.size))
                _check_movi(draft, at, length, source.size)
                if length == 0 or at + length > source.size:
                    cut = True
                    break
            elif name == "idx1":
                chunks.index = (at, stop)
            elif name in ("INFO", "IDIT"):
                _read_info(name, source.read(at, min(stop - at, MOST_HEADER)), draft)
    if not cut and 0 < source.size - after < 8:  # too short to be a chunk
        draft.broken("after-end", after, source.size, zero=not source.read(after, 8).strip(b"\0"))
    _describe(source, draft, chunks, streams)


def _check_movi(draft: Draft, at: int, length: int, size: int) -> None:
    if length == 0:
        draft.broken("sizes-zero", at, size, box="movi")
    elif at + length > size:
        draft.broken("box-past-end", at, size, box="movi", declared=length)


def _read_header(data: bytes, draft: Draft) -> list[Stream]:
    streams: list[Stream] = []
    for kind, body, end in parts(data):
        if kind == b"avih" and end - body >= 20:
            step, frames = unpack_from("<I", data, body)[0], unpack_from("<I", data, body + 16)[0]
            draft.declared_s = step * frames / 1e6 or None
        elif kind == b"LIST" and data[body : body + 4] == b"strl" and len(streams) < 32:
            inside = {name: data[body + 4 + a : body + 4 + b] for name, a, b in parts(data[body + 4 : end])}
            head = inside.get(b"strh", b"")
            if len(head) >= 36:
                streams.append(Stream(len(streams), head, inside.get(b"strf", b"")))
                streams[-1].indexed = b"indx" in inside
        elif kind == b"IDIT":
            _read_info("IDIT", data[body:end], draft)
        elif kind == b"LIST" and data[body : body + 4] == b"INFO":
            _read_info("INFO", data[body:end], draft)
    return streams


def parts(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return (kind, body, end) of the chunks in data, clipped to it."""
    found: list[tuple[bytes, int, int]] = []
    at = 0
    while at + 8 <= len(data) and len(found) < 1024:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], at + 8, min(at + 8 + size, len(data))))
        at += 8 + size + (size & 1)
    return found


def _read_info(name: str, body: bytes, draft: Draft) -> None:
    if name == "IDIT":
        draft.clock("idit", spoken_date(body.decode("latin-1").strip("\0 \r\n")), meaning="start")
        return
    for kind, start, end in parts(body[4:]):
        text = body[4 + start : 4 + end].decode("latin-1").strip("\0 \r\n")
        if kind in (b"ISFT", b"IENC", b"ITCH"):
            draft.wrote(kind.decode("ascii"), text)
        if kind == b"ICRD":
            draft.clock("icrd", text)
        if kind in (b"ISFT", b"ISRC", b"IPRD", b"ICOP", b"ICMT") and text:
            draft.device_texts.setdefault(kind.decode("ascii"), text[:200])


def _describe(source: Source, draft: Draft, chunks: Chunks, streams: list[Stream]) -> None:
    draft.tracks = [stream.track for stream in streams]
    declared = sum(stream.length for stream in streams if stream.track.kind == "video")
    chunks.super_index = any(stream.indexed for stream in streams)
    read_chunks(source, draft, chunks, len(streams), declared)
    for number, stream in enumerate(streams):
        sizes = chunks.sizes.get(number)
        track, scale, rate = stream.track, max(1, stream.scale), max(1, stream.rate)
        track.declared_s = stream.length * scale / rate
        ticks = rate / scale
        if sizes is None or not len(sizes):
            track.declared_packets = stream.length if track.kind == "video" else None
            continue
        if track.kind == "audio" and stream.sample_size:
            _describe_sound(stream, sizes, ticks)
            continue
        track.declared_packets = stream.length
        points = [i for i, size in enumerate(sizes) if size]
        describe_points(track, points, 1, ticks, lambda at, ticks=ticks: round(at / ticks, 6))  # type: ignore[misc]


def _describe_sound(stream: Stream, sizes: list[int], ticks: float) -> None:
    from itertools import accumulate

    track = stream.track
    ends = list(accumulate(sizes))
    starts = [end - size for end, size in zip(ends, sizes, strict=True)]
    per_second = ticks * stream.sample_size
    track.packets = len(sizes)
    track.first_s, track.last_s = 0.0, round(starts[-1] / per_second, 6)
    track.end_s = round(ends[-1] / per_second, 6)
    track.usual_step_s = round(sorted(sizes)[len(sizes) // 2] / per_second, 6)


def _read_wave(source: Source, draft: Draft, declared: int) -> None:
    track = TrackDraft(1, "audio", "pcm")
    per_second, wide = 0, 0
    for kind, body, size, end in walk(source, 12, source.size):
        draft.layout.append(kind.decode("latin-1").strip())
        if kind == b"ds64":
            wide = int.from_bytes(source.read(body + 8, 8), "little")
        elif kind == b"fmt ":
            form = source.read(body, 40)
            if len(form) < 16:
                break
            tag, _, track.sample_rate, per_second, _ = unpack_from("<HHIIH", form)
            track.codec = WAVE_CODECS.get(tag, f"0x{tag:x}")
        elif kind == b"data":
            _wave_data(source, draft, track, body, wide if size == 0xFFFFFFFF and wide else size, per_second)
            break
        elif kind == b"LIST":
            _read_info("INFO", source.read(body, min(end - body, MOST_HEADER)), draft)
    draft.tracks = [track]
    end = 8 + declared + (declared & 1)
    if 8 < end < source.size:
        draft.broken("after-end", end, source.size, zero=not source.read(end, 4096).strip(b"\0"))
    if not track.packets:
        draft.broken("no-index", 0, source.size, boxes=draft.layout[:8])


def _wave_data(
    source: Source, draft: Draft, track: TrackDraft, body: int, size: int, per_second: int
) -> None:
    present = min(size, source.size - body)
    if size == 0 and source.size > body + 2 or size > source.size - body:
        draft.broken(
            "sizes-zero" if size == 0 else "box-past-end", body, source.size, box="data", declared=size
        )
        present = source.size - body
    if per_second <= 0:
        draft.broken("sample-table", table="fmt")
        return
    track.packets, track.first_s = 1, 0.0
    track.last_s = track.end_s = round(present / per_second, 6)
    track.declared_s = draft.declared_s = size / per_second if size else None
