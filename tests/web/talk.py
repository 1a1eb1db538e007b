"""Talking HTTP to a service, down to single bytes, and tus requests by hand."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests import forms
from tests.service_process import ServiceProcess

OCTETS = "application/offset+octet-stream"
UPLOADS = "/api/v1/uploads"


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem document that this must be."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        assert self.json["status"] == self.status
        return str(self.json["code"])


def ask(
    port: int,
    method: str,
    path: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
) -> Answer:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    credential = {"Authorization": f"Bearer {token}"} if token is not None else {}
    try:
        connection.request(method, path, body, {**credential, **(headers or {})})
        response = connection.getresponse()
        content = response.read()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)
    finally:
        connection.close()


def metadata(**fields: str) -> str:
    """Write `Upload-Metadata`; an underscore in a key stands for a dash."""
    pairs = (f"{k.replace('_', '-')} {base64.b64encode(v.encode()).decode()}" for k, v in fields.items())
    return ",".join(pairs)


def checksum(body: bytes, algorithm: str = "sha256") -> str:
    """Write `Upload-Checksum`."""
    digest = hashlib.new(algorithm, body, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


class Dock:
    """A dock that speaks tus by hand."""

    def __init__(self, service: ServiceProcess, token: str) -> None:
        self.service, self.token = service, token
        self.device = f"D-{uuid.uuid4().hex[:12]}"  # names are taken once per device

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        """Send a tus request; header names with underscores for dashes, "" leaves a header out."""
        named = {"Tus-Resumable": "1.0.0", **{k.replace("_", "-"): v for k, v in headers.items()}}
        sent = {name: value for name, value in named.items() if value}
        return ask(self.service.port, method, path, self.token, sent, body)

    def create(
        self,
        size: int | str,
        name: str = "a.mp4",
        *,
        fields: Mapping[str, str] = {},
        body: bytes | None = None,
        **headers: str,
    ) -> Answer:
        """Ask for an upload, with its first bytes, if any."""
        told = metadata(**{"filename": name, "device": self.device, "wearer": "012345", **fields})
        said = {"Upload_Length": str(size), "Upload_Metadata": told, **headers}
        return self.ask("POST", UPLOADS, body, **said)

    def open(self, size: int, name: str = "a.mp4", **fields: str) -> str:
        """Open an upload and return its path."""
        answer = self.create(size, name, fields=fields)
        assert answer.status == 201, answer
        return answer.headers["location"]

    def patch(self, path: str, offset: int | str, body: bytes | Iterable[bytes], **headers: str) -> Answer:
        """Send bytes."""
        return self.ask(
            "PATCH", path, body, **{"Content_Type": OCTETS, "Upload_Offset": str(offset), **headers}
        )

    def offset(self, path: str) -> int:
        """Return the durable offset."""
        answer = self.ask("HEAD", path)
        assert answer.status == 200, answer
        return int(answer.headers["upload-offset"])

    def receipt(self, path: str, patience_s: float = 60) -> dict[str, Any]:
        """Wait for the receipt and return its body."""
        deadline = time.monotonic() + patience_s * forms.PATIENCE
        while (answer := self.ask("GET", f"{path}/receipt")).status == 202:
            assert time.monotonic() < deadline, f"no receipt in time:\n{self.service.output()[-4000:]}"
            time.sleep(0.05)
        assert answer.status == 200, answer
        return body_of(answer.body)

    def seal(self, data: bytes, name: str = "a.mp4", **fields: str) -> dict[str, Any]:
        """Send a whole file and return its receipt's body."""
        path = self.open(len(data), name, **fields)
        if data:
            assert self.patch(path, 0, data, Upload_Checksum=checksum(data)).status == 204
        return self.receipt(path)


def body_of(document: bytes) -> dict[str, Any]:
    """Return the body of a signed document, unverified (docs/formats/signed-document.md)."""
    body = json.loads(document)["signed"]
    assert isinstance(body, dict)
    return body


@contextmanager
def raw(port: int, head: str) -> Iterator[socket.socket]:
    """Open a connection and send a request's head as it stands; lines end in CR LF."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        yield line


def read_answer(line: socket.socket) -> Answer:
    """Read one answer from a raw connection."""
    response = http.client.HTTPResponse(line)
    response.begin()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
