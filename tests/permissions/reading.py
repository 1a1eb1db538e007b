"""The reviewed table as values. Unknown words are errors: a slip of the pen must not open anything."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.domain.rights import Action, Kind, Role
from evidence.policy.rules import Act

FILE = Path(__file__).with_name("table.toml")
RULES = frozenset(
    {
        "recording",
        "case",
        "emergency",
        "token",
        "purpose",
        "not-involved",
        "not-own",
        "no-transfer",
        "no-hold",
        "any-class",
    }
)


@dataclass(frozen=True)
class Row:
    """What the table says about one action."""

    unit: frozenset[Role]
    own: frozenset[Role]
    accounts: frozenset[Kind]
    bar: Act | None
    rules: frozenset[str]


def _row(words: Mapping[str, str]) -> Row:
    unknown = set(words) - {"unit", "own", "accounts", "bar", "rules"}
    rules = frozenset(words.get("rules", "").split())
    if unknown or rules - RULES:
        raise ValueError(f"unknown words in the table: {sorted(unknown | (rules - RULES))}")
    return Row(
        frozenset(map(Role, words.get("unit", "").split())),
        frozenset(map(Role, words.get("own", "").split())),
        frozenset(map(Kind, words.get("accounts", "").split())),
        Act(words["bar"]) if "bar" in words else None,
        rules,
    )


def read() -> Mapping[str, Any]:
    """Return the whole file."""
    with FILE.open("rb") as file:
        return tomllib.load(file)


TABLE: Mapping[Action, Row] = {Action(name): _row(words) for name, words in read()["actions"].items()}
ROUTES: Mapping[str, Action] = {route: Action(name) for route, name in read()["routes"].items()}
WITHIN: frozenset[str] = frozenset(read()["within"]["routes"])
COMMANDS: Mapping[str, str] = read()["commands"]
JOBS: Mapping[str, str] = read()["jobs"]
