"""Where each key of a TOML text stands: the line that an error about the key must name.

The standard parser gives values but no places, so this scan walks the text once and notes the line of
every table header and every key. It is exact for text that `tomllib` has accepted (TOML 1.0) and is used
on no other; keys inside inline tables and elements of arrays are not noted, the line of the key that
holds them stands for them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

Place = tuple[str | int, ...]  # keys, and the number of the element in an array of tables

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?'{3,5}(?!')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''', re.DOTALL
)


def key_lines(text: str) -> Mapping[Place, int]:
    """Return the line (from 1) of every key and table header of a valid TOML text."""
    return _Scan(text).lines


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """Return the line of a place, or of the nearest thing that holds it; 1 for the whole file."""
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 1


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._table: Place = ()
        self._counts: dict[Place, int] = {}  # arrays of tables: how many elements so far
        self.lines: dict[Place, int] = {}
        while self._skip(_BLANK) < len(text):
            self._header() if text[self._at] == "[" else self._pair()

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _header(self) -> None:
        line, doubled = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if doubled else 1
        keys = self._keys()
        self._at += 2 if doubled else 1
        place = self._resolve(keys[:-1]) + keys[-1:]
        if doubled:
            number = self._counts.get(place, 0)
            self._counts[place] = number + 1
            self.lines.setdefault(place, line)
            place = (*place, number)
        self.lines[place] = line
        self._table = place

    def _resolve(self, keys: Place) -> Place:
        """Follow header keys: the name of an array of tables means its newest element."""
        place: Place = ()
        for key in keys:
            place = (*place, key)
            if place in self._counts:
                place = (*place, self._counts[place] - 1)
        return place

    def _pair(self) -> None:
        line = self._line()
        place = self._table
        for key in self._keys():
            place = (*place, key)
            self.lines.setdefault(place, line)
        self._at += 1  # the equals sign
        self._value()

    def _keys(self) -> Place:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            start = self._at
            raw = self._text[start : self._skip(_KEY)]
            keys.append(str(tomllib.loads(f"k = {raw}")["k"]) if raw[0] in "\"'" else raw)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return tuple(keys)
            self._at += 1

    def _value(self) -> None:
        """Pass over a value: to the end of its line, outside strings, comments and brackets."""
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "\"'":
                self._skip(_STRING)
                continue
            if char == "#":
                self._at = (self._text + "\n").index("\n", self._at)
                continue
            if char == "\n" and depth == 0:
                return
            depth += (char in "[{") - (char in "]}")
            self._at += 1
