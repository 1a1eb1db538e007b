"""Running the application on uvicorn: one process, no proxy headers believed, request heads bounded.

httptools collects the head of a request without a limit; a stranger could fill memory before any token is
asked for. Here a connection is closed once a head is longer than MOST_HEAD_BYTES. Long bodies go their own
way (long_bodies.py).
"""

from __future__ import annotations

import gc
from pathlib import Path

import httptools
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from evidence.web.long_bodies import LongBody

MOST_HEAD_BYTES = 64 << 10
LONG_BODY_BYTES = 256 << 10  # what shorter bodies cost on the event loop does not matter


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, closing a connection whose request head grows without end; long bodies come in
    blocks."""

    _head_bytes = 0
    _in_head = True
    _turns = 0  # how often a head, a piece of a body or a message has ended
    _body: LongBody | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket. Bytes that end a head or a message are not counted to the next head."""
        before = self._turns
        super().data_received(data)
        if self._turns == before:  # a head, or what may follow the last piece of a body
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.transport.close()
        if self._body is not None and self._body.missing and not self.transport.is_closing():
            self._body.begin(self._finish_body)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of a head. Raises: ValueError (answered 400) for one that follows a body."""
        if not self._in_head:
            raise ValueError("trailer")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the head is over.

        Raises: ValueError (answered 400) for a change of protocol with a body: what would follow, the body or
        the next request, is read differently by different machines on the way.
        """
        self._in_head, self._head_bytes, self._turns = False, 0, self._turns + 1
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)
        if self.parser.should_upgrade() and (has_body or self.parser.get_method() == b"CONNECT"):
            raise ValueError("upgrade")
        super().on_headers_complete()
        length = self._long_body_bytes()
        self._body = LongBody(self.cycle, self.flow, self, length) if length else None

    def on_body(self, body: bytes) -> None:
        """Take bytes of a body that came together with its head, or of a short one."""
        self._turns += 1
        if self._body is not None:
            self._body.feed(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that another head may follow on this connection."""
        self._in_head, self._head_bytes, self._turns = True, 0, self._turns + 1
        super().on_message_complete()

    def _long_body_bytes(self) -> int:
        """Return the length of a body that is long and not of a request that waits its turn, else 0."""
        heads = dict(self.headers)
        text = heads.get(b"content-length", b"")
        is_alone = not self.pipeline and b"transfer-encoding" not in heads and b"upgrade" not in heads
        length = int(text) if is_alone and text.isdigit() and len(text) <= 19 else 0
        return length if length > LONG_BODY_BYTES else 0

    def _finish_body(self) -> None:
        """Go on with the next head. The parser has seen no end of this message, so it is a new one's turn."""
        self._body = None
        self.on_message_complete()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does with its first
        if (
            self.cycle.response_complete
        ):  # answered before the body was over: wait for the next head, not for ever
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


def serve_http(app: FastAPI, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Serve until stopped."""
    gc.freeze()  # the application stays for good: no look through it again after every few requests
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
