"""Whether a server keeps the promises of Object Lock: measured, before anything is entrusted to it.

No server is believed by its name: several that say "Object Lock" delete what is locked (docs/decisions/0012).
The probe bucket keeps a few small objects for some minutes more than DEFAULT_LOCK_DAYS, as it should.
Not here: the single promises (storage/probes.py), signing and keeping the outcome (evidence/service).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from storage.address import Address
from storage.bucket import Bucket
from storage.errors import StorageError
from storage.probe_room import Broken, Room
from storage.probes import PROBES


@dataclass(frozen=True, slots=True)
class Probe:
    """The outcome for one promise. is_needed: without it nothing may be stored there."""

    name: str
    is_needed: bool
    is_kept: bool
    said: str

    @property
    def stands_in_the_way(self) -> bool:
        """Whether this outcome alone disqualifies the server."""
        return self.is_needed and not self.is_kept


def qualify(address: Address, now: Callable[[], datetime]) -> Iterator[Probe]:
    """Probe a server, yielding each outcome as it is measured. Takes about 20 seconds.

    address: its bucket is not touched; the probes have one of their own beside it.

    Raises: StoreUnavailable when the server cannot be reached or makes no bucket with Object Lock.
    """
    bucket = Bucket(replace(address, bucket=f"probe-{secrets.token_hex(8)}"))
    bucket.make()
    room = Room(bucket, now)
    for name, is_needed, probe in PROBES:
        try:
            yield Probe(name, is_needed, True, probe(room) or "kept")
        except Broken as broken:
            yield Probe(name, is_needed, False, str(broken))
        except StorageError as fault:
            yield Probe(name, is_needed, False, str(fault))
