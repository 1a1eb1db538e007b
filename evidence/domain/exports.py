"""Exports: how footage leaves, from the request to the receipt (Dazhe 2020 art. 14, 15; Longquan art. 8).

Each is asked for by one person and decided by another, about exactly the files that were asked for: where the
set is another one by the time it is built, the approval has lapsed. Values and pure rules only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from evidence.domain.standing import Classification
from evidence.errors import Invalid
from evidence.ledger.canonical import canonical


class Way(StrEnum):
    """To whom, and so by which rules."""

    TRANSFER = "transfer"  # 移送检察院、法院
    PARTY_COPY = "party-copy"  # 当事人申请复制
    SUPPLY = "outside-supply"  # 其他对外提供


class State(StrEnum):
    """How far an export is."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"  # by who asked, before anybody decided
    REFUSED = "refused"
    LAPSED = "lapsed"  # approved, and not handed over in time, or not the same any more
    APPROVED = "approved"
    BUILT = "built"
    HANDED_OVER = "handed-over"
    RECEIPTED = "receipted"


class Form(StrEnum):
    """As what a file goes out."""

    ORIGINAL = "original"
    REDACTED = "redacted"  # only as a derivative in which something is hidden


class Ground(StrEnum):
    """Why a file is not given out."""

    SECRET = "secret"  # noqa: S105 - 依法应保密
    THIRD_PARTY = "third-party"  # 涉及他人权益
    NOT_RELATED = "not-related"  # 与申请人无关
    IN_PROCEEDINGS = "in-proceedings"  # 影响案件办理
    OTHER = "other-ground"


class Medium(StrEnum):
    """What a package is written on, or kept as."""

    CD = "cd"
    DVD = "dvd"
    DVD_DL = "dvd-dl"
    BD_25 = "bd-25"
    BD_50 = "bd-50"
    BD_100 = "bd-100"
    FOLDER = "folder"  # on a drive
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Item:
    """One recording of an export. sha256: of the file that goes out: the original's, or the derivative's.
    ground: why it was refused; None where nobody has decided, or it was granted."""

    id: str
    recording_id: str
    form: Form
    sha256: str
    derivative_id: str | None = None
    is_granted: bool | None = None
    ground: Ground | None = None

    @property
    def what(self) -> tuple[str, str | None]:
        """The file, and as what it goes out."""
        return self.recording_id, self.derivative_id


@dataclass(frozen=True, slots=True)
class Said:
    """What people said, in their words; None after a rebuild, and where nothing was said.

    basis: the request that came, or the legal basis. applicant, relation, identity: of a party, who they are
    to the case, and how that was seen.
    """

    recipient: str | None
    purpose: str | None
    basis: str | None
    applicant: str | None = None
    relation: str | None = None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision, with how secrecy was checked. set_sha256: of what was approved; valid_to: the last day on
    which it is built and handed over."""

    is_approved: bool
    by: str
    at: datetime
    reason: str | None = None
    secrecy: str | None = None
    set_sha256: str | None = None
    valid_to: date | None = None
    lapsed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who asked took it back. reason: None after a rebuild."""

    by: str
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Volume:
    """One medium of a package. sha256: of its image or archive, of its manifest where it is a folder. serial:
    of the disc or drive itself, once it was written and read back. written_by: id of whoever noted that.
    is_read: the program itself has read it back; else they said so."""

    id: str
    label: str
    number: int
    file: str
    size_bytes: int
    sha256: str
    sm3: str | None = None
    serial: str | None = None
    written_at: datetime | None = None
    written_by: str | None = None
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What was built. package_sha256: of the list of its volumes. statement: the custody statement in it,
    None after a rebuild. retained_key, retained_sha256: of the sealed copy that stays, if one was made."""

    at: datetime
    package_sha256: str
    volumes: tuple[Volume, ...] = ()
    statement: bytes | None = None
    retained_key: str | None = None
    retained_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who gave it to whom: two people of ours, by id, and the receiver's name."""

    gave: str
    beside: str
    receiver: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed receipt, as a document; None after a rebuild: it names who received."""

    by: str
    at: datetime
    document: bytes | None


@dataclass(frozen=True, slots=True)
class Export:
    """One export. unit_id: whose it is. problem: why the last build came to nothing."""

    id: str
    number: str
    way: Way
    unit_id: str
    case_id: str | None
    medium: Medium
    said: Said
    asked_by: str
    asked_at: datetime
    items: tuple[Item, ...] = ()
    withdrawn: Withdrawal | None = None
    decision: Decision | None = None
    problem: str | None = None
    built: Built | None = None
    hand_over: HandOver | None = None
    receipt: Receipt | None = None

    @property
    def state(self) -> State:
        """How far it is."""
        if self.decision is None:
            return State.ASKED if self.withdrawn is None else State.WITHDRAWN
        if not self.decision.is_approved:
            return State.REFUSED
        reached = (
            (self.receipt, State.RECEIPTED),
            (self.hand_over, State.HANDED_OVER),
            (self.decision.lapsed_at, State.LAPSED),
            (self.built, State.BUILT),
        )
        return next((state for one, state in reached if one is not None), State.APPROVED)

    @property
    def is_open(self) -> bool:
        """Whether an approval of it is on its way."""
        return self.state in (State.APPROVED, State.BUILT, State.HANDED_OVER)

    def is_like(self, other: Export) -> bool:
        """Whether another one is on its way with the same files, in the same form, to the same recipient."""
        mine, theirs = (
            (one.way, (one.said.recipient or one.id).strip(), {item.what for item in one.items})
            for one in (self, other)
        )
        return mine == theirs and (other.state is State.ASKED or other.is_open)

    def judged(self, refused: Mapping[str, Ground], *, is_approved: bool) -> Export:
        """Return it with what becomes of each file: granted, but for those that are refused."""
        items = tuple(
            replace(item, is_granted=True)
            if is_approved and item.recording_id not in refused
            else replace(item, is_granted=False, ground=refused.get(item.recording_id, Ground.OTHER))
            for item in self.items
        )
        return replace(self, items=items)

    @property
    def writers(self) -> frozenset[str]:
        """Who noted that its media were written, by id."""
        volumes = () if self.built is None else self.built.volumes
        return frozenset(one.written_by for one in volumes if one.written_by)

    @property
    def granted(self) -> tuple[Item, ...]:
        """What goes out."""
        return tuple(one for one in self.items if one.is_granted)

    @property
    def refused(self) -> tuple[Item, ...]:
        """What was asked for and does not go out."""
        return tuple(one for one in self.items if one.is_granted is False)


def set_digest(items: Iterable[Item], classes: Mapping[str, Classification]) -> str:
    """Return what an approval is about: which files go out in which form, and of which class each was."""
    rows = sorted(
        [
            one.recording_id,
            one.form.value,
            one.derivative_id or "",
            one.sha256,
            classes[one.recording_id].value,
        ]
        for one in items
        if one.is_granted
    )
    return hashlib.sha256(canonical({"set": rows})).hexdigest()


def is_withheld(way: Way, item: Item, classification: Classification) -> bool:
    """Tell whether a file may not go out as it is: what the law keeps secret leaves whole only as evidence
    (Longquan art. 8, 9)."""
    return way is not Way.TRANSFER and item.form is Form.ORIGINAL and classification.is_restricted


def form_unsaid(way: Way, redactions: Sequence[str]) -> str | None:
    """Return as which of its redactions a file goes out where nobody said, None for the original: to
    procuratorate and court the whole, to everybody else what is hidden stays here (Longquan art. 8, 9).
    Which of several hides enough for a recipient, a person says. Raises: Invalid("form-needed").
    """
    if way is Way.TRANSFER or not redactions:
        return None
    if len(redactions) > 1:
        raise Invalid("form-needed")
    return redactions[0]


def number_of(year: int, count: int) -> str:
    """Return the number of the count-th export of a year, from 1."""
    return f"EXP-{year:04d}-{count:06d}"


def is_number(text: str) -> bool:
    """Tell whether a text is written as the number of an export is."""
    return re.fullmatch(r"EXP-[0-9]{4}-[0-9]{6,8}", text) is not None
