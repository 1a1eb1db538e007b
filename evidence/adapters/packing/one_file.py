"""The verifier as one file: the modules of evidence/verifier in a row, nothing but imports of each other
left out.

No second source: what is in the package is what `python -m evidence.verifier` runs.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

ROOM = "evidence.verifier"
ORDER = (
    "arithmetic",
    "curve",
    "canonical",
    "notes",
    "tree",
    "trust",
    "stamps",
    "entries",
    "bags",
    "package",
    "audit",
    "words",
    "binding",
    "steps",
    "telling",
    "__main__",
)
PAGES = ("README.zh.txt", "README.en.txt", "BY-HAND.txt")


def room() -> Traversable:
    """Return where the verifier's modules and pages lie."""
    return files("evidence").joinpath("verifier")


def pages() -> dict[str, bytes]:
    """Return the pages that go along, by name."""
    return {name: room().joinpath(name).read_bytes() for name in PAGES}


@cache
def one_file() -> bytes:
    """Return the verifier as one file of Python, which needs the standard library only."""
    bodies = [_body(room().joinpath(f"{name}.py").read_text("utf-8"), name) for name in ORDER]
    head = "#!/usr/bin/env python3\n" + room().joinpath("__init__.py").read_text("utf-8").rstrip()
    return (head + "\n\nfrom __future__ import annotations\n" + "".join(bodies)).encode()


def _body(text: str, name: str) -> str:
    """Return a module without its docstring as such, imports of the room and of the future."""
    lines = text.splitlines()
    for node in reversed(ast.parse(text).body):
        own = isinstance(node, ast.ImportFrom) and (node.module or "").startswith((ROOM, "__future__"))
        if own:
            del lines[node.lineno - 1 : node.end_lineno]
    return f"\n\n# {'-' * 20} {name} {'-' * 20}\n" + "\n".join(lines).strip() + "\n"
