"""What has been destroyed, or is being destroyed: nothing is read from it, and nothing is kept there."""

from __future__ import annotations

from evidence.domain.instants import to_text
from evidence.errors import Conflict
from evidence.service.catalogue import StoredRecording
from evidence.service.ports import UnitOfWork


def verify_not_gone(stored: StoredRecording) -> None:
    """Verify that a recording's bytes may be there. Raises: Conflict("recording-destroyed")."""
    if stored.gone_at is not None:
        raise Conflict("recording-destroyed", recording=stored.recording.id, at=to_text(stored.gone_at))


def verify_there(unit: UnitOfWork, recording_id: str) -> None:
    """Verify the same of what stands now that nobody else may write, for what would keep it.

    Raises: Conflict("recording-destroyed").
    """
    stored = unit.recordings.get(recording_id)
    if stored is not None:
        verify_not_gone(stored)
