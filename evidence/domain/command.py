"""Command: whether auxiliary personnel recorded under an officer's command, and whether they may at all.

Auxiliary personnel have no standing of their own and work under an officer's command. A recording that they
wore names the officer (docks: --commander), or an officer of the same unit recorded at the same time; else it
is told as "acting alone". Where a document bars them from taking evidence altogether, with an officer or
without, that is told too. Facts, never guilt: who was there, people find out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.people import PersonType
from evidence.domain.spans import Span
from evidence.policy.bars import may_assist_evidence
from evidence.policy.rules import Act, Pack, cite_ids


@dataclass(frozen=True, slots=True)
class Worn:
    """A recording worn by auxiliary personnel. named: the number that the dock gave as the commander's, None
    where it gave none. commander: what that person is on the roll, None where nobody has that number. span:
    None where nobody knows when it was recorded.
    """

    file: str
    named: str | None
    commander: PersonType | None
    span: Span | None


def examine_command(one: Worn, officers: Iterable[Span], pack: Pack) -> tuple[Finding, ...]:
    """Return what is to be told about a recording worn by auxiliary personnel.

    officers: when officers of the same unit recorded. pack: in force when it was recorded.
    """
    found = []
    if not may_assist_evidence(pack):
        found.append(
            Finding(
                Code.AUXILIARY_TOOK_EVIDENCE,
                Severity.BREACH,
                one.file,
                cites=cite_ids(pack.barred(Act.TAKE_EVIDENCE)),
            )
        )
    if one.commander is not PersonType.OFFICER and not any(_overlap(one.span, other) for other in officers):
        found.append(
            Finding(
                Code.ACTING_ALONE,
                Severity.ATTENTION,
                one.file,
                measured=0,
                limit=1,
                cites=cite_ids(pack.barred(Act.TAKE_EVIDENCE_ALONE)),
                detail={"unit": "number", "commander": _said(one), "time_known": one.span is not None},
            )
        )
    return tuple(found)


def _said(one: Worn) -> str:
    """Say what the dock gave: nobody, a number that is not on the roll, or somebody who is no officer."""
    if not one.named:
        return "none"
    return "not-on-roll" if one.commander is None else one.commander.value


def _overlap(one: Span | None, other: Span) -> bool:
    return one is not None and one.start < other.end and other.start < one.end
