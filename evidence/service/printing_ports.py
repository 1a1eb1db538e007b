"""What making documents for people needs from machines, as Protocols: pages to print, and tables to go on
with.

The same values at the same moment give the same bytes, in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One table of a workbook. name: at most 31 letters."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Value]]


class Press(Protocol):
    """Prints pages."""

    def print(self, template: str, values: Mapping[str, object], at: datetime) -> bytes:
        """Return a PDF of JSON values in a template; `at` is the only time in it.

        Raises: Unavailable("font-missing", "font-unreadable", "not-printed").
        """


class Binder(Protocol):
    """Binds tables."""

    def bind(self, leaves: Iterable[Leaf], at: datetime) -> bytes:
        """Return an XLSX workbook; nothing in it is a formula, and `at` is the only time in it.

        Raises: Invalid("too-many-rows").
        """


@dataclass(frozen=True, slots=True)
class Makers:
    """Who makes documents."""

    press: Press
    binder: Binder
