"""The lines of the gap report that recordings make, judged by their notes (domain/noted_lines.py): for those
who only count them, and read neither recording nor finding.

It says what the gap report says (gap_lines.py), by the same rules; a test holds both against each other. What
a note does not tell, or an exemption may close, is not judged here: whoever asks reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from evidence.domain.deadlines import judge_deadline
from evidence.domain.explanations import GapState, state_of
from evidence.domain.noted_lines import NotedLine
from evidence.domain.subjects import LATE, Place, place_of_late, recognise, subject_of
from evidence.service.catalogue import NotedRecording
from evidence.service.gaps.gap_lines import INTERRUPTIONS
from evidence.service.instruments import pack_at, pack_at_capture
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A line, and how far it is. lost_ms: of an interruption, where that is known."""

    recording: NotedRecording
    state: GapState
    is_interruption: bool
    lost_ms: int | None


@dataclass(frozen=True)
class NotedLines:
    """Judges notes in one transaction that sees one moment."""

    site: Site
    unit: UnitOfWork
    now: datetime

    def sure(self, some: Iterable[NotedRecording]) -> list[NotedRecording]:
        """Return those of which the note tells all that the gap report would."""
        exempt = {one.person_id for one in self.unit.exemptions.all() if one.agrees}
        return [one for one in some if self._is_told(one) and not (one.person_id in exempt and _is_cut(one))]

    def late_by(self, one: NotedRecording) -> timedelta | None:
        """Return by how much one of these came too late; None: it was in time."""
        if one.took is None or one.took <= self._least:
            return None
        rule = pack_at_capture(self.site.policies, one.counted_from, one.seen_at).upload_deadline
        sealed_at = one.counted_from + one.took
        return judge_deadline(one.counted_from, sealed_at, self.now, rule, certain_from=one.seen_at).late_by

    def judged(self, some: Iterable[NotedRecording]) -> list[JudgedLine]:
        """Return the lines of which an explanation is asked. some: of which the note tells all."""
        every = list(self._lines(some))
        known = self.unit.explanations.of_kinds({line.kind for _, line, _ in every})
        kinds = {one.subject.kind for one in known}  # nobody has said anything about all others
        found = {
            place: subject_of(line.kind, where)
            for place, (_, line, where) in enumerate(every)
            if line.kind in kinds
        }
        tolerance = pack_at(self.site.policies, self.now).continuity.tolerance
        same = recognise(found.values(), (one.subject for one in known), tolerance)
        histories = self.unit.explanations.of({one.name for one in same.values()})
        judged = []
        for place, (one, line, where) in enumerate(every):
            mine = found.get(place)
            history = () if mine is None else histories.get(same.get(mine.name, mine).name, ())
            state = state_of(history, is_exempt=False, wearer=one.wearer)
            is_cut = line.code in INTERRUPTIONS
            judged.append(JudgedLine(one, state, is_cut, where.length_ms if is_cut else None))
        return judged

    @cached_property
    def _least(self) -> timedelta:
        """The shortest time that any version of the pack gives: what took no longer is in time by all."""
        return min(pack.upload_deadline.within for pack in self.site.policies.packs)

    def _is_told(self, one: NotedRecording) -> bool:
        if one.took is None or one.lines is None:
            return False
        return self.late_by(one) is None or any(line.code == LATE for line in one.lines)

    def _lines(self, some: Iterable[NotedRecording]) -> Iterator[tuple[NotedRecording, NotedLine, Place]]:
        """Yield each line with its place. That an upload was found late is none where the rule says otherwise
        now."""
        for one in some:
            for line in one.lines or ():
                late_by = self.late_by(one) if line.code == LATE else None
                if line.code != LATE:
                    yield one, line, line.place
                elif late_by is not None:
                    yield one, line, place_of_late(late_by)


def _is_cut(one: NotedRecording) -> bool:
    """Tell whether it has a line that an exemption may close."""
    return any(line.code in INTERRUPTIONS for line in one.lines or ())
