"""Texts that people type into the roll and tables hand on: what may stand in one, and what must not.

A text that a table calculation would take for a formula is refused on its way in, and defused on its way out
(OWASP, CSV injection). Full-width signs count too: Excel takes them in East Asian settings.
"""

from __future__ import annotations

LONGEST = 200
FORMULA_SIGNS = frozenset("=+-@\t\r\n＝＋－＠")
_QUOTE = "'"


def is_formula(text: str) -> bool:
    """Tell whether a table calculation might take this text for a formula."""
    return text[:1] in FORMULA_SIGNS


def is_plain(text: str) -> bool:
    """Tell whether a text can be a name, a number or a title: printable, not blank at an end or too long."""
    return (
        0 < len(text) <= LONGEST
        and text == text.strip()
        and text.replace("\u3000", " ").isprintable()
        and not is_formula(text)
    )


def legible(text: str) -> str:
    r"""Return a text; bytes of file names that are not UTF-8 are written `\xNN`, as docks do."""
    return "".join(
        f"\\x{ord(letter) - 0xDC00:02x}" if 0xDC80 <= ord(letter) <= 0xDCFF else letter for letter in text
    )


def printable(text: str) -> str:
    """Return the text with control, bidi and other unprintable characters escaped: a name must not steer a
    terminal, nor break a document."""
    if text.isprintable():  # as nearly all are; half a character is not
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in legible(text)
    )


def defused(text: str) -> str:
    """Return a text so that no table calculation takes it for a formula."""
    return f"{_QUOTE}{text}" if is_formula(text.lstrip(_QUOTE)) else text


def as_typed(text: str) -> str:
    """Return what stood in a table before it was defused."""
    bare = text[len(_QUOTE) :]
    return bare if text.startswith(_QUOTE) and is_formula(bare.lstrip(_QUOTE)) else text
