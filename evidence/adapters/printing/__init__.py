"""Documents as PDF, typeset by typst from the templates beside this module.

What a document says is data, never part of a template: names from outside can steer nothing. The same values,
programs and font give the same bytes (PDF/A-2b, no time but the one given). The font comes with a package
that the locks pin by its hash, and no other is taken: a page set in whatever a machine has would be another
page. Its digest stands in the document. A letter that it lacks is written 〓, as printers do, and is named at
the end.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evidence.adapters.printing.letters import letters_of
from evidence.domain.wording import legible
from evidence.errors import Unavailable

log = logging.getLogger("evidence.printing")
FONT_PACKAGE, FONT_FILE = "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"
LACKING = "〓"
_TEMPLATES = Path(__file__).parent
_WHITE = frozenset("\n\t")


class TypstPress:
    """See service.printing_ports.Press."""

    def print(self, template: str, values: Mapping[str, object], at: datetime) -> bytes:
        """Return a PDF. Raises: Unavailable("font-missing", "not-printed")."""
        font = font_file()
        lacking = set[str]()
        told = _fitting(values, _letters(font), lacking)
        if lacking:
            log.warning("the font has no letter for %s", " ".join(sorted(map(_point, lacking))))
        moment = at.astimezone(UTC).replace(microsecond=0)
        press = {
            "at": [moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second],
            "font": {"file": FONT_FILE, "sha256": _digest(font)},
            "lacking": sorted(map(_point, lacking)),
        }
        order = {
            "folder": str(_TEMPLATES),
            "fonts": str(font.parent),
            "inputs": {"values": json.dumps(told), "press": json.dumps(press)},
            "template": template,
            "timestamp": int(moment.timestamp()),
        }
        return _typeset(order)


def _typeset(order: Mapping[str, object]) -> bytes:
    """Have a document set in a process of its own. Raises: Unavailable("not-printed")."""
    command = [sys.executable, "-I", str(_TEMPLATES / "typesetting.py")]
    try:
        done = subprocess.run(  # noqa: S603 (all of it is ours)
            command, input=json.dumps(order).encode(), capture_output=True, check=False
        )
    except OSError as problem:
        raise Unavailable("not-printed", reason=str(problem)) from problem
    if done.returncode != 0 or not done.stdout:
        raise Unavailable("not-printed", reason=done.stderr.decode("utf-8", "replace")[-500:])
    return done.stdout


def font_file() -> Path:
    """Return the font. Raises: Unavailable("font-missing")."""
    found = find_spec(FONT_PACKAGE)
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder) / FONT_FILE
        if file.is_file():
            return file
    raise Unavailable("font-missing", font=FONT_FILE, package=FONT_PACKAGE.replace("_", "-"))


@cache
def _digest(font: Path) -> str:
    return sha256(font.read_bytes()).hexdigest()


@cache
def _letters(font: Path) -> frozenset[int]:
    return letters_of(font.read_bytes())


def _fitting(value: Any, letters: frozenset[int], lacking: set[str]) -> Any:
    """Return a JSON value in letters that the font has; what it lacks is noted."""
    if isinstance(value, str):
        return "".join(_letter(one, letters, lacking) for one in legible(value))
    if isinstance(value, Mapping):
        return {key: _fitting(one, letters, lacking) for key, one in value.items()}
    return [_fitting(one, letters, lacking) for one in value] if isinstance(value, list | tuple) else value


def _letter(one: str, letters: frozenset[int], lacking: set[str]) -> str:
    if ord(one) in letters or one in _WHITE:
        return one
    lacking.add(one)
    return LACKING


def _point(letter: str) -> str:
    return f"U+{ord(letter):04X}"
