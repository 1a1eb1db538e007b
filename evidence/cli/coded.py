"""Arguments that are codes: typed as the code, or in the words that are shown for it, in either language.

What a pack lists (grounds, kinds of faults) goes on as its code, and the desk refuses what the pack lacks; of
a closed list anything else is wrong usage, told with its codes and words.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from typing import Any

import typer

from evidence.answers.coded_words import code_of, with_words
from evidence.cli.words import printable


def of_pack(group: str) -> dict[str, Any]:
    """Return what makes an argument of typer a code of a pack. group: of the catalogues."""

    return {"parser": partial(code_of, group)}


def one_of(kinds: Iterable[StrEnum], group: str) -> dict[str, Any]:
    """Return what makes an argument of typer one of these, whose words stand in a group of the catalogues."""
    known = {kind.value: kind for kind in kinds}

    def parse(typed: str) -> StrEnum:
        found = known.get(code_of(group, typed))
        if found is None:
            words = "; ".join(with_words(group, code) for code in known)
            raise typer.BadParameter(f"“{printable(typed)}”: {words}")
        return found

    return {"parser": parse}
