"""What the reviewed table says about a case, worked out another way than the policy does it."""

from __future__ import annotations

from evidence.domain.access import Bars, Caller, Purpose, Why
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Kind
from evidence.domain.standing import Standing
from evidence.policy.rules import Act
from tests.permissions.reading import TABLE, Row

Verdict = tuple[Why, bool] | None
"""Why not, and whether it is hidden; None: permitted."""


def is_barred(caller: Caller, act: Act | None, bars: Bars) -> bool:
    """Whether the law bars the caller from an act."""
    is_free = caller.kind is not Kind.PERSON or caller.person_type in (
        PersonType.OFFICER,
        PersonType.CIVILIAN,
    )
    return not is_free and act in bars


def has_grant(caller: Caller, action: Action, row: Row, one: Standing) -> bool:
    """Whether anything gives the caller this action about a recording."""
    match caller.kind:
        case Kind.PERSON:
            by_role = any(
                grant.role in row.unit and one.unit_path.startswith(grant.path) for grant in caller.grants
            )
            by_wearing = one.person_id == caller.id and any(grant.role in row.own for grant in caller.grants)
            by_case = "case" in row.rules and action.value in one.case_rights.get(caller.id, ())
            by_emergency = "emergency" in row.rules and one.recording_id in caller.emergencies
            return by_role or by_wearing or by_case or by_emergency
        case Kind.INTEGRATION:
            return "token" in row.rules and action in caller.scopes
        case _:
            return caller.kind in row.accounts


def says(
    caller: Caller, action: Action, one: Standing, bars: Bars, purpose: Purpose | None = None
) -> Verdict:
    """Return what the table says about an action on a recording."""
    row, found = TABLE[action], list[Why]()
    is_person = caller.kind is Kind.PERSON
    hidden = action is Action.LIST_RECORDINGS or says(caller, Action.LIST_RECORDINGS, one, bars) is not None
    if is_barred(caller, row.bar, bars):
        return Why.BARRED_BY_LAW, hidden
    if not has_grant(caller, action, row, one):
        return Why.NOT_GRANTED, True
    if is_person and "not-involved" in row.rules and caller.id in one.involved:
        return Why.SERIOUS_EVENT, hidden
    if is_person and "not-involved" in row.rules and caller.id in one.complained:
        return Why.UNDER_COMPLAINT, hidden
    if is_person and "not-own" in row.rules and caller.id in (one.person_id, one.commander_id):
        return Why.OWN_RECORDING, hidden
    is_reader = is_person and caller.id in one.readers and not is_barred(caller, Act.SEE_RESTRICTED, bars)
    sees_all = caller.kind is Kind.OPERATOR or (is_person and "any-class" in row.rules)
    if one.classification.is_restricted and not is_reader and not sees_all:
        return Why.NOT_A_READER, True
    if "no-transfer" in row.rules and one.under_transfer:
        found.append(Why.UNDER_TRANSFER)
    if "no-hold" in row.rules and one.on_hold:
        found.append(Why.ON_HOLD)
    if "purpose" in row.rules and is_person and one.person_id != caller.id and purpose is None:
        found.append(Why.PURPOSE_NEEDED)
    return (found[0], False) if found else None


def may_at_all(caller: Caller, action: Action, bars: Bars) -> bool:
    """Return whether the table lets a caller ask for an action at all."""
    row = TABLE[action]
    if caller.kind is Kind.INTEGRATION:
        return action is Action.READ_PUBLIC or ("token" in row.rules and action in caller.scopes)
    if caller.kind in row.accounts:
        return True
    if caller.kind is not Kind.PERSON or is_barred(caller, row.bar, bars):
        return False
    return bool(row.rules & {"case", "emergency"}) or any(
        grant.role in row.unit | row.own for grant in caller.grants
    )
