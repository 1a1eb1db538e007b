"""A right that lasts is asked again: whatever ended it, it is over, and the log says so (drill A06)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from evidence.adapters.db import people_tables as tables
from evidence.adapters.db.sign_in_tables import sign_in
from evidence.domain.instants import to_text
from evidence.domain.rights import Action, Role
from evidence.domain.standing import Classification
from evidence.errors import EvidenceError, NotFound, Refused
from evidence.service.lasting import Right
from tests.manned_site import OPERATOR, A, MannedSite


@pytest.fixture
def site(tmp_path: Path) -> MannedSite:
    return MannedSite(tmp_path)


def right(site: MannedSite, who: str, recording: str, action: Action = Action.PLAY) -> Right:
    return Right(site.small.site, site.caller(who), action, recording)


def revoke(site: MannedSite, recording: str, held: dict[str, str]) -> None:
    del recording
    with site.small.database.writing() as unit:
        assert unit.grants.revoke(held["grant"], "operator", site.small.clock.now())


def disable(site: MannedSite, recording: str, held: dict[str, str]) -> None:
    del recording, held
    at = to_text(site.small.clock.now())
    row = {
        "person_id": site.ids["guest"],
        "login": "guest",
        "totp_step": 0,
        "created_at": at,
        "disabled_at": at,
    }
    with site.small.database.writing() as unit:
        unit.standings._db.execute(insert(sign_in).values(**row))  # type: ignore[attr-defined]


def leave(site: MannedSite, recording: str, held: dict[str, str]) -> None:
    del recording, held
    with site.small.database.writing() as unit:
        found = unit.people.get(site.ids["guest"])
        assert found is not None
        unit.people.put(replace(found, left_at=site.small.clock.now()))


def end_contract(site: MannedSite, recording: str, held: dict[str, str]) -> None:
    del recording, held
    with site.small.database.writing() as unit:
        found = unit.people.get(site.ids["guest"])
        assert found is not None
        unit.people.put(replace(found, contract_to=(site.small.clock.now() - timedelta(days=2)).date()))


def restrict(site: MannedSite, recording: str, held: dict[str, str]) -> None:
    del held
    with site.small.database.writing() as unit:
        unit.standings.classify(recording, Classification.MINORS)


def mark_serious(site: MannedSite, recording: str, held: dict[str, str]) -> None:
    del held
    site.mark_serious(recording, "guest")


@pytest.mark.parametrize(
    "ending", [revoke, disable, leave, end_contract, restrict, mark_serious], ids=lambda one: one.__name__
)
def test_what_a_role_gave_ends_with_what_it_stands_on(
    site: MannedSite, ending: Callable[[MannedSite, str, dict[str, str]], None]
) -> None:
    recording = site.seal("second")
    site.hire("guest", "030001", A)
    held = {"grant": site.grant("guest", Role.CUSTODIAN, A)}
    lasting = right(site, "guest", recording)
    lasting.verify()
    before = len(site.small.log())
    ending(site, recording, held)
    with pytest.raises(EvidenceError) as problem:
        lasting.verify()
    assert isinstance(problem.value, NotFound | Refused)
    (entry,) = [json.loads(one) for one in site.small.log()[before:]]
    assert (entry["act"], entry["by"]) == ("access.denied", site.ids["guest"])
    assert entry["obj"][0]["id"] == recording


def test_a_grant_that_runs_out_ends_by_itself(site: MannedSite) -> None:
    recording = site.seal("second")
    site.hire("guest", "030001", A)
    grant = site.grant("guest", Role.CUSTODIAN, A)
    until = to_text(site.small.clock.now() + timedelta(minutes=1))
    with site.small.database.writing() as unit:
        ends = update(tables.role_grant).where(tables.role_grant.c.id == grant).values(until=until)
        unit.grants._db.execute(ends)  # type: ignore[attr-defined]
    lasting = right(site, "guest", recording)
    lasting.verify()
    site.small.clock.pass_by(timedelta(minutes=1))
    with pytest.raises(NotFound):
        lasting.verify()


def test_a_closed_case_an_ended_link_and_a_dismissed_member_end_at_once(site: MannedSite) -> None:
    for ending in (
        lambda case, _: site.cases.close(OPERATOR, case),
        lambda case, recording: site.cases.unlink(OPERATOR, case, recording, "误列"),
        lambda case, _: site.cases.dismiss(OPERATOR, case, site.ids["stranger"]),
        lambda case, _: site.cases.name(OPERATOR, case, site.ids["stranger"], {Action.LIST_RECORDINGS}),
    ):
        recording = site.seal("second")
        case = site.case(recording, "stranger", {Action.PLAY, Action.LIST_RECORDINGS})
        lasting = right(site, "stranger", recording)
        lasting.verify()
        ending(case, recording)
        with pytest.raises(NotFound):
            lasting.verify()


def test_an_emergency_ends_with_its_time(site: MannedSite) -> None:
    recording = site.seal("second")
    site.open_emergency(recording, "stranger", minutes=5)
    lasting = right(site, "stranger", recording)
    lasting.verify()
    site.small.clock.pass_by(timedelta(minutes=5))
    with pytest.raises(NotFound):
        lasting.verify()


def test_a_revoked_token_ends_and_the_operator_goes_on(site: MannedSite) -> None:
    recording = site.seal("second")
    with site.small.database.writing() as unit:
        token = replace(site.small.administrator, id="e" * 32, name="reports")
        unit.accounts.add(token, "0" * 64, site.small.clock.now())
    lasting = Right(site.small.site, token, Action.READ_ORIGINAL, recording)
    lasting.verify()
    with site.small.database.writing() as unit:
        unit.accounts.revoke(token.id, site.small.clock.now())
    with pytest.raises(Refused, match="right-ended"):
        lasting.verify()
    Right(site.small.site, OPERATOR, Action.READ_ORIGINAL, recording).verify()
