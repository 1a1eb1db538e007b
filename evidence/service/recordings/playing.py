"""Playing: seeing and hearing a recording inside the system, in ranges, each logged before its first byte.

Nothing here is a copy to keep: whoever may take one along has `Recordings.open_original`. Who may only look
is told what to draw over the picture; burning it into the picture is not here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from evidence.domain.access import Caller, Purpose, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action, Kind
from evidence.domain.standing import Standing
from evidence.service.gate import admits
from evidence.service.keeping.gone import verify_not_gone
from evidence.service.oversight.admission import admit_with_standing
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

UNKNOWN = "application/octet-stream"
MEDIA_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "matroska": "video/x-matroska",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "amr": "audio/amr",
    "jpeg": "image/jpeg",
    "png": "image/png",
}
"""What a browser may be told that a container is: only what it shows and never runs."""


@dataclass(frozen=True)
class Played:
    """A range [start, end) of something of this size, open for reading, and what it may be called.

    watermark: whose look it is and when, to be drawn over the picture; None for who may take a copy anyway.
    """

    size: int
    file: BinaryIO
    start: int
    end: int
    media_type: str
    watermark: tuple[str, datetime] | None


@dataclass(frozen=True)
class Playing:
    """The desk for looking at recordings."""

    site: Site

    @admits(Action.PLAY)
    def play(
        self,
        caller: Caller,
        recording_id: str,
        choose: Callable[[int], tuple[int, int]],
        purpose: Purpose | None = None,
    ) -> Played:
        """Open a range of an original to be shown; `choose` picks it, given the size in bytes. The entry
        stands in the log before this returns.

        Raises: NotFound, Refused("purpose-needed", "serious-event"), Conflict("recording-destroyed"); what
        choosing raises.
        """
        stored, standing = admit_with_standing(self.site, caller, Action.PLAY, recording_id, purpose)
        verify_not_gone(stored)
        start, end = choose(stored.recording.origin.size_bytes)
        now = self.site.clock.now()
        watermark = watermark_for(self.site, caller, standing, purpose, now)
        with self.site.database.reading() as unit:
            media_type = media_type_of(self.site, unit, recording_id)
        facts = {"start": start, "end": end, "purpose": purpose.value if purpose else None}
        self.site.database.log(Entry(Act.PLAY, caller.id, (("recording", recording_id),), facts=facts), now)
        file = self.site.vault.open(stored.recording.data_key, stored.recording.data_version)
        return Played(stored.recording.origin.size_bytes, file, start, end, media_type, watermark)


def media_type_of(site: Site, unit: UnitOfWork, recording_id: str) -> str:
    """Return what a browser may be told that an original is."""
    text = unit.examinations.facts("recording", recording_id, "probe")
    facts = None if text is None else site.prober.read(text)
    return UNKNOWN if facts is None or not facts.readable else MEDIA_TYPES.get(facts.container, UNKNOWN)


def watermark_for(
    site: Site, caller: Caller, standing: Standing, purpose: Purpose | None, now: datetime
) -> tuple[str, datetime] | None:
    """Return what is drawn over the picture for somebody who may only look; None for who may take a copy."""
    if caller.kind is not Kind.PERSON:
        return None
    may_copy = denial(caller, Action.READ_ORIGINAL, standing, site.bars(), purpose) is None
    return None if may_copy else (caller.name, now)
