"""What a pack says of enforcement itself: the kinds of activities that must be recorded, its documents,
and that who signs one was there.

Each may be absent from a pack; then the union decides (`enforcement_of`), as with exemptions. The list of
matters is another rule (labels.py). Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from evidence.policy.equipment import Articles
from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack

    Cites = Callable[[Table], tuple[Citation, ...]]


class ActivityKind(StrEnum):
    """The activities that must be recorded while they go on (Dazhe 2020 art. 5)."""

    ON_SITE_CHECK = "on-site-check"  # 随机抽查、现场检查
    COMPLAINT = "complaint-handling"  # 处理投诉、举报进行现场执法
    EVIDENCE_TAKING = "evidence-taking"  # 调查取证
    REGISTRATION = "evidence-registration"  # 先行登记保存证据
    SERVICE = "document-service"  # 执法文书送达
    OTHER = "other-activity"  # 应当进行同步录音录像的其他执法活动


class DocumentType(StrEnum):
    """Enforcement documents that say from when to when something was done (Dazhe 2020 art. 8)."""

    INSPECTION = "inspection-record"  # 现场检查笔录
    QUESTIONING = "questioning-record"  # 调查询问笔录
    REGISTRATION = "registration-list"  # 先行登记保存证据清单
    HEARING = "hearing-record"  # 听证笔录
    SERVICE = "service-receipt"  # 送达回证
    OTHER = "other-document"


@dataclass(frozen=True, slots=True)
class Activities:
    """The kinds of activities. least_percent: how much of one recordings show at least; 0: any will do."""

    words: tuple[str, ...]
    least_percent: int
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class DocumentTimes:
    """The types of documents, and how far apart the ends of one and of its footage may be."""

    types: tuple[str, ...]
    tolerance: timedelta
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The rules about enforcement; None where a pack says nothing. signers: who signs was there."""

    activities: Activities | None = None
    documents: DocumentTimes | None = None
    signers: Articles | None = None


def read_enforcement(top: Table, cites: Cites) -> Enforcement:
    """Read `[activities]`, `[enforcement_documents]` and `[signers]`. Raises: PolicyError."""
    activities = documents = signers = None
    if "activities" in top:
        table = top.table("activities")
        least = table.whole("least_percent", 1, 100) if "least_percent" in table else 0
        activities = Activities(table.choices("kinds", ActivityKind), least, cites(table))
        table.close()
    if "enforcement_documents" in top:
        table = top.table("enforcement_documents")
        tolerance = timedelta(minutes=table.number("tolerance_min", 0, 24 * 60))
        documents = DocumentTimes(table.choices("types", DocumentType), tolerance, cites(table))
        table.close()
    if "signers" in top:
        table = top.table("signers")
        signers = Articles(cites(table))
        table.close()
    return Enforcement(activities, documents, signers)


def enforcement_of(pack: Pack, strictest: Pack) -> Enforcement:
    """Return the rules about enforcement: each the pack's, else the union's."""
    ours, union = pack.enforcement, strictest.enforcement
    return Enforcement(*(getattr(ours, one.name) or getattr(union, one.name) for one in fields(Enforcement)))
