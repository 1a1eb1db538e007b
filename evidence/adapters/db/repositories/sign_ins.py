"""Accounts of people, and what is asked of them once, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.adapters.db.sign_in_tables import challenge, sign_in
from evidence.domain.instants import from_text, to_text
from evidence.errors import Conflict
from evidence.service.sign_in.sign_in_ports import StoredChallenge, StoredSignIn

_OF = select(sign_in).where(sign_in.c.person_id == bindparam("person"))  # every request of a person asks it


class SqlSignIns:
    """See service.sign_in_ports.SignIns."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: StoredSignIn) -> None:
        """Add an account. Raises: Conflict("login-taken")."""
        if self.by_login(new.login) is not None:
            raise Conflict("login-taken", login=new.login)
        self._db.execute(
            insert(sign_in).values(
                person_id=new.person_id,
                login=new.login,
                password=new.password,
                password_at=text_or_none(new.password_at),
                totp_secret=new.totp_secret,
                totp_step=new.totp_step,
                created_at=to_text(new.created_at),
                disabled_at=text_or_none(new.disabled_at),
            )
        )

    def get(self, person_id: str) -> StoredSignIn | None:
        """Return a person's account."""
        row = self._db.execute(_OF, {"person": person_id}).first()
        return None if row is None else _sign_in(row)

    def by_login(self, login: str) -> StoredSignIn | None:
        """Return the account with a login."""
        row = self._db.execute(select(sign_in).where(sign_in.c.login == login)).first()
        return None if row is None else _sign_in(row)

    def all(self) -> Sequence[StoredSignIn]:
        """Return all accounts, by login."""
        return [_sign_in(row) for row in self._db.execute(select(sign_in).order_by(sign_in.c.login))]

    def set_password(self, person_id: str, password: str, at: datetime) -> None:
        """Set a password."""
        self._set(person_id, password=password, password_at=to_text(at))

    def set_totp(self, person_id: str, secret: bytes | None) -> None:
        """Set or take away the secret of the second factor. The steps used before stay used."""
        self._set(person_id, totp_secret=secret)

    def use_step(self, person_id: str, step: int) -> bool:
        """Note a time step as used; False when it, or a later one, was used before."""
        fresh = (sign_in.c.person_id == person_id) & (sign_in.c.totp_step < step)
        return self._db.execute(update(sign_in).where(fresh).values(totp_step=step)).rowcount == 1

    def disable(self, person_id: str, at: datetime | None) -> None:
        """Disable an account, or enable it (None)."""
        self._set(person_id, disabled_at=text_or_none(at))

    def _set(self, person_id: str, **values: object) -> None:
        self._db.execute(update(sign_in).where(sign_in.c.person_id == person_id).values(**values))


class SqlChallenges:
    """See service.sign_in_ports.Challenges."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: StoredChallenge) -> None:
        """Add a challenge."""
        self._db.execute(
            insert(challenge).values(
                token_sha256=new.token_sha256,
                kind=new.kind,
                person_id=new.person_id,
                body=new.body,
                made_by=new.made_by,
                made_at=to_text(new.made_at),
                ends_at=to_text(new.ends_at),
            )
        )

    def get(self, token_sha256: str, kind: str, at: datetime) -> StoredChallenge | None:
        """Return a challenge of a kind that can still be met."""
        usable = (challenge.c.token_sha256 == token_sha256) & (challenge.c.kind == kind)
        usable &= challenge.c.used_at.is_(None) & (challenge.c.ends_at > to_text(at))
        row = self._db.execute(select(challenge).where(usable)).first()
        return None if row is None else _challenge(row)

    def use(self, token_sha256: str, at: datetime) -> bool:
        """Use a challenge up; False when that was done before, by whomever."""
        usable = (challenge.c.token_sha256 == token_sha256) & challenge.c.used_at.is_(None)
        usable &= challenge.c.ends_at > to_text(at)
        return self._db.execute(update(challenge).where(usable).values(used_at=to_text(at))).rowcount == 1

    def withdraw(self, person_id: str, kind: str, at: datetime) -> None:
        """Make somebody's open challenges of a kind worthless."""
        theirs = (challenge.c.person_id == person_id) & (challenge.c.kind == kind)
        theirs &= challenge.c.used_at.is_(None)
        self._db.execute(update(challenge).where(theirs).values(used_at=to_text(at)))

    def forget(self, at: datetime) -> None:
        """Drop what has ended."""
        self._db.execute(delete(challenge).where(challenge.c.ends_at <= to_text(at)))


def _sign_in(row: Any) -> StoredSignIn:
    return StoredSignIn(
        person_id=row.person_id,
        login=row.login,
        created_at=from_text(row.created_at),
        password=row.password,
        password_at=time_or_none(row.password_at),
        totp_secret=None if row.totp_secret is None else bytes(row.totp_secret),
        totp_step=int(row.totp_step),
        disabled_at=time_or_none(row.disabled_at),
    )


def _challenge(row: Any) -> StoredChallenge:
    return StoredChallenge(
        token_sha256=row.token_sha256,
        kind=row.kind,
        person_id=row.person_id,
        body=row.body,
        made_by=row.made_by,
        made_at=from_text(row.made_at),
        ends_at=from_text(row.ends_at),
    )
