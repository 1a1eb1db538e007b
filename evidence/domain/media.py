"""What a parser found out about one media file: facts only, no judgement.

Facts come from evidence/adapters/probing (in the sandbox) and are judged by evidence/domain/continuity.py
(inside one file) and evidence/domain/sequence.py (between the files of one device). All seconds are on the
presentation time line (edit lists applied), as ffprobe reports it; byte ranges are half-open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """Two neighbouring packets of a track in presentation order: start_s to end_s without another."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Seconds from the first packet to the next."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list. media_s is None for an empty edit (nothing is presented)."""

    length_s: float
    media_s: float | None
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """One track. Unknown stays None; it is never guessed."""

    number: int
    kind: str  # "video", "audio", "data", "subtitle", "image"
    codec: str
    handler: str = ""
    packets: int = 0  # packets (samples) present in the file
    declared_packets: int | None = None  # what the header says
    first_s: float | None = None  # presentation time of the first packet
    last_s: float | None = None  # presentation time of the last packet
    end_s: float | None = None  # last_s + duration of the last packet
    declared_s: float | None = None  # the length the track's own header declares
    usual_step_s: float | None = None  # median distance of neighbouring packets
    first_step_s: float | None = None  # distance of the first two (recorders often hold the first picture)
    steps: tuple[Step, ...] = ()  # the steps well above the usual one, in order
    backsteps: tuple[Step, ...] = ()  # decode time going backwards
    edits: tuple[Edit, ...] = ()
    hidden_s: float = 0.0  # media that an edit list keeps from being shown
    bytes_missing: int = 0  # bytes of packets that lie outside the file
    corrupt: tuple[Step, ...] = ()  # packets that the container or transport marks as damaged
    parameters: tuple[str, ...] = ()  # distinct codec configurations, in order of appearance
    width: int | None = None
    height: int | None = None
    sample_rate: int | None = None
    regular: float | None = (
        None  # share of steps that equal the usual one within 1.5 ms (1.0 = constant rate)
    )


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One clock in or beside the file, with its origin. Every clock is kept; none is believed by itself.

    origin: "name", "mtime", "mvhd", "tkhd:1", "mdhd:1", "tmcd", "gps", "idit", "creationdate", "udta", …
    text: ISO 8601; with offset or "Z" where the format states a zone, without where it does not (then the
    policy pack's zone applies). at_s: the second on the time line it belongs to (0 for a start).
    meaning: "start", "end" or "unknown" as far as the format defines it.
    """

    origin: str
    text: str
    at_s: float = 0.0
    meaning: str = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the recorder's satellite receiver said that it was, in degrees (WGS 84), at a second of the time
    line."""

    at_s: float
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Damage:
    """Something the reader found broken in the structure. kind is one of a small set of stable words:
    "no-index", "index-past-end", "box-past-end", "partial-packet", "sizes-zero", "sample-table", "zero-run",
    "declared-length", "transport-error", "junk", "after-end", "empty", "not-media", "box-size",
    "no-end-mark", "broken-packet"."""

    kind: str
    start_byte: int | None = None
    end_byte: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """All facts about one file. `readable` is False when no track's time line could be established."""

    name: str  # the file's own name, as data: never used as a path
    size_bytes: int
    container: (
        str  # "mp4", "mov", "3gp", "avi", "mpegts", "matroska", "wav", "mp3", "amr", "jpeg", "png", "unknown"
    )
    readable: bool
    tracks: tuple[TrackFacts, ...] = ()
    duration_s: float | None = None  # end of the longest of video and audio
    declared_s: float | None = None  # what the container header declares
    brands: tuple[str, ...] = ()
    layout: tuple[str, ...] = ()  # order of top-level boxes or chunks: the writer's handwriting
    writers: tuple[str, ...] = ()  # texts that name what wrote the file or its streams
    device_ids: Mapping[str, str] = field(default_factory=dict)  # origin -> id ("udta:serial" -> "…")
    device_texts: Mapping[str, str] = field(default_factory=dict)  # make, model, firmware
    clocks: tuple[ClockReading, ...] = ()
    damage: tuple[Damage, ...] = ()
    content_marks: tuple[str, ...] = ()  # digests of key frames near both ends, for finding repeated content
    mark_times: tuple[float, ...] = ()  # the second of each content mark
    places: tuple[Place, ...] = ()  # with a fix, in order, thinned out evenly where there are many
    bytes_read: int = 0
    notes: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> tuple[TrackFacts, ...]:
        """Return the tracks of one kind, in file order."""
        return tuple(track for track in self.tracks if track.kind == kind)
