"""Media on which recordings are kept for long, beside the vault (Dazhe 2020 art. 13). Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from evidence.domain.exports import Medium


@dataclass(frozen=True, slots=True)
class LongMedium:
    """A medium, or several copies of one. label: what is written on it; place: where it is kept. sha256: of
    what was written and read back. next_check: the day by which it is looked at again. ended_at: since then
    it is kept no more.
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
    checked_at: datetime | None = None
    is_sound: bool | None = None
    next_check: date | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def keeps(self) -> bool:
        """Whether it keeps its recordings: written, sound, and still there."""
        return self.written_at is not None and self.ended_at is None and self.is_sound is not False
