"""When two case numbers are the same one, however they were typed: 大柘罚〔2026〕1号, 大柘罚（２０２６）1 号.

Pure. Brackets of any kind, full-width digits and spaces make no difference. This is for comparing only:
shown, kept and signed is what was typed. SQL compares by the same table (adapters/db/numbers.py).
"""

from __future__ import annotations

# Twenty replacements in SQL are what SQLite parses within each other.
FOLDED = str.maketrans("０１２３４５６７８９（〔［[）〕］]", "0123456789(((())))")  # noqa: RUF001 (what is folded)
DROPPED = " \u3000"
_TABLE = FOLDED | dict.fromkeys(map(ord, DROPPED))


def normal_form(number: str) -> str:
    """Return the form by which case numbers are compared."""
    return number.translate(_TABLE)
