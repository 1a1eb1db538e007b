"""The lines of a gap report by the unit that answers for them: who uses, manages and answers (000-5, 001-4,
002-4, 003-6, 004-6). A recording answers to the unit it was placed in; what is missing, to its wearer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evidence.domain.uploads import Upload
from evidence.service.catalogue import StoredFinding
from evidence.service.gaps.deadlines import DeadlineRow
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork

_NOTHING: Mapping[str, str | None] = {}
_FOUND = (DeadlineRow, StoredFinding, Upload)


@runtime_checkable
class Owned(Protocol):
    """What names the unit that answers for it: a step of a case."""

    @property
    def owner_id(self) -> str:
        """The unit."""


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """How many lines of each part a unit answers for; unit_id None: those of which nobody knows."""

    unit_id: str | None
    name: str | None
    counts: Mapping[str, int]


def count_by_unit(unit: UnitOfWork, parts: Mapping[str, Sequence[object]]) -> Sequence[UnitCounts]:
    """Return the counts of each unit by name; what nobody answers for comes last."""
    both = [(part, line) for part, lines in parts.items() for line in lines]
    units = units_of(unit, [line for _, line in both])
    counts: dict[str | None, dict[str, int]] = {}
    for (part, _), mine in zip(both, units, strict=True):
        ours = counts.setdefault(mine, dict.fromkeys(parts, 0))
        ours[part] += 1
    names = full_names(unit.units.all())
    rows = [UnitCounts(id_, names.get(id_ or ""), found) for id_, found in counts.items()]
    return sorted(rows, key=lambda one: (one.name is None, one.name or ""))


def units_of(
    unit: UnitOfWork, lines: Sequence[object], known: Mapping[str, str | None] = _NOTHING
) -> Sequence[str | None]:
    """Return the unit that answers for each line, None where nobody knows. known: of recordings that somebody
    has looked up."""
    places = [_place(line) for line in lines]
    placed = {**known, **unit.standings.units({one for one, _ in places if one is not None} - known.keys())}
    homes = unit.people.by_numbers({wearer for id_, wearer in places if wearer and not id_})
    found = list[str | None]()
    for line, (recording_id, wearer) in zip(lines, places, strict=True):
        if not isinstance(line, _FOUND) and isinstance(line, Owned):  # a protocol is asked slowly
            found.append(line.owner_id)
            continue
        home = homes.get(wearer or "")
        lives = None if home is None else home.unit_id
        found.append(placed.get(recording_id) if recording_id else lives)
    return found


def _place(line: object) -> tuple[str | None, str | None]:
    """Return the recording of a line, and its wearer where that is known."""
    if isinstance(line, DeadlineRow):
        return line.recording_id, line.wearer
    if isinstance(line, StoredFinding):
        return line.recording_id, line.wearer
    if isinstance(line, Upload):
        return None, line.origin.wearer
    stored = getattr(line, "stored", None)
    return (stored.recording.id, stored.recording.origin.wearer) if stored else (None, None)
