"""An alarm: something that must agree does not. It names the item, and between which times it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """kind: in one word what is wrong, as an error code. item: an entry, a key of the vault, a row.

    earliest: when it was still right (None: nobody looked before). latest: when it was seen to be wrong.
    """

    kind: str
    item: str
    latest: datetime
    earliest: datetime | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
