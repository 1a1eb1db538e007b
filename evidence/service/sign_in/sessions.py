"""Sessions of people: opened after signing in, asked at every request, over when anything they rest on is.

A session is 256 random bits in a cookie; its row holds their SHA-256 only. What it may is not remembered:
roll, account and roles are read anew each time, so that a person who was disabled, left, was given another
password or other roles is somebody to be signed in again at their next request (ASVS 5.0, 7.4; drill S10).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import may_sign_in
from evidence.errors import NotFound
from evidence.service.instruments import local_day
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.sign_in_ports import StoredSession
from evidence.service.site import Site

SEEN_EVERY = timedelta(minutes=1)  # how exactly the last use is noted: a write for each look would be dear


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session in force, and whose."""

    id: str
    caller: Caller
    csrf_sha256: str
    factors: tuple[str, ...]

    def has_csrf(self, given: str) -> bool:
        """Tell whether this is the session's token against forged requests."""
        return hmac.compare_digest(self.csrf_sha256, token_hash(given))


def new_token() -> str:
    """Return a fresh token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(token: str) -> str:
    """Return the token against forged requests of a session; it tells nothing of the session's own."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"evidence csrf", hashlib.sha256).hexdigest()


def open_session(
    unit: UnitOfWork, site: Site, person_id: str, factors: tuple[str, ...], network: str
) -> tuple[str, str]:
    """Open a session for somebody who has shown these factors; return its token and the one against forgery.

    The token is always a new one: none that was there before signing in is ever taken over (fixation).
    """
    token, now, rules = new_token(), site.clock.now(), site.terms.sign_in
    csrf = csrf_of(token)
    new = StoredSession(
        id=new_id(),
        token_sha256=token_hash(token),
        person_id=person_id,
        factors=factors,
        csrf_sha256=token_hash(csrf),
        network=network,
        opened_at=now,
        seen_at=now,
        ends_at=now + rules.longest,
    )
    unit.sessions.add(new)
    facts = {"factors": list(factors), "session": new.id}
    unit.log.append(
        Entry(Act.SIGN_IN, person_id, (("account", person_id),), facts=facts, personal={"network": network}),
        now,
    )
    return token, csrf


def end_sessions(unit: UnitOfWork, person_id: str, why: str, at: datetime, keep: str | None = None) -> int:
    """End all sessions of somebody, but for one (its id); return how many. why: a word for the log."""
    ended = 0
    for one in unit.sessions.open_of(person_id):
        if one.id != keep:
            ended += end_session(unit, one, why, at)
    return ended


def end_session(unit: UnitOfWork, one: StoredSession, why: str, at: datetime) -> bool:
    """End one session and log it; False when it has ended before."""
    if not unit.sessions.end(one.id, why, at):
        return False
    facts = {"session": one.id, "why": why}
    unit.log.append(Entry(Act.SESSION_END, one.person_id, (("account", one.person_id),), facts=facts), at)
    return True


@dataclass(frozen=True)
class Sessions:
    """Who comes with a session."""

    site: Site

    def identify(self, token: str) -> Caller | None:
        """Return the person of a session in force, with what they may right now; None for any other token."""
        found = self.find(token)
        return None if found is None else found.caller

    def find(self, token: str) -> OpenSession | None:
        """Return the session in force of a token. Looks up by hash: nothing to time."""
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            one = unit.sessions.by_token(token_hash(token))
            if one is None or one.ended_at is not None:
                return None
            why = self._over(unit, one, now)
            caller = None if why else unit.grants.caller(one.person_id, now)
        if caller is None:
            with self.site.database.writing() as unit:
                end_session(unit, one, why or "left", now)
            return None
        if now - one.seen_at >= SEEN_EVERY:
            with self.site.database.writing() as unit:
                unit.sessions.see(one.id, now)
        return OpenSession(one.id, caller, one.csrf_sha256, one.factors)

    def sign_out(self, token: str) -> None:
        """End the session of a token, if there is one."""
        with self.site.database.writing() as unit:
            one = unit.sessions.by_token(token_hash(token))
            if one is not None:
                end_session(unit, one, "signed-out", self.site.clock.now())

    def _over(self, unit: UnitOfWork, one: StoredSession, now: datetime) -> str | None:
        """Tell why a session that nobody has ended is over all the same; None where it is not."""
        account, person = unit.sign_ins.get(one.person_id), unit.people.get(one.person_id)
        if account is None or account.disabled_at is not None:
            return "disabled"
        if account.password_at is not None and account.password_at > one.opened_at:
            return "password"
        if person is None or not may_sign_in(
            person, unit.people.undertakings(person.id), local_day(self.site.policies, now), now
        ):
            return "left"
        if unit.sessions.has_other_rights(one.person_id, one.opened_at, now):
            return "roles"
        if now >= one.ends_at:
            return "longest"
        return "idle" if now >= one.seen_at + self.site.terms.sign_in.idle else None


def session_of(unit: UnitOfWork, person_id: str, session_id: str) -> StoredSession:
    """Return a session of a person by its id. Raises: NotFound("session-not-found")."""
    for one in unit.sessions.open_of(person_id):
        if one.id == session_id:
            return one
    raise NotFound("session-not-found", session=session_id)
