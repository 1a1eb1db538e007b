"""Until when a recording must be kept: the strictest of all rules that apply, and which rule that is.

Dazhe 2020 art. 11: not less than one year; used as evidence, as long as the case file. Art. 13: on its
grounds without an end, until somebody lifts the hold. A rule without an end outranks every date; of dates
the latest holds. What is locked already is a rule itself, so nothing that is done, and no other pack, makes a
date earlier. Untagged means keep. When something may be destroyed, and how, is not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from evidence.policy.keeping import CaseTerms, years_of
from evidence.policy.rules import Citation, LongTerm, Pack, RetentionFloor


class Keeps(StrEnum):
    """What keeps a recording; of rules without an end the first here decides."""

    HOLD = "hold"
    COMPLAINT = "complaint"  # an open one, about the wearer: and nobody knows the recording's hour yet
    SERIOUS_EVENT = "serious-event"
    FAULT_FILE = "fault-file"  # one that rests on it, and about which nobody has decided
    TRANSFER = "transfer"
    EXPORT = "export"  # somebody asked for it, and it is neither refused nor handed over
    OPEN_CASE = "open-case"
    CASE_WITHOUT_TERM = "case-without-term"
    PERMANENT_CASE = "permanent-case"
    UNLABELLED = "unlabelled"
    CASE = "case"  # the term of a case file that is closed
    FLOOR = "floor"  # the pack's least
    LOCK = "lock"  # as long as it is locked already, whatever asked for that


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that applies. until: None as long as it has no end. about: the hold, the case."""

    keeps: Keeps
    until: datetime | None
    cites: tuple[Citation, ...]
    about: str | None = None


@dataclass(frozen=True, slots=True)
class LinkedCase:
    """A case that a recording belongs to. term: its class, None where nobody gave it one yet."""

    id: str
    closed_at: datetime | None
    term: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the rules ask about one recording. locked_until: as the vault was or is to be told, the later.

    holds: those that stand. complaints: open ones about the wearer, of a recording whose hour is not known.
    lacks: required labels that it does not carry. numbered: cases whose number it carries and to which nobody
    has linked it: the evidence of a case, as long as it is marked so. faults: open fault files that rest on
    it. exports: by which it is to leave.
    """

    recording_id: str
    sealed_at: datetime
    locked_until: datetime
    holds: tuple[str, ...] = ()
    cases: tuple[LinkedCase, ...] = ()
    lacks: tuple[str, ...] = ()
    in_serious_event: bool = False
    under_transfer: bool = False
    complaints: tuple[str, ...] = ()
    numbered: tuple[LinkedCase, ...] = ()
    faults: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Law:
    """The rules about keeping of one pack."""

    floor: RetentionFloor
    case_terms: CaseTerms
    long_term: LongTerm
    label_cites: tuple[Citation, ...]
    required: tuple[str, ...]
    fault_cites: tuple[Citation, ...]

    @classmethod
    def of(cls, pack: Pack, case_terms: CaseTerms, fault_cites: tuple[Citation, ...] = ()) -> Law:
        """Return those of a pack. case_terms, fault_cites: its own, or the union's."""
        labels = pack.labels
        return cls(pack.retention, case_terms, pack.long_term, labels.cites, labels.labels, fault_cites)


def rules_of(one: Kept, law: Law) -> tuple[Rule, ...]:
    """Return all rules that keep a recording, with their articles."""
    return (
        *(Rule(Keeps.HOLD, None, law.long_term.cites, hold) for hold in one.holds),
        *(Rule(Keeps.COMPLAINT, None, law.long_term.cites, complaint) for complaint in one.complaints),
        *(Rule(Keeps.FAULT_FILE, None, law.fault_cites, file) for file in one.faults),
        *_states(one, law),
        *(Rule(Keeps.EXPORT, None, law.floor.cites, export) for export in one.exports),
        *(_of_case(case, law) for case in (*one.cases, *one.numbered)),
        Rule(Keeps.LOCK, one.locked_until, law.floor.cites),
        Rule(Keeps.FLOOR, retain_until(one.sealed_at, law.floor), law.floor.cites),
    )


def keep_until(one: Kept, law: Law) -> Rule:
    """Return the rule that decides: one without an end, else the one with the latest date."""
    rules = rules_of(one, law)
    endless = [rule for rule in rules if rule.until is None]
    if endless:
        return min(endless, key=lambda rule: list(Keeps).index(rule.keeps))
    return max(rules, key=lambda rule: (rule.until or one.locked_until, -list(Keeps).index(rule.keeps)))


def lock_until(one: Kept, law: Law, at: datetime) -> tuple[datetime, Rule]:
    """Return until when the vault must lock a recording, and the rule that asks for it; never earlier than it
    is locked. at: now, for a case that is open: its term begins at its closing, and that is not earlier.
    """
    until, rule = asked_until(one, law, at)
    if until > one.locked_until:
        return until, rule
    return one.locked_until, Rule(Keeps.LOCK, one.locked_until, law.floor.cites)


def asked_until(one: Kept, law: Law, at: datetime | None) -> tuple[datetime, Rule]:
    """Return the same of a law alone, whatever is locked already. at: None where cases that are open give no
    date."""
    floor = retain_until(one.sealed_at, law.floor)
    until, rule = floor, Rule(Keeps.FLOOR, floor, law.floor.cites)
    for case in (*one.cases, *one.numbered):
        end = case_end(case, law.case_terms, at)
        if end is not None and end > until:
            until, rule = end, Rule(Keeps.CASE, end, law.case_terms.cites, case.id)
    return until, rule


def case_end(case: LinkedCase, terms: CaseTerms, at: datetime | None) -> datetime | None:
    """Return until when a case's recordings are locked at least; None while that is not known.

    A permanent one is locked for the longest term of years, and kept beyond it.
    """
    start = case.closed_at or at
    if case.term is None or start is None:
        return None
    longest = max((years for word in terms.classes if (years := years_of(word)) is not None), default=0)
    return retain_until(start, RetentionFloor(years_of(case.term) or longest, terms.cites))


def is_due(rule: Rule, now: datetime) -> bool:
    """Tell whether nothing keeps a recording any more. rule: the one that decides."""
    return rule.until is not None and rule.until <= now


def retain_until(sealed_at: datetime, rule: RetentionFloor) -> datetime:
    """Return the moment (UTC) before which a recording sealed at sealed_at (server time, aware) must be kept.

    The years are calendar years in sealed_at's own time zone and in UTC, whichever ends later; 29
    February leads to 1 March, because 28 February would be a day short. Raises: ValueError for a naive
    time.
    """
    if sealed_at.tzinfo is None:
        raise ValueError("sealed_at needs a time zone")
    here = _years_later(sealed_at, rule.years).astimezone(UTC)
    return max(here, _years_later(sealed_at.astimezone(UTC), rule.years))


def _states(one: Kept, law: Law) -> Iterator[Rule]:
    if one.in_serious_event:
        yield Rule(Keeps.SERIOUS_EVENT, None, law.long_term.cites)
    if one.under_transfer:
        yield Rule(Keeps.TRANSFER, None, law.floor.cites)
    if one.lacks:
        yield Rule(Keeps.UNLABELLED, None, law.label_cites)


def _of_case(case: LinkedCase, law: Law) -> Rule:
    cites = law.case_terms.cites
    if case.closed_at is None:
        return Rule(Keeps.OPEN_CASE, None, cites, case.id)
    if case.term is None:
        return Rule(Keeps.CASE_WITHOUT_TERM, None, cites, case.id)
    years = years_of(case.term)
    if years is None:
        return Rule(Keeps.PERMANENT_CASE, None, cites, case.id)
    return Rule(Keeps.CASE, retain_until(case.closed_at, RetentionFloor(years, cites)), cites, case.id)


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February of a leap year
        return moment.replace(year=moment.year + years, month=3, day=1)
