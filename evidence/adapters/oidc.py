"""A provider of single sign-on, by Authlib: discovery, code flow with PKCE, and the ID token, checked.

1. The issuer is the one in the settings, letter for letter: in its metadata, in what a browser brings back
   (RFC 9207, where the provider says that it sends it), and in the token (mix-up attacks, RFC 9700 4.4).
2. An ID token is signed by a key of the provider with an asymmetric algorithm; "none" and HMAC are no keys.
3. Audience, authorised party, nonce, times: OpenID Connect Core 3.1.3.7, by Authlib's claims.
Metadata and keys are kept for an hour; a key that is not known is asked for once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from evidence.errors import Refused, Unavailable
from evidence.service.sign_in.oidc import Identity

_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
_LEEWAY_S = 60
_PATIENCE_S = 10
_KEPT_S = 3600
_WRONG = (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError, AttributeError)


class OidcProvider:
    """See service.oidc.Provider. secret: of the client, read anew each time; public_url: of the site."""

    def __init__(self, issuer: str, client_id: str, secret: Callable[[], str], public_url: str) -> None:
        self._issuer, self._client_id, self._secret = issuer, client_id, secret
        self._redirect, self._after = f"{public_url}/sign-in/oidc/return", f"{public_url}/sign-in"
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._lock = Lock()

    @property
    def issuer(self) -> str:
        """Its name, as it stands in its tokens."""
        return self._issuer

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send a browser. Raises: Unavailable("provider-unavailable")."""
        where = self._endpoint("authorization_endpoint")
        with self._client() as client:
            address, _ = client.create_authorization_url(where, state, verifier, nonce=nonce)
        return str(address)

    def redeem(self, code: str, issuer: str | None, nonce: str, verifier: str, now: datetime) -> Identity:
        """Redeem a code, once. Raises: Refused("identity-refused"), Unavailable("provider-unavailable")."""
        says = self._metadata().get("authorization_response_iss_parameter_supported") is True
        if issuer != self._issuer and (says or issuer is not None):
            raise Refused("identity-refused", reason="issuer")
        with self._client() as client:
            try:
                token = client.fetch_token(
                    self._endpoint("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=self._redirect,
                )
            except httpx2.HTTPError as problem:
                raise Unavailable("provider-unavailable") from problem
            except _WRONG as problem:
                raise Refused("identity-refused", reason="code") from problem
        return self._read(token, nonce, now)

    def logout_address(self) -> str | None:
        """Return where a browser ends its session at the provider; None where there is no such place."""
        if "end_session_endpoint" not in self._metadata():
            return None
        asked = {"client_id": self._client_id, "post_logout_redirect_uri": self._after}
        return f"{self._endpoint('end_session_endpoint')}?{urlencode(asked)}"

    def _read(self, token: Mapping[str, Any], nonce: str, now: datetime) -> Identity:
        try:
            read = self._decode(str(token["id_token"]))
            options: Any = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client_id},
                "exp": {"essential": True},
            }
            params = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(int(now.timestamp()), _LEEWAY_S)
            subject, methods = claims["sub"], claims.get("amr") or []
            if not isinstance(subject, str) or not 0 < len(subject) <= 255:
                raise ValueError("sub")
            return Identity(subject, frozenset(one for one in methods if isinstance(one, str)))
        except _WRONG as problem:
            raise Refused("identity-refused", reason="token") from problem

    def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._keys(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            self._forget("jwks_uri")  # the provider may have a new key
            return jwt.decode(token, self._keys(), algorithms=_ALGORITHMS)

    def _keys(self) -> KeySet:
        found = self._ask("jwks_uri", self._endpoint("jwks_uri"))
        return KeySet.import_key_set({"keys": [one for one in found["keys"] if one.get("kty") != "oct"]})

    def _metadata(self) -> Mapping[str, Any]:
        found = self._ask("metadata", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._issuer:
            self._forget("metadata")
            raise Unavailable("provider-unavailable", reason="issuer")
        return found

    def _endpoint(self, name: str) -> str:
        address = self._metadata().get(name)
        if not isinstance(address, str) or urlsplit(address).scheme != urlsplit(self._issuer).scheme:
            raise Unavailable("provider-unavailable", reason=name)
        return address

    def _ask(self, name: str, address: str) -> Mapping[str, Any]:
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and monotonic() - kept[0] < _KEPT_S:
                return kept[1]
        try:
            found = httpx2.get(address, timeout=_PATIENCE_S).raise_for_status().json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as problem:
            raise Unavailable("provider-unavailable") from problem
        if not isinstance(found, dict):
            raise Unavailable("provider-unavailable", reason=name)
        with self._lock:
            self._kept[name] = monotonic(), found
        return found

    def _forget(self, name: str) -> None:
        with self._lock:
            self._kept.pop(name, None)

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._client_id,
            client_secret=self._secret(),
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 (the name of a method)
            scope="openid",
            redirect_uri=self._redirect,
            code_challenge_method="S256",
            timeout=_PATIENCE_S,
        )
