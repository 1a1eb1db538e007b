"""Typed reading of the fields of a policy pack: each is asked for by name and kind, none is left over.

A fault is a PolicyError with the file, the line, a stable `reason` and the full name of the key. What the
fields mean is not known here (policy/reading.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NoReturn

from evidence.errors import PolicyError
from evidence.policy.positions import Place, key_lines, line_of

_AT_LINE = re.compile(r"\(at line (\d+),")


@dataclass(frozen=True)
class Source:
    """A pack's file name (as data, for messages) and the lines its keys stand on."""

    file: str
    lines: Mapping[Place, int]

    def fail(self, place: Place, reason: str, **facts: object) -> NoReturn:
        """Raise the PolicyError for a fault at a place."""
        key = ".".join(str(part) for part in place)
        raise PolicyError(file=self.file, line=line_of(self.lines, place), reason=reason, key=key, **facts)


@dataclass
class Table:
    """One table of a pack. Every method takes the name of a key and raises PolicyError (`missing-key`,
    `wrong-type`) where it is absent or of another kind."""

    source: Source
    place: Place
    values: Mapping[str, object]
    asked: set[str] = field(default_factory=set)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def fail(self, key: str, reason: str, **facts: object) -> NoReturn:
        """Raise the PolicyError for a fault at a key of this table."""
        self.source.fail((*self.place, key), reason, **facts)

    def close(self) -> None:
        """Refuse keys that nobody asked for. Raises: PolicyError `unknown-key`."""
        for key in self.values:
            if key not in self.asked:
                self.fail(key, "unknown-key")

    def text(self, key: str) -> str:
        """Return a text that is not blank."""
        value = self._get(key)
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            self.fail(key, "wrong-type", expected="text")
        return value

    def number(self, key: str, least: float, most: float) -> float:
        """Return a number, least <= number <= most. Raises: PolicyError `out-of-range` too."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, "wrong-type", expected="number")
        if not least <= value <= most:  # "not a number" fails here too
            self.fail(key, "out-of-range", least=least, most=most)
        return float(value)

    def whole(self, key: str, least: int, most: int) -> int:
        """Return a whole number, least <= number <= most. Raises: PolicyError `out-of-range` too."""
        if not isinstance(self._get(key), int):
            self.fail(key, "wrong-type", expected="whole number")
        return int(self.number(key, least, most))

    def day(self, key: str) -> date:
        """Return a date."""
        value = self._get(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fail(key, "wrong-type", expected="date")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of at least one text, none twice. Raises: PolicyError `empty`, `twice` too."""
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.fail(key, "wrong-type", expected="list of texts")
        if not value:
            self.fail(key, "empty")
        for one in value:
            if value.count(one) > 1:
                self.fail(key, "twice", word=one)
        return tuple(value)

    def choices(self, key: str, known: type[StrEnum]) -> tuple[str, ...]:
        """Return a list of some of these words. Raises: PolicyError `unknown-word`, as `words` too."""
        words = self.words(key)
        for word in words:
            if word not in {one.value for one in known}:
                self.fail(key, "unknown-word", found=word)
        return words

    def choice(self, key: str, known: type[StrEnum]) -> str:
        """Return one of these words. Raises: PolicyError `unknown-word` too."""
        word = self.text(key)
        if word not in {one.value for one in known}:
            self.fail(key, "unknown-word", found=word)
        return word

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self.fail(key, "wrong-type", expected="true or false")
        return value

    def table(self, key: str) -> Table:
        """Return a table; the caller closes it."""
        value = self._get(key)
        if not isinstance(value, dict):
            self.fail(key, "wrong-type", expected="table")
        return Table(self.source, (*self.place, key), value)

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables, at least one; the caller closes each."""
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fail(key, "wrong-type", expected="list of tables")
        if not value:
            self.fail(key, "empty")
        return [Table(self.source, (*self.place, key, number), one) for number, one in enumerate(value)]

    def both(self, key: str) -> tuple[str, str]:
        """Return a text in Chinese and in English, as {zh, en}."""
        inner = self.table(key)
        texts = inner.text("zh"), inner.text("en")
        inner.close()
        return texts

    def _get(self, key: str) -> object:
        self.asked.add(key)
        if key not in self.values:
            self.fail(key, "missing-key")
        return self.values[key]


def open_table(text: str, file: str) -> Table:
    """Parse a pack's text into its outermost table. Raises: PolicyError `not-toml` with the parser's line."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        at = _AT_LINE.search(str(problem))
        line = int(at.group(1)) if at else max(1, len(text.splitlines()))  # "at end of document"
        raise PolicyError(file=file, line=line, reason="not-toml", key="", said=str(problem)) from problem
    return Table(Source(file, key_lines(text)), (), values)
