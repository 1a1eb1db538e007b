"""Tokens of other systems in SQL: what the account says of each, and when it was used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.repositories.accounts import scopes_of
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.adapters.db.sign_in_tables import token_use
from evidence.adapters.db.tables import account
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Kind
from evidence.service.people.people_ports import StoredToken


class SqlTokens:
    """See service.people_ports.Tokens."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def all(self) -> Sequence[StoredToken]:
        """Return those that nobody revoked, the first to expire first; expired ones too."""
        query = (
            select(account, token_use.c.used_at)
            .outerjoin(token_use, token_use.c.account_id == account.c.id)
            .where(account.c.role == Kind.INTEGRATION.value, account.c.revoked_at.is_(None))
            .order_by(account.c.expires_at.is_(None), account.c.expires_at, account.c.id)
        )
        return [
            StoredToken(
                row.id,
                row.name,
                scopes_of(row.scopes),
                from_text(row.created_at),
                time_or_none(row.expires_at),
                time_or_none(row.used_at),
            )
            for row in self._db.execute(query)
        ]

    def used_at(self, account_id: str) -> datetime | None:
        """Return when a token was used last, as far as that was noted."""
        found = select(token_use.c.used_at).where(token_use.c.account_id == account_id)
        return time_or_none(self._db.execute(found).scalar_one_or_none())

    def note_use(self, account_id: str, at: datetime) -> None:
        """Note that a token was used."""
        text = to_text(at)
        mine = update(token_use).where(token_use.c.account_id == account_id).values(used_at=text)
        if self._db.execute(mine).rowcount == 0:
            self._db.execute(insert(token_use).values(account_id=account_id, used_at=text))
