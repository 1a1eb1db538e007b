"""What a pack says of footage on its way out: who decides about transfers, parties' copies and other supply,
for how long an approval holds, and how often media kept for long are looked at.

Each may be absent from a pack; then the union decides (`ways_out_of`). Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack

    Cites = Callable[[Table], tuple[Citation, ...]]


class Decider(StrEnum):
    """Who decides about a request, by role."""

    UNIT_HEAD = "unit-head"  # 科室负责人
    AGENCY_HEAD = "agency-head"  # 行政机关负责人


@dataclass(frozen=True, slots=True)
class WayOut:
    """One of these roles (values of Decider) decides; an approval holds for `valid_days` calendar days, and
    an answer is owed within `answer_days`."""

    decided_by: tuple[str, ...]
    valid_days: int
    answer_days: int
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class LongTermMedia:
    """What is kept for long lies on media too, each looked at again within `check_months`."""

    check_months: int
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class WaysOut:
    """The rules; None where a pack says nothing."""

    transfer: WayOut | None = None  # 移送检察院、法院
    party_copy: WayOut | None = None  # 当事人申请复制
    outside_supply: WayOut | None = None  # 其他对外提供
    long_term_media: LongTermMedia | None = None  # 刻录光盘、手持储存介质


def read_ways_out(top: Table, cites: Cites) -> WaysOut:
    """Read `[transfer]`, `[party_copy]`, `[outside_supply]`, `[long_term_media]`. Raises: PolicyError."""
    media = None
    if "long_term_media" in top:
        table = top.table("long_term_media")
        media = LongTermMedia(table.whole("check_months", 1, 1200), cites(table))
        table.close()
    transfer, copy, supply = (_way(top, name, cites) for name in ("transfer", "party_copy", "outside_supply"))
    return WaysOut(transfer, copy, supply, media)


def _way(top: Table, name: str, cites: Cites) -> WayOut | None:
    if name not in top:
        return None
    table = top.table(name)
    valid, answer = (table.whole(key, 1, 3660) for key in ("valid_days", "answer_days"))
    rule = WayOut(table.choices("decided_by", Decider), valid, answer, cites(table))
    table.close()
    return rule


def ways_out_of(pack: Pack, strictest: Pack) -> WaysOut:
    """Return the rules: each the pack's, else the union's."""
    ours, union = pack.ways_out, strictest.ways_out
    return WaysOut(*(getattr(ours, one.name) or getattr(union, one.name) for one in fields(WaysOut)))
