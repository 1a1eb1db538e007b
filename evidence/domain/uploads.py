"""A resumable upload: which states it passes, and what may be done in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evidence.domain.digests import Digests
from evidence.domain.recordings import Origin


class UploadState(StrEnum):
    """The life of an upload."""

    RECEIVING = "receiving"  # bytes are missing; resumable
    COMPLETE = "complete"  # all bytes durable; sealing goes on
    SEALED = "sealed"  # its bytes are a recording (its own, or the same one sealed before)
    REFUSED = "refused"  # same device and name with other bytes, or not the declared digest: bytes kept
    TERMINATED = "terminated"  # given up by the sender while bytes were missing
    EXPIRED = "expired"  # not resumed in time; the partial bytes are set aside, not deleted


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload. 0 <= offset <= origin.size_bytes; digests are known once complete without a restart."""

    id: str
    account_id: str
    origin: Origin
    state: UploadState
    offset: int
    created_at: datetime
    expires_at: datetime
    declared_sha256: str | None = None
    digests: Digests | None = None
    completed_at: datetime | None = None
    recording_id: str | None = None
    problem: str | None = None

    @property
    def is_resumable(self) -> bool:
        """Tell whether bytes may still be sent."""
        return self.state is UploadState.RECEIVING
