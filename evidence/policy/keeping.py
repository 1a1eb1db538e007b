"""How long case files are kept, and with them the recordings that belong to them. Pure values, and how they
are read.

A class is `<n>-years`, counted from the closing of the case, or `permanent`. A pack may have none; then the
union decides (`case_terms_of`), as with exemptions. Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack

PERMANENT = "permanent"
_YEARS = re.compile(r"([1-9][0-9]{0,2})-years")
_MOST_YEARS = 200


@dataclass(frozen=True, slots=True)
class CaseTerms:
    """The classes of which a case file has one, with the articles."""

    classes: tuple[str, ...]
    cites: tuple[Citation, ...]


def years_of(term: str) -> int | None:
    """Return the calendar years of a class; None for one without an end."""
    found = _YEARS.fullmatch(term)
    return None if found is None else int(found[1])


def length_of(term: str) -> float:
    """Return the years of a class, to compare; one without an end is longer than all others."""
    return years_of(term) or math.inf


def read_case_terms(top: Table, cites: Callable[[Table], tuple[Citation, ...]]) -> CaseTerms | None:
    """Read `[case_terms]`, None where a pack has none. Raises: PolicyError."""
    if "case_terms" not in top:
        return None
    table = top.table("case_terms")
    classes = table.words("classes")
    for word in classes:
        years = years_of(word)
        if word != PERMANENT and (years is None or years > _MOST_YEARS):
            table.fail("classes", "unknown-word", found=word)
    if all(years_of(word) is None for word in classes):  # a lock needs a date
        table.fail("classes", "empty")
    rule = CaseTerms(classes, cites(table))
    table.close()
    return rule


def case_terms_of(pack: Pack, strictest: Pack) -> CaseTerms:
    """Return the classes of case files: the pack's, else the union's."""
    return pack.case_terms or strictest.case_terms or CaseTerms((), ())
