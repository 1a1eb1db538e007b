"""What must be explained and nobody has explained, of some days: the list behind a tile of the board.

What is a line, and how far it is, the rules of the gap report say (gap_lines.py). A question with a bound
finds the recordings of which something is open, oldest first; only these are read (decision 38), and of these
no more than their notes by those who only count (decision 54). An exemption or an examination that drifted
closes some of them: then the next ones are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Reach
from evidence.domain.explanations import GapState
from evidence.domain.findings import Severity
from evidence.domain.subjects import LATE, MISSING, UNRECORDED, finding_subject, step_subject
from evidence.service.cases.step_lines import StepLine
from evidence.service.catalogue import NotedRecording, StoredFinding, StoredRecording
from evidence.service.examining.faults import findings_of
from evidence.service.gaps.deadlines import DeadlineRow, Deadlines
from evidence.service.gaps.gap_lines import Line, Lines, Standing, ledger_of
from evidence.service.gaps.noted import NotedLines
from evidence.service.gaps.step_gaps import standing_of_step
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that nobody has explained. at: since when it waits. name: of the file, or the case's number;
    gap: the name that lasts. code: of a finding, or `missing`, `late`, `unrecorded`.
    """

    gap: str
    at: datetime
    code: str
    device: str | None
    wearer: str | None
    name: str
    recording_id: str | None = None


@dataclass(frozen=True)
class Unexplained:
    """Looks for them in one transaction that sees one moment."""

    site: Site
    unit: UnitOfWork
    there: Reach
    now: datetime

    def files(self, since: datetime, missing: Sequence[DeadlineRow], most: int) -> list[OpenLine]:
        """Return the lines of what was sealed since then, oldest first, and of some files that never came:
        so many at most of each.
        """
        found, some = list(self._open(missing, ())), self._sealed(since, most)
        while len(found) < most and (new := next(some, None)) is not None:
            found += self._of(new)
        return found

    def moments(self, since: datetime, missing: Sequence[DeadlineRow], most: int) -> list[datetime]:
        """Return since when these lines wait, and read of what is sealed no more than that takes."""
        found, some = [one.at for one in self._open(missing, ())], self._sealed(since, most)
        noted = NotedLines(self.site, self.unit, self.now)
        while len(found) < most and (new := next(some, None)) is not None:
            sure = noted.sure(one for one, _ in new)
            at, told = {one.id: sealed_at for one, sealed_at in new}, {one.id for one in sure}
            lines = noted.judged(sure)
            found += [at[line.recording.id] for line in lines if line.state is GapState.OPEN]
            found += [one.at for one in self._of([pair for pair in new if pair[0].id not in told])]
        return found

    def _sealed(self, since: datetime, most: int) -> Iterator[Sequence[tuple[NotedRecording, datetime]]]:
        """Yield what was sealed since then and may have an open line, so many at once, oldest first."""
        looked, begin, are_more = set[str](), since, True
        while are_more:
            some = self.unit.overseen.unexplained(self.there, self.now, begin, most)
            new = [(one, at) for one, at in some if one.id not in looked]
            if not new:
                return
            yield new
            looked.update(one.id for one, _ in new)
            begin, are_more = new[-1][1], len(some) == most

    def _of(self, some: Sequence[tuple[NotedRecording, datetime]]) -> Iterator[OpenLine]:
        stored = self.unit.recordings.some([one.id for one, _ in some])
        return self._open((), [stored[one.id] for one, _ in some])

    def steps(self, red: Sequence[tuple[StoredCase, StepLine]]) -> list[OpenLine]:
        """Return the lines of red steps."""
        names = {line.step.id: step_subject(line.step.id).name for _, line in red}
        told = self.unit.explanations.of(set(names.values()))
        found = []
        for case, line in red:
            first = self.unit.people.get(line.step.officers[0]) if line.step.officers else None
            number = None if first is None else first.number
            standing = standing_of_step(line.step, told[names[line.step.id]], number)
            if standing.state is GapState.OPEN:
                found.append(OpenLine(standing.name, line.due, UNRECORDED, None, number, case.number))
        return found

    def _open(self, missing: Sequence[DeadlineRow], media: Sequence[StoredRecording]) -> Iterator[OpenLine]:
        every = findings_of(self.unit, [one.recording.id for one in media])
        found = [one for one in every if one.body["severity"] != Severity.INFO]
        subjects = {one.id: finding_subject(one.device, one.body) for one in found}
        rows = [*missing, *Deadlines(self.site).rows_of((), media, self.now)]
        lines = Lines(rows, found, found, subjects, media, ())
        ledger = ledger_of(self.site, self.unit, lines, self.now)
        sealed = {one.recording.id: one.recording.sealed_at for one in media}
        for one in (one for part in lines.parts() for one in part):
            standing = ledger.of(one)
            if standing is not None and standing.state is GapState.OPEN:
                yield _line(one, standing, sealed.get(one.recording_id or ""))


def _line(one: Line, standing: Standing, sealed_at: datetime | None) -> OpenLine:
    if isinstance(one, StoredFinding):
        at, code, name = one.at, str(one.body["code"]), str(one.body["file"])
    else:
        at, code, name = one.state.due_at, LATE if one.recording_id else MISSING, one.name
    where = (one.device, standing.wearer, name, one.recording_id)
    return OpenLine(standing.name, sealed_at or at, code, *where)
