"""Accounts: one administrator made once, docks that come and go, and no token that is stored anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.domain.access import Caller, Grant
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import TOKEN_SCOPES, Kind, Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.sign_in.links import Links
from evidence.service.sign_in.signing_in import SigningIn
from evidence.service.sign_in.tokens import Tokens
from tests import inside
from tests.builders import SmallSite, an_origin

OPERATOR = Caller("operator", Kind.OPERATOR)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def accounts(small: SmallSite) -> list[tuple[object, ...]]:
    return inside.rows(small.folder, "SELECT * FROM account ORDER BY id")


def test_the_administrator_is_made_once(small: SmallSite) -> None:
    link = small.accounts.open_site("G-001", "某局")
    assert Links(small.site).owner(link) == "G-001"
    with small.database.reading() as unit:
        (person,) = unit.people.all()
        caller = unit.grants.caller(person.id, small.clock.now())
        (agency,) = unit.units.all()
    assert (person.type, person.name, agency.name) == (PersonType.CIVILIAN, None, "某局")
    assert caller is not None
    assert caller.grants == (Grant(Role.SECURITY_ADMINISTRATOR, WHOLE),)
    before, entries = small.dump(), len(small.log())
    with pytest.raises(Invalid, match="already-initialised"):
        small.accounts.open_site()
    assert (small.dump(), len(small.log())) == (before, entries)


def test_nobody_has_a_password_before_they_set_one(small: SmallSite) -> None:
    small.accounts.open_site()
    with small.database.reading() as unit:
        assert [one.password for one in unit.sign_ins.all()] == [None]
    with pytest.raises(Refused, match="sign-in-failed"):
        SigningIn(small.site).begin("administrator", "", "192.0.2.1")


def test_a_token_is_stored_nowhere(small: SmallSite) -> None:
    tokens = [small.accounts.open_site(), small.accounts.add_dock(small.administrator, "dock")[1]]
    written = b"".join(inside.written(small.folder).values())
    assert b"administrator" in written, "the database was read"
    for token in tokens:
        assert len(token) == 43, "256 bits"
        assert token.encode() not in written


def test_each_dock_has_a_token_of_its_own_that_names_it(small: SmallSite) -> None:
    first, token = small.accounts.add_dock(small.administrator, "first")
    second, other = small.accounts.add_dock(small.administrator, "第二采集站")
    assert token != other
    assert small.accounts.identify(token) == first
    assert small.accounts.identify(other) == second
    assert small.accounts.docks(small.administrator) == [first, second]


@pytest.mark.parametrize("token", ["", "x", "0" * 43, "\ud800", "执法"])
def test_an_unknown_token_is_nobody(small: SmallSite, token: str) -> None:
    small.accounts.open_site()
    assert small.accounts.identify(token) is None


def test_the_stored_hash_is_no_token(small: SmallSite) -> None:
    Tokens(small.site).add(OPERATOR, "other system", TOKEN_SCOPES)
    ((stored,),) = inside.rows(small.folder, "SELECT token_sha256 FROM account")
    assert small.accounts.identify(stored) is None


@pytest.mark.parametrize("name", ["", " ", "\u3000", "a\nb", "\x1b[31m", "n" * 201, "a\u202eb"])
def test_a_bad_name_is_refused_and_nothing_is_added(small: SmallSite, name: str) -> None:
    with pytest.raises(Invalid, match="invalid-name"):
        small.accounts.add_dock(small.administrator, name)
    assert (accounts(small), small.log()) == ([], [])


def test_a_name_is_given_once(small: SmallSite) -> None:
    _, token = small.accounts.add_dock(small.administrator, "dock")
    before, entries = accounts(small), len(small.log())
    with pytest.raises(Conflict, match="name-taken"):
        small.accounts.add_dock(small.administrator, "dock")
    assert (accounts(small), len(small.log())) == (before, entries)
    assert small.accounts.identify(token) is not None


def test_a_revoked_dock_is_nobody_at_once_and_what_it_sent_stays(small: SmallSite) -> None:
    dock, token = small.accounts.add_dock(small.administrator, "lost dock")
    small._dock = dock
    upload = small.send(an_origin(size_bytes=4), b"sent")
    small.do_jobs()
    before = small.files()
    small.accounts.revoke_dock(small.administrator, dock.id)
    assert small.accounts.identify(token) is None
    assert small.files() == before
    assert small.recordings.get(small.administrator, upload.id)
    entry = json.loads(small.log()[-2])
    assert (entry["act"], entry["obj"]) == (
        "dock.revoke",
        [{"id": dock.id, "k": "account", "n": 2, "prev": 0}],
    )


def test_a_revoked_dock_gives_up_its_name_and_stays_in_the_log(small: SmallSite) -> None:
    tokens, ids = [], []
    for _ in range(3):
        dock, token = small.accounts.add_dock(small.administrator, "front desk")
        tokens.append(token)
        ids.append(dock.id)
        assert small.accounts.identify(token) == dock
        small.accounts.revoke_dock(small.administrator, "front desk")
    assert [small.accounts.identify(token) for token in tokens] == [None] * 3
    entries = [json.loads(body) for body in small.log()]
    revoked = [one["obj"][0]["id"] for one in entries if one["act"] == "dock.revoke"]
    assert revoked == ids
    assert len(accounts(small)) == 3, "no account is deleted"


def test_only_a_dock_in_force_can_be_revoked(small: SmallSite) -> None:
    _, token = Tokens(small.site).add(OPERATOR, "other system", TOKEN_SCOPES)
    administrator = small.accounts.identify(token)
    assert administrator is not None
    dock, _ = small.accounts.add_dock(administrator, "dock")
    small.accounts.revoke_dock(administrator, dock.id)
    before, entries = accounts(small), len(small.log())
    for other in (dock.id, administrator.id, "0" * 32):
        with pytest.raises(NotFound):
            small.accounts.revoke_dock(administrator, other)
    assert (accounts(small), len(small.log())) == (before, entries)
    assert small.accounts.identify(token) == administrator


def test_a_dock_manages_no_docks(small: SmallSite) -> None:
    dock = small.dock
    before = accounts(small)
    with pytest.raises(Refused, match="not-permitted"):
        small.accounts.add_dock(dock, "another")
    with pytest.raises(Refused, match="not-permitted"):
        small.accounts.revoke_dock(dock, dock.id)
    with pytest.raises(Refused, match="not-permitted"):
        small.accounts.docks(dock)
    assert accounts(small) == before
