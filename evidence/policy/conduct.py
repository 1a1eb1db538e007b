"""What a pack says of conduct: on which grounds recording may be left out, what is a fault in recording and
what becomes of it, within how many days a complaint is answered and by whom not.

Each may be absent from a pack; then the union decides (`exemptions_of`, …), as with secrecy. A fault is
decided by a person, never by the program. Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack, PersonType


class Exempting(StrEnum):
    """The grounds on which enforcement need not be recorded (Dazhe 2020 art. 6)."""

    EXPLOSION_HAZARD = "explosion-hazard"  # 爆炸危险区域, no recorder that is proof against it
    SECRECY = "secrecy"  # 国家秘密、商业秘密、个人隐私: not recorded, and so not stored here either
    URGENCY = "urgency"  # 情况紧急
    OBJECTIVE_CAUSE = "objective-cause"  # 客观原因


class FaultKind(StrEnum):
    """The kinds of fault in recording (Dazhe 2020 art. 16)."""

    NOT_RECORDED = "not-recorded"  # 不按规定使用，不制作或不按要求制作
    MISCONDUCT = "misconduct"  # 执法不规范或不文明
    LEAK = "leak"  # 泄露
    ALTERATION = "alteration"  # 删改，弄虚作假
    LOSS = "loss"  # 损毁、丢失
    OTHER = "other-breach"  # 其它违反规定


class FaultOutcome(StrEnum):
    """What the articles name as following on a fault (Dazhe 2020 art. 16, and those about auxiliaries)."""

    ACCOUNTABILITY = "accountability"  # 依照有关规定追究责任
    CRITICISM = "criticism"  # 批评教育
    CORRECTION = "correction"  # 责令改正
    NOTICE_OF_CRITICISM = "notice-of-criticism"  # 通报批评
    PAY_WITHHELD = "pay-withheld"  # 扣发绩效工资
    CONTRACT_ENDED = "contract-ended"  # 依法解除合同、解聘
    LEGAL_LIABILITY = "legal-liability"  # 依法追究法律、刑事责任


class Apart(StrEnum):
    """Who is too near to somebody to handle a complaint about them, but for a reason that is on record."""

    BELOW_SUBJECT = "below-subject"  # under their command
    DIRECT_SUPERIOR = "direct-superior"  # the head of their unit


@dataclass(frozen=True, slots=True)
class Complaints:
    """A complaint is answered at most `within_days` calendar days after the day on which it came. apart:
    values of Apart."""

    within_days: int
    apart: tuple[str, ...]
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What may follow on a fault of people of these types (words: values of FaultOutcome)."""

    words: tuple[str, ...]
    types: frozenset[PersonType]
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The words (values of Exempting, of FaultKind) from which one is chosen, with the articles."""

    words: tuple[str, ...]
    cites: tuple[Citation, ...]


def read_conduct(top: Table, cites: Callable[[Table], tuple[Citation, ...]]) -> dict[str, Choice | None]:
    """Read `[exemptions]` and `[faults]`, None where a pack has none. Raises: PolicyError."""
    return {
        "exemptions": _choice(top, "exemptions", "grounds", Exempting, cites),
        "faults": _choice(top, "faults", "kinds", FaultKind, cites),
    }


def _choice(
    top: Table,
    name: str,
    key: str,
    known: type[StrEnum],
    cites: Callable[[Table], tuple[Citation, ...]],
) -> Choice | None:
    if name not in top:
        return None
    table = top.table(name)
    words = table.words(key)
    for word in words:
        if word not in {one.value for one in known}:
            table.fail(key, "unknown-word", found=word)
    rule = Choice(words, cites(table))
    table.close()
    return rule


def exemptions_of(pack: Pack, strictest: Pack) -> Choice:
    """Return on which grounds recording may be left out: the pack's, else the union's."""
    return pack.exemptions or strictest.exemptions or Choice((), ())


def faults_of(pack: Pack, strictest: Pack) -> Choice:
    """Return the kinds of fault: the pack's, else the union's."""
    return pack.faults or strictest.faults or Choice((), ())


def outcomes_of(pack: Pack, strictest: Pack, type_: PersonType) -> Choice:
    """Return what may follow on a fault of somebody of a type: the pack's, else the union's; all articles
    that name it."""
    mine = next(filter(None, (_about(one, type_) for one in (pack, strictest))), [])
    words = dict.fromkeys(word for one in mine for word in one.words)
    return Choice(tuple(words), tuple(dict.fromkeys(cite for one in mine for cite in one.cites)))


def _about(pack: Pack, type_: PersonType) -> list[Outcomes]:
    return [one for one in pack.fault_outcomes if type_ in one.types]


def complaints_of(pack: Pack, strictest: Pack) -> Complaints | None:
    """Return how a complaint is to be answered: the pack's, else the union's."""
    return pack.complaints or strictest.complaints
