"""The terminal door: the `evidence` command.

Exit codes: 0 done; 1 refused, or something was found wrong by a command that checks; 2 wrong usage or a wrong
setting; 3 the machine cannot now, try again; 4 an integrity fault.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from evidence.answers.refusal_words import another
from evidence.cli.words import fact_lines, printable
from evidence.errors import EvidenceError, IntegrityFault, Invalid, Misconfigured, Unavailable
from evidence.locale import say
from storage.errors import Misconfigured as StoreMisconfigured
from storage.errors import StorageError, StoreUnavailable, UnknownAddress

COMMANDS = {
    "init": "site:init",
    "serve": "site:serve",
    "status": "status:status",
    "backup": "backup:app",
    "accounts": "accounts:accounts",
    "docks": "site:docks",
    "tokens": "tokens:app",
    "identities": "identities:app",
    "dock": "dock:dock",
    "receipts": "dock:receipts",
    "examine": "examine:examine",
    "recordings": "lists:recordings",
    "findings": "lists:findings",
    "deadlines": "lists:deadlines",
    "gaps": "gaps:gaps",
    "explanations": "explanations:app",
    "exemptions": "explanations:exemptions",
    "faults": "fault_files:app",
    "views": "oversight:views",
    "grants": "oversight:grants",
    "verify": "verify:verify",
    "move": "move:move",
    "rebuild": "rebuild:rebuild",
    "signer": "log:signer",
    "exports": "exports:app",
    "holds": "holds:app",
    "retention": "retention:app",
    "disposals": "disposals:app",
    "cases": "cases:app",
    "case-files": "case_files:app",
    "complaints": "complaints:app",
    "derivatives": "derivatives:app",
    "devices": "devices:app",
    "matrix": "matrix:app",
    "documents": "documents:app",
    "samples": "samples:app",
    "labels": "labels:app",
    "markers": "markers:app",
    "media": "media:app",
    "activities": "activities:app",
    "log": "log:app",
    "units": "units:app",
    "people": "people:app",
    "policy": "policy:app",
    "storage": "storage:app",
    "witness": "witness:app",
}
"""Each command, in the order of the help: the module here and what in it is the command or its group."""


class _Loaded(Mapping[str, Any]):
    """The commands, each loaded when it is asked for: none waits for what all the others need."""

    def __getitem__(self, name: str) -> Any:
        module, _, what = COMMANDS[name].partition(":")
        found = getattr(import_module(f"evidence.cli.{module}"), what)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.commands = _Loaded()  # type: ignore[assignment]  # asked like a dict, never changed


app = typer.Typer(
    name="evidence",
    cls=Commands,
    help="执法记录仪证据管理 / Body-camera evidence: from the recorder's card to the court.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _begin() -> None:
    """Nothing comes before a command."""


def exit_code(problem: EvidenceError | StorageError) -> int:
    """Return the exit code of an error."""
    if isinstance(problem, IntegrityFault):
        return 4
    if isinstance(problem, Invalid | Misconfigured | UnknownAddress | StoreMisconfigured):
        return 2
    if isinstance(problem, Unavailable | StoreUnavailable):
        return 3
    return 1


def main() -> None:
    """Run the command line; an error becomes a sentence in Chinese and English, and an exit code."""
    try:
        sys.exit(typer.main.get_command(app).main(standalone_mode=False) or 0)
    except typer.Abort:
        sys.exit(130)
    except TyperException as problem:  # usage: in the words of the library, which knows English only
        print(say("cli.usage"), file=sys.stderr)
        problem.show()  # type: ignore[attr-defined]  # typer shows them itself elsewhere
        sys.exit(2)
    except (EvidenceError, StorageError) as problem:
        print(say(f"error.{problem.code}", **problem.fields), file=sys.stderr)
        if other := another(problem.code, problem.fields):
            print(say(other.key, **other.fields), file=sys.stderr)
        for field, value in ((key, one) for key, one in problem.fields.items() if one is not None):
            print(*fact_lines(field, value), sep="\n", file=sys.stderr)
        sys.exit(exit_code(problem))
    except (OSError, ValueError) as problem:  # a folder that is a file, a key unreadable, a mistyped number
        print(f"{say('error.unavailable')}: {printable(str(problem))}", file=sys.stderr)
        sys.exit(3)
