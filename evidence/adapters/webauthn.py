"""Passkeys by WebAuthn Level 2, for one origin: the site's public address, never what a client calls us.

Everything cryptographic is py_webauthn's. Checked besides: that no other origin embeds the page, and that the
answer is for the person who owns the credential. No attestation is asked for: which maker an authenticator is
from decides nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from evidence.errors import Refused
from evidence.service.sign_in.passkey_ports import NewPasskey, StoredPasskey

_LONGEST_ANSWER = 64 << 10
_PATIENCE_MS = 300_000


class WebAuthnChecks:
    """See service.passkey_ports.PasskeyChecks. public_url: "https://host[:port]"; name: of the site."""

    def __init__(self, public_url: str, name: str) -> None:
        parts = urlsplit(public_url)
        self._origin, self._rp, self._name = f"{parts.scheme}://{parts.netloc}", parts.hostname or "", name

    def ask_new(self, challenge: bytes, person_id: str, login: str, known: Sequence[bytes]) -> str:
        """Return the options of a browser to make a passkey, as JSON. It shall verify its user."""
        options = generate_registration_options(
            rp_id=self._rp,
            rp_name=self._name,
            user_id=bytes.fromhex(person_id),
            user_name=login,
            challenge=challenge,
            timeout=_PATIENCE_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(one) for one in known],
        )
        return options_to_json(options)

    def read_new(self, answer: str, challenge: bytes) -> NewPasskey:
        """Check what a browser answered. Raises: Refused("passkey-refused")."""
        try:
            read = parse_registration_credential_json(_bounded(answer))
            _verify_not_embedded(read.response.client_data_json)
            made = verify_registration_response(
                credential=read,
                expected_challenge=challenge,
                expected_rp_id=self._rp,
                expected_origin=self._origin,
            )
        except _WRONG as problem:
            raise Refused("passkey-refused") from problem
        return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count)

    def ask(self, challenge: bytes, allowed: Sequence[bytes], verifies_user: bool) -> str:
        """Return the options of a browser to use a passkey, as JSON. None allowed: any that it has."""
        wanted = (
            UserVerificationRequirement.REQUIRED if verifies_user else UserVerificationRequirement.PREFERRED
        )
        options = generate_authentication_options(
            rp_id=self._rp,
            challenge=challenge,
            timeout=_PATIENCE_MS,
            allow_credentials=[PublicKeyCredentialDescriptor(one) for one in allowed],
            user_verification=wanted,
        )
        return options_to_json(options)

    def credential_of(self, answer: str) -> bytes:
        """Return which credential an answer is of, unchecked. Raises: Refused("passkey-refused")."""
        try:
            return parse_authentication_credential_json(_bounded(answer)).raw_id
        except _WRONG as problem:
            raise Refused("passkey-refused") from problem

    def read(self, answer: str, challenge: bytes, key: StoredPasskey, verifies_user: bool) -> int:
        """Check what a browser answered and return the count, which the caller compares.

        Raises: Refused("passkey-refused").
        """
        try:
            read = parse_authentication_credential_json(_bounded(answer))
            _verify_not_embedded(read.response.client_data_json)
            if read.raw_id != key.credential:
                raise ValueError("another credential")
            if read.response.user_handle not in (None, b"", bytes.fromhex(key.person_id)):
                raise ValueError("another person")
            used = verify_authentication_response(
                credential=read,
                expected_challenge=challenge,
                expected_rp_id=self._rp,
                expected_origin=self._origin,
                credential_public_key=key.public_key,
                credential_current_sign_count=0,
                require_user_verification=verifies_user,
            )
        except _WRONG as problem:
            raise Refused("passkey-refused") from problem
        return used.new_sign_count


# What the library raises for bytes that are not what they should be.
_WRONG = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, EOFError)


def _bounded(answer: str) -> str:
    if len(answer) > _LONGEST_ANSWER:
        raise ValueError("an answer that no authenticator gives")
    if not isinstance(json.loads(answer), dict):
        raise ValueError("no object")
    return answer


def _verify_not_embedded(client_data: bytes) -> None:
    """Refuse a page inside another origin's (section 7.1, 7.2: crossOrigin). Raises: ValueError."""
    if parse_client_data_json(client_data).cross_origin:
        raise ValueError("inside another origin's page")
