"""What a check of the logs finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not agree. kind: one word. item: an entry (`custody/12`), a vault's key, a row."""

    kind: str
    item: str
    detail: Mapping[str, object] = field(default_factory=dict)
