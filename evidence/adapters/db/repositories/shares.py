"""Shares in SQL. None is ever removed; of token, code and session only digests are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from evidence.adapters.db.export_tables import share_link
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.domain.instants import from_text, to_text
from evidence.domain.shares import Share


class SqlShares:
    """See service.share_ports.Shares."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Share) -> None:
        """Add one."""
        self._db.execute(insert(share_link).values(**_columns(new)))

    def put(self, changed: Share) -> None:
        """Put a share's row in the place of the one before."""
        mine = update(share_link).where(share_link.c.id == changed.id)
        self._db.execute(mine.values(**_columns(changed)))

    def get(self, share_id: str) -> Share | None:
        """Return one."""
        return self._one(share_link.c.id == share_id)

    def by_token(self, token_sha256: str) -> Share | None:
        """Return the one of a link."""
        return self._one(share_link.c.token_sha256 == token_sha256)

    def by_session(self, session_sha256: str) -> Share | None:
        """Return the one that somebody has opened."""
        return self._one(share_link.c.session_sha256 == session_sha256)

    def of(self, export_id: str) -> Sequence[Share]:
        """Return those of an export, oldest first."""
        query = select(share_link).where(share_link.c.export_id == export_id)
        ordered = query.order_by(share_link.c.made_at, share_link.c.id)
        return [_share(row) for row in self._db.execute(ordered)]

    def _one(self, which: ColumnElement[bool]) -> Share | None:
        row = self._db.execute(select(share_link).where(which)).first()
        return None if row is None else _share(row)


def _columns(one: Share) -> dict[str, Any]:
    times = {
        "made_at": to_text(one.made_at),
        "expires_at": to_text(one.expires_at),
        "opened_at": text_or_none(one.opened_at),
        "revoked_at": text_or_none(one.revoked_at),
    }
    return {**asdict(one), **times}


def _share(row: Any) -> Share:
    return Share(
        id=row.id,
        export_id=row.export_id,
        token_sha256=row.token_sha256,
        code=row.code,
        may_download=bool(row.may_download),
        made_by=row.made_by,
        made_at=from_text(row.made_at),
        expires_at=from_text(row.expires_at),
        failures=row.failures,
        opened_at=time_or_none(row.opened_at),
        session_sha256=row.session_sha256,
        revoked_by=row.revoked_by,
        revoked_at=time_or_none(row.revoked_at),
    )
