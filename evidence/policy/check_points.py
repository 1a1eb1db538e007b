"""What a pack says of check-points on the time line: what must be heard or seen in a recording, and where.

That recording was announced to the party (with the standard phrase), that credentials were shown, that the
cause of an interruption was spoken when recording began anew (Dazhe 2020 art. 7, 8, 9). They may be absent
from a pack; then the union decides (`check_points_of`). Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack


class MarkerKind(StrEnum):
    """The kinds of check-points."""

    NOTICE_GIVEN = "notice-given"  # 告知: the party is told that recording goes on
    CREDENTIALS_SHOWN = "credentials-shown"  # 亮证、出示证件
    SPOKEN_EXPLANATION = "spoken-explanation"  # 中断原因的语音说明


@dataclass(frozen=True, slots=True)
class CheckPoint:
    """One check-point that recordings of these stages (执法环节, as the annex names them) must have; without
    stages: every recording that began anew after an interruption.

    phrase: the standard phrase, where the article gives one. within: the first seconds, in which detectors
    listen for it; people pin without that limit.
    """

    kind: MarkerKind
    stages: tuple[str, ...]
    phrase: str | None
    within: timedelta
    cites: tuple[Citation, ...]


def read_check_points(top: Table, cites: Callable[[Table], tuple[Citation, ...]]) -> tuple[CheckPoint, ...]:
    """Read `[check_points.KIND]`, none where a pack has none. Raises: PolicyError; `unknown-word` for a kind,
    or a stage that the annex does not name.
    """
    if "check_points" not in top:
        return ()
    tables, found = top.table("check_points"), []
    for kind in tables.values:
        if kind not in set(MarkerKind):
            tables.fail(kind, "unknown-word", found=kind)
        table = tables.table(kind)
        stages = () if kind == MarkerKind.SPOKEN_EXPLANATION else _stages(top, table)
        phrase = table.text("phrase") if "phrase" in table else None
        is_heard = kind != MarkerKind.CREDENTIALS_SHOWN  # no detector sees a card
        within = timedelta(seconds=table.number("within_s", 1, 600)) if is_heard else timedelta(0)
        found.append(CheckPoint(MarkerKind(kind), stages, phrase, within, cites(table)))
        table.close()
    return tuple(found)


def _stages(top: Table, table: Table) -> tuple[str, ...]:
    stages = table.words("stages")
    known = {one.text("stage") for one in top.tables("must_record")} if "must_record" in top else set(stages)
    for stage in stages:
        if stage not in known:
            table.fail("stages", "unknown-word", found=stage)
    return stages


def check_points_of(pack: Pack, strictest: Pack) -> tuple[CheckPoint, ...]:
    """Return which check-points there must be: the pack's, else the union's."""
    return pack.check_points or strictest.check_points


def check_point_of(kind: MarkerKind, pack: Pack, strictest: Pack) -> CheckPoint | None:
    """Return the rule of a kind; None where neither has one."""
    return next((one for one in check_points_of(pack, strictest) if one.kind is kind), None)
