"""How ffmpeg is called to make derivatives. The same input and call give the same bytes: nothing that differs
from day to day is written, and the number of threads is fixed, on which x264's output depends; no rate is
bounded, for with that x264 was seen to decide by which thread came first.

Only the first picture and sound track are taken; data and subtitle tracks, chapters and metadata of the
original (places, names, thumbnails) never come along.
"""

from __future__ import annotations

from typing import Any

import ffmpeg

from evidence.adapters.sandbox import OUT, inside
from evidence.domain.media import MediaFacts

THREADS = 2
_FORMATS = "mov,avi,mpegts,matroska,wav,mp3,amr,amrnb,amrwb"  # never a playlist or a list of other files
_LONG_SIDE = 1920
_TICKS = 90_000  # of the picture's time base: what transport streams count in
BARE: dict[str, Any] = {
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
    "flags:v": "+bitexact",
    "flags:a": "+bitexact",
}
PICTURE: dict[str, Any] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "crf": 23,
    "pix_fmt": "yuv420p",
    "fps_mode": "passthrough",  # each picture at its own time
    "enc_time_base:v": f"1/{_TICKS}",
    "video_track_timescale": _TICKS,
    "force_key_frames": "expr:gte(t,n_forced)",  # one each second: seeking is exact and cheap
}
SOUND: dict[str, Any] = {"c:a": "aac", "b:a": 96_000, "ac": 2}
MP4: dict[str, Any] = {"f": "mp4", "movflags": "+faststart"}
"""The index in front: a browser seeks by ranges from the first byte on."""


def source() -> Any:
    """Return the input: the original, whose name stays outside."""
    return ffmpeg.input(  # type: ignore[no-untyped-call]
        inside(), hide_banner=None, nostdin=None, nostats=None, loglevel="repeat+level+error",
        threads=THREADS, protocol_whitelist="file", format_whitelist=_FORMATS, progress="pipe:1",
        stats_period=1,
    )  # fmt: skip


def proxy_call(facts: MediaFacts) -> list[str]:
    """Return the call that makes a proxy: pictures no larger than 1920, sound kept in step with them."""
    original, streams, how = source(), [], {**BARE, **MP4, "threads": THREADS}
    if facts.of_kind("video") or not facts.readable:
        picture = original["v:0"].filter(
            "scale", f"min(iw,{_LONG_SIDE})", f"min(ih,{_LONG_SIDE})",
            force_original_aspect_ratio="decrease", force_divisible_by=2,
        )  # fmt: skip
        streams.append(picture)
        how |= PICTURE
    if facts.of_kind("audio"):
        streams.append(
            original["a:0"].filter("aresample", **{"async": 1, "min_hard_comp": 0.1, "first_pts": 0})
        )
        how |= SOUND
    return written(streams, how)


def written(streams: list[Any], how: dict[str, Any]) -> list[str]:
    """Return the call that writes these streams to the output."""
    call: list[str] = ffmpeg.output(*streams, OUT, **how).overwrite_output().compile()
    return call
