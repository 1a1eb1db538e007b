"""Separation of duties, over all pairs of roles; and the roles that the law keeps from auxiliaries."""

from __future__ import annotations

import itertools

import pytest

from evidence.adapters.packs import load_pack
from evidence.domain.people import PersonType
from evidence.domain.rights import ADMINISTRATORS, Role
from evidence.domain.separation import are_apart, barred_from, verify_may_hold
from evidence.errors import Refused
from evidence.policy.bars import bars_of

BARS = {
    name: bars_of(load_pack(name).latest, load_pack("strict").latest) for name in ("dazhe-2020", "longquan")
}
FREE = {Role.AUXILIARY, Role.AUDITOR, *ADMINISTRATORS}


@pytest.mark.parametrize(("held", "wanted"), list(itertools.permutations(Role, 2)))
def test_an_administrator_is_apart_from_every_other_role_whichever_came_first(
    held: Role, wanted: Role
) -> None:
    apart = held in ADMINISTRATORS or wanted in ADMINISTRATORS
    assert are_apart(held, wanted) is are_apart(wanted, held) is apart
    if apart:
        with pytest.raises(Refused, match="roles-kept-apart"):
            verify_may_hold(PersonType.OFFICER, [held], wanted, BARS["longquan"])
    else:
        verify_may_hold(PersonType.OFFICER, [held], wanted, BARS["longquan"])


def test_the_same_role_in_another_unit_is_no_other_role() -> None:
    for role in Role:
        verify_may_hold(PersonType.OFFICER, [role], role, BARS["longquan"])


@pytest.mark.article("inner-mongolia-aux:13(3)", "xinping-2022-aux:14(6)")
@pytest.mark.parametrize("pack", sorted(BARS))
@pytest.mark.parametrize("role", sorted(set(Role) - FREE))
def test_roles_that_allow_what_is_barred_are_kept_from_auxiliaries_and_from_no_officer(
    pack: str, role: Role
) -> None:
    cites = barred_from(role, BARS[pack])
    assert cites
    with pytest.raises(Refused, match="barred-by-law") as told:
        verify_may_hold(PersonType.AUXILIARY, [], role, BARS[pack])
    assert told.value.fields["cites"] == " ".join(one.id for one in cites)
    verify_may_hold(PersonType.OFFICER, [], role, BARS[pack])


def test_an_auxiliary_may_be_an_auxiliary() -> None:
    for bars in BARS.values():
        verify_may_hold(PersonType.AUXILIARY, [], Role.AUXILIARY, bars)
