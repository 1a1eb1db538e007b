"""Claims on a device's file names in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from evidence.adapters.db.repositories.rows import name_digest
from evidence.adapters.db.tables import claim

_HELD = select(claim.c.upload_id).where(
    claim.c.device == bindparam("device"), claim.c.name_sha256 == bindparam("name")
)
_MINE = claim.c.upload_id == bindparam("upload")
_TAKE = insert(claim)
_KEEP = update(claim).where(_MINE, claim.c.manifest.is_(None))
_KEPT = select(claim.c.manifest).where(_MINE)


class SqlClaims:
    """See service.ports.Claims."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def take(self, device: str, name: str, upload_id: str) -> str:
        """Claim the name for an upload; return the upload that holds it."""
        digest = name_digest(name)
        holder = self._db.execute(_HELD, {"device": device, "name": digest}).scalar_one_or_none()
        if holder is not None:
            return str(holder)
        new = {"device": device, "name_sha256": digest, "name": name, "upload_id": upload_id}
        self._db.execute(_TAKE, new)
        return upload_id

    def release(self, upload_id: str) -> None:
        """Give up an upload's claim: nothing was sealed under it."""
        self._db.execute(delete(claim).where(claim.c.upload_id == upload_id))

    def keep_manifest(self, upload_id: str, manifest: bytes) -> bytes:
        """Keep the manifest of the upload that holds a claim; return the first that was kept."""
        self._db.execute(_KEEP, {"upload": upload_id, "manifest": manifest})
        return bytes(self._db.execute(_KEPT, {"upload": upload_id}).scalar_one())
