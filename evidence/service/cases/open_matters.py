"""What is open about a case: steps, explanations, labels, documents, fault files; counted as their lists.

Nothing here bars the archive; whoever hands over a file that is not whole says why (case_filing.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence.domain.case_files import OpenMatters
from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.fault_files import LinkKind
from evidence.domain.findings import Severity
from evidence.domain.steps import StepState
from evidence.domain.subjects import finding_subject
from evidence.service.cases.compared_documents import compared
from evidence.service.cases.step_lines import lines_of
from evidence.service.cases.step_ports import Scope
from evidence.service.catalogue import StoredRecording
from evidence.service.examining.faults import findings_of
from evidence.service.gaps.gap_lines import Lines, ledger_of
from evidence.service.keeping.keeping import required_by
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_STEPS = frozenset({StepState.RED, StepState.DUE, StepState.PARTLY})
_UNDECIDED = TO_DO | {GapState.EXPLAINED}


def open_matters(
    site: Site, unit: UnitOfWork, case: StoredCase, media: Sequence[StoredRecording], now: datetime
) -> OpenMatters:
    """Count what is open about a case, whoever asks. media: what belongs to it."""
    scope, ids = Scope(frozenset({case.path}), case.id), [one.recording.id for one in media]
    steps = lines_of(site, unit, scope, unit.steps.footage(scope), now).get(case.id, ())
    kept = unit.keepings.kept(ids, required_by(site)).values()
    return OpenMatters(
        steps=sum(one.state in _STEPS for one in steps),
        explanations=_explanations(site, unit, media, now),
        labels=sum(bool(one.lacks) for one in kept),
        documents=sum(len(one.open) for one in compared(site, unit, scope, now)),
        fault_files=_fault_files(unit, frozenset(ids)),
    )


def _fault_files(unit: UnitOfWork, ids: frozenset[str]) -> int:
    """Count the fault files that rest on recordings and wait for a decision."""
    waiting = unit.fault_files.all(is_open=True)
    return sum(not ids.isdisjoint(one.of(LinkKind.RECORDING)) for one in waiting)


def _explanations(site: Site, unit: UnitOfWork, media: Sequence[StoredRecording], now: datetime) -> int:
    """Count what is to be explained about recordings, and what was explained and nobody has decided."""
    every = findings_of(unit, [one.recording.id for one in media])
    found = [one for one in every if one.body["severity"] != Severity.INFO]
    subjects = {one.id: finding_subject(one.device, one.body) for one in found}
    lines = Lines((), found, found, subjects, media, ())
    standings = ledger_of(site, unit, lines, now).standings.values()
    return len({one.name for one in standings if one.state in _UNDECIDED})
