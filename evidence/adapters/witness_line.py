"""The way to a witness: one request over HTTP, with the standard library.

TLS, or this machine itself: who reads along would learn how fast a log grows. `SSL_CERT_FILE` names an
authority of one's own. Redirects are not followed; what comes back is bounded, in bytes and in time.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

from evidence.errors import Invalid, Unavailable
from evidence.ledger.keys import VerifierKey
from evidence.ledger.trust import Trust

PATH = "/add-checkpoint"
_WAIT_S = 4.0  # for a connection, and for the next bytes
_MOST_S = 8.0  # for all of it
_MOST_BYTES = 64 * 1024


class HttpWitness:
    """See service.log_ports.WitnessLine."""

    def __init__(self, key: VerifierKey, address: str) -> None:
        """Name a witness and its submission prefix. Raises: Invalid("url-malformed", "url-not-safe")."""
        try:
            parts = urlsplit(address)
            port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        except (ValueError, KeyError):
            raise Invalid("url-malformed", url=address) from None
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise Invalid("url-malformed", url=address)
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise Invalid("url-not-safe", url=address)
        self.key = key
        self._is_plain, self._host, self._port = parts.scheme == "http", parts.hostname, port
        self._path = parts.path.rstrip("/") + PATH

    def add_checkpoint(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return status and body. Raises: Unavailable("witness-unreachable")."""
        line, last = self._line(), None
        try:
            line.connect()
            # The socket itself: the line lets go of it where the answer is to be the last one.
            last = threading.Timer(_MOST_S, _break_off, [line.sock])
            last.daemon = True
            last.start()
            line.request("POST", self._path, request, {"Content-Type": "text/plain; charset=utf-8"})
            answer = line.getresponse()
            body = answer.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as problem:
            reason = str(problem) or type(problem).__name__
            raise Unavailable("witness-unreachable", witness=self.key.name, reason=reason) from problem
        finally:
            if last is not None:
                last.cancel()
            line.close()
        if len(body) > _MOST_BYTES or answer.length:  # what is left of what was promised
            raise Unavailable("witness-unreachable", witness=self.key.name, reason="answer too long, or cut")
        return answer.status, body

    def _line(self) -> http.client.HTTPConnection:
        if self._is_plain:
            return http.client.HTTPConnection(self._host, self._port, timeout=_WAIT_S)
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(self._host, self._port, timeout=_WAIT_S, context=trust)


def open_witnesses(file: Path) -> tuple[Trust, list[HttpWitness]]:
    """Read a trust file; return it, and the witnesses in it that have an address.

    Raises: Invalid("witnesses-unreadable", "trust-malformed", "url-malformed", "url-not-safe").
    """
    try:
        trust = Trust.parse(file.read_bytes())
    except OSError as problem:
        raise Invalid("witnesses-unreadable", file=str(file), reason=problem.strerror) from problem
    found = []
    for key in trust.witnesses.values():
        address = trust.addresses.get(key.text())
        if address is None:
            continue
        found.append(HttpWitness(key, address))
    return trust, found


def _break_off(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not ssl's own: the other thread still reads


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
