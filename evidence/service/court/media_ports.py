"""What the use cases about media for long keeping need from machines, as Protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from evidence.domain.long_media import LongMedium


class LongMedia(Protocol):
    """Media for long keeping; none is ever removed."""

    def add(self, new: LongMedium) -> None:
        """Add one. Raises: Conflict("label-taken")."""

    def put(self, changed: LongMedium) -> None:
        """Put a medium's row in the place of the one before."""

    def get(self, medium_id: str) -> LongMedium | None:
        """Return one."""

    def all(self) -> Sequence[LongMedium]:
        """Return all, the one to be looked at first before the others."""
