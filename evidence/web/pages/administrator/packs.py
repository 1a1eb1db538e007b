"""The rules in force as a page: each in words and numbers, with its articles and what was set by default.

What another pack would change is tried at the command line, where packs that are not in force are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.answers.policy.labels import Say
from evidence.answers.policy.packs import rules_of
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.policy.rules import Citation, Pack, SetByDefault
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk, reading

router = APIRouter(prefix="/packs", tags=["pages"], include_in_schema=False)

COMMANDS = ("evidence policy show", "evidence policy check FILE", "evidence retention dry-run PACK")


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule in the reader's words; defaults: of its values, those that no article gives."""

    value: str
    cites: tuple[Citation, ...]
    defaults: tuple[SetByDefault, ...]


@router.get("")
def packs(request: Request, app: App, caller: Caller = admitted(Action.READ_RULES)) -> Response:
    """Show all rules of the pack in force."""
    pack = app.rules_in_force.pack(caller)
    rules = list(shown(pack, reading(request).say))
    return desk(request, caller, "packs", pack=pack, rules=rules, commands=COMMANDS)


def shown(pack: Pack, say: Say) -> Iterator[tuple[str, list[RuleShown]]]:
    """Yield the rules by their name, in the order in which the command line tells them."""
    for name, rules in groupby(rules_of(pack, say), key=lambda rule: rule[0]):
        yield (
            name,
            [
                RuleShown(value, cites, tuple(one for one in pack.defaults if one.field in fields))
                for _, value, fields, cites in rules
            ],
        )
