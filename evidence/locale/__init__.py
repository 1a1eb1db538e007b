"""All text for people: message catalogues keyed by stable codes, Chinese first, English second.

Code elsewhere carries codes and fields; the words stand in zh_CN.toml and en.toml beside this file, those
of the pages in pages/NAME.zh_CN.toml and pages/NAME.en.toml, with the same keys. A key is the dotted path
of a text ("finding.late.title"). Placeholders are plain field names in braces; `measured` and `limit` are
written with the unit that the field `unit` names (seconds unless said otherwise), and a sign of damage in
the words of `sign`. Making hostile names harmless is not done here. A length of time (timedelta) and a
`Word` are written in the language of the text they stand in, several of them (a tuple) with a comma between.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

CHINESE, ENGLISH = "zh_CN", "en"
LANGUAGES = (CHINESE, ENGLISH)

NOTHING = "—"  # stands for a fact that is not known
_WITH_UNIT = ("measured", "limit")
_DAY, _SAID_IN_DAYS = 86_400, 360_000  # seconds
BARE = ("number", "text", "time", "traits", "sha256")  # what these units name needs no word behind it


@dataclass(frozen=True, slots=True)
class Word:
    """A text of the catalogues that stands in another one: in the language of that one."""

    key: str


def both(written: Callable[[str], str]) -> str:
    """Return what is written in each language on one line, "中文 / English"."""
    return " / ".join(written(language) for language in LANGUAGES)


def say(key: str, /, **fields: object) -> str:
    """Return a text in both languages on one line, "中文 / English".

    A message that has no text is shown as its key: that something happened matters more than the words
    for it. (tests/locale shows that every code has its texts.)
    """
    try:
        return both(lambda language: text(language, key, **fields))
    except KeyError:
        return key


def text(language: str, key: str, /, **fields: object) -> str:
    """Return a text in one language ("zh_CN" or "en"). A field that is not given is written as a dash.

    Raises: KeyError for an unknown language or key.
    """
    template = catalogue(language)[key]
    if "{" not in template and "}" not in template:
        return template
    return template.format_map(_Written(language, fields))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return all texts of a language by key. Raises: KeyError for an unknown language, or a key twice."""
    if language not in LANGUAGES:
        raise KeyError(language)
    here, there = resources.files(__name__), resources.files(__name__) / "pages"
    of_pages = sorted((one for one in there.iterdir() if one.name.endswith(f".{language}.toml")), key=_name)
    texts: dict[str, str] = {}
    for source in (here / f"{language}.toml", *of_pages):
        for key, words in _flat("", tomllib.loads(source.read_text(encoding="utf-8"))):
            if key in texts:
                raise KeyError(f"{source.name}: {key} stands twice")
            texts[key] = words
    return texts


def duration(language: str, seconds: float) -> str:
    """Return a length of time: seconds up to two minutes, above that hours, minutes and seconds; days, too,
    where it is a hundred hours and more, so that nobody divides in their head."""
    sign, left = ("-", -seconds) if seconds < 0 else ("", seconds)
    if left < 120:
        return f"{sign}{_number(left)} {_unit(language, 's')}"
    whole = round(left)
    parts = []
    for unit, size in (("d", _DAY), ("h", 3600), ("min", 60), ("s", 1)):
        if unit == "d" and left < _SAID_IN_DAYS:
            continue
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {_unit(language, unit)}")
    return sign + " ".join(parts)


class _Written(dict[str, str]):
    """The fields of a message as they are written in a language."""

    def __init__(self, language: str, fields: Mapping[str, object]) -> None:
        unit = str(fields.get("unit", "s"))
        super().__init__({name: _write(language, name, value, unit) for name, value in fields.items()})

    def __missing__(self, name: str) -> str:
        return NOTHING


def _write(language: str, name: str, value: object, unit: str) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, Word):
        return catalogue(language)[value.key]
    if isinstance(value, tuple):
        between = "、" if language == CHINESE else ", "
        return between.join(_write(language, name, one, unit) for one in value)
    if isinstance(value, timedelta):
        return duration(language, round(value.total_seconds()))
    if isinstance(value, bool) or not isinstance(value, int | float):
        known = catalogue(language) if name in _WITH_UNIT else {}
        return known.get(f"sign.{value}", str(value))
    if name not in _WITH_UNIT:
        return _number(value)
    if unit == "s":
        return duration(language, value)
    return _number(value) if unit in BARE else f"{_number(value)} {_unit(language, unit)}"


def _number(value: float) -> str:
    """Write a number with at most three decimals, none that say nothing."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _unit(language: str, unit: str) -> str:
    return catalogue(language).get(f"unit.{unit}", unit)


def _name(one: Traversable) -> str:
    return one.name


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield prefix + key, str(value)
