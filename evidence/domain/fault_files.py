"""Fault files: what somebody says was a fault, what that rests on, and what another person finds (Dazhe 2020
art. 16). Values only.

A file is opened by a person, never by the program. It names people, each with a part in it; about each one
somebody decides who is neither named in it nor opened it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class LinkKind(StrEnum):
    """What a fault file rests on."""

    RECORDING = "recording"
    GAP = "gap"
    EXPLANATION = "explanation"
    DEVICE = "device"
    COMPLAINT = "complaint"
    EXEMPTION = "exemption"  # somebody stated why nothing was recorded


class Part(StrEnum):
    """What somebody has to do with a fault."""

    SUBJECT = "subject"
    COMMANDER = "commander"  # who commanded them, incited or tolerated it


class Verdict(StrEnum):
    """What a person finds about somebody."""

    FAULT = "fault"
    NO_FAULT = "no-fault"


@dataclass(frozen=True, slots=True)
class Link:
    """Something that a file rests on, by its id; a gap by its name."""

    kind: LinkKind
    object_id: str


@dataclass(frozen=True, slots=True)
class View:
    """What somebody who is named in a file says of it."""

    person_id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody whom a file names. unit_id: theirs then. verdict None: nobody has decided about them yet;
    outcome: what follows, a word of the policy pack; None without a fault. named_by: who named them, None for
    those of before: who opened the file.
    """

    person_id: str
    unit_id: str
    part: Part
    verdict: Verdict | None = None
    outcome: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    named_by: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file found about somebody, by number; by whom and when. verdict None: nobody has decided yet."""

    number: str
    verdict: Verdict | None = None
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FaultFile:
    """A fault file. kind: of the pack. gap, explanation_id, finding_id: of the line of the gap report that it
    was opened about, None where it was opened by hand. basis: a written ground outside this system: a letter,
    a report. entries: of the logs, as they were collected (log, index), in order.
    """

    id: str
    kind: str
    reason: str
    opened_by: str
    opened_at: datetime
    gap: str | None = None
    explanation_id: str | None = None
    finding_id: str | None = None
    people: tuple[Named, ...] = ()
    links: tuple[Link, ...] = ()
    views: tuple[View, ...] = ()
    entries: tuple[tuple[str, int], ...] = ()
    basis: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody whom it names waits for a decision, or it names nobody yet."""
        return not self.people or any(one.verdict is None for one in self.people)

    def names(self, person_id: str) -> bool:
        """Tell whether somebody is named in it."""
        return any(one.person_id == person_id for one in self.people)

    def of(self, kind: LinkKind) -> tuple[str, ...]:
        """Return what it rests on of a kind."""
        return tuple(one.object_id for one in self.links if one.kind is kind)

    def with_more(
        self, people: tuple[Named, ...], links: tuple[Link, ...], entries: tuple[tuple[str, int], ...]
    ) -> FaultFile:
        """Return it with more people, links and entries."""
        return replace(
            self,
            people=self.people + people,
            links=self.links + links,
            entries=tuple(sorted(self.entries + entries)),
        )

    def as_told_to(self, person_id: str) -> FaultFile:
        """Return it as somebody is told of it: whom it names, their own part, and no complaint."""
        if not self.names(person_id):
            return self
        return replace(
            self,
            people=tuple(one for one in self.people if one.person_id == person_id),
            views=tuple(one for one in self.views if one.person_id == person_id),
            links=tuple(one for one in self.links if one.kind is not LinkKind.COMPLAINT),
        )
