"""Every article that a shipped pack cites has a test that holds the software to it, and every such mark names
an article that is cited.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from evidence.adapters.packs import shipped_packs

TESTS = Path(__file__).parents[1]


def marks_in(source: str) -> Iterator[str]:
    """Yield the articles named by `pytest.mark.article(…)` on test functions or on their cases."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.article":
            for argument in node.args:
                assert isinstance(argument, ast.Constant), f"line {node.lineno}: write the article out"
                yield str(argument.value)


def cited() -> set[str]:
    """Return the ids of all articles that the shipped packs cite."""
    packs = [pack for packs in shipped_packs().values() for pack in packs.packs]
    return {citation.id for pack in packs for citation in pack.citations}


def marked() -> set[str]:
    """Return the ids of all articles that some test is marked with."""
    return {mark for file in TESTS.rglob("test_*.py") for mark in marks_in(file.read_text(encoding="utf-8"))}


def test_every_cited_article_has_a_test() -> None:
    assert cited() - marked() == set()


def test_every_mark_names_an_article_that_a_pack_cites() -> None:
    assert marked() - cited() == set()


def test_marks_are_found_on_functions_and_on_cases_and_not_in_text() -> None:
    source = """
@pytest.mark.article("a:1", "a:2")
def test_x(): ...
CASES = [pytest.param(1, marks=pytest.mark.article("b:3"))]
# pytest.mark.article("c:4")
TEXT = 'pytest.mark.article("d:5")'
"""
    assert list(marks_in(source)) == ["a:1", "a:2", "b:3"]
