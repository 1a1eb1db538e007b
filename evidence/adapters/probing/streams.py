"""Containers without an index: MPEG-TS (188 and 192 byte packets), MP3, AMR. Their packets are walked by
PyAV.

This reads the whole file, because only the packets tell. What PyAV (libavformat) cannot tell is looked up by
hand: the partial last packet of a transport stream, its service description, bytes after the end of an MP3.
MediaInfo names the writing library where a stream carries it.
"""

from __future__ import annotations

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source
from evidence.adapters.probing.transport import check_unit, read_transport


def read_stream(source: Source, draft: Draft) -> None:
    """Read a file without an index into the draft."""
    from evidence.adapters.probing.packets import walk_packets

    if draft.container == "mpegts":
        read_transport(source, draft)
    walk_packets(source, draft)
    if draft.container == "mpegts":
        check_unit(source, draft)
        _read_library(source, draft)
    elif draft.container == "amr":
        _check_amr(source, draft)


def _read_library(source: Source, draft: Draft) -> None:
    from pymediainfo import MediaInfo

    try:
        found = MediaInfo.parse(source.path, parse_speed=0)
    except (OSError, RuntimeError, ValueError) as fault:
        draft.notes.append(f"not-examined: MediaInfo {type(fault).__name__}")
        return
    for track in found.tracks:
        for origin in ("writing_application", "writing_library", "encoded_library_name"):
            text = getattr(track, origin, None)
            if isinstance(text, str):
                draft.wrote("stream", text)


AMR_NB = (
    12,
    13,
    15,
    17,
    19,
    20,
    26,
    31,
    5,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
)  # speech bytes per frame type, RFC 4867 §5.3
AMR_WB = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)


def _check_amr(source: Source, draft: Draft) -> None:
    """Check that the last frame is whole: frames of 20 ms, each with its size in its first byte."""
    head = source.read(0, 9)
    sizes, at = (AMR_WB, 9) if head == b"#!AMR-WB\n" else (AMR_NB, 6)
    data = source.read(0, source.size)
    while at < len(data):
        size = 1 + sizes[data[at] >> 3 & 15]
        if at + size > len(data):
            draft.broken("partial-packet", at, source.size, declared=size)
        at += size
