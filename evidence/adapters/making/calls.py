"""How ffmpeg is called to make derivatives. The same input and call give the same bytes: nothing that differs
from day to day is written, and one thread does the work, for of two x264 was seen to ask which came first.

Only the first picture and sound track are taken; data and subtitle tracks, captions within the pictures,
chapters and metadata of the original (places, names, thumbnails) never come along.
"""

from __future__ import annotations

from typing import Any

import ffmpeg

from evidence.adapters.making.covers import cover, hush
from evidence.adapters.sandbox import OUT, inside
from evidence.domain.derivatives import picture_units
from evidence.domain.media import MediaFacts
from evidence.domain.orders import Order

THREADS = 1
SOUND_RATE = 48_000
MARK, FONT = 2, 3  # which inputs hold text and font; 1 is told to the covers
_KINDS = {"v": "video", "a": "audio"}
_FORMATS = "mov,avi,mpegts,matroska,wav,mp3,amr,amrnb,amrwb"  # never a playlist or a list of other files
_LONG_SIDE = 1920
_READ_ON_S = 2.0  # behind the end of a part, for pictures out of order
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
SOUND: dict[str, Any] = {"c:a": "aac", "b:a": 128_000}
_IN_STEP: dict[str, Any] = {"async": 1, "min_hard_comp": 0.1, "first_pts": 0}
"""Where sound is missing there is silence: what comes behind a gap stays beside its pictures."""
MP4: dict[str, Any] = {"f": "mp4", "movflags": "+faststart"}
"""The index in front: a browser seeks by ranges from the first byte on."""


def source(until_ms: int | None = None, loglevel: str = "error") -> Any:
    """Return the input: the original, whose name stays outside, read until a moment."""
    end = {} if until_ms is None else {"t": until_ms / 1000 + _READ_ON_S}
    return ffmpeg.input(  # type: ignore[no-untyped-call]
        inside(), hide_banner=None, nostdin=None, nostats=None, loglevel=f"repeat+level+{loglevel}",
        threads=THREADS, protocol_whitelist="file", format_whitelist=_FORMATS, progress="pipe:1",
        stats_period=1, **end,
    )  # fmt: skip


def proxy_call(facts: MediaFacts) -> list[str]:
    """Return the call that makes a proxy: pictures no larger than 1920, sound kept in step with them."""
    original, streams, how = source(), [], {**BARE, **MP4, "threads": THREADS}
    if facts.of_kind("video") or not facts.readable:
        picture = _bare(original["v:0"]).filter(
            "scale", f"min(iw,{_LONG_SIDE})", f"min(ih,{_LONG_SIDE})",
            force_original_aspect_ratio="decrease", force_divisible_by=2,
        )  # fmt: skip
        streams.append(picture)
        how |= PICTURE
    if facts.of_kind("audio"):
        streams.append(original["a:0"].filter("aresample", **_IN_STEP))
        how |= SOUND
    return written(streams, how)


def written(streams: list[Any], how: dict[str, Any]) -> list[str]:
    """Return the call that writes these streams to the output."""
    call: list[str] = ffmpeg.output(*streams, OUT, **how).overwrite_output().compile()
    return call


def copy_call(facts: MediaFacts, order: Order) -> list[str]:
    """Return the call that makes an exact clip, a redaction or a marked copy: the part, its covers, the
    mark.
    """
    original, streams = source(order.to_ms), []
    how = {**BARE, **MP4, "threads": THREADS}
    if facts.of_kind("video"):
        picture = _bare(original["v:0"]).filter("crop", "trunc(iw/2)*2", "trunc(ih/2)*2", 0, 0)
        picture = cover(_part(picture, order, "trim", "setpts"), order)
        if order.recipient is not None:
            picture = _marked(picture)
        streams.append(picture.filter("format", "yuv420p"))
        how |= {**PICTURE, "crf": 18}
    if facts.of_kind("audio"):
        heard = (
            original["a:0"]
            .filter("aresample", SOUND_RATE, **_IN_STEP)
            .filter("asetnsamples", n=SOUND_RATE // 100, p=0)
        )
        streams.append(hush(_part(heard, order, "atrim", "asetpts"), order))
        how |= SOUND
    return written(streams, how)


def key_frame_call(facts: MediaFacts, order: Order) -> list[str]:
    """Return the call that makes a clip without encoding: it begins at the key picture before. What recorders
    write between pictures (places, serial numbers) is left out; nothing lies hidden before the first picture.
    """
    assert order.from_ms is not None
    assert order.to_ms is not None
    original = ffmpeg.input(  # type: ignore[no-untyped-call]
        inside(), hide_banner=None, nostdin=None, nostats=None, loglevel="repeat+level+error",
        protocol_whitelist="file", format_whitelist=_FORMATS, progress="pipe:1", stats_period=1,
        ss=order.from_ms / 1000, t=(order.to_ms - order.from_ms) / 1000,
    )  # fmt: skip
    how = {**BARE, **MP4, "c": "copy", "avoid_negative_ts": "make_zero", "use_editlist": 0}
    for one in facts.of_kind("video")[:1]:
        how["bsf:v"] = f"filter_units=pass_types={picture_units(one.codec)}"
    return written([original[f"{kind}:0"] for kind in "va" if facts.of_kind(_KINDS[kind])], how)


def still_call(at_ms: int, window_ms: int) -> list[str]:
    """Return the call that writes the picture shown at a moment: the last that begins until then."""
    since, until = max(0, at_ms - window_ms) / 1000, at_ms / 1000 + 0.0005
    picture = (
        _bare(source(at_ms, "info")["v:0"])
        .filter("trim", start=since, end=until)
        .filter("showinfo", checksum=0)
    )
    how = {"f": "image2", "update": 1, "c:v": "png", "pix_fmt": "rgb24", "map_metadata": -1}
    return written(
        [picture], {**how, "fflags": "+bitexact", "flags:v": "+bitexact", "fps_mode": "passthrough"}
    )


def _bare(picture: Any) -> Any:
    """Return the picture without what travels beside it: captions, which an encoder writes down again."""
    return picture.filter("sidedata", mode="delete")


def _part(stream: Any, order: Order, trim: str, times: str) -> Any:
    start = (order.from_ms or 0) / 1000
    if order.from_ms is None and order.to_ms is None:
        return stream
    end = {} if order.to_ms is None else {"end": order.to_ms / 1000}
    return stream.filter(trim, start=start, **end).filter(times, f"PTS-{start:.3f}/TB")


def _marked(picture: Any) -> Any:
    """Return the picture with the text of an input in two corners."""
    how = {
        "textfile": inside(MARK), "fontfile": inside(FONT), "expansion": "none", "fontsize": "max(12,h/24)",
        "fontcolor": "white@0.9", "box": 1, "boxcolor": "black@0.45", "boxborderw": 4,
    }  # fmt: skip
    picture = picture.filter("drawtext", x="w/50", y="h/50", **how)
    return picture.filter("drawtext", x="w-text_w-w/50", y="h-text_h-h/50", **how)
