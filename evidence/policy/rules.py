"""The kinds of rules that a policy pack may hold, and the pack itself. Pure values; read by
policy/reading.py.

A rule always carries `cites`: at least one Citation. Code that applies a rule names `rule.cites`, so that
every automatic decision can show the pack, its version and the article behind it (duties.md, Dazhe 2020
art. 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from evidence.policy.archiving import Archiving
from evidence.policy.check_points import CheckPoint
from evidence.policy.citations import Citation as Citation
from evidence.policy.citations import cite_ids as cite_ids
from evidence.policy.conduct import Choice, Complaints, Outcomes
from evidence.policy.enforcement import Enforcement
from evidence.policy.equipment import Equipment
from evidence.policy.keeping import CaseTerms as CaseTerms
from evidence.policy.labels import Label as Label
from evidence.policy.labels import MandatoryLabels as MandatoryLabels
from evidence.policy.labels import MustRecord as MustRecord
from evidence.policy.sampling import Sampling
from evidence.policy.ways_out import WaysOut


@dataclass(frozen=True, slots=True)
class UploadDeadline:
    """Recordings must be stored within `within` of the end of recording; warn `warn_before` the deadline. A
    clock offset above `largest_offset`, either way, is confirmed and explained. 0 < warn_before < within."""

    within: timedelta
    warn_before: timedelta
    largest_offset: timedelta
    cites: tuple[Citation, ...]


class Cause(StrEnum):
    """The objective causes of an interruption that a regulation names (Dazhe 2020 art. 9)."""

    DEVICE_FAULT = "device-fault"  # 设备故障
    DEVICE_DAMAGE = "device-damage"  # 损坏
    SEVERE_WEATHER = "severe-weather"  # 天气情况恶劣
    BATTERY = "battery"  # 电量不足
    STORAGE_FULL = "storage-full"  # 存储空间不足
    PLACE_CHANGE = "place-change"  # 检查场所变化


class NumberCause(StrEnum):
    """Why a recorder's counter passes over a number though nothing was interrupted."""

    NO_FILE = "no-file-made"  # 序号跳过，没有产生文件


@dataclass(frozen=True, slots=True)
class Continuity:
    """Recording must not be interrupted: adjacent segments may be `tolerance` apart; segments less than
    `same_activity` apart belong to one activity; an interruption needs one of `accepted_causes` (values of
    Cause). 0 <= tolerance < same_activity."""

    tolerance: timedelta
    same_activity: timedelta
    accepted_causes: tuple[str, ...]
    cites: tuple[Citation, ...]
    number_causes: tuple[str, ...] = ()  # values of NumberCause: beside those, of a missing number


@dataclass(frozen=True, slots=True)
class RetentionFloor:
    """Kept at least `years` (calendar years), never shortened."""

    years: int
    cites: tuple[Citation, ...]


class Ground(StrEnum):
    """The grounds on which recordings are kept for long, without an end (Dazhe 2020 art. 13)."""

    OBJECTION = "objection"  # 当事人有异议或者投诉、上访
    OBSTRUCTION = "obstruction"  # 逃避、拒绝、阻碍执法，或者谩骂、侮辱、殴打
    REVIEW_OR_LITIGATION = "review-or-litigation"  # 复议、诉讼
    OTHER_IMPORTANT = "other-important"  # 其它需要长期保存的重要情况


@dataclass(frozen=True, slots=True)
class LongTerm:
    """On these grounds (values of Ground) recordings are kept for long: until somebody lifts the hold."""

    grounds: tuple[str, ...]
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class NoEditing:
    """Originals must not be cut, altered or recorded afterwards (the rule that findings of rewriting
    cite)."""

    cites: tuple[Citation, ...]


class Act(StrEnum):
    """Acts that a bar can forbid to auxiliary personnel (行政执法辅助人员)."""

    DELETE = "delete"
    ALTER = "alter"
    COPY = "copy"
    SPREAD = "spread"  # share, publish, hand on
    HIDE = "hide"
    EXPORT = "export"
    HOLD = "hold"
    SEE_RESTRICTED = "see-restricted"
    TAKE_EVIDENCE_ALONE = "take-evidence-alone"
    TAKE_EVIDENCE = "take-evidence"
    HANDLE_STATE_SECRETS = "handle-state-secrets"
    SIGN_FOR_OFFICER = "sign-for-officer"


@dataclass(frozen=True, slots=True)
class AuxiliaryBar:
    """Auxiliary personnel may not do these acts, whatever role an account is given. reading_zh and reading_en
    say how the article's words were read as acts of this software, where that is not plain."""

    acts: frozenset[Act]
    cites: tuple[Citation, ...]
    reading_zh: str = ""
    reading_en: str = ""


class PersonType(StrEnum):
    """What somebody is in the eyes of the law (duties.md, auxiliary-personnel part)."""

    OFFICER = "officer"  # 行政执法人员: has standing to enforce
    AUXILIARY = "auxiliary"  # 行政执法辅助人员: none of their own, whatever their account may do
    CIVILIAN = "civilian"  # 其他工作人员


@dataclass(frozen=True, slots=True)
class PersonNumber:
    """The form of the numbers (badges) of people of these types: a regular expression over the whole number,
    digits being 0 to 9. Where it has a group `city`, that is one of the city codes."""

    pattern: str
    types: frozenset[PersonType]
    city_codes: tuple[tuple[str, str], ...]  # code, name of the city
    cites: tuple[Citation, ...]


class Need(StrEnum):
    """What must be on file before somebody goes on duty with a recorder."""

    CONTRACT = "contract"  # 合同: begun, and not over
    CONFIDENTIALITY = "confidentiality"  # 保密承诺
    DUTIES = "duties"  # 岗位职责确认
    TRAINING = "training"  # 岗前培训, passed


@dataclass(frozen=True, slots=True)
class BeforeDuty:
    """People of these types need this before duty. least_days: of the training, in working days; 0: any.
    reading_zh and reading_en say how the article's words were read, where that is not plain."""

    need: Need
    types: frozenset[PersonType]
    least_days: int
    cites: tuple[Citation, ...]
    reading_zh: str = ""
    reading_en: str = ""


class Duty(StrEnum):
    """Duties of the agency about its people that this software does, so that each can name its articles."""

    HAND_BACK = "hand-back"  # 离职收回: what is open is settled before somebody has left
    PUBLIC_ROSTER = "public-roster"  # 公示查询
    PERSONNEL_FILE = "personnel-file"  # 人事、工作信息档案
    RESPONSIBLE_UNIT = "responsible-unit"  # 谁使用、谁管理、谁负责


@dataclass(frozen=True, slots=True)
class PersonnelDuty:
    """A duty of the agency about people of these types."""

    duty: Duty
    types: frozenset[PersonType]
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A document of law that citations of a pack belong to; its id is the part of Citation.id before ":".

    adopted_zh and adopted_en are set where the document does not bind the pack's own agency and was taken
    over for want of a rule: they say why.
    """

    id: str
    title_zh: str
    title_en: str
    adopted_zh: str = ""
    adopted_en: str = ""


@dataclass(frozen=True, slots=True)
class SetByDefault:
    """A value that no article gives. field is its place in the pack ("continuity.tolerance_s"); the reasons
    say why this value was chosen."""

    field: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One policy pack: an instrument, its version and its time in force, [in_force_from, in_force_to).

    A pack speaks for every day from in_force_from until a later version takes over, and the first version
    also for the days before it (policy/sets.py says why).
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    in_force_from: date
    in_force_to: date | None
    time_zone: str  # IANA name for times that carry no zone
    upload_deadline: UploadDeadline
    continuity: Continuity
    retention: RetentionFloor
    long_term: LongTerm
    labels: MandatoryLabels
    no_editing: NoEditing
    auxiliary_bars: tuple[AuxiliaryBar, ...]
    citations: tuple[Citation, ...]
    basis_zh: str = ""  # the legal basis the instrument names
    basis_cites: tuple[Citation, ...] = ()
    in_force_cites: tuple[Citation, ...] = ()
    in_force_stated: bool = True  # False: the text gives no date; in_force_from is then date.min
    in_force_note_zh: str = ""
    in_force_note_en: str = ""
    instruments: tuple[Instrument, ...] = ()
    defaults: tuple[SetByDefault, ...] = ()
    secrecy_cites: tuple[Citation, ...] = ()  # secrets are kept by the rules of secrecy, not here
    person_number: PersonNumber | None = None  # None: any form will do
    before_duty: tuple[BeforeDuty, ...] = ()
    personnel_duties: tuple[PersonnelDuty, ...] = ()
    must_record: tuple[MustRecord, ...] = ()  # the annex; none: the instrument lists nothing
    exemptions: Choice | None = None  # None: the union's (conduct.py)
    faults: Choice | None = None
    fault_outcomes: tuple[Outcomes, ...] = ()
    complaints: Complaints | None = None
    case_terms: CaseTerms | None = None  # None: the union's (keeping.py)
    archiving: Archiving | None = None
    sampling: Sampling | None = None
    enforcement: Enforcement = Enforcement()  # what it leaves out, the union says (enforcement.py)
    check_points: tuple[CheckPoint, ...] = ()  # none: the union's (check_points.py)
    equipment: Equipment = Equipment()  # what it leaves out, the union says (equipment.py)
    ways_out: WaysOut = WaysOut()  # what it leaves out, the union says (ways_out.py)

    def __hash__(self) -> int:
        """Of the name alone: each request asks what a pack bars, and all of it is a thousand values."""
        return hash((self.id, self.version))

    def citation(self, cite_id: str) -> Citation:
        """Return the citation with this id. Raises: KeyError."""
        for citation in self.citations:
            if citation.id == cite_id:
                return citation
        raise KeyError(cite_id)

    def is_own(self, cite_id: str) -> bool:
        """Tell whether a citation is of an instrument that binds the pack's own agency; any other is
        adopted."""
        named = cite_id.partition(":")[0]
        return any(one.id == named and not one.adopted_zh for one in self.instruments)

    def barred(self, act: Act) -> tuple[Citation, ...]:
        """Return the articles that forbid this act to auxiliary personnel; empty when none does."""
        found = [cite for bar in self.auxiliary_bars if act in bar.acts for cite in bar.cites]
        return tuple(dict.fromkeys(found))

    def duty(self, duty: Duty) -> tuple[frozenset[PersonType], tuple[Citation, ...]]:
        """Return whom a duty of the agency is about, and its articles; nobody and none where it has none."""
        mine = [one for one in self.personnel_duties if one.duty is duty]
        types = frozenset(type_ for one in mine for type_ in one.types)
        return types, tuple(dict.fromkeys(cite for one in mine for cite in one.cites))

    def is_default(self, field: str) -> bool:
        """Tell whether this value ("continuity.tolerance_s") rests on no article but was set by default."""
        return any(default.field == field for default in self.defaults)
