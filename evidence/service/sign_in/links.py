"""One-time links: how somebody comes to their first password, or to a new one when the old is lost.

A link is 256 random bits, stored as their SHA-256, good for 72 hours and for one use. It is made by a
security administrator or on the server, never by its owner, and takes the second factor along: whoever lost
the telephone needs one too (ASVS 5.0, 6.4.1, 6.4.4). Using it sets the password; a second factor is then set
up where the profile wants one, or where its owner does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.people import Person, is_below, may_sign_in
from evidence.domain.rights import ALLOWED, Action, Kind
from evidence.domain.sign_in import LINK_LIVES, STEP_LIVES
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.passwords import set_password, work_out
from evidence.service.sign_in.sessions import new_token, token_hash
from evidence.service.sign_in.sign_in_ports import StoredChallenge, StoredSignIn
from evidence.service.sign_in.signing_in import barred, needs_second_factor
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Offer:
    """A second factor to set up: its secret as text and picture, shown this once, and the token for it."""

    token: str
    secret: str
    picture: str


def make_link(unit: UnitOfWork, person: Person, by: str, now: datetime) -> str:
    """Make a link for somebody, and an account where there is none; earlier links are worthless."""
    if unit.sign_ins.get(person.id) is None:
        unit.sign_ins.add(StoredSignIn(person.id, person.number, now))
    token = new_token()
    unit.challenges.withdraw(person.id, "link", now)
    unit.challenges.add(
        StoredChallenge(token_hash(token), "link", person.id, "set-password", by, now, now + LINK_LIVES)
    )
    unit.log.append(Entry(Act.LINK_MAKE, by, (("account", person.id),)), now)
    return token


@contextmanager
def managing(site: Site, caller: Caller) -> Iterator[UnitOfWork]:
    """Write about an account that the caller manages (`managed`); what is refused is logged."""
    with tries_logged(site, caller, Action.MANAGE_ACCOUNTS), site.database.writing() as unit:
        yield unit


def managed(unit: UnitOfWork, site: Site, caller: Caller, number: str) -> Person:
    """Return the person with a number, whose account the caller manages.

    Raises: NotFound("person-not-found"), Refused("own-account"); Refused("not-permitted") for somebody who
    was given more, somewhere, than the caller answers for: nobody rises by another's password.
    """
    person = unit.people.by_number(number)
    home = unit.units.get(person.unit_id) if person else None
    if person is None or home is None:
        raise NotFound("person-not-found", number=number)
    if not may_in(caller, Action.MANAGE_ACCOUNTS, home.path, site.bars()):
        raise OutOfSight("person-not-found", number=number)
    if caller.kind is not Kind.PERSON:
        return person
    if person.id == caller.id:
        raise Refused("own-account")
    mine = [one.path for one in caller.grants if Action.MANAGE_ACCOUNTS in ALLOWED[one.role]]
    theirs = unit.grants.caller(person.id, site.clock.now())
    for grant in theirs.grants if theirs else ():
        if not any(is_below(grant.path, path) for path in mine):
            raise Refused("not-permitted", action=Action.MANAGE_ACCOUNTS.value)
    return person


@dataclass(frozen=True)
class Links:
    """The desk for one-time links."""

    site: Site

    @admits(Action.MANAGE_ACCOUNTS)
    def make(self, caller: Caller, number: str) -> str:
        """Make a link for the person with a number; return its token, shown this once.

        Raises: NotFound, Refused; Conflict("account-not-active") for somebody who may not sign in.
        """
        self.site.codes.prepare()
        with managing(self.site, caller) as unit:
            person, now = managed(unit, self.site, caller, number), self.site.clock.now()
            day, signed = local_day(self.site.policies, now), unit.people.undertakings(person.id)
            if not may_sign_in(person, signed, day, now):
                raise Conflict("account-not-active", number=number)
            return make_link(unit, person, caller.id, now)

    def owner(self, token: str) -> str:
        """Return the login that a link is for. Raises: NotFound("link-not-usable")."""
        with self.site.database.reading() as unit:
            return self._account(unit, token, "link")[0].login

    def use(self, token: str, password: str) -> Offer:
        """Set a password by a link, once; offer to set up a second factor.

        Raises: NotFound("link-not-usable"), Invalid("weak-password"): then the link is as good as before.
        """
        with self.site.database.reading() as unit:
            account, _ = self._account(unit, token, "link")
            person = unit.people.get(account.person_id)
        written = work_out(self.site, account, person, password)
        with self.site.database.writing() as unit:
            account, link = self._account(unit, token, "link")
            now, about = self.site.clock.now(), (("account", account.person_id),)
            if not unit.challenges.use(link.token_sha256, now):
                raise NotFound("link-not-usable")
            unit.log.append(Entry(Act.LINK_USE, account.person_id, about), now)
            set_password(unit, self.site, account.person_id, written, account.person_id)
            if account.totp_secret is not None:
                remove_codes(unit, account, now)
            remove_passkeys(unit, account, now)
            return self.offer(unit, account)

    def offer(self, unit: UnitOfWork, account: StoredSignIn) -> Offer:
        """Make a secret for codes by the clock; it counts once a code of it was shown."""
        codes, now, token = self.site.codes, self.site.clock.now(), new_token()
        secret = codes.new_secret()
        address = codes.address(secret, account.login, "evidence")
        body = codes.seal(secret, account.person_id).hex()
        person, ends_at = account.person_id, now + 3 * STEP_LIVES
        unit.challenges.withdraw(person, "enrol", now)
        unit.challenges.add(
            StoredChallenge(token_hash(token), "enrol", person, body, "service", now, ends_at)
        )
        shown = address.partition("secret=")[2].partition("&")[0]
        return Offer(token, shown, codes.picture(address))

    def confirm(self, token: str, code: str) -> None:
        """Take a code of the offered secret: from now on it is the second factor.

        Raises: Refused("step-over"), Invalid("code-wrong").
        """
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            asked = unit.challenges.get(token_hash(token), "enrol", now)
            account = unit.sign_ins.get(asked.person_id) if asked and asked.person_id else None
            if asked is None or account is None or barred(unit, self.site, account, now):
                raise Refused("step-over")
            sealed, person = bytes.fromhex(asked.body), account.person_id
            step = self.site.codes.step(sealed, person, code, now)
            if step is None or not unit.sign_ins.use_step(person, step):
                raise Invalid("code-wrong")
            if not unit.challenges.use(asked.token_sha256, now):
                raise Refused("step-over")
            unit.sign_ins.set_totp(person, sealed)
            about = (("account", person),)
            unit.log.append(Entry(Act.FACTOR_ADD, person, about, facts={"factor": "totp"}), now)

    def must_confirm(self, token: str) -> bool:
        """Tell whether the second factor on offer is needed to sign in. Raises: Refused("step-over")."""
        with self.site.database.reading() as unit:
            now = self.site.clock.now()
            asked = unit.challenges.get(token_hash(token), "enrol", now)
            if asked is None or asked.person_id is None:
                raise Refused("step-over")
            return needs_second_factor(unit, self.site.terms.sign_in, asked.person_id, now)

    def _account(self, unit: UnitOfWork, token: str, kind: str) -> tuple[StoredSignIn, StoredChallenge]:
        now = self.site.clock.now()
        asked = unit.challenges.get(token_hash(token), kind, now)
        account = unit.sign_ins.get(asked.person_id) if asked and asked.person_id else None
        if asked is None or account is None or barred(unit, self.site, account, now):
            raise NotFound("link-not-usable")
        return account, asked


def remove_codes(unit: UnitOfWork, account: StoredSignIn, now: datetime) -> None:
    """Take away somebody's codes by the clock."""
    unit.sign_ins.set_totp(account.person_id, None)
    about = (("account", account.person_id),)
    unit.log.append(Entry(Act.FACTOR_REMOVE, account.person_id, about, facts={"factor": "totp"}), now)


def remove_passkeys(unit: UnitOfWork, account: StoredSignIn, now: datetime) -> None:
    """Take away somebody's passkeys: whoever stole the account may have added one."""
    for one in unit.passkeys.of(account.person_id):
        unit.passkeys.remove(one.id)
        objects = (("account", account.person_id), ("passkey", one.id))
        unit.log.append(
            Entry(Act.FACTOR_REMOVE, account.person_id, objects, facts={"factor": "passkey"}), now
        )
