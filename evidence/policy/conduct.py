"""What a pack says of conduct: on which grounds recording may be left out, and what is a fault in recording.

Both may be absent from a pack; then the union decides (`exemptions_of`, `faults_of`), as with secrecy. A
fault is decided by a person, never by the program. Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack


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
