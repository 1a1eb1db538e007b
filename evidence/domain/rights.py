"""What can be asked, by whom, and what each role is given: the reviewed tables of the policy of access.

Nothing is decided here (access.py). What a table does not name, nobody may.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from evidence.policy.rules import Act


class Action(StrEnum):
    """Everything that can be asked of the service. Every route names exactly one."""

    READ_PUBLIC = "read-public"  # health, the verifier key, the public roster: nothing about any recording
    ANNOUNCE_CARD = "announce-card"
    SEND_RECORDING = "send-recording"
    READ_RECEIPT = "read-receipt"
    LIST_RECORDINGS = "list-recordings"
    PLAY = "play"  # see and hear it inside the system
    READ_ORIGINAL = "read-original"  # take its bytes along: a copy
    READ_MANIFEST = "read-manifest"
    READ_FINDINGS = "read-findings"
    READ_DEADLINES = "read-deadlines"
    READ_GAPS = "read-gaps"
    READ_VIEWS = "read-views"  # who has seen it
    EXPLAIN = "explain"  # why something is missing, interrupted or late, or was not recorded
    REVIEW_GAPS = "review-gaps"  # decide about explanations, receive exemption statements
    OPEN_FAULTS = "open-faults"  # say that there was a fault, with what it rests on
    DECIDE_FAULTS = "decide-faults"  # find about those whom a fault file names
    REVIEW_SAMPLES = "review-samples"  # note what a look at a drawn recording found
    LABEL = "label"
    CLASSIFY = "classify"  # its class, and who needs to know
    MARK_SERIOUS = "mark-serious"
    HOLD = "hold"
    DERIVE = "derive"  # have a copy made that is cut, hidden in part, marked, or playable: a new object
    EXPORT = "export"  # ask that it leaves, build it, hand it over
    DECIDE_EXPORTS = "decide-exports"
    READ_EXPORTS = "read-exports"
    SHARE = "share"
    DISPOSE = "dispose"
    ASK_EMERGENCY = "ask-emergency"
    DECIDE_EMERGENCY = "decide-emergency"
    TAKE_COMPLAINTS = "take-complaints"  # about people; what they recorded then is held in the same act
    READ_COMPLAINTS = "read-complaints"
    ASSIGN_COMPLAINTS = "assign-complaints"
    ANSWER_COMPLAINTS = "answer-complaints"
    OWN_CONDUCT = "own-conduct"  # complaints and fault files about oneself, and one's view of them
    OWN_SHIFT = "own-shift"  # what one wears, what of it is due, missing or asked
    MANAGE_CASES = "manage-cases"
    ARCHIVE_CASES = "archive-cases"  # end of the act, documents, hand-over to the archive
    READ_CASE_FILES = "read-case-files"
    REGISTER_ACTS = "register-acts"  # steps of cases that must be recorded, enforcement documents
    DRAW_SAMPLES = "draw-samples"  # of a unit's recordings, for review
    READ_DENIALS = "read-denials"
    READ_NOTICES = "read-notices"  # what unit heads and security must hear of
    READ_RULES = "read-rules"  # the policy pack in force
    READ_STATUS = "read-status"
    READ_LOG = "read-log"  # entries, proofs and checks of the logs
    MANAGE_LOG = "manage-log"  # keys of the logs, alarms
    MANAGE_DOCKS = "manage-docks"
    MANAGE_TOKENS = "manage-tokens"
    MANAGE_UNITS = "manage-units"
    MANAGE_PEOPLE = "manage-people"
    READ_PEOPLE = "read-people"
    READ_DEVICES = "read-devices"
    CARE_FOR_DEVICES = "care-for-devices"  # check before a shift, report a fault
    MANAGE_DEVICES = "manage-devices"  # register, issue, take back, retire
    MANAGE_ACCOUNTS = "manage-accounts"
    MANAGE_GRANTS = "manage-grants"
    OWN_ACCOUNT = "own-account"  # one's own password, factors and sessions


class Kind(StrEnum):
    """What an account is."""

    ANYONE = "anyone"  # no account at all
    DOCK = "dock"
    INTEGRATION = "integration"  # a token of another system, with the actions it was made for
    PERSON = "person"
    OPERATOR = "operator"  # the command line on the server itself: whoever may read the data folder


class Role(StrEnum):
    """What people are granted, each in a unit and what is below it."""

    FIELD_OFFICER = "field-officer"
    AUXILIARY = "auxiliary"
    CUSTODIAN = "custodian"
    UNIT_HEAD = "unit-head"
    AGENCY_HEAD = "agency-head"
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system-administrator"
    SECURITY_ADMINISTRATOR = "security-administrator"
    AUDIT_ADMINISTRATOR = "audit-administrator"


# About one recording each; all other actions are about the site.
ABOUT_RECORDINGS = frozenset(
    {
        Action.LIST_RECORDINGS,
        Action.PLAY,
        Action.READ_ORIGINAL,
        Action.READ_MANIFEST,
        Action.READ_FINDINGS,
        Action.READ_DEADLINES,
        Action.READ_GAPS,
        Action.READ_VIEWS,
        Action.EXPLAIN,
        Action.REVIEW_GAPS,
        Action.OPEN_FAULTS,
        Action.DECIDE_FAULTS,
        Action.REVIEW_SAMPLES,
        Action.LABEL,
        Action.CLASSIFY,
        Action.MARK_SERIOUS,
        Action.HOLD,
        Action.DERIVE,
        Action.EXPORT,
        Action.DECIDE_EXPORTS,
        Action.SHARE,
        Action.DISPOSE,
    }
)
# What the law calls these actions where auxiliary personnel would do them.
BARRED_AS: Mapping[Action, Act] = {
    Action.READ_ORIGINAL: Act.COPY,
    Action.READ_MANIFEST: Act.COPY,  # case material too
    # Accounts for evidence, and so affects rights: an officer does it, an auxiliary only helps, by speaking.
    Action.EXPLAIN: Act.TAKE_EVIDENCE_ALONE,
    Action.REVIEW_GAPS: Act.TAKE_EVIDENCE_ALONE,
    Action.OPEN_FAULTS: Act.TAKE_EVIDENCE_ALONE,
    Action.DECIDE_FAULTS: Act.TAKE_EVIDENCE_ALONE,
    Action.REVIEW_SAMPLES: Act.TAKE_EVIDENCE_ALONE,
    Action.DRAW_SAMPLES: Act.TAKE_EVIDENCE_ALONE,
    Action.LABEL: Act.ALTER,
    Action.CLASSIFY: Act.HIDE,
    Action.MARK_SERIOUS: Act.HIDE,
    Action.HOLD: Act.HOLD,
    Action.TAKE_COMPLAINTS: Act.HOLD,  # is to hold recordings too
    Action.ASSIGN_COMPLAINTS: Act.HOLD,
    Action.ANSWER_COMPLAINTS: Act.TAKE_EVIDENCE_ALONE,  # what it comes to affects rights
    Action.READ_COMPLAINTS: Act.SEE_RESTRICTED,  # who complained
    Action.DECIDE_EMERGENCY: Act.SPREAD,  # opens footage to somebody else
    Action.DERIVE: Act.COPY,
    Action.EXPORT: Act.EXPORT,
    Action.DECIDE_EXPORTS: Act.EXPORT,
    Action.READ_EXPORTS: Act.EXPORT,
    Action.SHARE: Act.SPREAD,
    Action.DISPOSE: Act.DELETE,
    Action.MANAGE_CASES: Act.SPREAD,  # hands recordings on to others
    Action.ARCHIVE_CASES: Act.SPREAD,
    Action.REGISTER_ACTS: Act.TAKE_EVIDENCE_ALONE,  # decides what is missed, and accounts for it
}
# Shows what was recorded, or hands it out: others' recordings only for a purpose.
SENSITIVE = frozenset({Action.PLAY, Action.READ_ORIGINAL, Action.EXPORT, Action.SHARE})
CHANGES = frozenset({Action.LABEL, Action.CLASSIFY, Action.DISPOSE})
# Not for who took part in a serious event that it shows, nor for whom an open complaint is about: neither
# looks nor changes, nor the mark itself, nor what is said of its gaps.
NOT_IF_INVOLVED = (
    SENSITIVE
    | CHANGES
    | {Action.MARK_SERIOUS, Action.HOLD, Action.REVIEW_GAPS, Action.DECIDE_FAULTS}
    | {Action.DECIDE_EXPORTS, Action.DERIVE}
)
# Never about what one has recorded oneself, or had recorded under one's command: to hide or delete it.
NOT_OF_ONES_OWN = frozenset(
    {Action.CLASSIFY, Action.DISPOSE, Action.REVIEW_GAPS, Action.DECIDE_FAULTS, Action.REVIEW_SAMPLES}
)
_SENDING = frozenset({Action.ANNOUNCE_CARD, Action.SEND_RECORDING})
_BY_HAND = _SENDING | {Action.READ_RECEIPT}  # of a recorder in one's own hands, or of one's units
_LOOKS = frozenset(
    {Action.LIST_RECORDINGS, Action.READ_FINDINGS, Action.READ_DEADLINES, Action.READ_GAPS, Action.PLAY}
)
# What a case's member can be given, and what an emergency opens.
CASE_RIGHTS = frozenset(
    {*_LOOKS, Action.READ_ORIGINAL, Action.READ_MANIFEST, Action.LABEL, Action.EXPORT}
) - {Action.READ_DEADLINES, Action.READ_GAPS}
EMERGENCY_RIGHTS = frozenset({Action.LIST_RECORDINGS, Action.READ_FINDINGS, Action.PLAY})
# What an officer may do about what they wore themselves; auxiliaries less.
OWN = {
    Role.FIELD_OFFICER: _LOOKS
    | _BY_HAND
    | {Action.READ_VIEWS, Action.LABEL, Action.EXPLAIN, Action.OWN_SHIFT},
    Role.AUXILIARY: _BY_HAND | {Action.LIST_RECORDINGS, Action.READ_DEADLINES, Action.PLAY, Action.OWN_SHIFT},
}
_HEADS = _LOOKS | {
    Action.READ_MANIFEST,
    Action.READ_VIEWS,
    Action.EXPLAIN,
    Action.REVIEW_GAPS,
    Action.OPEN_FAULTS,
    Action.DECIDE_FAULTS,
    Action.CLASSIFY,
    Action.MARK_SERIOUS,
    Action.HOLD,
    Action.DERIVE,
    Action.DISPOSE,
    Action.DECIDE_EXPORTS,
    Action.READ_EXPORTS,
    Action.DECIDE_EMERGENCY,
    Action.TAKE_COMPLAINTS,
    Action.READ_COMPLAINTS,
    Action.ASSIGN_COMPLAINTS,
    Action.ANSWER_COMPLAINTS,
    Action.MANAGE_CASES,
    Action.READ_DENIALS,
    Action.READ_NOTICES,
    Action.READ_RULES,
    Action.READ_PEOPLE,
    Action.READ_DEVICES,
    Action.ARCHIVE_CASES,
    Action.REGISTER_ACTS,
    Action.READ_CASE_FILES,
    Action.DRAW_SAMPLES,
    Action.REVIEW_SAMPLES,
}
_ADMINISTRATORS = frozenset({Action.READ_RULES, Action.READ_STATUS})
ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.FIELD_OFFICER: frozenset({Action.ASK_EMERGENCY, Action.CARE_FOR_DEVICES}),
    Role.AUXILIARY: frozenset({Action.CARE_FOR_DEVICES}),  # care of equipment is what the law lets them do
    Role.CUSTODIAN: _LOOKS
    | _BY_HAND
    | {
        Action.READ_ORIGINAL,
        Action.READ_MANIFEST,
        Action.READ_VIEWS,
        Action.EXPLAIN,
        Action.OPEN_FAULTS,
        Action.LABEL,
        Action.CLASSIFY,
        Action.HOLD,
        Action.DERIVE,
        Action.EXPORT,
        Action.READ_EXPORTS,
        Action.SHARE,
        Action.DISPOSE,
        Action.ASK_EMERGENCY,
        Action.TAKE_COMPLAINTS,
        Action.READ_COMPLAINTS,
        Action.ANSWER_COMPLAINTS,
        Action.READ_PEOPLE,
        Action.READ_DEVICES,
        Action.CARE_FOR_DEVICES,
        Action.MANAGE_DEVICES,
        Action.ARCHIVE_CASES,
        Action.REGISTER_ACTS,
        Action.READ_CASE_FILES,
    },
    Role.UNIT_HEAD: _HEADS,
    Role.AGENCY_HEAD: _HEADS,
    Role.AUDITOR: frozenset(
        {
            Action.LIST_RECORDINGS,
            Action.READ_MANIFEST,
            Action.READ_FINDINGS,
            Action.READ_DEADLINES,
            Action.READ_GAPS,
            Action.OPEN_FAULTS,
            Action.READ_VIEWS,
            Action.READ_DENIALS,
            Action.READ_NOTICES,
            Action.READ_LOG,
            Action.READ_RULES,
            Action.READ_STATUS,
            Action.READ_COMPLAINTS,
            Action.READ_EXPORTS,
            Action.READ_PEOPLE,
            Action.READ_DEVICES,
            Action.READ_CASE_FILES,
        }
    ),
    Role.SYSTEM_ADMINISTRATOR: _ADMINISTRATORS | {Action.MANAGE_DOCKS, Action.MANAGE_UNITS},
    Role.SECURITY_ADMINISTRATOR: _ADMINISTRATORS
    | {
        Action.READ_NOTICES,
        Action.MANAGE_UNITS,
        Action.MANAGE_PEOPLE,
        Action.READ_PEOPLE,
        Action.MANAGE_ACCOUNTS,
        Action.MANAGE_GRANTS,
        Action.MANAGE_TOKENS,
    },
    Role.AUDIT_ADMINISTRATOR: _ADMINISTRATORS | {Action.READ_LOG, Action.MANAGE_LOG, Action.READ_DENIALS},
}
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})
BY_KIND: Mapping[Kind, frozenset[Action]] = {
    Kind.ANYONE: frozenset({Action.READ_PUBLIC}),
    Kind.DOCK: frozenset({Action.READ_PUBLIC, Action.READ_RECEIPT}) | _SENDING,
    Kind.PERSON: frozenset({Action.READ_PUBLIC, Action.OWN_ACCOUNT, Action.OWN_CONDUCT}),
    Kind.OPERATOR: frozenset(Action) - _SENDING - {Action.OWN_ACCOUNT, Action.OWN_CONDUCT, Action.OWN_SHIFT},
}
# A token of another system never manages people, their rights or the log, and decides nothing.
TOKEN_SCOPES = frozenset({
    Action.READ_RECEIPT, Action.LIST_RECORDINGS, Action.READ_ORIGINAL, Action.READ_MANIFEST,
    Action.READ_FINDINGS, Action.READ_DEADLINES, Action.READ_GAPS, Action.READ_STATUS, Action.READ_LOG,
    Action.MANAGE_DOCKS,
})  # fmt: skip
