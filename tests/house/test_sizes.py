"""Modules and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40


def modules() -> Iterator[Path]:
    """Yield the modules of the product."""
    for part in ("evidence", "storage", "workers"):
        found = sorted((ROOT / part).rglob("*.py"))
        yield from (path for path in found if "node_modules" not in path.parts)  # what others wrote


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert len(lengths) > 50, "the walk found the product"
    assert not {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_MODULE}


def test_no_function_is_longer_than_40_lines() -> None:
    too_long = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > MOST_LINES_OF_A_FUNCTION:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {length}")
    assert not too_long


def test_every_module_says_what_it_holds() -> None:
    bare = [str(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not bare
