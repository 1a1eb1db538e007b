"""Edit lists (ISO/IEC 14496-12 §8.6.6): from the media's own time line to the one that is presented."""

from __future__ import annotations

from struct import unpack_from

from evidence.adapters.probing.draft import TrackDraft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.timeline import Shown

MOST_EDITS = 10_000


def read_edits(data: bytes, body: int, end: int, movie_scale: int, scale: int, track: TrackDraft) -> None:
    """Read the entries of an elst box into track.edits, as (length, media time or None, rate) in seconds."""
    if end - body < 8:
        return
    wide = data[body] == 1
    step, form = (20, ">qqi") if wide else (12, ">Iii")
    count = min(int.from_bytes(data[body + 4 : body + 8], "big"), (end - body - 8) // step, MOST_EDITS)
    for i in range(count):
        length, media, rate = unpack_from(form, data, body + 8 + i * step)
        track.edits.append((length / movie_scale, None if media < 0 else media / scale, rate / 65536))


def presentation(track: TrackDraft, scale: int) -> Shown:
    """Return the function from media ticks to presented seconds, by the edits of the track.

    Media before the first edit comes out negative and media after the last runs on, as ffprobe reports
    packets.
    """
    pieces: list[tuple[float, float, float]] = []  # media start, media end, shift
    at = 0.0
    for length, media, _ in track.edits:
        if media is not None:
            pieces.append((media, media + length, at - media))
        at += length
    if len(pieces) <= 1:
        shift = pieces[0][2] if pieces else at * bool(track.edits)
        return lambda ticks: round(ticks / scale + shift, 6)

    def shown(ticks: float) -> float:
        second = ticks / scale
        for _, end, shift in pieces:
            if second < end - 1e-6:
                return round(second + shift, 6)
        return round(second + pieces[-1][2], 6)

    return shown


def hidden(track: TrackDraft, media_length_s: float) -> float:
    """Return the seconds of media that no edit presents, >= 0."""
    spans = sorted((media, media + length) for length, media, _ in track.edits if media is not None)
    if not spans:
        return media_length_s if track.edits else 0.0
    covered, reached = 0.0, 0.0
    for start, end in spans:
        if end <= start:  # a length of 0 means: all the rest (fragmented files)
            end = media_length_s
        start, end = max(start, reached), min(end, media_length_s)
        if end > start:
            covered, reached = covered + end - start, end
    return max(0.0, round(media_length_s - covered, 6))
