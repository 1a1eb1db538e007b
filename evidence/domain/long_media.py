"""Media on which recordings are kept for long, beside the vault (Dazhe 2020 art. 13). Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from evidence.domain.exports import Medium


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the program read on a medium. sha256: of the list of its files, as sha256sum prints it in order of
    their names; digests: SHA-256 of each file."""

    sha256: str
    digests: frozenset[str]


@dataclass(frozen=True, slots=True)
class LongMedium:
    """A medium, or several copies of one. label: what is written on it; place: where it is kept. sha256: of
    what was written and read back. written_by: number of whoever noted that, as it was then. is_read: the
    program itself has read the medium and found each recording on it; else they said so. next_check: the day
    by which it is looked at again. ended_at: since then it is kept no more.
    """

    id: str
    label: str
    kind: Medium
    copies: int
    place: str
    recordings: tuple[str, ...]
    made_by: str
    made_at: datetime
    sha256: str | None = None
    written_at: datetime | None = None
    written_by: str | None = None
    is_read: bool = False
    checked_at: datetime | None = None
    is_sound: bool | None = None
    next_check: date | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def keeps(self) -> bool:
        """Whether it keeps its recordings: written, sound, and still there."""
        return self.written_at is not None and self.ended_at is None and self.is_sound is not False
