"""Many rows in one: the engine writes them into one text, and that is read here.

SQLite's driver gives the interpreter away for every row that it steps to, and under load each time waits
behind other threads to have it back: a thousand rows are a thousand waits. One row is one; and its text costs
half of what a thousand rows of the driver's and SQLAlchemy's do (docs/decisions/0061). No column may hold
bytes: these stand in no text.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.selectable import SelectBase


class _Together(GenericFunction[str]):
    type = Text()
    inherit_cache = True


@compiles(_Together, "sqlite")
def _in_sqlite(these: _Together, compiler: SQLCompiler, **words: Any) -> str:
    return f"json_group_array(json_array({compiler.process(these.clauses, **words)}))"


@compiles(_Together, "postgresql")
def _in_postgres(these: _Together, compiler: SQLCompiler, **words: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(these.clauses, **words)})) AS TEXT)"


class OneRow:
    """A question whose rows come in one; of a question that is asked again and again, made once."""

    def __init__(self, query: SelectBase) -> None:
        each = query.subquery()
        self._asked: Select[Any] = select(_Together(*each.c))
        self._row = _named(tuple(each.c.keys()))

    def of(self, db: Connection, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """Return the rows, their columns by name; a truth is 0 and 1, or one. In which order, no engine
        promises: who needs one puts them in order.
        """
        text = db.execute(self._asked, values).scalar_one()
        return [self._row(*one) for one in json.loads(text or "[]")]


@cache
def _named(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns)  # noqa: PYI024 (whose columns nobody knows before)
