"""Which letters a font has, read from its table `cmap` (OpenType 1.9, format 12: all of Unicode).

The font is one that the locks pin by its hash; a file of another make is refused, not guessed at.
"""

from __future__ import annotations

import struct

from evidence.errors import Unavailable

_FULL = 12  # the format of a subtable that covers all of Unicode


def letters_of(font: bytes) -> frozenset[int]:
    """Return the code points that a font has a letter for. Raises: Unavailable("font-unreadable")."""
    try:
        start = _table(font, b"cmap")
        (count,) = struct.unpack_from(">H", font, start + 2)
        for place in range(count):
            (offset,) = struct.unpack_from(">I", font, start + 8 + 8 * place)
            if struct.unpack_from(">H", font, start + offset) == (_FULL,):
                return frozenset(_groups(font, start + offset))
    except (struct.error, ValueError) as problem:
        raise Unavailable("font-unreadable", reason=str(problem)) from problem
    raise Unavailable("font-unreadable", reason="cmap")


def _table(font: bytes, name: bytes) -> int:
    """Return where a table begins. Raises: ValueError."""
    (count,) = struct.unpack_from(">H", font, 4)
    for place in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * place)
        if tag == name:
            return int(offset)
    raise ValueError(name.decode())


def _groups(font: bytes, at: int) -> set[int]:
    """Return the code points of a subtable of format 12; glyph 0 is the sign for none."""
    (count,) = struct.unpack_from(">I", font, at + 12)
    found = set[int]()
    for place in range(count):
        first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * place)
        found.update(range(first if glyph else first + 1, last + 1))
    return found
