"""What a browser plays as it is, and so needs no proxy: what Debian's Chromium was seen to play.

It plays H.264 and AAC in MP4, MP3, plain WAV, JPEG and PNG; not HEVC, not transport streams,
not AVI. Codecs are named as the index readers name them (adapters/probing).
"""

from __future__ import annotations

from collections.abc import Mapping

from evidence.domain.media import MediaFacts, TrackFacts

_PLAYS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {  # container -> codecs of video, of audio
    "mp4": (frozenset({"avc1", "avc3"}), frozenset({"mp4a"})),
    "mov": (frozenset({"avc1", "avc3"}), frozenset({"mp4a"})),
    "wav": (frozenset(), frozenset({"pcm"})),
    "mp3": (frozenset(), frozenset({"mp3"})),
}
_MOVES = ("video", "audio")


def plays_as_it_is(facts: MediaFacts) -> bool:
    """Tell whether a browser plays an original itself; a still picture has no time to play."""
    if not _tracks(facts):
        return True
    if facts.container not in _PLAYS:
        return False
    video, audio = _PLAYS[facts.container]
    known = {"video": video, "audio": audio}
    return all(track.codec in known[track.kind] for track in _tracks(facts))


def needs_proxy(facts: MediaFacts) -> bool:
    """Tell whether a proxy is due without anybody asking: pictures or sound that no browser plays."""
    return facts.readable and not plays_as_it_is(facts)


def _tracks(facts: MediaFacts) -> list[TrackFacts]:
    return [track for track in facts.tracks if track.kind in _MOVES]
