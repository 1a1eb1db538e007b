"""Placing a recording: which unit answers for it, who wore the recorder, under whose command.

The unit is the wearer's at the moment of placing, and stays: who moves on leaves their recordings behind.
"""

from __future__ import annotations

from evidence.domain.people import WHOLE
from evidence.domain.recordings import Recording
from evidence.service.ports import UnitOfWork

COMMANDER = "commander"  # the label by which the dock names the commanding officer


def place_recording(unit: UnitOfWork, recording: Recording) -> None:
    """Note where a recording belongs, as far as the roll knows its wearer."""
    wearer = unit.people.by_number(recording.origin.wearer)
    number = recording.origin.labels.get(COMMANDER)
    commander = unit.people.by_number(number) if number else None
    unit.standings.place(
        recording.id,
        None if wearer is None else wearer.unit_id,
        None if wearer is None else wearer.id,
        None if commander is None else commander.id,
    )


def unit_id_of(path: str) -> str | None:
    """Return the id of the unit with a path; None for the whole."""
    return None if path == WHOLE else path.rstrip("/").rsplit("/", 1)[1]
