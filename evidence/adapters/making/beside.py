"""What lies beside the pictures of a clip that was not encoded anew: in H.265 the settings in front may hold
messages of the encoder (SEI: serial numbers, places), which ffmpeg hands on with them (ISO/IEC 14496-15,
§8.3.3).
"""

from __future__ import annotations

from pathlib import Path

_HEAD_BYTES = 4 << 20  # the index stands in front, and settings early in it
_SETS = frozenset({32, 33, 34})  # of the video, of the sequence, of pictures
_FIXED = 22  # bytes before the number of arrays


def has_messages(film: Path) -> bool:
    """Tell whether the settings of an MP4's H.265 hold more than its parameter sets, or cannot be read."""
    with film.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    _, found, settings = head.partition(b"hvcC")
    if not found:
        return b"hvc1" in head or b"hev1" in head
    at = _FIXED
    try:
        arrays, at = settings[at], at + 1
        for _ in range(arrays):
            if settings[at] & 0x3F not in _SETS:
                return True
            many, at = int.from_bytes(settings[at + 1 : at + 3], "big"), at + 3
            for _ in range(many):
                at += 2 + int.from_bytes(settings[at : at + 2], "big")
    except IndexError:
        return True
    return at > len(settings)
