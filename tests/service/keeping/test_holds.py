"""A hold keeps a recording whatever its date says; placing it takes one person, lifting it two."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.access import Caller, Grant
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind, Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.keeping.holds import Holds
from storage.errors import Locked, StoreUnavailable
from storage.vault import Sealed
from tests.builders import SmallSite, an_origin

CUSTODIAN = Caller(
    "c" * 32, Kind.PERSON, "c", grants=(Grant(Role.CUSTODIAN),), person_type=PersonType.CIVILIAN
)
HEAD = Caller("d" * 32, Kind.PERSON, "d", grants=(Grant(Role.UNIT_HEAD),), person_type=PersonType.OFFICER)
AUXILIARY = replace(CUSTODIAN, id="e" * 32, person_type=PersonType.AUXILIARY)
ELSEWHERE = replace(CUSTODIAN, id="f" * 32, grants=(Grant(Role.CUSTODIAN, "/" + "0" * 32 + "/"),))
LONG_AFTER = timedelta(days=4000)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


@pytest.fixture
def recording(small: SmallSite) -> str:
    upload = small.send(an_origin("a.mp4", size_bytes=4), b"abcd")
    small.do_jobs()
    return upload.id


def acts(small: SmallSite) -> list[str]:
    return [json.loads(body)["act"] for body in small.log()]


def in_vault(small: SmallSite, recording: str) -> list[set[str]]:
    """Return the grounds of the holds on original and manifest."""
    keys = (f"recordings/{recording}/data", f"recordings/{recording}/manifest.json")
    return [set(small.vault.stat(key).lock.holds) for key in keys]


def state(small: SmallSite) -> tuple[Any, ...]:
    with small.database.reading() as unit:
        return (len(unit.holds.owed()), small.files())


@pytest.mark.article("dazhe-2020:13")
def test_a_recording_held_on_a_ground_of_the_pack_is_kept_beyond_its_date(
    small: SmallSite, recording: str
) -> None:
    hold = Holds(small.site).place(CUSTODIAN, recording, "objection", "当事人投诉")
    assert hold.settled
    assert in_vault(small, recording) == [{hold.id}, {hold.id}]
    with small.database.reading() as unit:
        assert unit.standings.get(recording, small.clock.now()).on_hold
    assert acts(small)[-1] == "hold.place"
    with pytest.raises(Locked):
        small.vault.dispose(f"recordings/{recording}/data", small.clock.now() + LONG_AFTER)


@pytest.mark.article("dazhe-2020:13")
@pytest.mark.parametrize(
    ("ground", "reason", "code"),
    [("complaint", "why", "unknown-ground"), ("objection", "  ", "reason-needed")],
)
def test_a_fifth_ground_and_a_hold_without_a_reason_are_refused(
    small: SmallSite, recording: str, ground: str, reason: str, code: str
) -> None:
    before = state(small), acts(small)
    with pytest.raises(Invalid) as problem:
        Holds(small.site).place(CUSTODIAN, recording, ground, reason)
    assert problem.value.code == code
    assert (state(small), acts(small)) == before


@pytest.mark.article("dazhe-2020-aux:10(1)")
def test_an_auxiliary_cannot_hold_whatever_the_account_was_given(small: SmallSite, recording: str) -> None:
    before = state(small)
    with pytest.raises(Refused):
        Holds(small.site).place(AUXILIARY, recording, "objection", "why")
    assert state(small) == before
    assert acts(small)[-1] == "access.denied"


def test_a_recording_of_another_unit_is_not_found(small: SmallSite, recording: str) -> None:
    hold = Holds(small.site).place(CUSTODIAN, recording, "objection", "why")
    before = state(small)
    for act in (
        lambda desk: desk.place(ELSEWHERE, recording, "objection", "why"),
        lambda desk: desk.of(ELSEWHERE, recording),
        lambda desk: desk.ask_release(ELSEWHERE, hold.id, "why"),
        lambda desk: desk.release(ELSEWHERE, hold.id, "不再需要"),
    ):
        with pytest.raises(NotFound):
            act(Holds(small.site))
    assert state(small) == before


def test_lifting_takes_two_people_and_only_then_reaches_the_vault(small: SmallSite, recording: str) -> None:
    desk = Holds(small.site)
    hold = desk.place(CUSTODIAN, recording, "objection", "why")
    with pytest.raises(Conflict, match="release-not-asked"):
        desk.release(HEAD, hold.id, "不再需要")
    desk.ask_release(CUSTODIAN, hold.id, "投诉已办结")
    with pytest.raises(Refused, match="own-request"):
        desk.release(CUSTODIAN, hold.id, "不再需要")
    assert in_vault(small, recording) == [{hold.id}, {hold.id}]
    lifted = desk.release(HEAD, hold.id, "不再需要")
    assert (lifted.stands, lifted.released_by, lifted.settled) == (False, HEAD.id, True)
    assert in_vault(small, recording) == [set(), set()]
    with small.database.reading() as unit:
        assert not unit.standings.get(recording, small.clock.now()).on_hold
    with pytest.raises(Conflict, match="hold-released"):
        desk.release(HEAD, hold.id, "不再需要")
    assert [act for act in acts(small) if act.startswith("hold.")] == [
        "hold.place",
        "hold.ask",
        "hold.release",
    ]


def test_of_two_holds_the_other_one_still_keeps_it(small: SmallSite, recording: str) -> None:
    desk = Holds(small.site)
    one, other = (desk.place(CUSTODIAN, recording, "objection", why) for why in ("first", "second"))
    desk.ask_release(CUSTODIAN, one.id, "over")
    desk.release(HEAD, one.id, "不再需要")
    assert in_vault(small, recording) == [{other.id}, {other.id}]
    with small.database.reading() as unit:
        assert unit.standings.get(recording, small.clock.now()).on_hold
    with pytest.raises(Locked):
        small.vault.dispose(f"recordings/{recording}/data", small.clock.now() + LONG_AFTER)


class Away:
    """A vault that cannot be told of holds just now; everything else is the real one."""

    def __init__(self, vault: Any) -> None:
        self._vault = vault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vault, name)

    def hold(self, key: str, ground: str) -> Sealed:
        raise StoreUnavailable(key=key)

    release = hold


def test_a_hold_is_in_force_while_the_vault_is_away_and_the_sweep_tells_it_later(
    small: SmallSite, recording: str
) -> None:
    away = replace(small.site, vault=Away(small.vault))
    with pytest.raises(StoreUnavailable):
        Holds(away).place(CUSTODIAN, recording, "objection", "why")
    with small.database.reading() as unit:
        assert unit.standings.get(recording, small.clock.now()).on_hold
        (hold,) = unit.holds.owed()
    assert in_vault(small, recording) == [set(), set()]
    Holds(away).settle_all()
    assert in_vault(small, recording) == [set(), set()]
    small.work.tidy()
    assert in_vault(small, recording) == [{hold.id}, {hold.id}]
    with small.database.reading() as unit:
        assert not unit.holds.owed()


def test_a_lifted_hold_stays_in_the_vault_until_the_vault_can_be_told(
    small: SmallSite, recording: str
) -> None:
    hold = Holds(small.site).place(CUSTODIAN, recording, "objection", "why")
    Holds(small.site).ask_release(CUSTODIAN, hold.id, "over")
    with pytest.raises(StoreUnavailable):
        Holds(replace(small.site, vault=Away(small.vault))).release(HEAD, hold.id, "不再需要")
    assert in_vault(small, recording) == [{hold.id}, {hold.id}]
    small.work.tidy()
    assert in_vault(small, recording) == [set(), set()]


def test_a_sweep_that_still_saw_a_hold_that_was_lifted_meanwhile_leaves_nothing_behind(
    small: SmallSite, recording: str
) -> None:
    desk = Holds(small.site)
    hold = desk.place(CUSTODIAN, recording, "objection", "why")
    desk.ask_release(CUSTODIAN, hold.id, "over")
    desk.release(HEAD, hold.id, "不再需要")
    desk._settle(hold)  # as a sweep does that read the row before it was lifted
    assert in_vault(small, recording) == [set(), set()]
