"""Types of columns that mean the same on SQLite and PostgreSQL.

Text is the same on both: SQLite takes any length, NUL and half characters, PostgreSQL does not, so neither
gets them (`Words`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Dialect, Integer, MetaData, String, Text, TypeDecorator, text
from sqlalchemy.exc import DontWrapMixin


class UnstorableText(ValueError, DontWrapMixin):
    """Text that not every engine can hold. What comes from a caller is refused before (Invalid)."""


class Words(TypeDecorator[str]):
    """Text of whole characters without NUL, at most so many; asked of what is looked for, too."""

    impl = String
    cache_ok = True
    longest: int | None = None

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.longest = longest

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as it is. Raises: UnstorableText."""
        del dialect
        if value is None:
            return None
        if self.longest is not None and len(value) > self.longest:
            raise UnstorableText(f"more than {self.longest} characters")
        if "\0" in value:
            raise UnstorableText("NUL in a text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UnstorableText("half a character in a text") from None
        return value


class LongWords(Words):
    """The same of any length."""

    impl = Text
    cache_ok = True

    def __init__(self) -> None:
        TypeDecorator.__init__(self)


metadata = MetaData()
"""All tables of this program: tables.py and those it names."""

AnyText = LongWords()
Id = Words(32)
Time = Words(27)  # 2026-11-21T05:00:00.667178Z
Day = Words(10)  # 2026-11-21
Sha256 = Words(64)
# In SQLite an INTEGER PRIMARY KEY is the number of the row itself; PostgreSQL wants bigint.
Number = BigInteger().with_variant(Integer(), "sqlite")

THERE = text("gone_at IS NULL")  # of a recording: its bytes are not being destroyed
UNSOUND = text("check_result <> 'ok'")  # of a recording; in these words the index of it is found
