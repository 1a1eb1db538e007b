"""An authenticator in software (WebAuthn Level 2, section 6), with a browser around it that may lie."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "https://station-7.example"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def plain(data: str) -> bytes:
    """Read them."""
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


@dataclass
class Authenticator:
    """One key for one site. count: its counter; verifies: its user by PIN or finger."""

    verifies: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user: bytes = b""

    def make(self, options: str, *, origin: str = ORIGIN, **lies: Any) -> str:
        """Answer navigator.credentials.create()."""
        asked = json.loads(options)
        self.user = plain(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        data = self._data(lies.get("rp", asked["rp"]["id"]), ATTESTED)
        data += bytes(16) + len(self.credential).to_bytes(2) + self.credential + cbor2.dumps(cose)
        client = _client_data("webauthn.create", lies.get("challenge", asked["challenge"]), origin, lies)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attested)})

    def use(self, options: str, *, origin: str = ORIGIN, **lies: Any) -> str:
        """Answer navigator.credentials.get()."""
        asked = json.loads(options)
        self.count += 1
        data = self._data(lies.get("rp", asked["rpId"]), 0)
        kind = lies.get("kind", "webauthn.get")
        client = _client_data(kind, lies.get("challenge", asked["challenge"]), origin, lies)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        if lies.get("altered"):
            signed = signed[:-1] + bytes([signed[-1] ^ 1])
        user = lies.get("user", self.user)
        told = {"clientDataJSON": client, "authenticatorData": data, "signature": signed, "userHandle": user}
        return self._answer({name: text(value) for name, value in told.items()})

    def _data(self, rp: str, more: int) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, response: dict[str, str]) -> str:
        name = text(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _client_data(kind: str, challenge: str, origin: str, lies: dict[str, Any]) -> bytes:
    told = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": bool(lies.get("embedded"))}
    return json.dumps(told).encode()
