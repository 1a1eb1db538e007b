"""How shares stand in answers; the secrets of one only where it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evidence.domain.instants import to_text
from evidence.domain.shares import Share
from evidence.service.court.shared_files import SharedFile


def share_out(one: Share, now: datetime) -> dict[str, Any]:
    """A share as JSON values."""
    return {
        "id": one.id,
        "export": one.export_id,
        "state": one.state(now).value,
        "download": one.may_download,
        "made_by": one.made_by,
        "made": to_text(one.made_at),
        "until": to_text(one.expires_at),
        "opened": None if one.opened_at is None else to_text(one.opened_at),
        "revoked": None if one.revoked_at is None else to_text(one.revoked_at),
    }


def file_out(one: SharedFile) -> dict[str, Any]:
    """A file of a share as JSON values."""
    return {"number": one.number, "name": one.name, "size": one.size_bytes, "sha256": one.sha256}
