"""Passkeys of people in SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from evidence.adapters.db.repositories.rows import time_or_none
from evidence.adapters.db.sign_in_tables import passkey
from evidence.domain.instants import from_text, to_text
from evidence.errors import Conflict
from evidence.service.sign_in.passkey_ports import StoredPasskey


class SqlPasskeys:
    """See service.passkey_ports.Passkeys."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: StoredPasskey) -> None:
        """Add a passkey. Raises: Conflict("passkey-known")."""
        if self.by_credential(new.credential) is not None:
            raise Conflict("passkey-known")
        self._db.execute(
            insert(passkey).values(
                id=new.id,
                person_id=new.person_id,
                credential_sha256=hashlib.sha256(new.credential).hexdigest(),
                credential=new.credential,
                public_key=new.public_key,
                sign_count=new.sign_count,
                name=new.name,
                added_at=to_text(new.added_at),
            )
        )

    def of(self, person_id: str) -> Sequence[StoredPasskey]:
        """Return somebody's passkeys, oldest first."""
        query = select(passkey).where(passkey.c.person_id == person_id)
        return [_passkey(row) for row in self._db.execute(query.order_by(passkey.c.added_at, passkey.c.id))]

    def by_credential(self, credential: bytes) -> StoredPasskey | None:
        """Return the passkey of a credential."""
        digest = hashlib.sha256(credential).hexdigest()
        row = self._db.execute(select(passkey).where(passkey.c.credential_sha256 == digest)).first()
        return None if row is None else _passkey(row)

    def rename(self, passkey_id: str, name: str) -> None:
        """Give a passkey another name."""
        self._db.execute(update(passkey).where(passkey.c.id == passkey_id).values(name=name))

    def remove(self, passkey_id: str) -> None:
        """Forget a passkey."""
        self._db.execute(delete(passkey).where(passkey.c.id == passkey_id))

    def use(self, passkey_id: str, before: int, count: int, at: datetime) -> bool:
        """Note a use; False when the count is not `before` any more: somebody else was faster."""
        mine = (passkey.c.id == passkey_id) & (passkey.c.sign_count == before)
        noted = update(passkey).where(mine).values(sign_count=count, used_at=to_text(at))
        return self._db.execute(noted).rowcount == 1

    def doubt(self, passkey_id: str, at: datetime) -> None:
        """Note that a passkey was copied."""
        mine = passkey.c.id == passkey_id
        self._db.execute(update(passkey).where(mine).values(doubted_at=to_text(at)))


def _passkey(row: Any) -> StoredPasskey:
    return StoredPasskey(
        id=row.id,
        person_id=row.person_id,
        credential=bytes(row.credential),
        public_key=bytes(row.public_key),
        sign_count=int(row.sign_count),
        name=row.name,
        added_at=from_text(row.added_at),
        used_at=time_or_none(row.used_at),
        doubted_at=time_or_none(row.doubted_at),
    )
