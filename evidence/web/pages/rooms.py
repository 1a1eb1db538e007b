"""The rooms of all desks, in the order of the navigation: where each lies and what must be allowed to enter.

A room is shown to whom its action is allowed at all; what somebody sees in it is decided there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from evidence.domain.access import Bars, Caller, may
from evidence.domain.rights import ADMINISTRATORS, Action, Role


@dataclass(frozen=True, slots=True)
class Room:
    """One page of a desk that the navigation leads to. Its words are `room.NAME` in the catalogues."""

    desk: str
    name: str
    path: str
    action: Action


ROOMS: tuple[Room, ...] = (
    Room("officer", "own-shift", "/shift", Action.OWN_SHIFT),
    Room("officer", "docking", "/docking", Action.OWN_SHIFT),
    Room("officer", "own-recordings", "/shift/recordings", Action.OWN_SHIFT),
    Room("officer", "own-gaps", "/shift/gaps", Action.OWN_SHIFT),
    Room("custodian", "search", "/custody/search", Action.READ_CASE_FILES),
    Room("custodian", "cases", "/custody/cases", Action.READ_CASE_FILES),
    Room("custodian", "exports", "/custody/exports", Action.READ_EXPORTS),
    Room("custodian", "holds", "/custody/holds", Action.HOLD),
    Room("custodian", "disposals", "/custody/disposals", Action.DISPOSE),
    Room("custodian", "devices", "/custody/devices", Action.READ_DEVICES),
    Room("custodian", "docking", "/docking", Action.MANAGE_DEVICES),
    Room("supervisor", "board", "/board", Action.REVIEW_GAPS),
    Room("supervisor", "review", "/review", Action.REVIEW_GAPS),
    Room("supervisor", "gaps", "/gaps", Action.OPEN_FAULTS),  # officers find theirs at their own desk
    Room("supervisor", "matrix", "/matrix", Action.READ_CASE_FILES),
    Room("supervisor", "export-decisions", "/custody/exports/waiting", Action.DECIDE_EXPORTS),
    Room("supervisor", "complaints", "/complaints", Action.READ_COMPLAINTS),
    Room("supervisor", "faults", "/faults", Action.OPEN_FAULTS),
    Room("supervisor", "exemptions", "/exemptions", Action.REVIEW_GAPS),
    Room("supervisor", "samples", "/samples", Action.DRAW_SAMPLES),
    Room("supervisor", "trends", "/trends", Action.REVIEW_GAPS),
    Room("administrator", "log", "/log", Action.READ_LOG),
    Room("administrator", "alarms", "/alarms", Action.READ_STATUS),
    Room("administrator", "status", "/status", Action.READ_STATUS),
    Room("administrator", "people", "/people", Action.MANAGE_PEOPLE),
    Room("administrator", "units", "/units", Action.MANAGE_PEOPLE),
    Room("administrator", "docks", "/docks", Action.MANAGE_DOCKS),
    Room("administrator", "tokens", "/tokens", Action.MANAGE_TOKENS),
    Room("administrator", "packs", "/packs", Action.READ_RULES),
)


# Whose desk it is before all others: a head may look into the custodian's, but begins the day at the board.
_OWN = {
    Role.CUSTODIAN: "custodian",
    Role.UNIT_HEAD: "supervisor",
    Role.AGENCY_HEAD: "supervisor",
    Role.AUDITOR: "administrator",
    **dict.fromkeys(ADMINISTRATORS, "administrator"),
}


def first_room(caller: Caller, bars: Bars) -> Room | None:
    """Return where somebody begins: the first room of their role's desk, else of any that is open to them."""
    open_to = [room for room in ROOMS if may(caller, room.action, bars)]
    own = {_OWN[grant.role] for grant in caller.grants if grant.role in _OWN}
    return next((room for room in open_to if room.desk in own), open_to[0] if open_to else None)


def desks_of(caller: Caller, bars: Bars) -> list[tuple[str, list[Room]]]:
    """Return the desks that somebody may enter, each with its rooms."""
    open_to = [room for room in ROOMS if may(caller, room.action, bars)]
    return [(desk, list(rooms)) for desk, rooms in groupby(open_to, lambda room: room.desk)]
