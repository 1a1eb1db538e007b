"""Rows by a list of keys of two columns, found by their index.

SQLite looks through the whole table for `(a, b) IN (VALUES …)` as soon as there are two rows of values, but
not for what it reads from a table. So the list is given as one text, and read by the engine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, TypeDecorator, bindparam, literal_column, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from evidence.adapters.db.columns import AnyText

Pair = tuple[str, str]


class _Pairs(TypeDecorator[Sequence[Pair]]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Pair] | None, dialect: Dialect) -> str:
        """Return the list as a text. Raises: UnstorableText."""
        return json.dumps(
            [[AnyText.process_bind_param(one, dialect) for one in pair] for pair in value or ()]
        )


class _Each(GenericFunction[Any]):
    inherit_cache = True


@compiles(_Each, "sqlite")
def _in_sqlite(each: _Each, compiler: SQLCompiler, **words: Any) -> str:
    return f"json_each({compiler.process(each.clauses, **words)})"


@compiles(_Each, "postgresql")
def _in_postgres(each: _Each, compiler: SQLCompiler, **words: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(each.clauses, **words)} AS JSONB))"


def among(first: ColumnElement[Any], second: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that two columns are one of the `pairs` with which the question is asked."""
    each = _Each(bindparam("pairs", type_=_Pairs())).table_valued("value")
    values = (each.c.value.op("->>")(literal_column(place)) for place in ("0", "1"))
    return tuple_(first, second).in_(select(*values))
