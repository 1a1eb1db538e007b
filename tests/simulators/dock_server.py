"""The far end of the dock's protocol, for misbehaviour that the real service never shows: lost replies,
broken lines, locks, full discs, forged receipts. Real HTTP on the loopback address; everything in memory.

What a dock does with the real service is tested against the real service.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.domain.signed import Signature, assemble, disassemble
from evidence.ledger.canonical import canonical
from evidence.ledger.keys import VerifierKey
from tests.simulators.far_log import FarLog

TOKEN = "a-token-of-the-tests"


@dataclass
class Stored:
    """One upload as the far end holds it."""

    id: str
    size: int
    metadata: dict[str, str]
    data: bytearray = field(default_factory=bytearray)
    recording: str = field(default_factory=lambda: uuid.uuid4().hex)

    check: str | None = None
    not_stored: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return len(self.data) == self.size


class FarEnd:
    """The state and the script of one simulated service."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.key = VerifierKey("far.end.example", self.private.public_key().public_bytes_raw())
        self.uploads: dict[str, Stored] = {}
        self.requests: list[str] = []
        self.lists: list[dict[str, object]] = []
        self.gone: list[dict[str, object]] = []
        self.received_bytes = 0
        self.retry_after = "0"
        self.takes_first = self.tells_many = False  # as a service of an earlier version
        self.alarms = 0  # of integrity; told with every answer
        self.faults: dict[str, list[Callable[[Handler], bool]]] = {}
        self.forge: Callable[[FarEnd, Stored], bytes | None] = FarEnd.receipt
        self.log: FarLog | None = None  # as a service of the first version, which gives no proofs
        self.others: set[str] = set()  # uploads of an account that the token has no more
        self.lock = threading.Lock()
        self.url = ""

    def on(self, request: str, *faults: Callable[[Handler], bool]) -> None:
        """Let the next requests of a kind ("PATCH", "receipt", "key", "cards", ...) meet these faults, one
        each."""
        self.faults.setdefault(request, []).extend(faults)

    def receipt_body(self, upload: Stored) -> dict[str, object]:
        """Return the honest body of a receipt."""
        return {
            "type": "evidence.receipt/1",
            "recording": upload.recording,
            "device": upload.metadata["device"],
            "name": upload.metadata["filename"],
            "size": upload.size,
            "sha256": hashlib.sha256(upload.data).hexdigest(),
            "sm3": None,
            "manifest_sha256": "0" * 64,
            "sealed": "2025-11-21T05:00:00.667178Z",
            "retain_until": "2027-11-21T05:00:00.667178Z",
            "log": f"{self.key.name}/custody",
            "log_index": 7,
        } | (self.log.place_of(upload) if self.log else {})

    def sign(self, body: dict[str, object]) -> bytes:
        """Return a signed document."""
        line = canonical(body)
        return assemble(line, [Signature(self.key.label, self.private.sign(line))])

    def receipt(self, upload: Stored) -> bytes | None:
        """Return the honest receipt."""
        return self.sign(self.receipt_body(upload))

    def seen(self, request: str) -> int:
        """Return how often a kind of request came."""
        return self.requests.count(request)


def status(code: int, problem: str = "", **headers: str) -> Callable[[Handler], bool]:
    """A fault: an error answer instead of the work."""

    def fault(handler: Handler) -> bool:
        handler.read_body()
        handler.answer(code, json.dumps({"code": problem}).encode() if problem else b"", headers)
        return True

    return fault


def refuse_unread(code: int, problem: str) -> Callable[[Handler], bool]:
    """A fault: an error answer before any byte of the body is read, and the connection closed."""

    def fault(handler: Handler) -> bool:
        handler.answer(code, json.dumps({"code": problem}).encode(), {"Connection": "close"})
        handler.close_connection = True
        return True

    return fault


def reply_lost(handler: Handler) -> bool:
    """A fault: the work is done, the answer never arrives."""
    handler.mute = True
    return False


def reset_after(size: int) -> Callable[[Handler], bool]:
    """A fault: the line breaks after so many bytes of the body; nothing of them is kept."""

    def fault(handler: Handler) -> bool:
        length = int(handler.headers["Content-Length"])
        handler.far.received_bytes += len(handler.rfile.read(min(size, length)))
        handler.reset()
        return True

    return fault


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of the protocol."""

    protocol_version = "HTTP/1.1"
    far: FarEnd
    mute = False

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """Serve one request; a sender that goes away is the sender's business."""
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _serve(self) -> None:
        kind = {"GET": self.path.partition("?")[0].rpartition("/")[2]}.get(self.command, self.command)
        kind = {"/api/v1/receipts": "receipts", "/api/v1/checkpoints": "show"}.get(self.path, kind)
        kind = "proof-shown" if self.path == "/api/v1/proofs" else kind
        with self.far.lock:
            self.far.requests.append(kind)
            waiting = self.far.faults.get(kind)
            fault = waiting.pop(0) if waiting else None
        if fault is not None and fault(self):
            return None
        if self.path != "/api/v1/key" and self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.refuse(401, "not-signed-in")
        if self.path == "/api/v1/key":
            return self.answer(200, self.far.key.text().encode() + b"\n")
        if self.path == "/api/v1/log-keys" and self.far.log:
            return self.answer(200, self.far.sign(self.far.log.keys_body()))
        if self.path == "/api/v1/log-keys":
            return self.refuse(404, "http-404")
        if self.path == "/api/v1/cards":
            return self._announce(json.loads(self.read_body()))
        if self.path == "/api/v1/uploads":
            return self._create()
        if self.path == "/api/v1/receipts":
            return self._receipts(json.loads(self.read_body())["uploads"])
        if self.path == "/api/v1/checkpoints" and self.far.log:
            goes_on = self.far.log.goes_on(self.read_body())
            return self.answer(200, json.dumps({"goes_on": goes_on}).encode())
        if self.path == "/api/v1/proofs" and self.far.log:
            shown = disassemble(self.read_body())[1]["recording"]
            return self._proof(next(one for one in self.far.uploads.values() if one.recording == shown))
        if self.path.startswith("/api/v1/logs/custody/"):
            return self._log(self.far.log)
        upload = self.far.uploads.get(self.path.split("/")[4])
        if upload is None or upload.id in self.far.others:
            return self.refuse(404, "upload-not-found")
        if self.command == "HEAD":
            return self.answer(200, b"", {"Upload-Offset": str(len(upload.data))})
        if self.path.endswith("/proof"):
            return self._proof(upload)
        return self._patch(upload) if self.command == "PATCH" else self._receipt(upload)

    do_GET = do_HEAD = do_POST = do_PATCH = _serve

    def _announce(self, card: dict[str, object]) -> None:
        self.far.lists.append(card)
        files = []
        for file in card["files"]:  # type: ignore[attr-defined]
            mine = [
                u
                for u in self.far.uploads.values()
                if (u.metadata["filename"], u.size) == (file["name"], file["size"])
                and u.metadata.get("modified") == file["modified"]
            ]
            upload = mine[-1] if mine else None
            state = "wanted" if upload is None else "sealed" if upload.is_complete else "receiving"
            recording = upload.recording if upload and upload.is_complete else None
            facts = {"state": state, "upload": upload.id if upload else None, "recording": recording}
            known = {"check": upload.check, "not_stored": upload.not_stored} if upload else {}
            files.append({**file, **facts, **known})
        answer = {"card": uuid.uuid4().hex, "files": files, "gone": self.far.gone}
        self.answer(201, json.dumps(answer).encode())

    def _create(self) -> None:
        pairs = (pair.split(" ") for pair in self.headers["Upload-Metadata"].split(","))
        metadata = {key: base64.b64decode(text).decode() for key, text in pairs}
        upload = Stored(uuid.uuid4().hex, int(self.headers["Upload-Length"]), metadata)
        body, place = self.read_body(), {"Location": f"/api/v1/uploads/{upload.id}"}
        if not self.far.takes_first:
            self.far.uploads[upload.id] = upload
            return self.answer(201, b"", place)
        if body and not self._take(upload, body):
            return None
        self.far.uploads[upload.id] = upload
        return self.answer(201, b"", {**place, "Upload-Offset": str(len(upload.data))})

    def _patch(self, upload: Stored) -> None:
        body = self.read_body()
        if int(self.headers["Upload-Offset"]) != len(upload.data):
            self.far.received_bytes += len(body)
            self.refuse(409, "offset-differs")
        elif self._take(upload, body):
            self.answer(204, b"", {"Upload-Offset": str(len(upload.data))})

    def _take(self, upload: Stored, body: bytes) -> bool:
        """Take bytes whose checksum is right; else refuse them."""
        self.far.received_bytes += len(body)
        algorithm, _, checksum = self.headers["Upload-Checksum"].partition(" ")
        assert algorithm == "sha256-prefix"
        is_right = hashlib.sha256(upload.data + body).digest() == base64.b64decode(checksum)
        if is_right:
            upload.data += body
        else:
            self.refuse(460, "checksum-differs")
        return is_right

    def _receipt(self, upload: Stored) -> None:
        if not upload.is_complete:
            return self.refuse(425, "upload-incomplete")
        document = self.far.forge(self.far, upload)
        if document is None:
            return self.answer(202, b"{}", {"Retry-After": self.far.retry_after})
        return self.answer(200, document, {"Evidence-Check": upload.check} if upload.check else None)

    def _receipts(self, uploads: list[str]) -> None:
        if not self.far.tells_many:
            return self.refuse(404, "http-404")
        told: list[dict[str, object]] = []
        for upload in map(self.far.uploads.__getitem__, uploads):
            document = self.far.forge(self.far, upload)
            if document is None:
                told.append({"upload": upload.id, "state": "sealing"})
            else:
                said = {"state": "sealed", "receipt": document.decode(), "check": upload.check}
                told.append({"upload": upload.id, **said})
        return self.answer(200, json.dumps({"receipts": told}).encode())

    def _proof(self, upload: Stored) -> None:
        log = self.far.log
        if log is None:
            return self.refuse(404, "http-404")
        index = log.place_of(upload)["log_index"]
        if index >= log.published:
            body = {"code": "not-yet-published", "index": index, "published": log.published}
            return self.answer(409, json.dumps(body).encode())
        return self.answer(200, log.forge(log, index))

    def _log(self, log: FarLog | None) -> None:
        if log is None:
            return self.refuse(404, "http-404")
        if not log.published:
            return self.refuse(404, "log-not-found")
        if self.path.endswith("/checkpoint"):
            return self.answer(200, log.checkpoint())
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        return self.answer(200, log.consistency(int(asked["old"]), int(asked["new"])))

    def refuse(self, code: int, problem: str) -> None:
        """Answer with a problem document."""
        status(code, problem)(self)

    def read_body(self) -> bytes:
        """Read the body of the request, once."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        del self.headers["Content-Length"]
        return body

    def answer(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Answer, or break the line where the answer was to be lost."""
        if self.mute:
            self.reset()
            return
        self.send_response(code)
        if self.far.alarms:
            self.send_header("Evidence-Integrity-Alarm", str(self.far.alarms))
        for name, value in (headers or {}).items():
            self.send_header(name.replace("_", "-"), value)
        if code != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reset(self) -> None:
        """Break the line at once (TCP reset)."""
        self.mute = False
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@contextmanager
def far_end(tls: ssl.SSLContext | None = None) -> Iterator[FarEnd]:
    """Serve a simulated service while the context is open, over TLS when a server context is given."""
    far = FarEnd()
    handler = type("BoundHandler", (Handler,), {"far": far})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    far.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield far
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
