"""Callers, recordings and bars drawn by lot, for laws that hold for all of them. The seed is printed."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from evidence.domain.access import Bars, Caller, Grant, Purpose
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import Action, Kind, Role
from evidence.domain.standing import Classification, Standing
from evidence.policy.rules import Act, Citation

UNITS = ("/a/", "/a/b/", "/a/b/c/", "/d/", "/ab/")  # the last two: beside, and alike in letters only
PEOPLE = ("p0", "p1", "p2")
RECORDINGS = ("r0", "r1", "r2")
ACTIONS, ROLES, ACTS = tuple(Action), tuple(Role), tuple(Act)
CITE = Citation("somewhere:1", "第一条", "某办法", "Some measures", "不得", "must not")
EVERY_BAR: Bars = dict.fromkeys(ACTS, (CITE,))

T = TypeVar("T")


def a_seed() -> int:
    """Where the lots begin: another place each time; EVIDENCE_POLICY_SEED goes back to one."""
    return int(os.environ.get("EVIDENCE_POLICY_SEED", secrets.randbelow(10**6)))


class Lots:
    """What one seed draws."""

    def __init__(self, seed: int) -> None:
        print(f"seed {seed}")
        self._dice = random.Random(seed)

    def one(self, of: Sequence[T]) -> T:
        """Draw one."""
        return of[int(self._dice.random() * len(of))]

    def some(self, of: Sequence[T], share: float = 0.4) -> frozenset[T]:
        """Draw each with the same chance."""
        return frozenset(one for one in of if self._dice.random() < share)

    def yes(self, chance: float) -> bool:
        """Draw yes or no."""
        return self._dice.random() < chance

    def grants(self, roles: Sequence[Role] = ROLES) -> tuple[Grant, ...]:
        """Draw up to three roles, each in a unit or everywhere."""
        return tuple(
            Grant(self.one(roles), self.one((*UNITS, WHOLE))) for _ in range(self.one((0, 1, 1, 2, 3)))
        )

    def person(self, kind: PersonType | None = None) -> Caller:
        """Draw somebody."""
        return Caller(
            self.one(PEOPLE),
            Kind.PERSON,
            grants=self.grants(),
            person_type=kind or self.one(tuple(PersonType)),
            emergencies=self.some(RECORDINGS, 0.2),
        )

    def caller(self) -> Caller:
        """Draw anybody, mostly people. What only people are given, others have too: it must not count."""
        drawn = replace(self.person(), scopes=self.some(ACTIONS))
        return drawn if self.yes(0.8) else replace(drawn, kind=self.one(tuple(Kind)))

    def standing(self) -> Standing:
        """Draw a recording as it stands."""
        return Standing(
            self.one(RECORDINGS),
            unit_path=self.one((*UNITS, WHOLE)),
            person_id=self.one((*PEOPLE, None)),
            commander_id=self.one((*PEOPLE, None)) if self.yes(0.3) else None,
            classification=self.one(tuple(Classification)) if self.yes(0.5) else Classification.ORDINARY,
            readers=self.some(PEOPLE),
            case_rights={
                who: frozenset(action.value for action in self.some(ACTIONS, 0.3))
                for who in self.some(PEOPLE)
            },
            involved=self.some(PEOPLE, 0.25),
            complained=self.some(PEOPLE, 0.15),
            on_hold=self.yes(0.2),
            under_transfer=self.yes(0.2),
        )

    def bars(self) -> Bars:
        """Draw what the law forbids."""
        return EVERY_BAR if self.yes(0.5) else dict.fromkeys(self.some(ACTS, 0.6), (CITE,))

    def purpose(self) -> Purpose | None:
        """Draw what for, or nothing."""
        return self.one((None, *Purpose))


def narrowed(
    lots: Lots, caller: Caller, one: Standing, bars: Bars
) -> Iterator[tuple[Caller, Standing, Bars]]:
    """Yield the same with one thing taken away or one denial added, in every way that there is."""
    for grant in caller.grants:
        yield replace(caller, grants=tuple(other for other in caller.grants if other is not grant)), one, bars
    yield replace(caller, emergencies=frozenset()), one, bars
    yield replace(caller, scopes=caller.scopes - {lots.one(ACTIONS)}), one, bars
    yield replace(caller, person_type=PersonType.AUXILIARY), one, bars
    yield caller, one, {**bars, lots.one(ACTS): (CITE,)}
    yield caller, replace(one, case_rights={}), bars
    yield caller, replace(one, readers=one.readers - {caller.id}), bars
    yield caller, replace(one, involved=one.involved | {lots.one(PEOPLE)}), bars
    yield caller, replace(one, on_hold=True), bars
    yield caller, replace(one, under_transfer=True), bars
    if not one.classification.is_restricted:
        yield caller, replace(one, classification=Classification.MINORS), bars
