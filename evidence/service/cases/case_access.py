"""A transaction about one case: of the caller's units, or for what the legal unit owes, of the unit that it
serves. What may not be seen is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evidence.domain.access import Caller, may_in
from evidence.domain.case_numbers import normal_form
from evidence.domain.ids import is_id
from evidence.domain.people import WHOLE
from evidence.domain.rights import ALLOWED, Action, Kind
from evidence.errors import NotFound
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@contextmanager
def about_case(
    site: Site, caller: Caller, action: Action, case_id: str, *, or_legal: bool = False
) -> Iterator[tuple[UnitOfWork, StoredCase]]:
    """Open a writing transaction about a case. or_legal: its legal unit will do as well.

    Raises: NotFound("case-not-found").
    """
    with tries_logged(site, caller, action, ("case", case_id)), site.database.writing() as unit:
        case = unit.cases.get(case_id) if is_id(case_id) else None
        if case is None:
            raise NotFound("case-not-found", case=case_id)
        if not may_in(caller, action, case.path, site.bars()) and not (
            or_legal and _may_as_legal(site, unit, caller, action, case)
        ):
            raise OutOfSight("case-not-found", case=case_id)
        yield unit, case


def case_named(site: Site, named: str) -> str:
    """Return the id of the case that somebody names by its number, however they write it; anything else as it
    came. Whether they may know of the case is asked where it is used (`told_as_named`).
    """
    if is_id(named):
        return named
    if not normal_form(named).isprintable():  # no number has that, and not every engine can be asked for it
        return named
    with site.database.reading() as unit:
        return unit.cases.numbered(named) or named


@contextmanager
def told_as_named(named: str, case_id: str) -> Iterator[None]:
    """Tell of a case that is not found by what it was named: its id would tell that there is one."""
    try:
        yield
    except NotFound as problem:
        if problem.fields.get("case") != case_id:
            raise
        raise NotFound(problem.code, **{**problem.fields, "case": named}) from None


def paths_of(caller: Caller, action: Action) -> frozenset[str]:
    """Return the paths of the units in which, and below, the caller may do something about cases."""
    if caller.kind is Kind.OPERATOR:
        return frozenset({WHOLE})
    return frozenset(one.path for one in caller.grants if action in ALLOWED[one.role])


def _may_as_legal(site: Site, unit: UnitOfWork, caller: Caller, action: Action, case: StoredCase) -> bool:
    legal_id = unit.legal_units.serving(case.path)
    legal = None if legal_id is None else unit.units.get(legal_id)
    return legal is not None and may_in(caller, action, legal.path, site.bars())
