"""One's own account: sessions, password, second factor. What changes how one signs in asks for the password.

Nobody else's account is touched from here, and no role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Conflict, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.sign_in.links import Links, Offer, remove_codes
from evidence.service.sign_in.lock_out import begin_try, fail, login_hash
from evidence.service.sign_in.passwords import set_password, work_out
from evidence.service.sign_in.sessions import end_session, end_sessions, open_session, session_of
from evidence.service.sign_in.sign_in_ports import StoredSession, StoredSignIn
from evidence.service.sign_in.signing_in import SignedIn, needs_second_factor
from evidence.service.site import Site


@dataclass(frozen=True)
class OwnAccount:
    """The desk for one's own account. session_id: of the session that asks."""

    site: Site

    @admits(Action.OWN_ACCOUNT)
    def sessions(self, caller: Caller) -> Sequence[StoredSession]:
        """Return one's sessions in force, oldest first."""
        rules, now = self.site.terms.sign_in, self.site.clock.now()
        with self.site.database.reading() as unit:
            return [
                one
                for one in unit.sessions.open_of(caller.id)
                if now < one.ends_at and now < one.seen_at + rules.idle
            ]

    @admits(Action.OWN_ACCOUNT)
    def end(self, caller: Caller, session_id: str) -> None:
        """End one of one's own sessions. Raises: NotFound("session-not-found")."""
        with self.site.database.writing() as unit:
            one = session_of(unit, caller.id, session_id)
            end_session(unit, one, "signed-out", self.site.clock.now())

    @admits(Action.OWN_ACCOUNT)
    def end_others(self, caller: Caller, session_id: str) -> int:
        """End all of one's sessions but this one; return how many."""
        with self.site.database.writing() as unit:
            return end_sessions(unit, caller.id, "signed-out", self.site.clock.now(), keep=session_id)

    @admits(Action.OWN_ACCOUNT)
    def has_codes(self, caller: Caller) -> bool:
        """Tell whether one's second factor is a code by the clock."""
        with self.site.database.reading() as unit:
            account = unit.sign_ins.get(caller.id)
        return account is not None and account.totp_secret is not None

    @admits(Action.OWN_ACCOUNT)
    def change_password(self, caller: Caller, session_id: str, old: str, new: str, network: str) -> SignedIn:
        """Set another password: all sessions end, and a new one is opened in the place of this.

        Raises: Refused("sign-in-failed") for a wrong old one, Invalid("weak-password").
        """
        account = self._prove(caller, old, network)
        with self.site.database.reading() as unit:
            person = unit.people.get(caller.id)
        written = work_out(self.site, account, person, new)
        with self.site.database.writing() as unit:
            one = session_of(unit, caller.id, session_id)
            set_password(unit, self.site, caller.id, written, caller.id)
            return SignedIn(*open_session(unit, self.site, caller.id, one.factors, network))

    @admits(Action.OWN_ACCOUNT)
    def offer_codes(self, caller: Caller, password: str, network: str) -> Offer:
        """Offer a new second factor. It counts after `Links.confirm`. Raises: Refused("sign-in-failed")."""
        self._prove(caller, password, network)
        with self.site.database.writing() as unit:
            account = unit.sign_ins.get(caller.id)
            if account is None:
                raise NotFound("person-not-found", number=caller.name)
            return Links(self.site).offer(unit, account)

    @admits(Action.OWN_ACCOUNT)
    def remove_codes(self, caller: Caller, password: str, network: str) -> None:
        """Do without a second factor. Raises: Refused; Conflict("second-factor-needed") where it must be."""
        account = self._prove(caller, password, network)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            if needs_second_factor(unit, self.site.terms.sign_in, caller.id, now):
                raise Conflict("second-factor-needed")
            remove_codes(unit, account, now)

    def _prove(self, caller: Caller, password: str, network: str) -> StoredSignIn:
        """Have the owner show the password again; a session that was stolen is not enough."""
        rules = self.site.terms.sign_in
        with self.site.database.writing() as unit:
            account = unit.sign_ins.get(caller.id)
            if account is None:
                raise Refused("sign-in-failed")
            may_try = begin_try(unit, rules, account.login, network, self.site.clock.now())
        fits = self.site.passwords.matches(account.password, password)
        with self.site.database.writing() as unit:
            if may_try and fits:
                unit.failures.clear(login_hash(account.login), network)
                return account
            why = "password" if may_try else "locked"
            fail(unit, rules, account.login, network, caller.id, why, self.site.clock.now(), network)
        raise Refused("sign-in-failed")
