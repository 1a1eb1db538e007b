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
    BACKUP = "site.backup"  # somebody says that all of it was copied
    RESTORE = "site.restore"  # … and that a copy was restored and found whole
    DOCK_ADD = "dock.add"
    DOCK_REVOKE = "dock.revoke"
    DOCK_BIND = "dock.bind"  # to some recorders, or to none any more
    TOKEN_ADD = "token.add"  # noqa: S105 (the name of an act)
    TOKEN_REVOKE = "token.revoke"  # noqa: S105
    CARD_ANNOUNCE = "card.announce"
    UPLOAD_CREATE = "upload.create"
    UPLOAD_TERMINATE = "upload.terminate"
    UPLOAD_COMPLETE = "upload.complete"
    UPLOAD_EXPIRE = "upload.expire"
    UPLOAD_CLEAR = "upload.clear"  # bytes in staging of which no row ever spoke
    UPLOAD_REFUSE = "upload.refuse"
    UPLOAD_REPEAT = "upload.repeat"  # the same recording again
    SEAL = "evidence.seal"
    EXAMINE = "evidence.examine"
    READ_ORIGINAL = "evidence.read"
    PLAY = "evidence.play"  # a range of an original was shown inside the system
    READ_LIST = "evidence.list"
    READ_MANIFEST = "evidence.manifest"
    VERIFY = "evidence.verify"
    MOVE = "site.move"
    QUALIFY = "store.qualify"  # an object store was probed
    DEADLINE_NOTICE = "deadline.notice"
    LOG_KEY = "log.key"  # a log's signer has a new key
    LOG_ROWS = "log.rows"  # a piece of rows lies in the vault
    LOG_TIMESTAMP = "log.timestamp"  # a time-stamping authority has seen a checkpoint
    REBUILD = "site.rebuild"  # the catalogue was made anew from the vault
    HOLD_PLACE = "hold.place"
    HOLD_ASK = "hold.ask"
    HOLD_RELEASE = "hold.release"
    RETAIN = "evidence.retain"  # its lock moves to a later date
    CASE_TERM = "case.term"  # its file's class
    DISPOSAL_ASK = "disposal.ask"
    DISPOSAL_DECIDE = "disposal.decide"
    DISPOSAL_BEGIN = "disposal.begin"  # from here on its bytes go, and nothing stops that
    DISPOSAL_KEEP = "disposal.keep"  # something keeps it after all
    DESTROY = "evidence.destroy"  # its bytes have gone, and the certificate says so
    LOG_CHECK = "log.check"  # the logs were held against vault and rows
    LOG_ROTATE = "log.rotate"  # somebody had the signer change its key
    ALARM_CLEAR = "alarm.clear"  # after a check that found nothing
    PERSONAL_ERASE = "personal.erase"  # a value that an entry committed to is gone for good
    READ_LOG = "log.read"
    PROVE = "evidence.prove"  # its history was handed out with proofs
    COMPLAINT_TAKE = "complaint.take"
    COMPLAINT_ASSIGN = "complaint.assign"
    COMPLAINT_CLOSE = "complaint.close"
    EXPORT_ASK = "export.ask"
    EXPORT_WITHDRAW = "export.withdraw"  # by who asked, before anybody decided
    EXPORT_DECIDE = "export.decide"
    EXPORT_LAPSE = "export.lapse"  # what was approved is not there any more as it was
    EXPORT_CREATE = "export.create"  # its files are written, and what the manifest says
    EXPORT_SEAL = "export.seal"  # its media are whole
    EXPORT_TAKE = "export.take"  # a range of a medium's bytes was handed out, to be written
    EXPORT_WRITE = "export.write"  # a medium was written and read back
    EXPORT_HAND_OVER = "export.deliver"
    EXPORT_DISCARD = "export.discard"  # its package was taken from where packages wait
    EXPORT_RECEIPT = "export.receipt"
    TRANSFER_UNIT_NAME = "transfer.name"  # a unit provides footage to procuratorates and courts
    TRANSFER_UNIT_END = "transfer.end"
    SHARE_MAKE = "share.make"  # a link to what was approved to go out
    SHARE_OPEN = "share.open"
    SHARE_FAIL = "share.fail"  # a wrong code, or a link that is worthless
    SHARE_READ = "share.read"  # a range of a file was handed out by it
    SHARE_REVOKE = "share.revoke"
    MEDIUM_ADD = "medium.add"  # for long keeping
    MEDIUM_WRITE = "medium.write"
    MEDIUM_CHECK = "medium.check"
    MEDIUM_END = "medium.end"
    CASE_OPEN = "case.open"
    CASE_CLOSE = "case.close"
    CASE_LINK = "case.link"
    CASE_UNLINK = "case.unlink"
    CASE_NAME = "case.name"  # somebody may do this and that about a case's recordings
    CASE_DISMISS = "case.dismiss"
    DENIED = "access.denied"
    LINK_MAKE = "link.make"  # a one-time link to set a password
    LINK_USE = "link.use"
    SIGN_IN = "session.open"
    SESSION_END = "session.end"
    SIGN_IN_FAIL = "account.fail"
    LOCK = "account.lock"  # an account, for one network
    UNLOCK = "account.unlock"
    PASSWORD = "password.set"  # noqa: S105
    FACTOR_ADD = "factor.add"
    FACTOR_REMOVE = "factor.remove"
    FACTOR_RENAME = "factor.rename"
    FACTOR_DOUBT = "factor.doubt"  # a passkey was copied, and opens nothing any more
    IDENTITY_LINK = "identity.link"  # of a provider of single sign-on, to a person
    IDENTITY_UNLINK = "identity.unlink"
    ACCOUNT_DISABLE = "account.disable"
    ACCOUNT_ENABLE = "account.enable"
    GRANT_ADD = "grant.add"
    GRANT_REVOKE = "grant.revoke"
    READ_GRANTS = "grant.list"
    EMERGENCY_ASK = "emergency.ask"
    EMERGENCY_DECIDE = "emergency.decide"
    EMERGENCY_END = "emergency.end"
    EMERGENCY_USE = "emergency.use"
    CLASSIFY = "evidence.classify"
    DECLASSIFY_ASK = "declassify.ask"
    DECLASSIFY_DECIDE = "declassify.decide"
    READER_ADD = "reader.add"
    READER_END = "reader.end"
    SERIOUS_MARK = "serious.mark"
    SERIOUS_END = "serious.end"
    LABEL = "label.give"  # what is said of a recording, in the place of what stood
    LABEL_NOT_YET = "label.await"  # its case number is to follow
    LABEL_END = "label.end"
    GAP_EXPLAIN = "gap.explain"
    GAP_REVIEW = "gap.review"  # accepted, sent back, or a fault: a person decided
    FAULT_OPEN = "fault.open"  # somebody says that there was one
    FAULT_ADD = "fault.add"  # more people, more of what it rests on
    FAULT_VIEW = "fault.view"  # what somebody whom it names says of it
    FAULT_DECIDE = "fault.decide"
    EXEMPTION_STATE = "exemption.state"
    EXEMPTION_RECEIVE = "exemption.receive"
    EXEMPTION_WITHDRAW = "exemption.withdraw"  # by who made it, before a head received it
    MARKER_PROPOSE = "marker.propose"  # a detector heard something; nobody has decided
    MARKER_PIN = "marker.pin"
    MARKER_CONFIRM = "marker.confirm"
    MARKER_DISMISS = "marker.dismiss"
    MARKER_WITHDRAW = "marker.withdraw"
    DERIVATIVE_ASK = "derivative.ask"  # somebody wants something made from an original
    DERIVATIVE_PROPOSE = "derivative.propose"  # a detector was asked where something is to be hidden
    DERIVATIVE_MADE = "derivative.made"
    DERIVATIVE_FAIL = "derivative.fail"  # nothing was kept
    DERIVATIVE_DESTROY = "derivative.destroy"  # with its parent
    CASE_END = "case.end"  # the act ended on a day: the time of the case file runs
    CASE_DOCUMENT = "case.document"  # a written document belongs to the case file
    CASE_STRIKE = "case.strike"  # and was taken out again
    CASE_ARCHIVE = "case.archive"  # the case file was handed over to the archive
    STEP_ENTER = "step.enter"  # something was done in a case that must be recorded
    STEP_WITHDRAW = "step.withdraw"
    ACT_DOCUMENT = "document.register"  # an enforcement document, with its times and signers
    ACT_DOCUMENT_STRIKE = "document.strike"
    ACT_DOCUMENT_EXPLAIN = "document.explain"  # why it and its footage do not agree
    LEGAL_UNIT_NAME = "legal.name"  # a unit owes what the law has the legal one record
    LEGAL_UNIT_END = "legal.end"
    SAMPLE_COMMIT = "sample.commit"  # to a seed that nobody has seen
    SAMPLE_DRAW = "sample.draw"  # the seed is shown
    SAMPLE_REVIEW = "sample.review"
    DEVICE_ADD = "device.add"
    DEVICE_CHANGE = "device.change"
    DEVICE_RETIRE = "device.retire"
    DEVICE_CHECK = "device.check"  # before a shift
    DEVICE_ISSUE = "device.issue"
    DEVICE_RETURN = "device.return"
    DEVICE_SERVICE = "device.service"  # a fault, or maintenance began
    DEVICE_SETTLE = "device.settle"  # and is over
    READ_VIEWS = "views.read"  # who looked at who had looked
    READ_DENIALS = "denials.read"
    READ_NOTICES = "notices.read"
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
    {
        Act.READ_ORIGINAL,
        Act.PLAY,
        Act.READ_LIST,
        Act.READ_MANIFEST,
        Act.READ_LOG,
        Act.DENIED,
        Act.SIGN_IN,
        Act.SESSION_END,
        Act.SIGN_IN_FAIL,
        Act.LOCK,
        Act.READ_GRANTS,
        Act.EMERGENCY_USE,
        Act.READ_VIEWS,
        Act.READ_DENIALS,
        Act.READ_NOTICES,
        Act.PERSON_READ,
        Act.SHARE_FAIL,
        Act.SHARE_READ,
    }
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
