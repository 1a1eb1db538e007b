"""Running the application on uvicorn: one process, no proxy headers believed, request heads bounded.

httptools collects the head of a request without a limit; a stranger could fill memory before any token is
asked for. Here a connection is closed once a head is longer than MOST_HEAD_BYTES.
"""

from __future__ import annotations

from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 << 10


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, closing a connection whose request head grows without end."""

    _head_bytes = 0
    _in_head = True
    _turns = 0  # how often a head or a message has ended

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket. Bytes that end a head or a message are not counted to the next head."""
        before = self._turns
        super().data_received(data)
        if self._in_head and self._turns == before:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.transport.close()

    def on_headers_complete(self) -> None:
        """Note that the head is over."""
        self._in_head, self._turns = False, self._turns + 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that another head may follow on this connection."""
        self._in_head, self._head_bytes, self._turns = True, 0, self._turns + 1
        super().on_message_complete()


def serve_http(app: FastAPI, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Serve until stopped."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=BoundedHeads,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(key) if key else None,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=30,
        workers=1,
    )
