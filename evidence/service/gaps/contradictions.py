"""What somebody recorded while a statement says that nothing was: looked up where the statement is read.

It stands nowhere: a card that is docked after a head has agreed contradicts the statement all the same, and
whoever reads the list or the gap report sees it. What was there at the receipt is in the log's entry of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from evidence.domain.access import Reach
from evidence.domain.contradictions import Against, part_within
from evidence.domain.explanations import Exemption
from evidence.service.catalogue import Section
from evidence.service.oversight.commanding import LONGEST
from evidence.service.ports import UnitOfWork


def against(unit: UnitOfWork, statements: Iterable[Exemption]) -> Mapping[str, Sequence[Against]]:
    """Return what speaks against each of these statements, by its id, in order of time. Each question is one
    for all statements about somebody.
    """
    theirs: dict[str, list[Exemption]] = {}
    for one in statements:
        theirs.setdefault(one.person_id, []).append(one)
    found = {}
    for person_id, about in theirs.items():
        since, until = min(one.span.start for one in about), max(one.span.end for one in about) + LONGEST
        footage = unit.steps.worn([person_id], since, until)
        announced = list(_announced(unit, person_id))
        for one in about:
            shown = [
                Against(each.recording_id, None, None, part, each.ended_at)
                for each in footage
                if each.ended_at is not None
                for is_within, part in [part_within(one.span, each.span, each.ended_at)]
                if is_within
            ]
            listed = [each for each in announced if part_within(one.span, None, each.ended_at)[0]]
            found[one.id] = sorted([*shown, *listed], key=lambda each: each.ended_at)
    return found


def told_to_whom(
    unit: UnitOfWork, there: Reach, found: Mapping[str, Sequence[Against]], now: datetime
) -> Mapping[str, Sequence[Against]]:
    """Return the same with the names of files: of recordings that the reader may not know of, when they were
    and nothing else.
    """
    ids = {one.recording_id for some in found.values() for one in some if one.recording_id}
    stored, standings = unit.recordings.some(ids), unit.standings.some(ids, now)

    def told(one: Against) -> Against:
        if one.recording_id is None:
            return one
        if not there.covers(standings[one.recording_id]):
            return replace(one, recording_id=None)
        origin = stored[one.recording_id].recording.origin
        return replace(one, device=origin.device, file=origin.name)

    return {id_: [told(one) for one in some] for id_, some in found.items()}


def _announced(unit: UnitOfWork, person_id: str) -> Iterator[Against]:
    """Yield the files of somebody that a card's list names and nobody has stored."""
    person = unit.people.get(person_id)
    section = Section(wearer=None if person is None else person.number)
    for one in unit.cards.outstanding(section=section) if person is not None else ():
        if one.origin.modified_at is not None:
            ended_at = one.origin.modified_at + one.origin.clock_offset
            yield Against(None, one.origin.device, one.origin.name, None, ended_at)
