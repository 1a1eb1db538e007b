"""Settings → the desks for passkeys and single sign-on: what rests on the public address of a site."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.adapters.oidc import OidcProvider
from evidence.adapters.webauthn import WebAuthnChecks
from evidence.service.oidc import Identities, SingleSignOn
from evidence.service.passkeys import Passkeys, PasskeySignIn
from evidence.service.site import Site
from evidence.settings import Settings


@dataclass(frozen=True)
class Factors:
    """What people show besides a password, or in its place."""

    passkeys: Passkeys
    passkey_sign_in: PasskeySignIn
    single_sign_on: SingleSignOn
    identities: Identities

    @property
    def ways(self) -> tuple[str, ...]:
        """In which ways besides a password people sign in to this site."""
        there = {
            "passkey": self.passkey_sign_in.checks is not None,
            "oidc": self.single_sign_on.provider is not None,
        }
        return tuple(way for way, is_there in there.items() if is_there)


def factors_of(settings: Settings, site: Site) -> Factors:
    """Join the parts; nobody is asked yet, so that a provider that is down stops nothing."""
    checks = WebAuthnChecks(settings.public_url, settings.name) if settings.public_url else None
    provider = (
        OidcProvider(
            settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.public_url
        )
        if settings.oidc_issuer
        else None
    )
    return Factors(
        Passkeys(site, checks),
        PasskeySignIn(site, checks),
        SingleSignOn(site, provider),
        Identities(site, provider),
    )
