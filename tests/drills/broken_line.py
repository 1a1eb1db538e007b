"""A line to an object store that breaks on purpose: a TLS proxy that spoils one request, or its answer.

It knows HTTP, not S3: a request is forwarded with the Host its sender signed. Which request is spoiled is
counted from `spoil` on over all that go to the server, so that a drill can go through all of them.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from storage.bucket import Address

FAULTS = (
    "refused",  # the server is not there
    "cut-request",  # the line breaks in the middle of the request
    "lost-reply",  # the server has done it, and its answer is lost
    "slow-down",  # 503 SlowDown, nothing done
    "slow-down-late",  # 503 SlowDown, and yet it was done
    "error-in-200",  # 200 with an <Error> in it, and it was not done
    "wrong-tag",  # 200 with another ETag
    "cut-reply",  # the answer breaks off in its middle
    "changed-reply",  # one bit of the answer's body is another
)
_SLOW_DOWN = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>slow</Message></Error>'
_INTERNAL = b'<?xml version="1.0"?><Error><Code>InternalError</Code><Message>late</Message></Error>'


@dataclass
class Said:
    """An answer of the server."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class BrokenLine:
    """The proxy; a context manager. `address` is the store's address through it."""

    def __init__(self, store: Address, certificate: Path, key: Path) -> None:
        self._store, self._lock = store, threading.Lock()
        self._left, self._fault, self.spoiled = -1, "", ""
        host, _, port = store.host.rpartition(":")
        self._upstream = (host, int(port))
        self._trust = ssl.create_default_context(cafile=str(store.ca_file))
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                """Read one request's head; every method is forwarded."""
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline:
                    self.close_connection = True
                elif self.parse_request():
                    line._forward(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = Address(
            f"127.0.0.1:{self._server.server_address[1]}",
            store.bucket,
            store.access_key,
            store.secret_key,
            store.region,
            certificate,
        )

    def spoil(self, number: int, fault: str) -> None:
        """Spoil the number-th request from now on (1 = the next)."""
        with self._lock:
            self._left, self._fault, self.spoiled = number, fault, ""

    def mend(self) -> None:
        """Spoil nothing more."""
        self.spoil(-1, "")

    def _next_fault(self, request: BaseHTTPRequestHandler) -> str:
        """Return the fault for this request; requests that it cannot spoil are not counted."""
        what = f"{request.command} {request.path.partition('?')[2][:40]}"
        with self._lock:
            self._left -= self._left > 0 and _can_spoil(self._fault, request.command, request.path)
            if self._left == 0:
                self._left, self.spoiled = -1, f"{self._fault} {what}"
                return self._fault
            return ""

    def _forward(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        if request.headers.get("Expect", "").lower() == "100-continue":
            request.send_response_only(100)
            request.end_headers()
        body = request.rfile.read(length)
        fault = self._next_fault(request)
        if fault in ("refused", "cut-request"):
            if fault == "cut-request":
                self._ask(request, body, cut=True)
            self._hang_up(request)
            return
        if fault in ("slow-down", "error-in-200"):
            status = 503 if fault == "slow-down" else 200
            self._answer(request, Said(status, [], _SLOW_DOWN if status == 503 else _INTERNAL))
            return
        said = self._ask(request, body)
        if fault == "lost-reply" or said is None:
            self._hang_up(request)
        elif fault == "slow-down-late":
            self._answer(request, Said(503, [], _SLOW_DOWN))
        else:
            self._answer(request, _changed(said, fault), half=fault == "cut-reply")

    def _ask(self, request: BaseHTTPRequestHandler, body: bytes, cut: bool = False) -> Said | None:
        """Forward a request; return the answer, None where it was cut in the middle."""
        link = http.client.HTTPSConnection(*self._upstream, context=self._trust, timeout=120)
        try:
            link.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name.lower() not in ("connection", "expect"):
                    link.putheader(name, value)
            link.endheaders()
            if cut:
                link.send(body[: len(body) // 2])
                return None
            link.send(body)
            answer = link.getresponse()
            return Said(answer.status, answer.getheaders(), answer.read())
        finally:
            link.close()

    def _answer(self, request: BaseHTTPRequestHandler, said: Said, half: bool = False) -> None:
        request.send_response_only(said.status)
        is_head = request.command == "HEAD"
        for name, value in said.headers:
            if name.lower() not in ("connection", "transfer-encoding") and (
                is_head or name.lower() != "content-length"
            ):
                request.send_header(name, value)
        if not is_head and said.status != 204:
            request.send_header("Content-Length", str(len(said.body)))
        request.end_headers()
        request.wfile.write(said.body[: len(said.body) // 2] if half else said.body)
        if half:
            self._hang_up(request)

    def _hang_up(self, request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        request.connection.close()

    def __enter__(self) -> BrokenLine:
        threading.Thread(target=self._server.serve_forever, name="broken-line", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _can_spoil(fault: str, command: str, path: str) -> bool:
    """Whether a fault makes sense for a request: TLS lets nobody change a list, but discs change bodies."""
    if fault == "changed-reply":
        return command == "GET" and "versionId=" in path
    return fault not in ("error-in-200", "wrong-tag", "cut-reply") or command != "HEAD"


def _changed(said: Said, fault: str) -> Said:
    if fault == "wrong-tag":
        headers = [(name, '"0123"' if name.lower() == "etag" else value) for name, value in said.headers]
        return Said(said.status, headers, said.body)
    if fault == "changed-reply" and said.body:
        body = bytearray(said.body)
        body[len(body) // 2] ^= 1
        return Said(said.status, said.headers, bytes(body))
    return said
