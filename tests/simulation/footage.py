"""What a recorder writes and a dock tells of a camera-day: names, headers, times. Claims only."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.domain.media import ClockReading, MediaFacts, TrackFacts
from tests.simulation.population import EPOCH, CameraDay, File

HERE = ZoneInfo("Asia/Shanghai")
RATE = 30  # pictures a second


def at(second: int) -> datetime:
    """Return the moment so many seconds after EPOCH."""
    return EPOCH + timedelta(seconds=second)


def name_of(one: CameraDay, file: File, device: str, wearer: str) -> str:
    """Return the file's name: of a police recorder, or of one of two families that name no device."""
    told = at(file.told).astimezone(HERE)
    family = one.plan % 6
    if family == 0:
        return f"{told:%Y_%m%d_%H%M%S}_{file.number:04d}F.MP4"  # Novatek
    if family == 1:
        return f"REC{told:%Y%m%d-%H%M%S}-{file.number:04d}.mp4"  # SigmaStar
    return f"{device}_{wearer}_{told:%Y%m%d%H%M%S}_{file.number:04d}.mp4"


def modified_at(file: File) -> datetime:
    """Return when the recorder says that it closed the file."""
    return at(file.told + file.length)


def facts_of(one: CameraDay, file: File, device: str, wearer: str) -> MediaFacts:
    """Return what a reader finds in the file."""
    length = float(file.length)
    track = TrackFacts(
        1, "video", "avc1", handler="VideoHandle", packets=file.length * RATE, first_s=0.0,
        last_s=length - 1 / RATE, end_s=length, usual_step_s=1 / RATE, first_step_s=1 / RATE,
        width=1920, height=1080, regular=1.0,
    )  # fmt: skip
    return MediaFacts(
        name=name_of(one, file, device, wearer), size_bytes=file.size, container="mp4", readable=True,
        tracks=(track,), duration_s=length, brands=("mp42",), layout=("ftyp", "mdat", "moov"),
        device_ids={"udta:slno": device},
        clocks=(ClockReading("mvhd", f"{at(file.told):%Y-%m-%dT%H:%M:%S}Z"),),
    )  # fmt: skip
