"""The child that decodes packet by packet, to say in which seconds data cannot be decoded.

Runs inside the sandbox only, started by adapters/deep.py when ffmpeg reported errors: ffmpeg names what is
wrong but not where. Slower than ffmpeg (one thread, so that a fault belongs to its packet). Writes one JSON
value.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import av

from evidence.adapters.probing.packets import OPTIONS

MOST_STRETCHES = 1000


def broken_stretches(path: str) -> list[tuple[str, float, float]]:
    """Return (kind of track, start_s, end_s) of packets that raise and of pictures marked corrupt, merged."""
    found: list[tuple[str, float, float]] = []
    for kind in ("video", "audio"):
        with av.open(path, options=OPTIONS) as container:
            stream = next((one for one in container.streams if one.type == kind), None)
            if stream is not None and stream.codec_context is not None:
                found.extend(_decode(container, stream, kind))
    return found[:MOST_STRETCHES]


def _decode(container: Any, stream: Any, kind: str) -> list[tuple[str, float, float]]:
    stream.thread_type = "NONE"
    base = float(stream.time_base or 0)
    found: list[tuple[str, float, float]] = []
    for packet in container.demux(stream):
        length = float(packet.duration or 0) * base
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            at = packet.pts if packet.pts is not None else packet.dts
            if at is not None:
                _note(found, kind, at * base, length)
            continue
        for frame in frames:
            if getattr(frame, "is_corrupt", False) and frame.pts is not None:
                _note(found, kind, frame.pts * base, length)
    return found


def _note(found: list[tuple[str, float, float]], kind: str, at: float, length: float) -> None:
    """Add one packet, to the last stretch where they touch (packets come in decoding order)."""
    if found and found[-1][1] - 0.5 <= at <= found[-1][2] + 0.5:
        _, start, end = found[-1]
        found[-1] = (kind, min(start, at), max(end, at + length))
    elif len(found) < MOST_STRETCHES:
        found.append((kind, at, at + length))


def main() -> None:
    """Decode the file named by the only argument and write its broken stretches to stdout."""
    av.logging.set_level(av.logging.PANIC)
    json.dump(broken_stretches(sys.argv[1]), sys.stdout)
