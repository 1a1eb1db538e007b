r"""The case's number that came with a recording, in SQL: the dock's labels stand in one column, as JSON.

On SQLite no function of JSON may be in an index, so what `numbers.recording_numbered` holds is a filter: what
stands before the first quote. `is_docked(labels, number)` decides of a number with a quote in it, which JSON
spells \": that must be there exactly. Neither ever fails: a row that is no JSON is found by the checks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class is_docked(FunctionElement[bool]):  # noqa: N801 (a function of SQL)
    """is_docked(labels, number): whether the dock said this, where the filter says the same of both."""

    type = Boolean()
    inherit_cache = True


@compiles(is_docked)
def _compile_exact(element: is_docked, compiler: SQLCompiler, **how: Any) -> str:
    labels, number = (compiler.process(one, **how) for one in element.clauses)
    if compiler.dialect.name != "sqlite":
        return "true"
    plain = f"""(instr({number}, '"') = 0 AND instr({number}, '\\') = 0)"""
    spelled = f"""replace(replace({number}, '\\', '\\\\'), '"', '\\"')"""
    return f"""({plain} OR instr({labels}, '"case-number": "' || {spelled} || '"') > 0)"""
