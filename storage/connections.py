"""The connections to an S3 server: https only, each waiting no longer than it should, and answered promptly.

Not here: what is asked over them (storage/bucket.py).
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.response import HTTPResponse

from storage.errors import AuthorityUnreadable

CONNECT_S, READ_S = 5, 60  # a full server answers nothing
_MOST = 32


class _Prompt(HTTPSConnection):
    """A connection that acknowledges an answer's head at once. Servers that write head and body apart wait
    for that before they send the body: 40 ms for each question (measured with Ceph 16)."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
        """Read an answer's head."""
        if self.sock is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().getresponse()


class _PromptPool(HTTPSConnectionPool):
    ConnectionCls = _Prompt


def new_pool(ca_file: Path | None) -> urllib3.PoolManager:
    """Return an empty pool. ca_file: who signed the server's certificate, None for the system's own list.

    Raises: AuthorityUnreadable, now and not with the first request.
    """
    if ca_file is not None:
        try:
            ssl.create_default_context(cafile=ca_file)
        except OSError as fault:  # an ssl.SSLError too: the file holds no certificate
            raise AuthorityUnreadable(ca_file=str(ca_file), reason=fault.strerror or str(fault)) from fault
    pool = urllib3.PoolManager(
        maxsize=_MOST,
        retries=False,
        timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(ca_file) if ca_file else None,
    )
    pool.pool_classes_by_scheme = {"https": _PromptPool}  # and nothing else: https only
    return pool
