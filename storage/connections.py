"""The connections to an S3 server: https only, answered promptly, and waited for with an end.

Each single wait has one, and all waits of one answer together: a server that drips it byte by byte holds
nobody for ever. What counts is the time in which the server lets us wait, not the time in which whoever reads
a long original does something else.
Not here: what is asked over them (storage/bucket.py).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.response import HTTPResponse
from urllib3.util.ssl_ import create_urllib3_context

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

from storage.errors import AuthorityUnreadable

CONNECT_S, READ_S = 5, 60  # a full server answers nothing
PATIENCE_S = 180  # for all of an answer: a long sending is completed slowly, with spaces meanwhile on AWS;
SLOWEST = 64 << 10  # and a second more for as many bytes as this, received or sent
MOST_ANSWER = 64 << 20  # bytes of an answer that is read whole: a list of 1000 versions has less than two
_MOST = 32


class _PatientSocket(ssl.SSLSocket):
    """A socket that adds up how long it has waited for an answer."""

    _waited, _received, _most = 0.0, 0, 0

    def begin(self, most: int) -> None:
        """Start to count for an answer; most: bytes that may come, 0 for any number."""
        self._waited, self._received, self._most = 0.0, 0, most

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive. Raises: TimeoutError, also where the answer as a whole is too slow, or too long."""
        if self._waited > PATIENCE_S + self._received / SLOWEST:
            raise TimeoutError("the answer drips")
        if self._most and self._received > self._most:
            raise TimeoutError("the answer does not end")
        began = monotonic()
        count = super().recv_into(buffer, nbytes, flags)
        self._waited += monotonic() - began
        self._received += count
        return count


class _Prompt(HTTPSConnection):
    """A connection that acknowledges an answer's head at once. Servers that write head and body apart wait
    for that before they send the body: 40 ms for each question (measured with Ceph 16)."""

    def request(  # type: ignore[override]  # as urllib3 itself
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None, **how: Any
    ) -> None:
        """Send a request. TLS counts this time for the body as a whole, not for each piece of it."""
        self.timeout = READ_S + (len(body) / SLOWEST if isinstance(body, bytes) else 0)
        super().request(method, url, body, headers, **how)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
        """Read an answer's head; all of it, unless it is read piece by piece."""
        patient = self.sock if isinstance(self.sock, _PatientSocket) else None
        if self.sock is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if patient is not None:
            patient.begin(MOST_ANSWER)
        answer = super().getresponse()
        if patient is not None:
            patient.begin(0)
        return answer


class _PromptPool(HTTPSConnectionPool):
    ConnectionCls = _Prompt


def new_pool(ca_file: Path | None) -> urllib3.PoolManager:
    """Return an empty pool. ca_file: who signed the server's certificate, None for the system's own list.

    Raises: AuthorityUnreadable, now and not with the first request.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.sslsocket_class = _PatientSocket
    if ca_file is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(ca_file)
        except OSError as fault:  # an ssl.SSLError too: the file holds no certificate
            raise AuthorityUnreadable(ca_file=str(ca_file), reason=fault.strerror or str(fault)) from fault
    pool = urllib3.PoolManager(
        maxsize=_MOST,
        retries=False,
        timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        ssl_context=context,
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(ca_file) if ca_file else None,
    )
    pool.pool_classes_by_scheme = {"https": _PromptPool}  # and nothing else: https only
    return pool
