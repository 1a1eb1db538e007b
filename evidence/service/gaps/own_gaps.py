"""Explaining a gap while looking at it: what was found, where recording began anew, what may be said.

Who may explain is asked as for every explanation (explanations.py); this only gathers what the page needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.findings import Code
from evidence.domain.markers import Restart
from evidence.domain.rights import Action
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.examining.restarts import begins_ms, restarts_of
from evidence.service.gaps.gap_words import Found, causes_of, find_gap
from evidence.service.gate import admits
from evidence.service.oversight.refusals import tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Shown:
    """A recording that the caller may see, and the second at which to look."""

    stored: StoredRecording
    at_s: float
    has_proxy: bool  # which plays, where no browser plays the original


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A line that is to be explained. before: where recording broke off; after: where it began anew; None
    where nobody knows, or the caller may not look. causes: of the pack; none where no cause is asked."""

    found: Found
    finding: StoredFinding | None
    before: Shown | None
    after: Shown | None
    causes: Sequence[str]


@dataclass(frozen=True)
class OwnGaps:
    """The desk where one explains while looking."""

    site: Site

    @admits(Action.EXPLAIN)
    def open(self, caller: Caller, name: str) -> OpenGap:
        """Return a line of the gap report by its name, with what to look at; the look is logged.

        Raises: NotFound("gap-not-found").
        """
        with tries_logged(self.site, caller, Action.EXPLAIN):
            found = find_gap(self.site, caller, name)
        entry = Entry(Act.READ_LIST, caller.id, facts={"list": "explanations", "gap": name})
        with self.site.database.writing() as unit:
            unit.log.append(entry, self.site.clock.now())
        with self.site.database.reading() as unit:
            finding = _finding(unit, found)
            restart = None if finding is None else _restart(self.site, unit, finding)
            before = self._before(unit, caller, found)
            after = (
                None if restart is None else self._shown(unit, caller, restart.recording_id, restart.at_ms)
            )
        return OpenGap(found, finding, before, after, causes_of(found))

    def _before(self, unit: UnitOfWork, caller: Caller, found: Found) -> Shown | None:
        """Return where it broke off: as the finding says, on the time line of its file."""
        start_ms = found.gap.subject.place.start_ms
        if found.stored is None or start_ms is None or found.gap.part != "interruptions":
            return None
        facts = unit.examinations.facts("recording", found.stored.recording.id, "probe")
        begins = 0 if facts is None else begins_ms(self.site.prober.read(facts))
        return self._shown(unit, caller, found.stored.recording.id, max(0, start_ms - begins))

    def _shown(self, unit: UnitOfWork, caller: Caller, recording_id: str, at_ms: int) -> Shown | None:
        stored = unit.recordings.get(recording_id)
        standing = unit.standings.get(recording_id, self.site.clock.now())
        if stored is None or denial(caller, Action.PLAY, standing, self.site.bars()) is not None:
            return None
        return Shown(stored, at_ms / 1000, bool(unit.derivatives.with_proxy([recording_id])))


def _finding(unit: UnitOfWork, found: Found) -> StoredFinding | None:
    if found.finding_id is None or found.stored is None:
        return None
    of_it = unit.examinations.of_codes([found.stored.recording.id], [Code(found.gap.code)])
    return next((one for one in of_it if one.id == found.finding_id), None)


def _restart(site: Site, unit: UnitOfWork, finding: StoredFinding) -> Restart | None:
    rows = restarts_of(site, unit, [finding])
    return next((row[0] for row in rows.values() if row), None)
