"""Placing a recording: which unit answers for it, who wore the recorder, under whose command.

The unit is the wearer's at the moment of placing, and stays: who moves on leaves their recordings behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.domain.people import WHOLE
from evidence.domain.recordings import Recording
from evidence.domain.standing import Placement
from evidence.service.ports import UnitOfWork

COMMANDER = "commander"  # the label by which the dock names the commanding officer


def place_recordings(unit: UnitOfWork, recordings: Sequence[Recording]) -> None:
    """Note where each recording belongs, as far as the roll knows its wearer."""
    named = [(one, one.origin.wearer, one.origin.labels.get(COMMANDER, "")) for one in recordings]
    people = unit.people.by_numbers({number for _, *both in named for number in both})
    places = []
    for recording, number, commanding in named:
        wearer, commander = people.get(number), people.get(commanding)
        places.append(
            Placement(
                recording.id,
                None if wearer is None else wearer.unit_id,
                None if wearer is None else wearer.id,
                None if commander is None else commander.id,
            )
        )
    unit.standings.place(places)


def unit_id_of(path: str) -> str | None:
    """Return the id of the unit with a path; None for the whole."""
    return None if path == WHOLE else path.rstrip("/").rsplit("/", 1)[1]
