"""People and units: who belongs where, as what, and since when. Values only; who may change them: access.py.

A person is known by a number (the badge or staff number that docks send as the wearer). Names are personal:
they stand in one column that may be emptied, and in the log only as commitments.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PersonType(StrEnum):
    """What somebody is in the eyes of the law (duties.md, auxiliary-personnel part)."""

    OFFICER = "officer"  # 行政执法人员: has standing to enforce
    AUXILIARY = "auxiliary"  # 行政执法辅助人员: none of their own, whatever their account may do
    CIVILIAN = "civilian"  # 其他工作人员


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

    contract_to: the last day of the contract, None for one without end. left_at: off-boarding was closed.
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
    """Tell whether somebody belongs to the agency on a day: not left, contract begun and not ended."""
    has_left = person.left_at is not None and person.left_at <= now
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
