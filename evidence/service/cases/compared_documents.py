"""Enforcement documents held against the footage of their cases, all that are asked for in a few
questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.act_documents import (
    ActDocument,
    DocumentReason,
    MediaTimes,
    Mismatch,
    MismatchKind,
    media_times,
    mismatches,
)
from evidence.domain.people import is_below
from evidence.domain.steps import Footage, Step
from evidence.policy.enforcement import Enforcement, enforcement_of
from evidence.policy.rules import cite_ids
from evidence.service.cases.step_lines import Judge, judge_of
from evidence.service.cases.step_ports import Scope
from evidence.service.instruments import pack_at
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What does not agree about a document, and the reason that closes it; None: it is open."""

    mismatch: Mismatch
    reason: DocumentReason | None
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparedDocument:
    """A document of a case with what its footage says. numbers: of its signers, by id."""

    case: StoredCase
    document: ActDocument
    media: MediaTimes | None
    found: Sequence[Disagreement]
    numbers: Mapping[str, str]

    @property
    def open(self) -> Sequence[Disagreement]:
        """What needs a reason."""
        return [one for one in self.found if one.reason is None]


def compared(site: Site, unit: UnitOfWork, scope: Scope, now: datetime) -> Iterator[ComparedDocument]:
    """Yield the documents of the cases of one's units, case by case, compared."""
    documents, reasons = unit.act_documents.of(scope), unit.act_documents.reasons(scope)
    if not documents:
        return
    footage, steps = unit.steps.footage(scope), unit.steps.of(scope)
    judge = judge_of(site, unit, now)
    numbers = {one.id: one.number for one in unit.people.all()}
    for case in unit.steps.cases(scope):
        if not any(is_below(case.path, path) for path in scope.paths):
            continue  # of these the caller's unit owes a step, and conducts nothing
        comparison = _Comparison(site, judge, footage.get(case.id, ()), steps.get(case.id, ()), numbers)
        for one in documents.get(case.id, ()):
            yield comparison.of(case, one, reasons.get(one.id, ()))


@dataclass(frozen=True)
class _Comparison:
    """What documents of one case are held against."""

    site: Site
    judge: Judge
    footage: Sequence[Footage]
    steps: Sequence[Step]
    numbers: Mapping[str, str]

    def of(self, case: StoredCase, one: ActDocument, reasons: Sequence[DocumentReason]) -> ComparedDocument:
        rules = rules_at(self.site, one.span.start)
        tolerance = timedelta() if rules.documents is None else rules.documents.tolerance
        meanwhile = (
            step for step in self.steps if step.span.start < one.span.end and one.span.start < step.span.end
        )
        present = {person for step in meanwhile for person in step.officers}
        numbers = {id_: self.numbers[id_] for id_ in one.signers if id_ in self.numbers}
        is_exempt = self.judge.exemption(one.signers, one.span) is not None
        least = 0 if rules.activities is None else rules.activities.least_percent
        found = mismatches(
            one, self.footage, present, numbers, tolerance, is_exempt=is_exempt, least_percent=least
        )
        media = media_times(one, self.footage, numbers)
        lines = [
            Disagreement(line, _closing(line, reasons, tolerance), _cites(rules, line)) for line in found
        ]
        return ComparedDocument(case, one, media, lines, numbers)


def rules_at(site: Site, moment: datetime) -> Enforcement:
    """Return the rules about enforcement that were in force."""
    return enforcement_of(pack_at(site.policies, moment), pack_at(site.strictest, moment))


def _closing(
    line: Mismatch, reasons: Sequence[DocumentReason], tolerance: timedelta
) -> DocumentReason | None:
    return next((one for one in reversed(reasons) if one.closes(line, tolerance)), None)


def _cites(rules: Enforcement, line: Mismatch) -> tuple[str, ...]:
    rule = rules.signers if line.kind is MismatchKind.SIGNER else rules.documents
    return () if rule is None else cite_ids(rule.cites)
