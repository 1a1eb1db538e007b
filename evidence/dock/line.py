"""One line to the service: HTTP/1.1 with a connection that is kept, and answers turned into errors of this
project.

Standard library only. The token goes out over TLS or to this machine itself, never in clear over a network
(docs/formats/dock-protocol.md). Redirects are not followed. Nothing is asked twice here: see patience.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from evidence.errors import Busy, Conflict, EvidenceError, Invalid, NoSpace, NotFound, Refused, Unavailable

SLICE_BYTES = (
    1 << 20
)  # sent at once; each has the whole time-out for itself, so a slow line is not a dead one
_LONGEST_ANSWER_BYTES = 128 << 20  # the list of 20,000 files with the longest names
_LATE_ANSWER_S = 2.0
_CONNECT_S = 10.0  # nobody can break off a connection that is only being made
_KEEP_S = 2.0  # an idle connection is not used again after this: servers close them (uvicorn: after 5 s)
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Body = bytes | memoryview | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where the service is. prefix is "" or begins with "/"."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read a URL. Raises: Invalid `url-malformed`, `url-not-safe` (http to another machine)."""
        try:
            parts = urlsplit(url.strip())
            port = parts.port or {"https": 443, "http": 80}[parts.scheme]
            (parts.hostname or "").encode("idna")
        except (ValueError, KeyError):
            raise Invalid("url-malformed", url=url) from None
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise Invalid("url-malformed", url=url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise Invalid("url-not-safe", url=url)
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """One connection, opened when needed and kept. For one thread."""

    def __init__(self, address: Address, token: str, timeout_s: float) -> None:
        self._address, self._timeout_s = address, timeout_s
        self._headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
        self._connection: http.client.HTTPConnection | None = None
        self._used_at = 0.0
        self._is_aborted = False
        self.alarms = 0  # that stand at the service, as its last answer says (docs/operations.md)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Body = None,
        sent: Callable[[int], None] = lambda _: None,
    ) -> Answer:
        """Send one request and return a 2xx answer. sent is told how many bytes of the body are on their way.

        Raises: the error an answer of 400 or more means, Unavailable `no-answer` when there is none,
        Refused `certificate-refused`.
        """
        try:
            answer = self._exchange(method, path, {**self._headers, **headers}, body, sent)
        except ssl.SSLCertVerificationError as problem:
            self.close()
            raise Refused("certificate-refused", reason=problem.verify_message) from problem
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            reason = str(problem) or type(problem).__name__
            raise Unavailable("no-answer", kind=_kind_of(problem), reason=reason) from problem
        except BaseException:  # stopped in the midst of a request: the connection is of no use any more
            self.close()
            raise
        if not 200 <= answer.status < 300:
            raise error_of(answer)
        return answer

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def abort(self) -> None:
        """Break the connection from another thread, for good: whoever waits for an answer stops waiting."""
        self._is_aborted = True  # before looking for a connection: one that is being made now will see it
        sock = getattr(self._connection, "sock", None)  # read once: its thread may close it at any moment
        if sock is not None:
            with contextlib.suppress(OSError):  # it may be broken or closed already, which is what is wanted
                # Not ssl's own shutdown: it drops the encryption first, while the other thread still sends.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: Body, sent: Callable[[int], None]
    ) -> Answer:
        if time.monotonic() - self._used_at > _KEEP_S:
            self.close()
        connection, is_cut = self._connection or self._connect(), False
        if body is not None:
            headers["Content-Length"] = str(len(body))
        try:
            slices = None if body is None else _slices(memoryview(body), sent)
            connection.request(method, self._address.prefix + path, body=slices, headers=headers)
        except (BrokenPipeError, ConnectionResetError):
            # The service may have answered before it read everything (401, 413, 507): that is the reason.
            if connection.sock is None:
                raise
            connection.sock.settimeout(_LATE_ANSWER_S)
            is_cut = True
        response = connection.getresponse()
        content = response.read(_LONGEST_ANSWER_BYTES)
        self._used_at = time.monotonic()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)
        alarms = answer.headers.get("evidence-integrity-alarm", "0")
        self.alarms = int(alarms) if alarms.isascii() and alarms.isdigit() else 1
        if is_cut or response.will_close or not response.isclosed():
            self.close()
        return answer

    def _connect(self) -> http.client.HTTPConnection:
        address, seconds = self._address, min(self._timeout_s, _CONNECT_S)
        if address.scheme == "http":
            self._connection = http.client.HTTPConnection(address.host, address.port, timeout=seconds)
        else:
            trust = ssl.create_default_context()  # honours SSL_CERT_FILE, for an agency's own authority
            self._connection = http.client.HTTPSConnection(
                address.host, address.port, timeout=seconds, context=trust
            )
        self._connection.connect()
        if self._is_aborted:
            raise ConnectionAbortedError("called off")
        self._connection.sock.settimeout(self._timeout_s)
        return self._connection


def _kind_of(problem: Exception) -> str:
    """Return why there was no answer: "name" (nobody has that name), "tls" (whoever is there does not speak
    it), "refused" (nobody listens there), else "line"."""
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    if isinstance(problem, socket.gaierror):
        return "name"
    if isinstance(problem, ssl.SSLError) and not isinstance(problem, broken):
        return "tls"
    return "refused" if isinstance(problem, ConnectionRefusedError) else "line"


def error_of(answer: Answer) -> EvidenceError:
    """Return the error that an answer means: by its problem document (RFC 9457), else by its status."""
    code, fields = _problem(answer)
    kind: type[EvidenceError]
    if answer.status in (404, 410):
        kind = NotFound
    elif answer.status in (409, 425, 460):
        kind = Conflict
    elif answer.status == 423:
        kind = Busy
    elif answer.status == 507:
        kind = NoSpace
    elif answer.status in (408, 429) or answer.status >= 500:
        kind = Unavailable
    else:
        kind = Refused
    wait = answer.headers.get("retry-after", "")
    if wait.isascii() and wait.isdigit():
        fields["retry_after_s"] = int(wait)
    return kind(code, **fields)


def _problem(answer: Answer) -> tuple[str, dict[str, object]]:
    """Return code and facts of a problem document; proxies answer too, so nothing is taken on trust."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    code = document.get("code") if isinstance(document, dict) else None
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return f"http-{answer.status}", {"status": answer.status}
    known = {"type", "title", "detail", "instance", "code", "status"}
    return code, {**{k: v for k, v in document.items() if k not in known}, "status": answer.status}


def _slices(body: memoryview, sent: Callable[[int], None]) -> Iterable[memoryview]:
    def cut() -> Iterator[memoryview]:
        for start in range(0, len(body), SLICE_BYTES):
            piece = body[start : start + SLICE_BYTES]
            yield piece
            sent(start + len(piece))

    return cut()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
