"""Settings → the desks for passkeys and single sign-on: what rests on the public address of a site."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.sign_in.oidc import Identities, Provider, SingleSignOn
from evidence.service.sign_in.passkey_ports import PasskeyChecks
from evidence.service.sign_in.passkeys import Passkeys, PasskeySignIn
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
    checks, provider = _checks(settings), _provider(settings)
    return Factors(
        Passkeys(site, checks),
        PasskeySignIn(site, checks),
        SingleSignOn(site, provider),
        Identities(site, provider),
    )


# Their libraries are imported by sites that use them: every command would wait for them otherwise.


def _checks(settings: Settings) -> PasskeyChecks | None:
    if not settings.public_url:
        return None
    from evidence.adapters.webauthn import WebAuthnChecks

    return WebAuthnChecks(settings.public_url, settings.name)


def _provider(settings: Settings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    from evidence.adapters.oidc import OidcProvider

    client = settings.oidc_client_id, settings.oidc_client_secret
    return OidcProvider(settings.oidc_issuer, *client, settings.public_url)
