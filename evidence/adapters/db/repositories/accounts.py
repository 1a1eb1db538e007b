"""Accounts in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from evidence.adapters.db.repositories.rows import text_or_none
from evidence.adapters.db.tables import account
from evidence.domain.access import Caller
from evidence.domain.instants import to_text
from evidence.domain.rights import Action, Kind
from evidence.errors import Conflict

_NOT_EXPIRED = or_(account.c.expires_at.is_(None), account.c.expires_at > bindparam("at"))
_IN_FORCE = and_(account.c.revoked_at.is_(None), _NOT_EXPIRED)
# Made once: every request that comes with a token asks this.
_BY_TOKEN = select(account).where(account.c.token_sha256 == bindparam("token"), _IN_FORCE)
_MINE = select(account.c.id).where(account.c.id == bindparam("account"), _IN_FORCE)
_ACTIONS = {action.value: action for action in Action}


class SqlAccounts:
    """See service.account_ports.Accounts."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(
        self, caller: Caller, token_sha256: str, at: datetime, expires_at: datetime | None = None
    ) -> None:
        """Add an account. A revoked one gives up its name. Raises: Conflict when the name is taken."""
        holder = self._db.execute(select(account).where(account.c.name == caller.name)).first()
        if holder is not None and holder.revoked_at is None:
            raise Conflict("name-taken", name=caller.name)
        if holder is not None:  # it keeps its id, by which the log names it, and stays legible
            given_up = update(account).where(account.c.id == holder.id)
            self._db.execute(given_up.values(name=f"{holder.name} ({holder.id})"))
        self._db.execute(
            insert(account).values(
                id=caller.id,
                role=caller.kind.value,
                name=caller.name,
                token_sha256=token_sha256,
                created_at=to_text(at),
                scopes=" ".join(sorted(caller.scopes)) if caller.kind is Kind.INTEGRATION else None,
                expires_at=text_or_none(expires_at),
                devices=_devices_text(caller.devices),
            )
        )

    def by_token(self, token_sha256: str, at: datetime) -> Caller | None:
        """Return the account of a token that is in force."""
        row = self._db.execute(_BY_TOKEN, {"token": token_sha256, "at": to_text(at)}).first()
        return None if row is None else _caller(row)

    def revoke(self, account_id: str, at: datetime) -> bool:
        """Make an account's token worthless from now on; False when there is no such account in force."""
        revoked = self._db.execute(
            update(account)
            .where(account.c.id == account_id, account.c.revoked_at.is_(None))
            .values(revoked_at=to_text(at))
        )
        return revoked.rowcount == 1

    def renew(self, account_id: str, token_sha256: str) -> None:
        """Give an account another token; the one before is worthless."""
        self._db.execute(update(account).where(account.c.id == account_id).values(token_sha256=token_sha256))

    def is_in_force(self, account_id: str, at: datetime) -> bool:
        """Tell whether an account is in force at a moment."""
        return self._db.execute(_MINE, {"account": account_id, "at": to_text(at)}).first() is not None

    def bind(self, account_id: str, devices: Collection[str] | None) -> None:
        """Let a dock send for these recorders only; None: for any."""
        bound = update(account).where(account.c.id == account_id).values(devices=_devices_text(devices))
        self._db.execute(bound)

    def knows(self, account_id: str) -> bool:
        """Tell whether there is such an account, revoked or not."""
        return self._db.execute(select(account.c.id).where(account.c.id == account_id)).first() is not None

    def all(self) -> Sequence[Caller]:
        """Return the accounts in force, oldest first."""
        rows = self._db.execute(
            select(account).where(account.c.revoked_at.is_(None)).order_by(account.c.created_at, account.c.id)
        )
        return [_caller(row) for row in rows]


def _caller(row: Any) -> Caller:
    devices = None if row.devices is None else frozenset(json.loads(row.devices))
    return Caller(row.id, Kind(row.role), row.name, scopes=scopes_of(row.scopes), devices=devices)


def scopes_of(text: str | None) -> frozenset[Action]:
    """Read the scopes of a token. An action that this version does not know is no scope."""
    return frozenset(_ACTIONS[one] for one in (text or "").split() if one in _ACTIONS)


def _devices_text(devices: Collection[str] | None) -> str | None:
    return None if devices is None else json.dumps(sorted(devices), ensure_ascii=False)
