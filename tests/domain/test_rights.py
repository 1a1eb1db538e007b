"""The tables of the policy are the reviewed ones, cell by cell (tests/permissions/table.toml)."""

from __future__ import annotations

from evidence.domain import rights
from evidence.domain.rights import Action, Kind, Role
from tests.permissions.reading import TABLE


def having(rule: str) -> set[Action]:
    return {action for action, row in TABLE.items() if rule in row.rules}


def test_every_action_is_in_the_reviewed_table() -> None:
    assert set(TABLE) == set(Action)


def test_each_cell_of_roles_and_actions_is_as_reviewed() -> None:
    for role in Role:
        assert rights.ALLOWED[role] == {action for action, row in TABLE.items() if role in row.unit}, role
        own = {action for action, row in TABLE.items() if role in row.own}
        assert rights.OWN.get(role, frozenset()) == own, role


def test_what_accounts_may_without_a_role_is_as_reviewed() -> None:
    for kind in Kind:
        may = {action for action, row in TABLE.items() if kind in row.accounts}
        assert rights.BY_KIND.get(kind, frozenset()) == may, kind


def test_the_bars_and_the_rules_are_as_reviewed() -> None:
    assert {action: row.bar for action, row in TABLE.items() if row.bar} == rights.BARRED_AS
    assert having("recording") == rights.ABOUT_RECORDINGS
    assert having("case") == rights.CASE_RIGHTS
    assert having("emergency") == rights.EMERGENCY_RIGHTS
    assert having("token") == rights.TOKEN_SCOPES
    assert having("purpose") == rights.SENSITIVE
    assert having("not-involved") == rights.NOT_IF_INVOLVED
    assert having("not-own") == rights.NOT_OF_ONES_OWN
    assert having("no-transfer") == rights.CHANGES
    assert {role for role in Role if role.value.endswith("-administrator")} == rights.ADMINISTRATORS
    assert set(rights.ALLOWED) == set(Role)
