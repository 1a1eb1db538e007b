"""How media for long keeping stand in answers: the same over HTTP and on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.instants import to_text
from evidence.domain.long_media import LongMedium
from evidence.service.court.media_register import NotWritten


def medium_out(one: LongMedium) -> dict[str, Any]:
    """A medium as JSON values. read: by the program itself, else written_by says so; keeps: written, sound,
    and still there."""
    return {
        "id": one.id,
        "label": one.label,
        "kind": one.kind.value,
        "copies": one.copies,
        "place": one.place,
        "recordings": list(one.recordings),
        "made_by": one.made_by,
        "made": to_text(one.made_at),
        "sha256": one.sha256,
        "written": _time(one.written_at),
        "written_by": one.written_by,
        "read": None if one.written_at is None else one.is_read,
        "checked": _time(one.checked_at),
        "sound": one.is_sound,
        "next_check": None if one.next_check is None else one.next_check.isoformat(),
        "ended": _time(one.ended_at),
        "keeps": one.keeps,
    }


def waiting_out(one: NotWritten, caller: Caller) -> dict[str, Any]:
    """A recording that is held and on no medium yet."""
    return {"recording": recording_out(one.stored, caller), "written": False, "cites": list(one.cites)}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)
