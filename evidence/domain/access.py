"""Who may do what: one pure policy over callers, actions and recordings. Deny by default.

1. The law's bars come first: no grant outranks them (`BARRED_AS`, policy packs).
2. Then what bars a recording itself: a restricted class, a serious event, a transfer, a hold.
3. Only then grants: a role in a unit and below; one's own recordings; a case; an emergency.
4. Who looks at what others recorded says what for.
What is not granted does not exist for the caller (404). What law or state forbids to somebody who may know of
the recording is told, with the reason (403). `Reach` is the same policy as data, for lists: adapters turn it
into SQL, and `covers` says what that must mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence.domain.people import WHOLE, PersonType, is_below
from evidence.domain.rights import (
    ABOUT_RECORDINGS,
    ALLOWED,
    BARRED_AS,
    BY_KIND,
    CASE_RIGHTS,
    CHANGES,
    EMERGENCY_RIGHTS,
    OWN,
    SENSITIVE,
    TOKEN_SCOPES,
    Action,
    Kind,
    Role,
)
from evidence.domain.standing import Standing
from evidence.policy.rules import Act, Citation


class Purpose(StrEnum):
    """What somebody looks at others' recordings for."""

    CASE = "case"
    SUPERVISION = "supervision"
    SAMPLE = "sample"
    COMPLAINT = "complaint"
    EXPORT = "export"
    TECHNICAL = "technical"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a unit and below; path WHOLE: everywhere."""

    role: Role
    path: str = WHOLE


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account id (or "anyone", "operator"), what it is, and what it was given.

    person_type and path (of the unit) are a person's. scopes: of a token. emergencies: recordings opened to
    this person for a while by somebody else. devices: the recorders that a dock may send for; None: any.
    """

    id: str
    kind: Kind
    name: str = ""
    grants: tuple[Grant, ...] = ()
    person_type: PersonType | None = None
    path: str = WHOLE
    scopes: frozenset[Action] = frozenset()
    emergencies: frozenset[str] = frozenset()
    devices: frozenset[str] | None = None


ANYONE = Caller("anyone", Kind.ANYONE)

Bars = Mapping[Act, tuple[Citation, ...]]
"""What the law forbids to auxiliary personnel, each act with its articles."""


class Why(StrEnum):
    """Why something is denied."""

    NOT_GRANTED = "not-granted"
    BARRED_BY_LAW = "barred-by-law"
    NOT_A_READER = "not-a-reader"
    SERIOUS_EVENT = "serious-event"
    UNDER_TRANSFER = "under-transfer"
    ON_HOLD = "on-hold"
    PURPOSE_NEEDED = "purpose-needed"


@dataclass(frozen=True, slots=True)
class Denial:
    """Why not. is_hidden: the caller may not even know that the recording is there."""

    why: Why
    is_hidden: bool
    cites: tuple[Citation, ...] = ()


def role_allows(role: Role, action: Action) -> bool:
    """Tell whether a role allows an action within its unit."""
    return action in ALLOWED[role]


def may(caller: Caller, action: Action, bars: Bars | None = None) -> bool:
    """Tell whether the caller may do this at all, to some recording or to the site, by the law too."""
    if caller.kind is Kind.INTEGRATION:
        return action is Action.READ_PUBLIC or action in caller.scopes & TOKEN_SCOPES
    if action in BY_KIND.get(caller.kind, ()):
        return True
    if caller.kind is not Kind.PERSON or _barred(caller, action, bars or {}):
        return False
    if action in ABOUT_RECORDINGS and (action in CASE_RIGHTS or action in EMERGENCY_RIGHTS):
        return True  # a case or an emergency may give it: the recording decides
    return any(action in ALLOWED[one.role] or action in OWN.get(one.role, ()) for one in caller.grants)


def may_in(caller: Caller, action: Action, path: str, bars: Bars | None = None) -> bool:
    """Tell whether the caller may do something about a unit or its people, by a grant there or above."""
    if caller.kind is not Kind.PERSON:
        return may(caller, action, bars)
    if _barred(caller, action, bars or {}):
        return False
    return any(action in ALLOWED[one.role] and is_below(path, one.path) for one in caller.grants)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which recordings an action of a caller reaches, as data.

    everything: all, restricted ones too. paths: those of these units and below. own, member: by this person's
    wearing, or by a right in a case (`action`). opened: by an emergency. reader: who must be on the list of a
    restricted one; None: restricted ones are out of reach. shunned: who must not be involved in a serious
    event that it shows; None where that does not matter.
    """

    action: Action
    everything: bool = False
    paths: frozenset[str] = frozenset()
    own: str | None = None
    member: str | None = None
    opened: frozenset[str] = frozenset()
    reader: str | None = None
    shunned: str | None = None

    def covers(self, one: Standing) -> bool:
        """Tell whether a recording is within reach."""
        if self.everything:
            return True
        if not self._grants(one):
            return False
        if self.shunned is not None and self.shunned in one.involved:
            return False
        return not one.classification.is_restricted or (
            self.reader is not None and self.reader in one.readers
        )

    def _grants(self, one: Standing) -> bool:
        return (
            any(is_below(one.unit_path, path) for path in self.paths)
            or (self.own is not None and self.own == one.person_id)
            or (self.member is not None and self.action.value in one.case_rights.get(self.member, ()))
            or one.recording_id in self.opened
        )


def reach(caller: Caller, action: Action, bars: Bars) -> Reach:
    """Return what an action of a caller reaches; nothing, unless something says otherwise."""
    if action not in ABOUT_RECORDINGS:
        raise ValueError(f"not about recordings: {action}")
    if caller.kind is Kind.OPERATOR:
        return Reach(action, everything=True)
    if caller.kind is Kind.INTEGRATION:
        return Reach(action, paths=frozenset({WHOLE}) if may(caller, action) else frozenset())
    if caller.kind is not Kind.PERSON or _barred(caller, action, bars):
        return Reach(action)
    has_own = any(action in OWN.get(one.role, ()) for one in caller.grants)
    return Reach(
        action,
        paths=frozenset(one.path for one in caller.grants if action in ALLOWED[one.role]),
        own=caller.id if has_own else None,
        member=caller.id if action in CASE_RIGHTS else None,
        opened=caller.emergencies if action in EMERGENCY_RIGHTS else frozenset(),
        reader=None if _bar(caller, Act.SEE_RESTRICTED, bars) else caller.id,
        shunned=caller.id if action in SENSITIVE else None,
    )


def denial(
    caller: Caller, action: Action, one: Standing, bars: Bars, purpose: Purpose | None = None
) -> Denial | None:
    """Tell why the caller may not do this to a recording; None where they may."""
    knows = reach(caller, Action.LIST_RECORDINGS, bars).covers(one)
    if cites := _barred(caller, action, bars):
        return Denial(Why.BARRED_BY_LAW, not knows, cites)
    if not _covers(caller, action, one, bars):
        return _uncovered(caller, action, one, bars, knows)
    if action in CHANGES and one.under_transfer:
        return Denial(Why.UNDER_TRANSFER, not knows)
    if action is Action.DISPOSE and one.on_hold:
        return Denial(Why.ON_HOLD, not knows)
    is_foreign = caller.kind is Kind.PERSON and one.person_id != caller.id
    if action in SENSITIVE and is_foreign and purpose is None:
        return Denial(Why.PURPOSE_NEEDED, not knows)
    return None


def _covers(caller: Caller, action: Action, one: Standing, bars: Bars) -> bool:
    if reach(caller, action, bars).covers(one):
        return True
    # Whoever answers for classes must be able to name readers, also where they are none themselves.
    return action is Action.CLASSIFY and any(
        is_below(one.unit_path, grant.path) for grant in caller.grants if action in ALLOWED[grant.role]
    )


def _uncovered(caller: Caller, action: Action, one: Standing, bars: Bars, knows: bool) -> Denial:
    """Say why a recording is out of reach: what stands in the way of a grant, else that there is none."""
    there = reach(caller, action, bars)
    if there._grants(one):
        if there.shunned is not None and there.shunned in one.involved:
            return Denial(Why.SERIOUS_EVENT, not knows)
        return Denial(Why.NOT_A_READER, is_hidden=True, cites=_bar(caller, Act.SEE_RESTRICTED, bars))
    return Denial(Why.NOT_GRANTED, is_hidden=True)


def _barred(caller: Caller, action: Action, bars: Bars) -> tuple[Citation, ...]:
    act = BARRED_AS.get(action)
    return () if act is None else _bar(caller, act, bars)


def _bar(caller: Caller, act: Act, bars: Bars) -> tuple[Citation, ...]:
    return bars.get(act, ()) if caller.person_type is PersonType.AUXILIARY else ()
