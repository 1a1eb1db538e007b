"""The site's file replaced whole by one that names other engines, and the list of forms that were left.

Rules:
1. What serves is what `site.toml` names. It is replaced by one rename, after the older file has a name of its
   own (`site.toml.before-<time>`): a crash leaves the one or the other, whole.
2. Every line of the operator's stays; only the lines of the engines change, and the result is read back.
3. An engine that a site has left stands in `left.json` (docs/formats/left.md). Whoever serves asks
   `left_of`: what was taken in by a form that was left would be missing in the one that serves.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from evidence.errors import Invalid
from storage.crashpoints import crashpoint

FILE = "site.toml"
LEFT = "left.json"
Values = Mapping[str, str | bool]


def rewritten(text: str, values: Values) -> str:
    """Return the text of a site's file with other values; an empty one leaves the line out.

    Raises: Invalid("settings-unreadable") where a line cannot be changed without changing another.
    """
    line_of = re.compile(rf"\s*[\"']?({'|'.join(values)})[\"']?\s*=")
    lines = [line for line in text.splitlines() if not line_of.match(line)]
    lines += [f"{name} = {_quoted(value)}" for name, value in values.items() if value != ""]
    fresh = "\n".join(lines) + "\n"
    wanted = {name: value for name, value in tomllib.loads(text).items() if name not in values}
    wanted |= {name: value for name, value in values.items() if value != ""}
    try:
        is_right = tomllib.loads(fresh) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise Invalid("settings-unreadable", file=FILE, reason="engines-not-on-lines-of-their-own")
    return fresh


def values(data: Path) -> Mapping[str, object]:
    """Return what the site's file itself says, whatever the environment adds."""
    return tomllib.loads((data / FILE).read_text(encoding="utf-8"))


def switch(data: Path, wanted: Values, now: datetime) -> Path:
    """Put the site's file durably in the place of the older one; return the name that this one has now."""
    file, fresh = data / FILE, data / f"{FILE}.new"
    text = rewritten(file.read_text(encoding="utf-8"), wanted)
    _write(fresh, text, like=file)
    before = next((one for one in sorted(data.glob(f"{FILE}.before-*")) if one.samefile(file)), None)
    if before is None:
        before = _keep_name(file, f"{FILE}.before-{now:%Y%m%dT%H%M%SZ}")
    sync(data)
    crashpoint("before-switch")
    fresh.replace(file)
    crashpoint("after-switch")
    sync(data)
    return before


def _keep_name(file: Path, name: str) -> Path:
    """Give a file another name beside it; a switch in the same second has that one already."""
    number, other = 1, file.with_name(name)
    while other.exists():
        number += 1
        other = file.with_name(f"{name}-{number}")
    os.link(file, other)
    return other


def left(data: Path) -> frozenset[str]:
    """Return the engines that the site has left, as places without secrets. Raises: Invalid."""
    try:
        said = json.loads((data / LEFT).read_text(encoding="utf-8"))
        return frozenset(map(str, said["left"]))
    except FileNotFoundError:
        return frozenset()
    except (ValueError, KeyError, TypeError) as problem:
        raise Invalid("settings-unreadable", file=str(data / LEFT), reason=str(problem)) from None


def note_left(data: Path, old: frozenset[str], new: frozenset[str]) -> None:
    """Add engines to the list, and take those off it to which the site has come (back)."""
    wanted = (left(data) | old) - new
    if wanted == left(data):
        return
    fresh = data / f"{LEFT}.new"
    _write(fresh, json.dumps({"left": sorted(wanted)}, ensure_ascii=False, indent=1) + "\n", like=data / FILE)
    fresh.replace(data / LEFT)
    sync(data)


def befores(data: Path) -> list[Mapping[str, object]]:
    """Return what the older files of the site say, but for one that is still in force."""
    found: list[Mapping[str, object]] = []
    for path in sorted(data.glob(f"{FILE}.before-*")):
        if not path.samefile(data / FILE):
            with suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):  # not written by us
                found.append(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def left_of(data: Path, engines: frozenset[str], older: frozenset[str]) -> list[str]:
    """Return which of these engines the site has left, by its list or by its older files."""
    return sorted((left(data) | older) & engines)


def _write(path: Path, text: str, like: Path) -> None:
    """Write a file anew, durably, with the mode and owner of another."""
    status = like.stat()
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), status.st_mode & 0o777)
        with suppress(PermissionError):  # who may not give it away is its owner anyway
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.fsync(file.fileno())


def _quoted(value: str | bool) -> str:
    # JSON's way to write a text is TOML's, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
