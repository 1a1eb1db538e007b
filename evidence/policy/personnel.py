"""Reading of the rules about people in a pack: numbers, what is needed before duty, duties of the agency.

The form is docs/formats/policy-pack.md; all of them may be absent. `Cites` reads a rule's articles and keeps
account of them (reading.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from evidence.policy.fields import Table
from evidence.policy.rules import (
    BeforeDuty,
    Citation,
    Duty,
    Need,
    PersonnelDuty,
    PersonNumber,
    PersonType,
)

Cites = Callable[[Table], tuple[Citation, ...]]
CITY = "city"  # the group of the pattern that holds a city's code


def read_person_number(top: Table, cites: Cites) -> PersonNumber | None:
    """Read `[person_number]`. Raises: PolicyError; `malformed` for no regular expression."""
    if "person_number" not in top:
        return None
    table = top.table("person_number")
    pattern = table.text("pattern")
    try:
        has_city = CITY in re.compile(pattern, re.ASCII).groupindex
    except re.error:
        table.fail("pattern", "malformed", found=pattern)
    codes = _codes(table) if has_city or "city_codes" in table else ()
    if codes and not has_city:
        table.fail("city_codes", "codes-without-group")
    rule = PersonNumber(pattern, _types(table), codes, cites(table))
    table.close()
    return rule


def _codes(table: Table) -> tuple[tuple[str, str], ...]:
    inner = table.table("city_codes")
    if not inner.values:
        table.fail("city_codes", "empty")
    codes = tuple((code, inner.text(code)) for code in inner.values)
    inner.close()
    return codes


def read_before_duty(top: Table, cites: Cites) -> tuple[BeforeDuty, ...]:
    """Read `[[before_duty]]`. Raises: PolicyError."""
    return tuple(_before_duty(table, cites) for table in _tables(top, "before_duty"))


def _before_duty(table: Table, cites: Cites) -> BeforeDuty:
    word = table.text("need")
    if word not in {one.value for one in Need}:
        table.fail("need", "unknown-word", found=word)
    least = table.whole("least_days", 1, 366) if word == Need.TRAINING and "least_days" in table else 0
    reading = table.both("reading") if "reading" in table else ("", "")
    rule = BeforeDuty(Need(word), _types(table), least, cites(table), *reading)
    table.close()
    return rule


def read_personnel_duties(top: Table, cites: Cites) -> tuple[PersonnelDuty, ...]:
    """Read `[[personnel_duties]]`. Raises: PolicyError."""
    return tuple(_personnel_duty(table, cites) for table in _tables(top, "personnel_duties"))


def _personnel_duty(table: Table, cites: Cites) -> PersonnelDuty:
    word = table.text("duty")
    if word not in {one.value for one in Duty}:
        table.fail("duty", "unknown-word", found=word)
    rule = PersonnelDuty(Duty(word), _types(table), cites(table))
    table.close()
    return rule


def _tables(top: Table, key: str) -> list[Table]:
    return top.tables(key) if key in top else []


def _types(table: Table) -> frozenset[PersonType]:
    return frozenset(PersonType(word) for word in table.choices("types", PersonType))
