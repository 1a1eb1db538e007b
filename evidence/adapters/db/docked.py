r"""The case's number that came with a recording, in SQL: the dock's labels stand in one column, as JSON.

    docked_number(labels) == as_docked(number), is_docked(labels, number)

On SQLite the first is a filter for an index (migration 0012): what stands before the first quote, for no
function of JSON may be in an index there. The second decides: a quote within a text is spelled \", so what is
looked for stands nowhere else. Neither ever fails: a row that is no JSON is found by the checks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from evidence.adapters.db.columns import AnyText

_KEY = '\'"case-number": "\''
_AFTER = f"substr({{0}}, instr({{0}}, {_KEY}) + 16)"
# As migration 0012 has it in an index: another wording would read every recording there is.
_SQLITE = f"CASE WHEN instr({{0}}, {_KEY}) > 0 THEN substr({_AFTER}, 1, instr({_AFTER}, '\"') - 1) END"
_POSTGRES = r"""substring({0} from '"case-number": "((?:[^"\\]|\\.)*)"')"""
_SPELLED = r"""replace(replace({0}, '\', '\\'), '"', '\"')"""  # as JSON spells it


class docked_number(FunctionElement[str]):  # noqa: N801 (a function of SQL)
    """docked_number(labels): the number that the dock said; null: none."""

    type = AnyText
    inherit_cache = True


class as_docked(FunctionElement[str]):  # noqa: N801
    """as_docked(number): the same of a number without control characters, as those of cases are."""

    type = AnyText
    inherit_cache = True


class is_docked(FunctionElement[bool]):  # noqa: N801
    """is_docked(labels, number): whether the dock said exactly this, where both are the same."""

    type = Boolean()
    inherit_cache = True


@compiles(docked_number)
def _compile_docked(element: docked_number, compiler: SQLCompiler, **how: Any) -> str:
    (labels,) = (compiler.process(one, **how) for one in element.clauses)
    return (_SQLITE if compiler.dialect.name == "sqlite" else _POSTGRES).format(labels)


@compiles(as_docked)
def _compile_spelled(element: as_docked, compiler: SQLCompiler, **how: Any) -> str:
    (number,) = (compiler.process(one, **how) for one in element.clauses)
    spelled = _SPELLED.format(number)
    if compiler.dialect.name != "sqlite":
        return spelled
    return f"""substr({spelled} || '"', 1, instr({spelled} || '"', '"') - 1)"""


@compiles(is_docked)
def _compile_exact(element: is_docked, compiler: SQLCompiler, **how: Any) -> str:
    labels, number = (compiler.process(one, **how) for one in element.clauses)
    if compiler.dialect.name != "sqlite":
        return "true"
    return f"""(instr({labels}, {_KEY} || {_SPELLED.format(number)} || '"') > 0)"""
