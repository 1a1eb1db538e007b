"""A recording: one original as it came from a device, from announcement to seal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from evidence.domain.digests import Digests

NOT_MEASURED = {"clock-offset": "not-measured"}  # a label, sealed with the manifest


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an original came from, as the dock says. Names are data: never used as a path.

    modified_at: the file's modification time on the card (aware), as the device wrote it. clock_offset_ms:
    milliseconds to ADD to the device's clocks to get true time, as measured at the dock; 0 where nobody
    measured, and the label of NOT_MEASURED says so.
    """

    device: str
    wearer: str
    name: str
    size_bytes: int
    modified_at: datetime | None = None
    clock_offset_ms: int = 0
    card_id: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_offset_measured(self) -> bool:
        """Whether anybody measured how far the device's clocks are off."""
        return not NOT_MEASURED.items() <= self.labels.items()

    @property
    def given_labels(self) -> Mapping[str, str]:
        """The labels that somebody gave: all but what says that nobody measured."""
        return {name: text for name, text in self.labels.items() if NOT_MEASURED.get(name) != text}

    @property
    def clock_offset(self) -> timedelta:
        """What must be added to the device's times."""
        return timedelta(milliseconds=self.clock_offset_ms)

    def without_time(self) -> Origin:
        """Return the same origin where the card gave no time of modification."""
        return replace(self, modified_at=None)


@dataclass(frozen=True, slots=True)
class Recording:
    """A sealed original. All times are server time (UTC) unless they come from the device by name.

    Objects in the vault are named by key and version: what somebody puts over them is another version.
    """

    id: str
    origin: Origin
    digests: Digests
    sealed_at: datetime
    retain_until: datetime
    policy_id: str
    policy_version: str
    data_key: str
    data_version: str
    manifest_key: str
    manifest_version: str
    manifest_sha256: str
