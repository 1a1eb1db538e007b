"""Passkeys: as a second factor after the password, and alone, where the authenticator has verified its user.

1. What is asked is asked for five minutes and answered once; the challenge is made of the token of the step,
   so that nothing is kept by which somebody else could go on.
2. A passkey is added and removed only by who shows the password again (own_account.py).
3. Alone it counts as two factors, having and knowing or being, and so must verify its user; after a password
   only where the profile says so.
4. A counter that goes back means a copy (WebAuthn Level 2, 6.1.1): refused, told in the log of custody, and
   the passkey opens nothing any more.
Failed tries get one and the same answer: Refused("sign-in-failed").
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.rights import Action
from evidence.domain.sign_in import STEP_LIVES
from evidence.errors import Conflict, NotFound, Refused, Unavailable
from evidence.service.gate import admits
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.accounts import verify_name
from evidence.service.sign_in.links import managed, managing
from evidence.service.sign_in.own_account import OwnAccount
from evidence.service.sign_in.passkey_ports import PasskeyChecks, StoredPasskey
from evidence.service.sign_in.sessions import new_token, token_hash
from evidence.service.sign_in.sign_in_ports import StoredChallenge, StoredSignIn
from evidence.service.sign_in.signing_in import (
    MoreAsked,
    SignedIn,
    SigningIn,
    barred,
    needs_second_factor,
    second_factors,
)
from evidence.service.site import Site

MOST_PASSKEYS = 20
_NEW, _ALONE, _SECOND = "passkey-new", "passkey", "second-factor"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is asked: the token of the step, and the options for its authenticator, as JSON."""

    token: str
    options: str


def challenge_of(token: str) -> bytes:
    """Return the challenge of a step: 256 bits that only who holds its token can know beforehand."""
    return hashlib.sha256(b"evidence passkey/1\x00" + token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Passkeys:
    """The desk for passkeys: one's own, and of people whose accounts one manages."""

    site: Site
    checks: PasskeyChecks | None  # None: the site has no public address

    @admits(Action.OWN_ACCOUNT)
    def own(self, caller: Caller) -> Sequence[StoredPasskey]:
        """Return one's passkeys, oldest first."""
        with self.site.database.reading() as unit:
            return unit.passkeys.of(caller.id)

    @admits(Action.OWN_ACCOUNT)
    def offer(self, caller: Caller, password: str, network: str) -> Asked:
        """Begin to add a passkey, after the password was shown again.

        Raises: Refused("sign-in-failed"), Conflict("too-many-passkeys"), Unavailable("public-url-missing").
        """
        checks = checks_of(self.checks)
        account = OwnAccount(self.site)._prove(caller, password, network)
        with self.site.database.writing() as unit:
            known = unit.passkeys.of(caller.id)
            if len(known) >= MOST_PASSKEYS:
                raise Conflict("too-many-passkeys", most=MOST_PASSKEYS)
            token = ask_step(unit, _NEW, caller.id, "", self.site.clock.now())
        credentials = [one.credential for one in known]
        return Asked(token, checks.ask_new(challenge_of(token), caller.id, account.login, credentials))

    @admits(Action.OWN_ACCOUNT)
    def add(self, caller: Caller, token: str, name: str, answer: str) -> StoredPasskey:
        """Add the passkey that a browser has made.

        Raises: Invalid("invalid-name"), Refused("step-over", "passkey-refused"), Conflict("passkey-known").
        """
        verify_name(name)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            asked = unit.challenges.get(token_hash(token), _NEW, now)
            if asked is None or asked.person_id != caller.id:
                raise Refused("step-over")
            unit.challenges.use(asked.token_sha256, now)  # whatever the answer is worth
        made = checks_of(self.checks).read_new(answer, challenge_of(token))
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            new = StoredPasskey(
                new_id(), caller.id, made.credential, made.public_key, made.sign_count, name, now
            )
            unit.passkeys.add(new)
            unit.log.append(_told(Act.FACTOR_ADD, caller.id, caller.id, new), now)
        return new

    @admits(Action.OWN_ACCOUNT)
    def rename(self, caller: Caller, passkey_id: str, name: str) -> None:
        """Give one's passkey another name; logged. Raises: NotFound, Invalid("invalid-name")."""
        verify_name(name)
        with self.site.database.writing() as unit:
            one = _of(unit, caller.id, passkey_id)
            unit.passkeys.rename(one.id, name)
            unit.log.append(_told(Act.FACTOR_RENAME, caller.id, caller.id, one), self.site.clock.now())

    @admits(Action.OWN_ACCOUNT)
    def remove(self, caller: Caller, passkey_id: str, password: str, network: str) -> None:
        """Remove one's passkey. Raises: NotFound, Refused, Conflict("second-factor-needed")."""
        account = OwnAccount(self.site)._prove(caller, password, network)
        with self.site.database.writing() as unit:
            now, one = self.site.clock.now(), _of(unit, caller.id, passkey_id)
            unit.passkeys.remove(one.id)
            needs = needs_second_factor(unit, self.site.terms.sign_in, caller.id, now)
            if needs and not second_factors(unit, account):
                raise Conflict("second-factor-needed")  # the transaction takes the removal back
            unit.log.append(_told(Act.FACTOR_REMOVE, caller.id, caller.id, one), now)

    @admits(Action.MANAGE_ACCOUNTS)
    def withdraw(self, caller: Caller, number: str) -> int:
        """Remove all passkeys of somebody who has lost theirs; return how many. Raises: NotFound, Refused."""
        with managing(self.site, caller) as unit:
            person, now = managed(unit, self.site, caller, number), self.site.clock.now()
            keys = unit.passkeys.of(person.id)
            for one in keys:
                unit.passkeys.remove(one.id)
                unit.log.append(_told(Act.FACTOR_REMOVE, caller.id, person.id, one), now)
        return len(keys)


@dataclass(frozen=True)
class PasskeySignIn:
    """The desk where people sign in with a passkey."""

    site: Site
    checks: PasskeyChecks | None

    def ask_second(self, token: str) -> str:
        """Return what to ask a browser after the password was shown. Raises: Refused("step-over")."""
        checks = checks_of(self.checks)
        with self.site.database.reading() as unit:
            account, _ = SigningIn(self.site)._asked(unit, token, _SECOND)
            allowed = [one.credential for one in unit.passkeys.of(account.person_id) if not one.doubted_at]
        return checks.ask(challenge_of(token), allowed, self.site.terms.sign_in.verifies_user)

    def show_second(self, token: str, answer: str, network: str) -> SignedIn | MoreAsked:
        """Take the passkey as a second factor. Raises: Refused("sign-in-failed", "step-over")."""
        checks, rules = checks_of(self.checks), self.site.terms.sign_in
        with self.site.database.writing() as unit:
            account, asked = SigningIn(self.site)._asked(unit, token, _SECOND)
            why = self._refusal(unit, checks, account, token, answer, rules.verifies_user)
            if why is None:
                return SigningIn(self.site).meet(unit, asked, account, "passkey", network)
            self._fail(unit, account.person_id, why, network)
        raise Refused("sign-in-failed")

    def begin(self) -> Asked:
        """Ask a browser for any passkey that it has."""
        checks = checks_of(self.checks)
        with self.site.database.writing() as unit:
            token = ask_step(unit, _ALONE, None, "", self.site.clock.now())
        return Asked(token, checks.ask(challenge_of(token), [], verifies_user=True))

    def finish(self, token: str, answer: str, network: str) -> SignedIn | MoreAsked:
        """Sign in with nothing but a passkey. Raises: Refused("sign-in-failed", "step-over")."""
        checks = checks_of(self.checks)
        with self.site.database.writing() as unit:
            if not self._use(unit, token):
                raise Refused("step-over")
        credential = checks.credential_of(answer)
        with self.site.database.writing() as unit:
            key = unit.passkeys.by_credential(credential)
            account = unit.sign_ins.get(key.person_id) if key else None
            why = "passkey-unknown"
            if account is not None:
                refusal = self._refusal(unit, checks, account, token, answer, verifies_user=True)
                if refusal is None:
                    return SigningIn(self.site).finish(unit, account, ("passkey",), network)
                why = refusal
            self._fail(unit, account.person_id if account else None, why, network)
        raise Refused("sign-in-failed")

    def _use(self, unit: UnitOfWork, token: str) -> bool:
        now = self.site.clock.now()
        asked = unit.challenges.get(token_hash(token), _ALONE, now)
        return asked is not None and unit.challenges.use(asked.token_sha256, now)

    def _refusal(
        self,
        unit: UnitOfWork,
        checks: PasskeyChecks,
        account: StoredSignIn,
        token: str,
        answer: str,
        verifies_user: bool,
    ) -> str | None:
        """Tell why an answer opens nothing, in one word; None where it does, and its use is noted."""
        now = self.site.clock.now()
        try:
            key = unit.passkeys.by_credential(checks.credential_of(answer))
            if key is None or key.person_id != account.person_id:
                return "passkey-unknown"
            count = checks.read(answer, challenge_of(token), key, verifies_user)
        except Refused:
            return "passkey"
        if key.doubted_at is not None:
            return "passkey-copied"
        if (count or key.sign_count) and count <= key.sign_count:
            unit.passkeys.doubt(key.id, now)
            unit.log.append(_told(Act.FACTOR_DOUBT, "service", account.person_id, key), now)
            return "passkey-copied"
        if not unit.passkeys.use(key.id, key.sign_count, count, now):
            return "passkey"
        return barred(unit, self.site, account, now)

    def _fail(self, unit: UnitOfWork, person_id: str | None, why: str, network: str) -> None:
        about = (("account", person_id),) if person_id else ()
        told = {"network": network}
        entry = Entry(Act.SIGN_IN_FAIL, "anyone", about, "refused", {"why": why}, personal=told)
        unit.log.append(entry, self.site.clock.now())


def ask_step(unit: UnitOfWork, kind: str, person_id: str | None, body: str, now: datetime) -> str:
    """Begin a step that is answered once within five minutes; return its token."""
    token = new_token()
    made_by = person_id or "anyone"
    unit.challenges.add(
        StoredChallenge(token_hash(token), kind, person_id, body, made_by, now, now + STEP_LIVES)
    )
    return token


def checks_of(checks: PasskeyChecks | None) -> PasskeyChecks:
    """Return what checks passkeys. Raises: Unavailable("public-url-missing")."""
    if checks is None:
        raise Unavailable("public-url-missing")
    return checks


def _of(unit: UnitOfWork, person_id: str, passkey_id: str) -> StoredPasskey:
    for one in unit.passkeys.of(person_id):
        if one.id == passkey_id:
            return one
    raise NotFound("passkey-not-found", passkey=passkey_id)


def _told(act: Act, by: str, person_id: str, key: StoredPasskey) -> Entry:
    objects = (("account", person_id), ("passkey", key.id))
    return Entry(act, by, objects, facts={"factor": "passkey"})
