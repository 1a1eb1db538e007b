"""The line to a witness: HTTP/1.1, one request on each connection, a thread for each, everything bounded.

    POST /add-checkpoint    C2SP tlog-witness v1.0.0 (docs/formats/cosignature.md)
    GET  /vkey              the verifier key of this witness

Whoever connects has half a minute for everything, and 68 KiB; beyond so many at once a connection is closed
unheard, and its sender asks again. Nobody has to say who he is: what a log has not signed is refused.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import ssl
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import BoundedSemaphore
from typing import Any

from evidence.errors import EvidenceError
from evidence.ledger.encodings import read_decimal
from evidence.ledger.witnessing import MAX_BYTES
from evidence.witness.desk import Answer, Desk

log = logging.getLogger("evidence.witness")

WAIT_S = 10.0  # for the next bytes
MOST_S = 30.0  # for a whole connection
MOST_AT_ONCE = 64
_MOST_UNREAD = 1 << 20
_METHODS = {"/add-checkpoint": ("POST",), "/vkey": ("GET", "HEAD")}


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers for a desk at an address. tls: None for a plain line on this machine."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, desk: Desk, tls: ssl.SSLContext | None) -> None:
        self.desk, self._tls = desk, tls
        self._places, self._open = BoundedSemaphore(MOST_AT_ONCE), dict[socket.socket, float]()
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self.address_family = found[0]
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a thread for a connection, where there is a place."""
        if not self._places.acquire(blocking=False):
            log.warning("too many at once")
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection, and give its place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection within its time."""
        request.settimeout(WAIT_S)
        line = request
        if self._tls is not None:
            line = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        self._open[line] = time.monotonic() + MOST_S
        try:
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
            _Handler(line, client_address, self)
            _hang_up(line)
        except OSError as problem:  # whoever asked is gone, or speaks no TLS
            log.info("%s: %s", client_address[0], problem)
        finally:
            del self._open[line]
            line.close()

    def service_actions(self) -> None:
        """Break off the connections whose time is over; between two new ones, at least twice a second."""
        for line, until in list(self._open.items()):
            if time.monotonic() > until:
                with suppress(OSError):
                    # Not ssl's own shutdown: it drops the encryption first, while the other thread reads.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)

    def drain(self, seconds: float) -> None:
        """Wait until what is in hand is answered; nothing new is taken."""
        until = time.monotonic() + seconds
        while self._open and time.monotonic() < until:
            time.sleep(0.02)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note what should not have happened; the server stays."""
        del request
        log.exception("%s", client_address)


def _hang_up(line: socket.socket) -> None:
    """End a connection so that the answer arrives: closing over unread bytes would take it back."""
    if isinstance(line, ssl.SSLSocket):
        return
    line.shutdown(socket.SHUT_WR)
    line.settimeout(1.0)
    left = _MOST_UNREAD
    with suppress(OSError):
        while left > 0 and (block := line.recv(1 << 16)):
            left -= len(block)


class _Handler(BaseHTTPRequestHandler):
    """One connection with one request."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "evidence-witness", ""
    timeout = WAIT_S

    def handle(self) -> None:
        """Answer one request; its connection is not used again."""
        self.close_connection = True
        self.handle_one_request()

    def parse_request(self) -> bool:
        """Read the head; keep no connection, whatever the head says."""
        is_read = super().parse_request()
        self.close_connection = True
        return is_read

    def handle_expect_100(self) -> bool:
        """Ask for the body only where it will be taken."""
        return self._is_here() and self._length() is not None and super().handle_expect_100()

    def do_GET(self) -> None:
        """Say who this witness is."""
        if self._is_here():
            self._answer(self.server.desk.vkey())

    do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def do_POST(self) -> None:
        """Have a checkpoint cosigned."""
        length = self._length() if self._is_here() else None
        if length is None:
            return
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            self.send_error(HTTPStatus.REQUEST_TIMEOUT)
            return
        if len(body) < length:  # nobody is there any more
            return
        try:
            answer = self.server.desk.add_checkpoint(body)
        except EvidenceError as problem:  # this machine's trouble, whatever was asked
            log.error("not cosigned: %s", problem)
            answer = Answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{problem.code}\n".encode("ascii"))
        except Exception:  # the witness stays; nothing was given out
            log.exception("not cosigned")
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"internal-error\n")
        self._answer(answer)

    def _is_here(self) -> bool:
        """Tell whether the address has this method; else it is refused."""
        methods = _METHODS.get(self.path)
        if methods is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self.command not in methods:
            self._answer(_refusal(HTTPStatus.METHOD_NOT_ALLOWED), Allow=", ".join(methods))
        else:
            return True
        return False

    def _length(self) -> int | None:
        """Return the length of the body, None when it is refused."""
        given = self.headers.get_all("Content-Length") or []
        if self.headers.get("Transfer-Encoding") is not None or not given:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        length = read_decimal(given[0])
        if length is None or len(given) > 1:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None
        if length > MAX_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        return length

    def _answer(self, answer: Answer, **headers: str) -> None:
        self.request_version = self.protocol_version  # also to what was no HTTP, or an old one
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in one word; nothing that was sent is repeated."""
        del message, explain
        self._answer(_refusal(HTTPStatus(code)))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Note each answer."""
        del size
        log.info("%s %r %s", self.client_address[0], getattr(self, "requestline", ""), int(code))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Note what the library says."""
        log.info("%s %r", self.client_address[0], format % args)


def _refusal(status: HTTPStatus) -> Answer:
    return Answer(status, f"{status.phrase.lower().replace(' ', '-')}\n".encode("ascii"))
