"""The way to a time-stamping authority: RFC 3161 over HTTP, its answers checked with a pinned certificate.

Checked is what `openssl ts -verify` checks: the signature, the chain to the pinned certificate at the moment
the answer names, the purpose of the certificate, the SHA-256 of the bytes. The request holds that digest and
a nonce, nothing else; so plain HTTP gives nothing away.
"""

from __future__ import annotations

import http.client
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from evidence.errors import IntegrityFault, Invalid, Unavailable

_WAIT_S = 10.0
_MOST_BYTES = 64 * 1024


class HttpTimeAuthority:
    """See service.log_ports.TimeAuthority. url: of the authority. file: PEM, the certificate it signs with,
    or those of the authorities above it.
    """

    def __init__(self, url: str, file: Path) -> None:
        """Raises: Invalid("url-malformed", "tsa-certificate-unreadable")."""
        try:
            parts = urlsplit(url)
            self._port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        except (ValueError, KeyError):
            raise Invalid("url-malformed", url=url) from None
        if not parts.hostname or parts.username:
            raise Invalid("url-malformed", url=url)
        self._is_plain, self._host = parts.scheme == "http", parts.hostname
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            self._pinned = load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as problem:
            raise Invalid("tsa-certificate-unreadable", file=str(file)) from problem

    def stamp(self, body: bytes) -> bytes:
        """Return the authority's answer about these bytes. Raises: Unavailable("tsa-unreachable")."""
        builder = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        line = self._line()
        try:
            line.request(
                "POST", self._path, request.as_bytes(), {"Content-Type": "application/timestamp-query"}
            )
            answer = line.getresponse()
            raw = answer.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as problem:
            reason = str(problem) or type(problem).__name__
            raise Unavailable("tsa-unreachable", reason=reason) from problem
        finally:
            line.close()
        if answer.status != http.client.OK or len(raw) > _MOST_BYTES:
            raise Unavailable("tsa-unreachable", status=answer.status)
        if _decoded(raw).tst_info.nonce != request.nonce:
            raise IntegrityFault("timestamp-wrong", reason="nonce")
        return raw

    def verify(self, token: bytes, body: bytes) -> datetime:
        """Return when the authority saw these bytes. Raises: IntegrityFault("timestamp-wrong")."""
        response = _decoded(token)
        try:
            self._builder().build().verify_message(response, body)
            return response.tst_info.gen_time.astimezone(UTC)
        except (VerificationError, ValueError) as problem:
            raise IntegrityFault("timestamp-wrong", reason=str(problem)) from problem

    def _builder(self) -> VerifierBuilder:
        builder = VerifierBuilder()
        for certificate in self._pinned:
            if _is_authority(certificate):
                builder = builder.add_root_certificate(certificate)
            else:
                builder = builder.tsa_certificate(certificate)
        return builder

    def _line(self) -> http.client.HTTPConnection:
        if self._is_plain:
            return http.client.HTTPConnection(self._host, self._port, timeout=_WAIT_S)
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(self._host, self._port, timeout=_WAIT_S, context=trust)


def _decoded(raw: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(raw)
        _ = response.tst_info  # raises where the authority refused
    except ValueError as problem:
        raise IntegrityFault("timestamp-wrong", reason=str(problem)) from problem
    return response


def _is_authority(certificate: Certificate) -> bool:
    """Tell whether a certificate may sign others."""
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return certificate.issuer == certificate.subject
