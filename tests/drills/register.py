"""The register of all drills (register.toml), and the table of them in docs/testing.md that is made of it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FORMS = ("embedded", "grown")
PAGE, BEGIN, END = ROOT / "docs/testing.md", "<!-- drills: made -->\n", "<!-- drills: end -->\n"
_KEYS = {"what", "forms", "needs", "runs", "tests", "less", "nothing"}


@dataclass(frozen=True)
class Entry:
    """A drill of the list: see the head of register.toml. runs: of each form, commands with their words."""

    number: str
    what: str
    forms: tuple[str, ...]
    needs: tuple[str, ...]
    runs: dict[str, tuple[str, ...]]
    tests: tuple[str, ...]
    less: str
    nothing: str

    @staticmethod
    def read(number: str, said: dict[str, Any]) -> Entry:
        """Read one. Raises: ValueError for what cannot be."""
        runs = said.get("runs", {})
        runs = dict.fromkeys(FORMS, runs) if isinstance(runs, list) else runs
        forms = tuple(said.get("forms", FORMS))
        if unknown := {*said} - _KEYS | {*forms} - {*FORMS} | {*runs} - {*FORMS}:
            raise ValueError(f"{number}: {sorted(unknown)}")
        entry = Entry(
            number, said["what"], forms, tuple(said.get("needs", ())),
            {form: tuple(runs.get(form, ())) for form in forms}, tuple(said.get("tests", ())),
            said.get("less", ""), said.get("nothing", ""),
        )  # fmt: skip
        if bool(entry.nothing) == any(entry.has_home(form) for form in forms):
            raise ValueError(f"{number} has either a home, or a reason why nothing does it")
        return entry

    def has_home(self, form: str) -> bool:
        """Whether something does it on a form."""
        return form in self.forms and bool(self.runs[form] or self.tests)


@cache
def entries() -> dict[str, Entry]:
    """Return all drills by their numbers."""
    said = tomllib.loads((Path(__file__).with_suffix(".toml")).read_text("utf-8"))
    return {number: Entry.read(number, one) for number, one in said.items()}


def missing_tests(ids: Sequence[str]) -> list[str]:
    """Return the test ids that lead to nothing: no such file, or no such test in it."""
    return [one for one in ids if not _leads_to_a_test(one)]


def _leads_to_a_test(node: str) -> bool:
    file, _, name = node.partition("::")
    if not (ROOT / file).is_file():
        return False
    found = {
        one.name
        for one in ast.parse((ROOT / file).read_text("utf-8")).body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test_")
    }
    return name in found if name else bool(found)


def table() -> str:
    """Return the table for docs/testing.md."""
    lines = ["| | What is done | On | By | Not shown |", "|---|---|---|---|---|"]
    for one in entries().values():
        homes = [f"`{words}`" for words in dict.fromkeys(sum((one.runs[form] for form in one.forms), ()))]
        homes += _shortened(one.tests)
        on = " ".join(form for form in one.forms if one.has_home(form)) or "nothing"
        by = ", ".join(homes) or f"nothing: {one.nothing}"
        lines.append(f"| {one.number} | {one.what} | {on} | {by} | {one.less} |")
    return "\n".join(lines) + "\n"


def _shortened(tests: Sequence[str]) -> list[str]:
    """Name each file once; how many of its tests, where it is not all."""
    files: dict[str, int] = {}
    for one in tests:
        file, _, name = one.partition("::")
        files[file] = 0 if not name else files.get(file, 0) + 1
    named = {file.removeprefix("tests/"): count for file, count in files.items()}
    return [f"`{file}`" + (f" ({count})" if count else "") for file, count in named.items()]


def on_page(page: str) -> str:
    """Return the page's text with the table in its place. Raises: ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("docs/testing.md has no place for the table of drills")
    return before + begin + "\n" + table() + "\n" + end + after
