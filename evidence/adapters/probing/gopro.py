"""GoPro telemetry (GPMF, github.com/gopro/gpmf-parser): the GPS clock and the place of each record, and the
camera's serial.

Only the gpmd samples are read, each once and no more than their share: at most READ_SHARE of the file or
READ_LEAST bytes. GPSU is UTC as "yymmddhhmmss.sss"; GPSF says whether there was a fix (2 or 3). GPS5 holds
latitude, longitude, height and two speeds, each an integer to be divided by its part of the SCAL before it.
"""

from __future__ import annotations

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.isomedia import Media

LONGEST_RECORD = 64 << 10
READ_LEAST = 2 << 20
READ_SHARE = 100  # one hundredth of the file
MOST_PLACES = 600  # kept of a track: a sketch has no more points
_FIXED = (2, 3)
TEXTS = {b"CASN": "serial", b"MINF": "model", b"FMWR": "firmware"}


def read_telemetry(source: Source, draft: Draft, medias: list[Media]) -> None:
    """Read the GPS clock of each telemetry record of the first gpmd track."""
    for media in medias:
        if media.track.codec == "gpmd" and media.track.packets:
            _read_track(source, draft, media)
            return


def _read_track(source: Source, draft: Draft, media: Media) -> None:
    samples = list(range(min(media.tables.count, 20_000)))
    seconds = media.second_of(samples)
    left = max(READ_LEAST, source.size // READ_SHARE)
    for (offset, size), second in zip(media.tables.locate(samples), seconds, strict=False):
        if size > left:
            draft.notes.append("not-examined: telemetry beyond the limit")
            return
        left -= size
        _read_record(draft, source.read(offset, min(size, LONGEST_RECORD)), second)
    step = -(-len(draft.places) // MOST_PLACES)
    if step > 1:
        draft.places = draft.places[::step]


def _read_record(draft: Draft, record: bytes, second: float) -> None:
    fix, clock, scale, place = 0, "", b"", b""
    for key, value in _walk(record):
        if key == b"GPSU" and len(value) >= 16:
            clock = value[:16].decode("ascii", "replace")
        elif key == b"GPSF" and len(value) >= 4:
            fix = int.from_bytes(value[:4], "big")
        elif key == b"SCAL":
            scale = value
        elif key == b"GPS5" and len(value) >= 20 and len(scale) == 20:
            place = value[:8] + scale[:8]
        elif key in TEXTS:
            text = value.split(b"\0")[0].decode("ascii", "replace").strip()
            target = draft.device_ids if key == b"CASN" else draft.device_texts
            target.setdefault(f"gpmf:{TEXTS[key]}", text)
    if place and fix in _FIXED:
        _note_place(draft, place, second)
    digits = clock[:12] + clock[13:16]
    if digits.isascii() and digits.isdigit():
        text = f"20{clock[:2]}-{clock[2:4]}-{clock[4:6]}T{clock[6:8]}:{clock[8:10]}:{clock[10:16]}Z"
        draft.clock("gps" if fix in _FIXED else "gps-without-fix", text, second)


def _note_place(draft: Draft, place: bytes, second: float) -> None:
    """Note a place of which the first reading of a record speaks; one outside the Earth is none."""
    latitude, longitude, by, along = (
        int.from_bytes(place[at : at + 4], "big", signed=True) for at in (0, 4, 8, 12)
    )
    if by > 0 and along > 0 and abs(latitude) <= 90 * by and abs(longitude) <= 180 * along:
        draft.places.append((second, latitude / by, longitude / along))


def _walk(record: bytes) -> list[tuple[bytes, bytes]]:
    """Return the leaves of nested key-length-value entries, by a stack of ranges instead of recursion."""
    leaves: list[tuple[bytes, bytes]] = []
    ranges = [(0, len(record))]
    while ranges and len(leaves) < 4096:
        at, end = ranges.pop()
        while at + 8 <= end:
            key, kind = record[at : at + 4], record[at + 4]
            length = record[at + 5] * int.from_bytes(record[at + 6 : at + 8], "big")
            body, after = at + 8, at + 8 + (length + 3) // 4 * 4
            if key == b"\0\0\0\0":
                break
            if kind == 0:
                ranges.append((after, end))
                at, end = body, min(body + length, end)
                continue
            leaves.append((key, record[body : min(body + length, end)]))
            at = after
    return leaves
