"""By which names the files about an export are kept, wherever they are laid beside those of others."""

from __future__ import annotations

import re

_LONGEST_CASE = 40  # characters, of three bytes each: a name has 255


def file_name(number: str, case: str | None, kind: str) -> str:
    """Return the name of a file about an export, which no other export's bears. case: number of its case, of
    which only what a disc, a shell and a reader of names take as it is stays."""
    told = re.sub(r"[^\w〔〕（）-]+", "-", case or "").strip("-")[:_LONGEST_CASE]
    return "_".join(part for part in (number, told, kind) if part)
