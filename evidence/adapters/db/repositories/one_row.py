"""Many rows in one: the engine writes them into one text, and that is read here.

SQLite's driver gives the interpreter away for every row that it steps to, and under load each time waits
behind other threads to have it back: a thousand rows are a thousand waits. One row is one; and its text costs
half of what a thousand rows of the driver's and SQLAlchemy's do (docs/decisions/0061).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _Together(GenericFunction[str]):
    type = Text()
    inherit_cache = True


@compiles(_Together, "sqlite")
def _in_sqlite(these: _Together, compiler: SQLCompiler, **words: Any) -> str:
    return f"json_group_array(json_array({compiler.process(these.clauses, **words)}))"


@compiles(_Together, "postgresql")
def _in_postgres(these: _Together, compiler: SQLCompiler, **words: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(these.clauses, **words)})) AS TEXT)"


def rows_of(db: Connection, query: Select[Any]) -> Sequence[Sequence[Any]]:
    """Return the rows of a question as plain values, a truth as 0 and 1 or as such. In which order, no engine
    promises: who needs one puts them in order.
    """
    each = query.subquery()
    text = db.execute(select(_Together(*each.c))).scalar_one()
    return () if text is None else json.loads(text)
