"""Running the application on uvicorn: one process, no proxy headers believed, heads and connections bounded.

httptools collects the head of a request without a limit, in bytes and in time; a stranger could fill memory
or use up all descriptors before any token is asked for. Here a connection is closed once a head is longer
than MOST_HEAD_BYTES or not whole after HEAD_S. Of more connections than the process may have, the one that
has waited longest without a request goes first. Long bodies go their own way (long_bodies.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import socket
import sys
from functools import partial
from pathlib import Path

import httptools
import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from evidence.web.long_bodies import LongBody

MOST_HEAD_BYTES = 64 << 10
HEAD_S = 20.0  # from the connection, or from the first byte of a next request
MOST_CONNECTIONS = 2048  # their unfinished heads fit into 128 MiB
_MOST_DESCRIPTORS = 16384  # asked for at the start; children that go through all of them are not made slow
_MOST_AT_ONCE = 128  # connections that wait to be accepted, and come in before one of them can be closed
# How long a thread may keep the interpreter from others. Whoever has given it away to read a row or to write
# a piece waits so long to have it back, many times in each request: of Python's 5 ms that made seconds.
SWITCH_S = 0.0005
LONG_BODY_BYTES = 256 << 10  # what shorter bodies cost on the event loop does not matter


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, closing a connection whose request head grows without end; long bodies come in
    blocks."""

    _head_bytes = 0
    _in_head = True
    _turns = 0  # how often a head, a piece of a body or a message has ended
    _body: LongBody | None = None
    _idle_since = 0.0  # of the event loop's clock
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head, and make room for the connection where there are too many."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._await_head()
        if len(self.connections) > most_connections():
            waiting = [one for one in self.connections if isinstance(one, BoundedHeads) and one.is_idle]
            oldest = min(waiting, key=lambda one: one._idle_since)
            self.connections.discard(oldest)  # at once: many may come before it is told of its end
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end_patience()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being read or answered, though a part of a head may have come."""
        return self._in_head and (self.cycle is None or self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket. Bytes that end a head or a message are not counted to the next head."""
        before = self._turns
        super().data_received(data)
        if self._turns == before:  # a head, or what may follow the last piece of a body
            self._head_bytes += len(data)
            if self._in_head:
                self._await_head()  # also where it begins with lines that are empty
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.transport.close()
        if self._body is not None and self._body.missing and not self.transport.is_closing():
            self._body.begin(self._finish_body)

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        super().on_message_begin()
        self._await_head()

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
        self._unset_keepalive_if_required()
        self._end_patience()
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
        if self.cycle is not None and self.cycle.response_complete:
            self._keep_alive()  # answered before the body was over: wait for the next head, not for ever

    def on_response_complete(self) -> None:
        """Note since when nothing is asked for."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def _unset_keepalive_if_required(self) -> None:
        """Bytes of a body that is answered already buy no time."""
        if self._in_head or self.cycle is None or not self.cycle.response_complete:
            super()._unset_keepalive_if_required()

    def timeout_keep_alive_handler(self) -> None:
        """Close what was answered and asks for nothing more."""
        if self._in_head:
            super().timeout_keep_alive_handler()
        else:  # over TLS a farewell would wait for one who still sends a body
            self.transport.abort()

    def _keep_alive(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _await_head(self) -> None:
        if self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(HEAD_S, self._lose_patience)

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        """Close a connection whose head is not whole, but never one whose answer is under way."""
        self._patience = None
        if not self.is_idle:
            self._await_head()
        else:
            self.transport.abort()  # a farewell would have to wait for the other side

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


def most_connections() -> int:
    """Return how many connections may be open at once: a quarter of all descriptors is for our own files."""
    return min(MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4)


def ask_for_descriptors() -> None:
    """Raise the limit of open files as far as this account may and as is of use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Server(uvicorn.Server):
    """uvicorn's, with no more patience for the beginning of TLS than for a head."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        if self.config.is_ssl:
            loop = asyncio.get_running_loop()
            create = partial(loop.create_server, ssl_handshake_timeout=HEAD_S)
            loop.create_server = create  # type: ignore[method-assign]  # uvicorn has no setting for it
        await super().startup(sockets)


def serve_http(app: FastAPI, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Serve until stopped."""
    ask_for_descriptors()
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()  # the application stays for good: no look through it again after every few requests
    config = uvicorn.Config(
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
        ws="none",
        backlog=_MOST_AT_ONCE,
    )
    server = Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
