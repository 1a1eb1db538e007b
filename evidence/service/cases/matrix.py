"""The matrix of what must be recorded: of one case line by line, and of all cases of a unit what is red.

A line is a kind of activity, or a matter of the annex; on it stand the steps that were entered. A case is
seen by whom its unit's case files are shown, and by the legal unit as far as that owes a step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.people import is_below
from evidence.domain.rights import Action
from evidence.domain.steps import Footage, Matter, StepState
from evidence.errors import NotFound
from evidence.policy.enforcement import enforcement_of
from evidence.policy.rules import MustRecord, Pack, cite_ids
from evidence.service.cases.case_access import paths_of
from evidence.service.cases.step_lines import StepLine, lines_of, with_beside
from evidence.service.cases.step_ports import Scope
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """A line of a case's matrix. rule: of the annex, None for a kind of activity. unentered: recordings
    that are labelled as of this matter and show no step that was entered.
    """

    what: str | Matter
    rule: MustRecord | None
    cites: tuple[str, ...]
    steps: Sequence[StepLine]
    unentered: Sequence[Footage]


@dataclass(frozen=True, slots=True)
class CaseMatrix:
    """The matrix of a case. seen: ids of the recordings that the reader may know of; numbers: of the
    officers.
    """

    case: StoredCase
    pack: Pack
    lines: Sequence[MatrixLine]
    seen: frozenset[str]
    numbers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """How many steps of a case are in each state, and which are red, or shown in part."""

    case: StoredCase
    counts: Mapping[StepState, int]
    red: Sequence[StepLine]
    partly: Sequence[StepLine]


@dataclass(frozen=True)
class Matrix:
    """The desk for matrices."""

    site: Site

    @admits(Action.READ_CASE_FILES)
    def of_case(self, caller: Caller, case_id: str) -> CaseMatrix:
        """Return the matrix of a case; the look is logged. Raises: NotFound("case-not-found")."""
        now, paths = self.site.clock.now(), paths_of(caller, Action.READ_CASE_FILES)
        with (
            tries_logged(self.site, caller, Action.READ_CASE_FILES, ("case", case_id)),
            self.site.database.writing() as unit,
        ):
            case = unit.cases.get(case_id) if is_id(case_id) else None
            if case is None:
                raise NotFound("case-not-found", case=case_id)
            scope = Scope(paths, case.id)
            if not unit.steps.cases(scope):
                raise OutOfSight("case-not-found", case=case_id)
            about = (("case", case.id),)
            unit.log.append(Entry(Act.READ_LIST, caller.id, about, facts={"list": "matrix"}), now)
        with self.site.database.reading() as unit:
            return self._matrix(unit, caller, case, scope, now)

    @admits(Action.READ_CASE_FILES)
    def of_unit(
        self,
        caller: Caller,
        unit_id: str | None = None,
        *,
        red: bool = False,
        since: datetime | None = None,
    ) -> Sequence[CaseCounts]:
        """Return the cases of a unit and below, and those of which it owes a step, oldest first; without
        a unit, all that the caller may know of. red: only those of which a step is red; since: of which one
        ends after a moment. The look is logged.

        Raises: NotFound("unit-not-found").
        """
        now, paths = self.site.clock.now(), paths_of(caller, Action.READ_CASE_FILES)
        about = () if unit_id is None else (("unit", unit_id),)
        with (
            tries_logged(self.site, caller, Action.READ_CASE_FILES, *about),
            self.site.database.writing() as unit,
        ):
            if unit_id is not None:
                paths = paths_below(unit, unit_id, paths)
            unit.log.append(Entry(Act.READ_LIST, caller.id, about, facts={"list": "matrix"}), now)
        with self.site.database.reading() as unit:
            found = counted(self.site, unit, Scope(paths, since=since), now)
        return [one for one in found if one.red or not red]

    def _matrix(
        self, unit: UnitOfWork, caller: Caller, case: StoredCase, scope: Scope, now: datetime
    ) -> CaseMatrix:
        homes = {one.id: one.path for one in unit.units.all()}
        shot = unit.steps.footage(scope)
        footage = shot.get(case.id, ())
        lines = lines_of(self.site, unit, scope, shot, now).get(case.id, ())
        steps = with_beside(unit, visible(case, lines, scope.paths, homes))
        pack = pack_at(self.site.policies, case.opened_at)
        there = reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        told = [*footage, *(one for line in steps for one in line.beside)]
        standings = unit.standings.some([one.recording_id for one in told], now)
        seen = frozenset(id_ for id_, one in standings.items() if there.covers(one))
        officers = {person for one in steps for person in one.step.officers}
        people = {id_: unit.people.get(id_) for id_ in officers}
        numbers = {id_: one.number for id_, one in people.items() if one is not None}
        return CaseMatrix(case, pack, self._lines(pack, steps, footage, now), seen, numbers)

    def _lines(
        self, pack: Pack, steps: Sequence[StepLine], footage: Sequence[Footage], now: datetime
    ) -> Sequence[MatrixLine]:
        """Return the pack's lines in its order, then what later packs have."""
        rules: dict[str | Matter, tuple[MustRecord | None, tuple[str, ...]]] = {}
        kinds = enforcement_of(pack, pack_at(self.site.strictest, now)).activities
        for word in () if kinds is None else kinds.words:
            rules[word] = None, () if kinds is None else cite_ids(kinds.cites)
        for rule in pack.must_record:
            rules[Matter(rule.category, rule.stage, rule.matter)] = rule, cite_ids(rule.cites)
        for one in steps:
            rules.setdefault(one.step.what, (None, one.cites))
        return [_line(what, rule, cites, steps, footage) for what, (rule, cites) in rules.items()]


def counted(site: Site, unit: UnitOfWork, scope: Scope, now: datetime) -> list[CaseCounts]:
    """Return the cases that are asked for with their counts, oldest first."""
    lines = lines_of(site, unit, scope, unit.steps.footage(scope), now)
    homes = {one.id: one.path for one in unit.units.all()}
    return [
        _counts(case, visible(case, lines.get(case.id, ()), scope.paths, homes))
        for case in unit.steps.cases(scope)
    ]


def visible(
    case: StoredCase, steps: Sequence[StepLine], paths: Iterable[str], homes: Mapping[str, str]
) -> Sequence[StepLine]:
    """Return the steps that somebody sees of a case: all of their units' own; of others', what they owe."""
    if any(is_below(case.path, path) for path in paths):
        return steps
    return [one for one in steps if any(is_below(homes[one.step.owner_id], path) for path in paths)]


def _line(
    what: str | Matter,
    rule: MustRecord | None,
    cites: tuple[str, ...],
    steps: Sequence[StepLine],
    footage: Sequence[Footage],
) -> MatrixLine:
    mine = [one for one in steps if one.step.what == what]
    shown = {one.recording_id for line in mine for one in line.footage}
    of_it = [one for one in footage if isinstance(what, Matter) and one.is_of(what)]
    return MatrixLine(what, rule, cites, mine, [one for one in of_it if one.recording_id not in shown])


def _counts(case: StoredCase, steps: Sequence[StepLine]) -> CaseCounts:
    counts = Counter(one.state for one in steps)
    red, partly = (
        [one for one in steps if one.state is state] for state in (StepState.RED, StepState.PARTLY)
    )
    return CaseCounts(case, {state: counts[state] for state in StepState}, red, partly)


def paths_below(unit: UnitOfWork, unit_id: str, paths: frozenset[str]) -> frozenset[str]:
    """Return what of these paths lies in a unit and below. Raises: NotFound("unit-not-found")."""
    found = unit.units.get(unit_id) if is_id(unit_id) else None
    if found is None:
        raise NotFound("unit-not-found", unit=unit_id)
    inner = frozenset(path for path in paths if is_below(path, found.path))
    within = frozenset({found.path}) if any(is_below(found.path, path) for path in paths) else inner
    if not within:
        raise OutOfSight("unit-not-found", unit=unit_id)
    return within
