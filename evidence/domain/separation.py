"""Separation of duties: which roles one person may hold, and which of them the law keeps from auxiliaries.

The three administrators (三员: system, security, audit) are three people, and none of them has another role:
who makes accounts sees no footage, who sees footage grants no rights, and who reads the log does neither
(decision 21). A role is barred to auxiliary personnel where the law bars any of what it allows.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.domain.access import Bars
from evidence.domain.people import PersonType
from evidence.domain.rights import ADMINISTRATORS, ALLOWED, BARRED_AS, OWN, Role
from evidence.errors import Refused
from evidence.policy.rules import Act, Citation


def verify_may_hold(type_: PersonType, held: Iterable[Role], role: Role, bars: Bars) -> None:
    """Verify that somebody of a type who holds some roles may be given another one.

    Raises: Refused("barred-by-law") with the articles, Refused("roles-kept-apart").
    """
    cites = barred_from(role, bars) if type_ is PersonType.AUXILIARY else ()
    if cites:
        raise Refused("barred-by-law", role=role.value, cites=" ".join(cite.id for cite in cites))
    for other in held:
        if are_apart(role, other):
            raise Refused("roles-kept-apart", role=role.value, held=other.value)


def are_apart(one: Role, other: Role) -> bool:
    """Tell whether nobody may hold both: an administrator's role and any other one."""
    return one is not other and bool(ADMINISTRATORS & {one, other})


def barred_from(role: Role, bars: Bars) -> tuple[Citation, ...]:
    """Return the articles that keep a role from auxiliary personnel, if there are any."""
    actions = ALLOWED[role] | OWN.get(role, frozenset())
    acts = {BARRED_AS[action] for action in actions if action in BARRED_AS}
    return tuple(dict.fromkeys(cite for act in Act if act in acts for cite in bars.get(act, ())))
