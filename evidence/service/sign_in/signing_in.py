"""Signing in: login and password, then a second factor where there is one, then a session.

1. The try is counted; a locked account is not tried (lock_out.py).
2. The password is compared, whoever is asked for: unknown, disabled, locked and wrong cost the same work.
3. Whoever may not sign in (left, contract over, undertakings missing: domain/people.py) has failed.
4. Whoever has a second factor is asked for it; who needs one and has none needs a new link.
5. A password that has run out is replaced first, where the profile says so.
The answer to a failed try is one and the same: Refused("sign-in-failed").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.domain.people import may_sign_in
from evidence.domain.sign_in import SECOND_FACTOR, STEP_LIVES, SignInRules
from evidence.errors import Refused
from evidence.service.instruments import local_day
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.lock_out import begin_try, fail, login_hash, take_back
from evidence.service.sign_in.passwords import set_password, work_out
from evidence.service.sign_in.sessions import new_token, open_session, token_hash
from evidence.service.sign_in.sign_in_ports import StoredChallenge, StoredSignIn
from evidence.service.site import Site

LONGEST_LOGIN = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened: its token and the one against forged requests."""

    token: str
    csrf: str


@dataclass(frozen=True, slots=True)
class MoreAsked:
    """Something else is asked first: "second-factor" (in one of these ways) or "new-password"."""

    token: str
    kind: str
    ways: tuple[str, ...] = ()


def second_factors(unit: UnitOfWork, account: StoredSignIn) -> tuple[str, ...]:
    """Return the second factors that somebody has."""
    has_passkey = any(one.doubted_at is None for one in unit.passkeys.of(account.person_id))
    ways = {"totp": account.totp_secret is not None, "passkey": has_passkey}
    return tuple(way for way, is_there in ways.items() if is_there)


def barred(unit: UnitOfWork, site: Site, account: StoredSignIn, now: datetime) -> str | None:
    """Tell why an account may not sign in now, in one word; None where it may."""
    if account.disabled_at is not None:
        return "disabled"
    person = unit.people.get(account.person_id)
    day = local_day(site.policies, now)
    if person is None or not may_sign_in(person, unit.people.undertakings(person.id), day, now):
        return "left"
    return None


def needs_second_factor(unit: UnitOfWork, rules: SignInRules, person_id: str, now: datetime) -> bool:
    """Tell whether somebody signs in with two factors, by the roles they have now."""
    return rules.needs_second_factor(one.role for one in unit.grants.in_force(now, person_id))


@dataclass(frozen=True)
class SigningIn:
    """The desk where people sign in."""

    site: Site

    def begin(self, login: str, password: str, network: str) -> SignedIn | MoreAsked:
        """Take login and password. Raises: Refused("sign-in-failed"), Refused("second-factor-missing")."""
        login, rules = login.strip()[:LONGEST_LOGIN], self.site.terms.sign_in
        login = login.replace("\0", " ").encode("utf-8", "replace").decode()
        with self.site.database.writing() as unit:
            may_try = begin_try(unit, rules, login, network, self.site.clock.now())
            asked = unit.sign_ins.by_login(login)
        fits = self.site.passwords.matches(asked.password if asked else None, password)
        anew = self._anew(asked, password) if fits and asked else None
        with self.site.database.writing() as unit:
            now, account = self.site.clock.now(), unit.sign_ins.by_login(login)
            why = self._refusal(unit, may_try, asked, account, fits, now)
            if why is None and account is not None:
                if anew and account.password_at:
                    unit.sign_ins.set_password(account.person_id, anew, account.password_at)
                answer = self._go_on(unit, account, network, now)
                if answer is not None:
                    return answer
                why = "second-factor-missing"
                take_back(unit, login, network)
            person_id = account.person_id if account else None
            fail(unit, rules, login, network, person_id, str(why), now, network)
        raise Refused("second-factor-missing" if why == "second-factor-missing" else "sign-in-failed")

    def show_code(self, token: str, code: str, network: str) -> SignedIn | MoreAsked:
        """Take the code of the second factor. Raises: Refused("sign-in-failed"), Refused("step-over")."""
        rules = self.site.terms.sign_in
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            account, asked = self._asked(unit, token, "second-factor")
            may_try = begin_try(unit, rules, account.login, SECOND_FACTOR, now)
            step = self.site.codes.step(account.totp_secret, account.person_id, code, now)
            why = barred(unit, self.site, account, now) if may_try else "locked"
            if why is None and (step is None or not unit.sign_ins.use_step(account.person_id, step)):
                why = "code"
            if why is None:
                return self.meet(unit, asked, account, "totp", network)
            fail(unit, rules, account.login, SECOND_FACTOR, account.person_id, why, now, network)
        raise Refused("sign-in-failed")

    def replace_password(self, token: str, password: str, network: str) -> SignedIn:
        """Replace a password that has run out. Raises: Refused("step-over"), Invalid("weak-password")."""
        with self.site.database.reading() as unit:
            account, _ = self._asked(unit, token, "new-password")
            person = unit.people.get(account.person_id)
        written = work_out(self.site, account, person, password)
        with self.site.database.writing() as unit:
            account, asked = self._asked(unit, token, "new-password")
            now = self.site.clock.now()
            if barred(unit, self.site, account, now) or not unit.challenges.use(asked.token_sha256, now):
                raise Refused("step-over")
            set_password(unit, self.site, account.person_id, written, account.person_id)
            factors = tuple(asked.body.split())
            return SignedIn(*open_session(unit, self.site, account.person_id, factors, network))

    def _asked(self, unit: UnitOfWork, token: str, kind: str) -> tuple[StoredSignIn, StoredChallenge]:
        """Return what was asked, and of whom. Raises: Refused("step-over")."""
        asked = unit.challenges.get(token_hash(token), kind, self.site.clock.now())
        account = unit.sign_ins.get(asked.person_id) if asked and asked.person_id else None
        if asked is None or account is None:
            raise Refused("step-over")
        return account, asked

    def meet(
        self, unit: UnitOfWork, asked: StoredChallenge, account: StoredSignIn, factor: str, network: str
    ) -> SignedIn | MoreAsked:
        """Go on after a second factor was shown. Raises: Refused("step-over") for one that is used up."""
        if not unit.challenges.use(asked.token_sha256, self.site.clock.now()):
            raise Refused("step-over")
        unit.failures.clear(login_hash(account.login), SECOND_FACTOR)
        return self.finish(unit, account, (*asked.body.split(), factor), network)

    def finish(
        self, unit: UnitOfWork, account: StoredSignIn, factors: tuple[str, ...], network: str
    ) -> SignedIn | MoreAsked:
        """Open the session, after all that was asked for was shown."""
        now = self.site.clock.now()
        unit.failures.clear(login_hash(account.login), network)
        if "password" in factors and self.site.terms.sign_in.is_over(account.password_at, now):
            return MoreAsked(self._ask(unit, account, "new-password", factors), "new-password")
        return SignedIn(*open_session(unit, self.site, account.person_id, factors, network))

    def _go_on(
        self, unit: UnitOfWork, account: StoredSignIn, network: str, now: datetime
    ) -> SignedIn | MoreAsked | None:
        ways = second_factors(unit, account)
        if ways:
            take_back(unit, account.login, network)
            token = self._ask(unit, account, "second-factor", ("password",))
            return MoreAsked(token, "second-factor", ways)
        if needs_second_factor(unit, self.site.terms.sign_in, account.person_id, now):
            return None
        return self.finish(unit, account, ("password",), network)

    def _refusal(
        self,
        unit: UnitOfWork,
        may_try: bool,
        asked: StoredSignIn | None,
        account: StoredSignIn | None,
        fits: bool,
        now: datetime,
    ) -> str | None:
        if not may_try:
            return "locked"
        if asked is None or account is None:
            return "unknown"
        if not fits or asked.password != account.password:  # it was changed meanwhile
            return "password"
        return barred(unit, self.site, account, now)

    def _anew(self, account: StoredSignIn, password: str) -> str | None:
        """Return a password written as strongly as the site asks for today, where it is not yet."""
        is_weak = account.password is not None and self.site.passwords.is_outdated(account.password)
        return self.site.passwords.write(password) if is_weak else None

    def _ask(self, unit: UnitOfWork, account: StoredSignIn, kind: str, factors: tuple[str, ...]) -> str:
        token, now = new_token(), self.site.clock.now()
        person = account.person_id
        ends_at = now + STEP_LIVES
        body = " ".join(factors)
        unit.challenges.add(StoredChallenge(token_hash(token), kind, person, body, "service", now, ends_at))
        return token
