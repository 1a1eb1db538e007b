"""Small looks into the media data: the encoder's own words, and digests by which repeated content is found.

Of a video track the start of the first sample and of a few key frames are read: MOST_MARKS at the two ends,
and those in the middle whose sizes come again in the same order (at most MOST_AGAIN). x264 and x265 write a
version text into a user-data SEI of the first picture (ITU-T
H.264 §D.2.7); libavcodec writes "Lavc" into the filler of AAC.
"""

from __future__ import annotations

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.isomedia import Media

MOST_MARKS = 24
MOST_AGAIN = 60
MOST_KEYS = 4000  # key frames marked while packets are walked, before chosen() thins them
IN_A_ROW = 3  # key frames of equal sizes in a row are a copy, or a picture without noise
MARK_BYTES = 2048
ENCODERS = (b"x264 - core", b"x265 (build", b"Lavc", b"HandBrake", b"NVENC", b"XAVC")


def read_samples(source: Source, draft: Draft, medias: list[Media]) -> None:
    """Look at the first sample of each track, and mark key frames of the first video track."""
    marked = False
    for media in medias:
        if media.track.kind not in ("video", "audio") or media.track.packets == 0 or not media.tables.count:
            continue
        offset, size = media.tables.locate([0])[0]
        note_encoder(draft, source.read(offset, min(size, 2 * MARK_BYTES)))
        if media.track.kind == "video" and not marked:
            _mark_key_frames(source, draft, media)
            marked = True


def note_encoder(draft: Draft, payload: bytes) -> None:
    """Write down the encoder that a payload names, if it names one."""
    for name in ENCODERS:
        at = payload.find(name)
        if at >= 0:
            text = payload[at : at + 40].split(b"\0")[0].split(b" - H.26")[0]
            draft.wrote("stream", bytes(byte for byte in text if 32 <= byte < 127).decode("ascii"))


def _mark_key_frames(source: Source, draft: Draft, media: Media) -> None:
    keys = [number - 1 for number in media.tables.sync if 0 < number <= media.tables.count]
    if not keys:
        return
    sizes = media.tables.sizes.between(0, media.tables.count)
    places = chosen([sizes[key] for key in keys] if sizes else [media.tables.constant] * len(keys))
    keys = [keys[place] for place in places]
    seconds = media.second_of(keys)
    for (offset, size), second in zip(media.tables.locate(keys), seconds, strict=False):
        payload = source.read(offset, min(size, MARK_BYTES))
        if len(payload) == min(size, MARK_BYTES) and len(payload) >= 64:
            add_mark(draft, payload, size, second)


def chosen(keys: list[int] | list[str]) -> list[int]:
    """Return the places of the key frames to compare (their sizes or digests given): both ends, and what
    comes again IN_A_ROW in the same order; ascending."""
    half = MOST_MARKS // 2
    if len(keys) <= MOST_MARKS:
        return list(range(len(keys)))
    ends = {*range(half), *range(len(keys) - half, len(keys))}
    seen: dict[tuple[int | str, ...], int] = {}
    again: dict[int, None] = {}  # a set in order of being found
    for place, row in enumerate(zip(*(keys[i:] for i in range(IN_A_ROW)), strict=False)):
        before = seen.setdefault(row, place)
        if place - before >= IN_A_ROW:
            again.update(dict.fromkeys((*range(before, before + IN_A_ROW), *range(place, place + IN_A_ROW))))
            if len(again) >= MOST_AGAIN:
                break
    return sorted(ends.union(again))


def thin_marks(draft: Draft) -> None:
    """Keep of all marks of a walked file those that are worth comparing."""
    places = chosen(draft.content_marks)
    draft.content_marks = [draft.content_marks[place] for place in places]
    draft.mark_times = [draft.mark_times[place] for place in places]


def add_mark(draft: Draft, payload: bytes, size: int, second: float) -> None:
    """Add the digest of a packet: 128 bits of BLAKE2b over its first bytes, with its whole size."""
    from _blake2 import blake2b  # what hashlib hands out, without loading OpenSSL (3 ms of each probe)

    if len(payload.strip(payload[-1:])) < 32:
        return  # zeros and other padding are no content
    draft.content_marks.append(f"{blake2b(payload[:MARK_BYTES], digest_size=16).hexdigest()}-{size}")
    draft.mark_times.append(second)
