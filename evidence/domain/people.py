"""People and units: who belongs where, as what, and since when. Values only; who may change them: access.py.

A person is known by a number (the badge or staff number that docks send as the wearer). Names are personal:
they stand in one column that may be emptied, and in the log only as commitments.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from evidence.policy.rules import Citation, Need, Pack, PersonNumber
from evidence.policy.rules import PersonType as PersonType


class UndertakingKind(StrEnum):
    """What is signed before an account is active."""

    CONFIDENTIALITY = "confidentiality"  # 保密承诺
    DUTIES = "duties"  # 岗位职责确认


WHOLE = "/"  # the path of everything, units that nobody knows among it


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency (no parent) or one of its units. path: "/<id>/…/<id>/", its own id last."""

    id: str
    name: str
    path: str
    parent_id: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the roll. name is None where it was erased or is not known after a rebuild.

    contract_to: the last day of the contract, None for one without end. leaving_at: off-boarding was begun,
    and the account is off. left_at: it was closed.
    """

    id: str
    number: str
    name: str | None
    type: PersonType
    unit_id: str
    contract_from: date | None = None
    contract_to: date | None = None
    card_number: str | None = None
    left_at: datetime | None = None
    leaving_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A post that somebody holds, [since, until]; until None: still."""

    id: str
    person_id: str
    title: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """A training with its length in working days and its outcome."""

    id: str
    person_id: str
    name: str
    days: int
    held_on: date
    passed: bool


@dataclass(frozen=True, slots=True)
class Undertaking:
    """A signed undertaking that is on file."""

    id: str
    person_id: str
    kind: UndertakingKind
    signed_on: date


def unit_path(parent: Unit | None, unit_id: str) -> str:
    """Return the path of a unit below a parent, or of an agency."""
    return f"{WHOLE if parent is None else parent.path}{unit_id}/"


def is_below(path: str, top: str) -> bool:
    """Tell whether a unit is another or below it."""
    return path.startswith(top)


def is_on_roll(person: Person, on: date, now: datetime) -> bool:
    """Tell whether somebody belongs to the agency on a day: not leaving, contract begun and not ended."""
    has_left = any(at is not None and at <= now for at in (person.leaving_at, person.left_at))
    has_begun = person.contract_from is None or person.contract_from <= on
    has_ended = person.contract_to is not None and person.contract_to < on
    return has_begun and not has_ended and not has_left


def may_sign_in(person: Person, undertakings: Collection[Undertaking], on: date, now: datetime) -> bool:
    """Tell whether somebody's account may be active on a day.

    Auxiliary personnel only within their contract (000-2), and with both undertakings on file (000-16).
    """
    if not is_on_roll(person, on, now):
        return False
    if person.type is not PersonType.AUXILIARY:
        return True
    if person.contract_from is None:  # a contract whose begin nobody wrote down is none
        return False
    return {one.kind for one in undertakings if one.signed_on <= on} == set(UndertakingKind)


class NumberFault(StrEnum):
    """What is wrong with a person's number (in the pack's words: policy/rules.py PersonNumber)."""

    FORM = "number-form"
    CITY = "city-code-unknown"


def number_fault(number: str, type_: PersonType, rule: PersonNumber | None) -> NumberFault | None:
    """Tell what is wrong with the number of a person of a type under a rule; None: nothing, or no rule."""
    if rule is None or type_ not in rule.types:
        return None
    # ASCII: a digit of another script would look the same on a badge and be another number.
    found = re.compile(rule.pattern, re.ASCII).fullmatch(number)
    if found is None or number.endswith("\n"):
        return NumberFault.FORM
    city = found.groupdict().get("city")
    return NumberFault.CITY if city is not None and city not in dict(rule.city_codes) else None


@dataclass(frozen=True, slots=True)
class Lack:
    """What somebody lacks for duty with a recorder, with the articles that ask for it."""

    need: Need
    least_days: int
    cites: tuple[Citation, ...]


def may_carry(
    person: Person, trainings: Iterable[Training], undertakings: Iterable[Undertaking], pack: Pack, on: date
) -> tuple[Lack, ...]:
    """Return what stands in the way of issuing somebody a recorder on a day; nothing: they may carry one.

    Whether they are on the roll at all is another question (is_on_roll).
    """
    passed = [one.days for one in trainings if one.passed and one.held_on <= on]
    signed = {one.kind.value for one in undertakings if one.signed_on <= on}
    lacks = []
    for rule in pack.before_duty:
        if person.type not in rule.types:
            continue
        has = {
            Need.CONTRACT: _has_contract(person, on),
            Need.TRAINING: any(days >= rule.least_days for days in passed),
        }.get(rule.need, rule.need.value in signed)
        if not has:
            lacks.append(Lack(rule.need, rule.least_days, rule.cites))
    return tuple(lacks)


def _has_contract(person: Person, on: date) -> bool:
    has_begun = person.contract_from is not None and person.contract_from <= on
    return has_begun and (person.contract_to is None or on <= person.contract_to)
