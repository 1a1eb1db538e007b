"""Who may do what: one pure function over roles and actions. Deny by default.

Only two kinds of account exist so far: the administrator made at `init`, and docks. People, units and the
bars
of the law come as further inputs to the same function; no other way in will ever be added beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """Everything that can be asked of the service. Every route names exactly one."""

    READ_PUBLIC = "read-public"  # health, the verifier key: nothing about any recording
    ANNOUNCE_CARD = "announce-card"
    SEND_RECORDING = "send-recording"
    READ_RECEIPT = "read-receipt"
    LIST_RECORDINGS = "list-recordings"
    READ_ORIGINAL = "read-original"
    READ_MANIFEST = "read-manifest"
    READ_FINDINGS = "read-findings"
    READ_DEADLINES = "read-deadlines"
    READ_GAPS = "read-gaps"
    READ_STATUS = "read-status"
    READ_LOG = "read-log"  # entries, proofs and checks of the logs
    MANAGE_LOG = "manage-log"  # keys of the logs, alarms
    MANAGE_DOCKS = "manage-docks"


class Role(StrEnum):
    """What an account is."""

    ANYONE = "anyone"  # no account at all
    DOCK = "dock"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"  # the command line on the server itself: whoever may read the data folder


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account id (or "anyone", "operator") and its role."""

    id: str
    role: Role
    name: str = ""


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.ANYONE: frozenset({Action.READ_PUBLIC}),
    Role.DOCK: frozenset(
        {Action.READ_PUBLIC, Action.ANNOUNCE_CARD, Action.SEND_RECORDING, Action.READ_RECEIPT}
    ),
    Role.ADMINISTRATOR: frozenset(Action) - {Action.ANNOUNCE_CARD, Action.SEND_RECORDING},
    Role.OPERATOR: frozenset(Action) - {Action.ANNOUNCE_CARD, Action.SEND_RECORDING},
}

ANYONE = Caller("anyone", Role.ANYONE)


def may(caller: Caller, action: Action) -> bool:
    """Tell whether the caller may do this. An unknown role may do nothing."""
    return action in _ALLOWED.get(caller.role, frozenset())
