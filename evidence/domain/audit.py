"""An entry of the log: which act, by whom, on what, with which result; and which log it goes to.

There are two kinds of log. What changes or attests evidence goes to the one of custody, which is never cut
short. Looks and denials are many more, and go to a log of access for each year. How an entry is written
down, and what its place is: ledger/entries.py. Object ids are random; names of people and files are never in
an entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from evidence.domain.digests import Digests


class Act(StrEnum):
    """The acts that are logged."""

    INIT = "site.init"
    START = "site.start"  # with what policy and what program
    DOCK_ADD = "dock.add"
    DOCK_REVOKE = "dock.revoke"
    CARD_ANNOUNCE = "card.announce"
    UPLOAD_CREATE = "upload.create"
    UPLOAD_TERMINATE = "upload.terminate"
    UPLOAD_COMPLETE = "upload.complete"
    UPLOAD_EXPIRE = "upload.expire"
    UPLOAD_REFUSE = "upload.refuse"
    UPLOAD_REPEAT = "upload.repeat"  # the same recording again
    SEAL = "evidence.seal"
    EXAMINE = "evidence.examine"
    READ_ORIGINAL = "evidence.read"
    READ_LIST = "evidence.list"
    READ_MANIFEST = "evidence.manifest"
    VERIFY = "evidence.verify"
    MOVE = "site.move"
    DEADLINE_NOTICE = "deadline.notice"
    LOG_KEY = "log.key"  # a log's signer has a new key
    LOG_ROWS = "log.rows"  # a piece of rows lies in the vault
    REBUILD = "site.rebuild"  # the catalogue was made anew from the vault
    LOG_CHECK = "log.check"  # the logs were held against vault and rows
    LOG_ROTATE = "log.rotate"  # somebody had the signer change its key
    ALARM_CLEAR = "alarm.clear"  # after a check that found nothing
    READ_LOG = "log.read"
    PROVE = "evidence.prove"  # its history was handed out with proofs
    DENIED = "access.denied"
    UNIT_ADD = "unit.add"
    UNIT_RENAME = "unit.rename"
    UNIT_CLOSE = "unit.close"
    PERSON_ADD = "person.add"
    PERSON_CHANGE = "person.change"
    PERSON_POST = "person.post"
    PERSON_TRAINING = "person.training"
    PERSON_UNDERTAKING = "person.undertaking"
    PERSON_LEAVE = "person.leave"  # off-boarding began: the account is off
    PERSON_CLOSE = "person.close"  # nothing is open any more
    PERSON_ERASE = "person.erase"  # the name, and what the log's commitments about somebody stand for
    PERSON_READ = "person.read"  # a whole personnel file was handed out
    PLACE = "evidence.place"  # recordings of a number that is on the roll by now


class Family(StrEnum):
    """The kinds of log. The entries about an object are counted in each kind by itself."""

    CUSTODY = "custody"
    ACCESS = "access"


_LOOKS = frozenset(
    {Act.READ_ORIGINAL, Act.READ_LIST, Act.READ_MANIFEST, Act.READ_LOG, Act.DENIED, Act.PERSON_READ}
)


def family_of(act: Act) -> Family:
    """Return the kind of log that an act goes to."""
    return Family.ACCESS if act in _LOOKS else Family.CUSTODY


def log_of(family: Family, at: datetime) -> str:
    """Return the log of a kind at an aware time: "custody", or "access/2026" by its year in UTC."""
    if family is Family.CUSTODY:
        return family.value
    return f"{family.value}/{at.astimezone(UTC).year:04d}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The file that an act is about, by its digests and size in bytes."""

    digests: Digests
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One act to be logged. objects: (kind, id) pairs, each id once; facts: strings, integers, booleans,
    null, lists, maps. personal: values of which the entry holds commitments only; they stand in a table of
    their own and can be erased.
    """

    act: Act
    caller: str
    objects: tuple[tuple[str, str], ...] = ()
    result: str = "ok"
    facts: Mapping[str, object] = field(default_factory=dict)
    ref: Reference | None = None
    personal: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: the origin of its log, and its leaf index there, from 0."""

    log: str
    index: int
