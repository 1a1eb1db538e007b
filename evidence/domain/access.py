"""Who may do what: one pure policy over callers, actions and recordings. Deny by default.

1. The law's bars come first: no grant outranks them (`BARRED_AS`, policy packs).
2. Then what bars a recording itself: a restricted class, a serious event, one's own, a transfer, a hold.
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
    NOT_IF_INVOLVED,
    NOT_OF_ONES_OWN,
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
    UNDER_COMPLAINT = "under-complaint"
    OWN_RECORDING = "own-recording"
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
    if caller.kind is not Kind.PERSON or _is_barred(caller, action, bars):
        return False
    if action in CASE_RIGHTS | EMERGENCY_RIGHTS:
        return True  # a case or an emergency may give it: the recording decides
    return any(action in ALLOWED[one.role] or action in OWN.get(one.role, ()) for one in caller.grants)


def may_in(caller: Caller, action: Action, path: str, bars: Bars | None = None) -> bool:
    """Tell whether the caller may do something about a unit or its people, by a grant there or above."""
    if caller.kind is not Kind.PERSON:
        return may(caller, action, bars)
    if _is_barred(caller, action, bars):
        return False
    return any(action in ALLOWED[one.role] and is_below(path, one.path) for one in caller.grants)


def barring(caller: Caller, action: Action, bars: Bars) -> tuple[Citation, ...]:
    """Return the articles that bar the caller from an action whatever was granted; none where none does."""
    return _barred(caller, action, bars)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which recordings an action of a caller reaches, as data.

    everything: all, restricted ones too. paths: those of these units and below. own, member: by this person's
    wearing, or by a right in a case (`action`). opened: by an emergency. any_class: restricted ones like
    others; else reader must be on the list of a restricted one, and with None all of them are out of reach.
    shunned: who must not be involved in a serious event that it shows, nor be whom an open complaint is
    about that it is kept for; not_by: who must not have worn the recorder, nor commanded who did; None where
    that does not matter.
    """

    action: Action
    everything: bool = False
    paths: frozenset[str] = frozenset()
    own: str | None = None
    member: str | None = None
    opened: frozenset[str] = frozenset()
    any_class: bool = False
    reader: str | None = None
    shunned: str | None = None
    not_by: str | None = None

    def covers(self, one: Standing) -> bool:
        """Tell whether a recording is within reach."""
        return self.grants(one) and self.obstacle(one) is None

    def obstacle(self, one: Standing) -> Why | None:
        """Tell what about a recording itself stands in the way, whatever was granted."""
        if self.everything:
            return None
        if self.shunned in one.involved:
            return Why.SERIOUS_EVENT
        if self.shunned in one.complained:
            return Why.UNDER_COMPLAINT
        if self.not_by is not None and one.is_by(self.not_by):
            return Why.OWN_RECORDING
        may_know = self.any_class or self.reader in one.readers
        if one.classification.is_restricted and not may_know:
            return Why.NOT_A_READER
        return None

    def grants(self, one: Standing) -> bool:
        """Tell whether something was granted that reaches a recording, if nothing stands in the way."""
        return (
            self.everything
            or any(is_below(one.unit_path, path) for path in self.paths)
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
        # Whoever answers for classes must be able to name readers, also where they are none themselves.
        any_class=action is Action.CLASSIFY,
        reader=None if _bar(caller, Act.SEE_RESTRICTED, bars) else caller.id,
        shunned=caller.id if action in NOT_IF_INVOLVED else None,
        not_by=caller.id if action in NOT_OF_ONES_OWN else None,
    )


def denial(
    caller: Caller, action: Action, one: Standing, bars: Bars, purpose: Purpose | None = None
) -> Denial | None:
    """Tell why the caller may not do this to a recording; None where they may."""
    knows = reach(caller, Action.LIST_RECORDINGS, bars).covers(one)
    if cites := _barred(caller, action, bars):
        return Denial(Why.BARRED_BY_LAW, not knows, cites)
    there = reach(caller, action, bars)
    if not there.grants(one):
        return Denial(Why.NOT_GRANTED, is_hidden=True)
    if (obstacle := there.obstacle(one)) is Why.NOT_A_READER:
        return Denial(obstacle, is_hidden=True, cites=_bar(caller, Act.SEE_RESTRICTED, bars))
    if obstacle is not None:
        return Denial(obstacle, not knows)
    # From here on it exists for the caller, who could do it at another time or with a purpose.
    if action in CHANGES and one.under_transfer:
        return Denial(Why.UNDER_TRANSFER, is_hidden=False)
    if action is Action.DISPOSE and one.on_hold:
        return Denial(Why.ON_HOLD, is_hidden=False)
    is_foreign = caller.kind is Kind.PERSON and one.person_id != caller.id
    if action in SENSITIVE and is_foreign and purpose is None:
        return Denial(Why.PURPOSE_NEEDED, is_hidden=False)
    return None


def _is_barred(caller: Caller, action: Action, bars: Bars | None) -> bool:
    """Tell whether the law bars this. Where nobody asked the law, it bars all that it could."""
    if bars is None:
        return action in BARRED_AS and _is_without_standing(caller)
    return bool(_barred(caller, action, bars))


def _barred(caller: Caller, action: Action, bars: Bars) -> tuple[Citation, ...]:
    return _bar(caller, BARRED_AS[action], bars) if action in BARRED_AS else ()


def _bar(caller: Caller, act: Act, bars: Bars) -> tuple[Citation, ...]:
    return bars.get(act, ()) if _is_without_standing(caller) else ()


def _is_without_standing(caller: Caller) -> bool:
    """Auxiliaries, and people of whom nobody said what they are."""
    return caller.kind is Kind.PERSON and caller.person_type in (None, PersonType.AUXILIARY)
