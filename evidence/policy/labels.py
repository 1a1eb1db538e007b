"""Rules about labels: which a recording must carry, and what the annex says must be recorded. Pure values;
read by policy/filing.py. What is so about one recording: domain/labels.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.policy.citations import Citation


class Label(StrEnum):
    """The labels that a recording can be given, and be required to carry."""

    CASE_NUMBER = "case-number"  # 案号
    INSPECTED_PARTY = "inspected-party"  # 被检查单位名称
    OFFICER = "officer"  # 行政执法人员信息
    TIME = "time"  # 使用时间
    PLACE = "place"  # 地点
    CATEGORY = "category"  # 执法类别
    STAGE = "stage"  # 执法环节
    MATTER = "matter"  # 记录事项


@dataclass(frozen=True, slots=True)
class MandatoryLabels:
    """The labels every recording must carry (values of Label).

    case_number: the form of case numbers, a regular expression over the whole number, digits being 0 to 9;
    None: any. not_yet_days: a case number that is not known yet is to follow at most so many days ahead;
    None: it must be there at once.
    """

    labels: tuple[str, ...]
    cites: tuple[Citation, ...]
    case_number: str | None = None
    not_yet_days: int | None = None


class OwedBy(StrEnum):
    """Which unit owes the recording of a matter."""

    CONDUCTING_UNIT = "conducting-unit"  # 执法机构: the unit that conducts the case
    LEGAL_UNIT = "legal-unit"  # 法制机构


@dataclass(frozen=True, slots=True)
class MustRecord:
    """One line of the annex: what must be recorded, in which stage of which kind of enforcement, by whom. The
    words are the instrument's own, Chinese."""

    category: str  # 执法类别
    stage: str  # 执法环节
    matter: str  # 记录事项
    recorder: str  # 记录部门
    gloss_en: str
    cites: tuple[Citation, ...]
    owed_by: OwedBy = OwedBy.CONDUCTING_UNIT
    is_whole: bool = False  # from its beginning to its end; else any recording of it will do
