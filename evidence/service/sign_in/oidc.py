"""Single sign-on by OpenID Connect: a provider says who somebody is, an administrator who that is here.

1. An identity (issuer and subject) is linked to a person by an administrator's act. Nothing that a provider
   says makes a person, an account or a link, and no e-mail address is ever compared.
2. State, nonce and PKCE verifier are made of the token of the step, which only the browser that began holds:
   what comes back without it, or a second time, is refused (RFC 9700; OpenID Connect Core 3.1).
3. The provider's word is one factor. It is two only where the profile names what it must say (`amr`), and
   otherwise our own second factor is asked for.
4. Whoever may not sign in here (left, disabled, undertakings missing) does not by a provider either.
A provider that does not answer takes nothing else away: passwords and passkeys go on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from evidence.service.gate import admits
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.links import managed, managing
from evidence.service.sign_in.passkeys import ask_step
from evidence.service.sign_in.sessions import end_sessions, token_hash
from evidence.service.sign_in.signing_in import (
    MoreAsked,
    SignedIn,
    SigningIn,
    barred,
    needs_second_factor,
    second_factors,
)
from evidence.service.site import Site

LONGEST_SUBJECT = 255  # characters (OpenID Connect Core, section 2)
_KIND, _SECOND = "oidc", "second-factor"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a provider says somebody is, and how they signed in there."""

    subject: str
    methods: frozenset[str] = frozenset()


class Provider(Protocol):
    """A provider of single sign-on."""

    @property
    def issuer(self) -> str:
        """Its name, as it stands in its tokens."""

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send a browser. Raises: Unavailable("provider-unavailable")."""

    def redeem(self, code: str, issuer: str | None, nonce: str, verifier: str, now: datetime) -> Identity:
        """Redeem a code, once. issuer: what came with it, if anything.

        Raises: Refused("identity-refused") for anything that is not right; Unavailable.
        """

    def logout_address(self) -> str | None:
        """Return where a browser ends its session at the provider; None where there is no such place."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a browser brought back from the provider."""

    state: str
    code: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a browser is sent, and the token of the step that it must bring back, in a cookie."""

    token: str
    address: str


def made_of(token: str, what: str) -> str:
    """Return state, nonce or verifier of a step: 43 characters that tell nothing of its token."""
    digest = hmac.new(
        token.encode("utf-8", "surrogatepass"), f"evidence oidc {what}".encode(), hashlib.sha256
    )
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def subject_hash(subject: str) -> str:
    """Return what stands for a subject where identities are looked up."""
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class SingleSignOn:
    """The desk where people come back from the provider."""

    site: Site
    provider: Provider | None

    def begin(self) -> Sent:
        """Begin to sign in at the provider. Raises: Unavailable, NotFound("no-provider")."""
        provider = self._there()
        with self.site.database.writing() as unit:
            token = ask_step(unit, _KIND, None, "", self.site.clock.now())
        made = [made_of(token, what) for what in ("state", "nonce", "verifier")]
        return Sent(token, provider.address(*made))

    def finish(self, token: str, returned: Returned, network: str) -> SignedIn | MoreAsked:
        """Sign in whom the provider names.

        Raises: Refused("step-over", "sign-in-failed", "identity-not-linked", "second-factor-missing"),
        Unavailable("provider-unavailable").
        """
        provider = self._there()
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            asked = unit.challenges.get(token_hash(token), _KIND, now)
            fits = hmac.compare_digest(
                made_of(token, "state").encode(), returned.state.encode("utf-8", "replace")
            )
            if asked is None or not fits or not unit.challenges.use(asked.token_sha256, now):
                raise Refused("step-over")
        identity = self._redeem(provider, token, returned, network)
        with self.site.database.writing() as unit:
            answer, why = self._take(unit, provider, identity, network)
            if answer is not None:
                return answer
        if why == "oidc-not-linked":
            raise Refused("identity-not-linked", subject=identity.subject)
        raise Refused(why if why == "second-factor-missing" else "sign-in-failed")

    def logout_address(self) -> str | None:
        """Return where to end the session at the provider too; None without one, or where it is not there."""
        try:
            return self.provider.logout_address() if self.provider else None
        except Unavailable:
            return None  # our own session is over all the same

    def _there(self) -> Provider:
        if self.provider is None:
            raise NotFound("no-provider")
        return self.provider

    def _redeem(self, provider: Provider, token: str, returned: Returned, network: str) -> Identity:
        try:
            if returned.code is None:
                raise Refused("identity-refused", reason="denied")
            nonce, verifier, now = made_of(token, "nonce"), made_of(token, "verifier"), self.site.clock.now()
            return provider.redeem(returned.code, returned.issuer, nonce, verifier, now)
        except Refused as problem:
            with self.site.database.writing() as unit:
                self._fail(unit, None, f"oidc-{problem.fields.get('reason', 'refused')}", network)
            raise Refused("sign-in-failed") from problem

    def _take(
        self, unit: UnitOfWork, provider: Provider, identity: Identity, network: str
    ) -> tuple[SignedIn | MoreAsked | None, str]:
        """Return what comes next for an identity, or why nothing does; that is logged."""
        now, rules = self.site.clock.now(), self.site.terms.sign_in
        person_id = unit.identities.person(provider.issuer, subject_hash(identity.subject))
        account = unit.sign_ins.get(person_id) if person_id else None
        if account is None:
            return None, self._fail(unit, person_id, "oidc-not-linked", network)
        if why := barred(unit, self.site, account, now):
            return None, self._fail(unit, person_id, why, network)
        if identity.methods & rules.strong_methods:
            return SigningIn(self.site).finish(unit, account, ("oidc", "mfa"), network), ""
        if ways := second_factors(unit, account):
            step = ask_step(unit, _SECOND, account.person_id, "oidc", now)
            return MoreAsked(step, _SECOND, ways), ""
        if needs_second_factor(unit, rules, account.person_id, now):
            return None, self._fail(unit, person_id, "second-factor-missing", network)
        return SigningIn(self.site).finish(unit, account, ("oidc",), network), ""

    def _fail(self, unit: UnitOfWork, person_id: str | None, why: str, network: str) -> str:
        about = (("account", person_id),) if person_id else ()
        told = {"network": network}
        entry = Entry(Act.SIGN_IN_FAIL, "anyone", about, "refused", {"why": why}, personal=told)
        unit.log.append(entry, self.site.clock.now())
        return why


@dataclass(frozen=True)
class Identities:
    """The desk where identities are linked to people."""

    site: Site
    provider: Provider | None

    @admits(Action.MANAGE_ACCOUNTS)
    def link(self, caller: Caller, number: str, subject: str) -> None:
        """Link an identity at the provider to a person with an account, in the place of the one before.

        Raises: NotFound("person-not-found", "no-provider"), Invalid("invalid-subject"),
        Conflict("identity-taken").
        """
        if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise Invalid("invalid-subject")
        if self.provider is None:
            raise NotFound("no-provider")
        issuer = self.provider.issuer
        with managing(self.site, caller) as unit:
            person, now = managed(unit, self.site, caller, number), self.site.clock.now()
            if unit.identities.person(issuer, subject_hash(subject)) is not None:
                raise Conflict("identity-taken")
            self._unlink(unit, caller, person, now)
            unit.identities.link(new_id(), person.id, issuer, subject_hash(subject), now)
            about, told = (("account", person.id),), {"subject": subject}
            facts = {"issuer": issuer}
            unit.log.append(Entry(Act.IDENTITY_LINK, caller.id, about, facts=facts, personal=told), now)

    @admits(Action.MANAGE_ACCOUNTS)
    def unlink(self, caller: Caller, number: str) -> None:
        """Take a person's identity away; sessions end. Raises: NotFound("person-not-found", "not-linked")."""
        with managing(self.site, caller) as unit:
            person = managed(unit, self.site, caller, number)
            if not self._unlink(unit, caller, person, self.site.clock.now()):
                raise NotFound("not-linked", number=number)

    @admits(Action.MANAGE_ACCOUNTS)
    def issuers(self, caller: Caller, number: str) -> Sequence[str]:
        """Return at which providers a person has an identity. Raises: NotFound("person-not-found")."""
        with self.site.database.reading() as unit:
            return unit.identities.issuers(managed(unit, self.site, caller, number).id)

    def _unlink(self, unit: UnitOfWork, caller: Caller, person: Person, now: datetime) -> bool:
        issuers = unit.identities.issuers(person.id)
        unit.identities.unlink(person.id)
        for issuer in issuers:
            end_sessions(unit, person.id, "identity", now)
            facts, about = {"issuer": issuer}, (("account", person.id),)
            unit.log.append(Entry(Act.IDENTITY_UNLINK, caller.id, about, facts=facts), now)
        return bool(issuers)
