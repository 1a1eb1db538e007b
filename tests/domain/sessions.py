"""Made-up sessions of one recorder: facts as a parser would give them, for tests of rules between files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.domain.media import ClockReading, MediaFacts, TrackFacts
from evidence.domain.sequence import SequenceFile

START = datetime(2024, 5, 18, 9, 30)  # noqa: DTZ001 - local time, as in names
ZONE = timedelta(hours=8)


@dataclass(frozen=True)
class Piece:
    """One segment: its number, when it truly begins (seconds after START) and how long it is."""

    number: int
    begins_s: float
    length_s: float

    @property
    def shown(self) -> datetime:
        """The time its clock shows: cut to whole seconds."""
        return START + timedelta(seconds=int(self.begins_s // 1))

    @property
    def name(self) -> str:
        """Its name, as the recorder writes it."""
        return f"DSJX9_012345_{self.shown:%Y%m%d%H%M%S}_{self.number:04d}.mp4"


def row(lengths: list[float], pauses: dict[int, float] | None = None, begins_s: float = 0.0) -> list[Piece]:
    """Return segments one after the other; pauses: seconds lost (negative: overlap) after a number from 1."""
    pieces: list[Piece] = []
    for i, length in enumerate(lengths, start=1):
        pieces.append(Piece(i, begins_s, length))
        begins_s += length + (pauses or {}).get(i, 0.0)
    return pieces


def a_file(piece: Piece, **facts: object) -> SequenceFile:
    """Return the file of a piece; the header shows the same second in UTC. facts: fields to replace."""
    length = piece.length_s
    track = TrackFacts(
        1,
        "video",
        "avc1",
        handler="VideoHandle",
        packets=int(length * 30),
        first_s=0.0,
        last_s=length - 1 / 30,
        end_s=length,
        usual_step_s=1 / 30,
        first_step_s=1 / 30,
        width=1920,
        height=1080,
    )
    made = MediaFacts(
        name=piece.name,
        size_bytes=int(length * 1_000_000),
        container="mp4",
        readable=True,
        tracks=(track,),
        duration_s=length,
        brands=("mp42",),
        layout=("ftyp", "mdat", "moov"),
        device_ids={"udta:slno": "X9"},
        clocks=(ClockReading("mvhd", (piece.shown - ZONE).isoformat() + "Z"),),
    )
    return SequenceFile(replace(made, **facts), sha256=f"{int(piece.begins_s * 1000) + 10**15:064x}")  # type: ignore[arg-type]
