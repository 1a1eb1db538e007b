"""MP4, MOV, 3GP: judged from the index (moov, or the moofs of a fragmented file), never from the media data.

ISO/IEC 14496-12 and the QuickTime File Format. Tables: sampletables.py; fragments: fragments.py; clocks,
makers and software: isometa.py; small samples of the media: payload marks (marks.py) and GoPro telemetry
(gopro.py).
"""

from __future__ import annotations

from evidence.adapters.probing import isometa, marks
from evidence.adapters.probing.boxes import Box, children, descend, first, top_level
from evidence.adapters.probing.draft import Draft, TrackDraft
from evidence.adapters.probing.editlist import hidden, presentation, read_edits
from evidence.adapters.probing.reach import Reach, reach
from evidence.adapters.probing.sampletables import MOST_SAMPLES, Tables
from evidence.adapters.probing.source import LONGEST_READ, Source
from evidence.adapters.probing.timeline import describe_points, describe_runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evidence.adapters.probing.timeline import Shown

MOST_TRACKS = 64
KINDS = {"vide": "video", "soun": "audio", "sbtl": "subtitle", "subt": "subtitle", "text": "subtitle"}


class Media:
    """One track with what is needed to find its samples and to place them in time."""

    def __init__(self, track: TrackDraft, scale: int, tables: Tables, ident: int) -> None:
        self.track = track
        self.scale = scale
        self.tables = tables
        self.ident = ident
        self.entry = b""  # the first sample description, with its configuration

    def shown(self) -> Shown:
        """Return the function from media ticks to presented seconds."""
        return presentation(self.track, self.scale)

    def second_of(self, samples: list[int]) -> list[float]:
        """Return the presented seconds of these samples (numbers from 0)."""
        shown = self.shown()
        return [shown(ticks) for ticks in self.tables.points_of(samples)]


def read_iso(source: Source, draft: Draft) -> None:
    """Read an ISO or QuickTime file into the draft. Bad structure is written down, never raised."""
    boxes = top_level(source, draft)
    draft.layout = _layout(boxes)
    _brands(source, boxes, draft)
    _second_file(source, boxes, draft)
    moov = first(boxes, "moov")
    fragmented = any(box.kind == "moof" for box in boxes)
    if moov is None:
        draft.broken("no-index", 0, source.size, boxes=draft.layout[:8])
        return
    if moov.end - moov.start > LONGEST_READ:
        draft.notes.append("not-examined: index longer than 64 MiB")
        return
    data = source.read(moov.start, moov.end - moov.start)
    top = children(data, moov.body - moov.start, len(data), draft)
    movie_scale = isometa.read_movie(data, first(top, "mvhd"), draft)
    medias = [_media(data, trak, movie_scale, draft)
              for trak in [box for box in top if box.kind == "trak"][:MOST_TRACKS]]  # fmt: skip
    isometa.read_user_data(data, top, draft)
    if fragmented or first(top, "mvex"):
        from evidence.adapters.probing.fragments import Fragments

        found = Fragments(data, top, draft)
        found.read(source, [box for box in boxes if box.kind == "moof"])
        for media in medias:
            if media.tables.count == 0:
                found.describe(media.track, media.ident, media.scale, presentation(media.track, media.scale))
    for media in medias:
        _describe(media, source, draft)
    marks.read_samples(source, draft, medias)
    if any(media.track.codec == "gpmd" for media in medias):
        from evidence.adapters.probing.gopro import read_telemetry

        read_telemetry(source, draft, medias)
    isometa.read_timecode(source, draft, medias)


def read_medias(source: Source, draft: Draft) -> list[Media]:
    """Return the tracks of the index with their tables, undescribed; empty where there is no index."""
    moov = first(top_level(source, draft), "moov")
    if moov is None or moov.end - moov.start > LONGEST_READ:
        return []
    data = source.read(moov.start, moov.end - moov.start)
    top = children(data, moov.body - moov.start, len(data), draft)
    scale = isometa.read_movie(data, first(top, "mvhd"), draft)
    return [_media(data, box, scale, draft) for box in top if box.kind == "trak"][:MOST_TRACKS]


def _second_file(source: Source, boxes: list[Box], draft: Draft) -> None:
    """Tell of a second beginning or a second index (a file has one of each): players show the first only."""
    again = [box for kind in ("ftyp", "moov") for box in [one for one in boxes if one.kind == kind][1:]]
    if again:
        start = min(box.start for box in again)
        draft.broken("after-end", start, source.size, zero=False, box=again[0].kind)


def _layout(boxes: list[Box]) -> list[str]:
    kinds: list[str] = []
    for box in boxes:
        if kinds[-2:] == ["moof", "mdat"] and box.kind in ("moof", "mdat"):
            continue
        kinds.append(box.kind)
        if len(kinds) >= 64:
            break
    return kinds


def _brands(source: Source, boxes: list[Box], draft: Draft) -> None:
    ftyp = first(boxes, "ftyp")
    draft.container = "mov"
    if ftyp is None:
        return
    body = source.read(ftyp.body, min(ftyp.end - ftyp.body, 256))
    texts = [body[i : i + 4].decode("latin-1").strip("\0 ") for i in (0, *range(8, len(body) - 3, 4))]
    draft.brands = [text for text in texts if text]
    major = draft.brands[0] if draft.brands else ""
    draft.container = "mov" if major == "qt" else "3gp" if major.lower().startswith("3g") else "mp4"
    if major in ("isom", "qt") and body[4:8] == b"\0\0\2\0":
        draft.wrote("ftyp", f"{major}/512")  # the handwriting of libavformat's writer


def _media(data: bytes, trak: Box, movie_scale: int, draft: Draft) -> Media:
    inside = children(data, trak.body, trak.end, draft)
    mdia = first(inside, "mdia")
    handler = descend(data, mdia, ("hdlr",), draft)
    kind = data[handler.body + 8 : handler.body + 12].decode("latin-1") if handler else ""
    number = len(draft.tracks) + 1
    track = TrackDraft(number, KINDS.get(kind, "data"), kind)
    draft.tracks.append(track)
    if handler:
        track.handler = isometa.handler_name(data[handler.body + 24 : handler.end])
        draft.wrote("handler", track.handler)
    ident = isometa.read_track_clock(data, first(inside, "tkhd"), number, draft)
    scale = isometa.read_media_clock(data, descend(data, mdia, ("mdhd",), draft), track, draft)
    elst = descend(data, first(inside, "edts"), ("elst",), draft)
    if elst:
        read_edits(data, elst.body, elst.end, movie_scale, scale, track)
    stbl = descend(data, mdia, ("minf", "stbl"), draft)
    tables = Tables(data, children(data, stbl.body, stbl.end, draft) if stbl else [], draft)
    media = Media(track, scale, tables, ident)
    if stbl is None:
        draft.broken("sample-table", table="stbl", track=number)
    else:
        stsd = descend(data, stbl, ("stsd",), draft)
        media.entry = isometa.read_descriptions(data, stsd, track, draft, tables.descriptions)
    return media


def _describe(media: Media, source: Source, draft: Draft) -> None:
    tables, track = media.tables, media.track
    runs = tables.runs()
    if not runs:
        if tables.count:
            draft.broken("sample-table", table="stts", track=track.number, declared=tables.count, present=0)
        return
    found = reach(tables, source.size)
    shown = presentation(track, media.scale)
    track.declared_packets = tables.count
    length = sum(count * step for count, step in runs) / media.scale
    track.hidden_s = hidden(track, length)
    described = sum(count for count, _ in runs)
    if described < tables.count or found.placed < tables.count:
        draft.broken("sample-table", track=track.number, declared=tables.count,
                     present=min(described, found.placed))  # fmt: skip
    if found.placed == 0 or found.missing:
        _describe_present(media, source, draft, found, runs)
    elif tables.shifts and described <= MOST_SAMPLES:
        describe_points(track, tables.points(runs), runs[-1][1], media.scale, shown)
        _note_backsteps(media, runs)
    else:
        describe_runs(track, runs, media.scale, shown)


def _note_backsteps(media: Media, runs: list[tuple[int, int]]) -> None:
    if min(step for _, step in runs) < 0:
        again = TrackDraft(0, "", "")
        describe_runs(again, runs, media.scale, presentation(media.track, media.scale))
        media.track.backsteps = again.backsteps


def _describe_present(media: Media, source: Source, draft: Draft, found: Reach,
                      runs: list[tuple[int, int]]) -> None:  # fmt: skip
    """Describe only the samples that lie inside the file, and say from when on they are missing."""
    tables, track = media.tables, media.track
    shown = presentation(track, media.scale)
    track.bytes_missing = found.bytes_missing
    points = list(tables.points(runs))
    total = min(len(points), found.placed)
    gone = found.missing[0][0] if found.missing else 0
    kept = points[: min(gone, total)]
    reached = gone
    for start, end in found.missing:
        kept.extend(points[reached:start])
        reached = end
    kept.extend(points[reached:total])
    describe_points(track, kept, abs(runs[-1][1]), media.scale, shown)
    if found.missing:
        at = shown(points[gone]) if gone < len(points) else None
        draft.broken("index-past-end", found.first_byte, source.size, at, track=track.number,
                     missing=sum(end - start for start, end in found.missing))  # fmt: skip
