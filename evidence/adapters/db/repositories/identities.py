"""Identities at providers of single sign-on, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from evidence.adapters.db.sign_in_tables import oidc_identity
from evidence.domain.instants import to_text


class SqlIdentities:
    """See service.passkey_ports.IdentityRows."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def link(self, identity_id: str, person_id: str, issuer: str, subject_sha256: str, at: datetime) -> None:
        """Link an identity to a person."""
        self._db.execute(
            insert(oidc_identity).values(
                id=identity_id,
                person_id=person_id,
                issuer=issuer,
                subject_sha256=subject_sha256,
                linked_at=to_text(at),
            )
        )

    def person(self, issuer: str, subject_sha256: str) -> str | None:
        """Return whose identity it is."""
        mine = (oidc_identity.c.issuer == issuer) & (oidc_identity.c.subject_sha256 == subject_sha256)
        return self._db.execute(select(oidc_identity.c.person_id).where(mine)).scalar_one_or_none()

    def issuers(self, person_id: str) -> Sequence[str]:
        """Return the issuers of somebody's identities, oldest first."""
        query = select(oidc_identity.c.issuer).where(oidc_identity.c.person_id == person_id)
        return list(self._db.execute(query.order_by(oidc_identity.c.linked_at)).scalars())

    def unlink(self, person_id: str) -> None:
        """Take all of somebody's identities away."""
        self._db.execute(delete(oidc_identity).where(oidc_identity.c.person_id == person_id))
