"""Whether a recording came with a case's number among its labels, in SQL: they stand in one column, as JSON.

Never fails for a row that is no JSON: what somebody has put past us into a database is found by the checks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_SQLITE = """(CASE WHEN json_valid({0}) THEN json_extract({0}, '$."case-number"') END = {1})"""
_POSTGRES = r"""(substring({0} from '"case-number": "((?:[^"\\]|\\.)*)"')
 = replace(replace({1}, '\', '\\'), '"', '\"'))"""


class came_with_number(FunctionElement[bool]):  # noqa: N801 (a function of SQL)
    """came_with_number(labels, number): the dock said this case number. number: without control characters,
    as all numbers of cases are."""

    type = Boolean()
    inherit_cache = True


@compiles(came_with_number)
def _compile(element: came_with_number, compiler: SQLCompiler, **how: Any) -> str:
    labels, number = (compiler.process(one, **how) for one in element.clauses)
    template = _SQLITE if compiler.dialect.name == "sqlite" else _POSTGRES
    return template.format(labels, number)
