"""What importing and exporting tables needs from machines, as a Protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from evidence.domain.sheets import Sheet


class SheetFiles(Protocol):
    """Tables as files, and the names of their columns and words for people."""

    def read(self, content: bytes) -> Sheet:
        """Read a table. Raises: Invalid("sheet-too-large", "sheet-unreadable", "sheet-empty")."""

    def write(self, columns: Sequence[str], rows: Iterable[Sequence[str]], form: str) -> bytes:
        """Write a table with these columns as "csv" or "xlsx"; nothing in it is a formula."""

    def headings(self, columns: Iterable[str]) -> Mapping[str, str]:
        """Return the column of each heading, in both languages, in lower case."""

    def word(self, key: str) -> str:
        """Return a text of the catalogues as tables have it."""

    def words(self, group: str, words: Iterable[str]) -> Mapping[str, str]:
        """Return the word of each name in a group of the catalogues, in lower case."""
