"""The two ways to a service: to a lean one over a local socket, and to a whole one over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.drills.workload import Lost, Said, Violation

PATIENCE_S = 60.0


class LeanServer:
    """The fork server of tests/drills/lean.py. tree: the source tree it runs (a mutant's, or ours)."""

    def __init__(self, room: Path, tree: Path | None = None, prefix: tuple[str, ...] = ()) -> None:
        self.path = room / "lean.sock"
        self._log = (room / "lean.log").open("ab")
        root = tree or Path(__file__).parents[2]
        # The tree stands before everything else on the path, so a mutant's modules are the ones that run.
        path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.drills.lean", str(self.path)],
            cwd=root,
            env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            raise AssertionError(f"the lean server did not start:\n{(room / 'lean.log').read_text()[-4000:]}")

    def connect(self) -> socket.socket:
        """Open a connection: a child of its own."""
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(PATIENCE_S)
        link.connect(str(self.path))
        return link

    def make(self, folder: Path) -> dict[str, Any]:
        """Make a site in a new folder with one dock; return its verifier key and the dock's id."""
        with self.connect() as link:
            link.sendall(json.dumps({"make": str(folder)}).encode() + b"\n")
            return _read(link.makefile("rb").readline())

    def stop(self) -> None:
        """End the server; children end with their connections."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)
        self._log.close()

    def __enter__(self) -> LeanServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class LeanLine:
    """A `Line` to one lean service. Made in two steps, so that a tracer can attach between: `pid`, then
    `go`.
    """

    def __init__(self, server: LeanServer, folder: Path) -> None:
        self._link = server.connect()
        self._lines = self._link.makefile("rb")
        self._link.sendall(json.dumps({"serve": str(folder)}).encode() + b"\n")
        self.pid: int = json.loads(self._lines.readline())["pid"]
        self._process = os.pidfd_open(self.pid)  # readable once it has ended

    def go(self) -> None:
        """Let the service start. Raises: Lost, Said when it refuses to."""
        self._send(b"go\n")
        _read(self._line())

    def create(self, name: str, device: str, size: int, sha256: str | None, body: bytes = b"") -> str:
        """See Line."""
        words = {"act": "create", "name": name, "device": device, "size": size, "sha256": sha256}
        answer = self._ask(words, body)
        return str(answer["upload"])

    def head(self, upload: str) -> int:
        """See Line."""
        return int(self._ask({"act": "head", "upload": upload})["offset"])

    def patch(self, upload: str, offset: int, body: bytes, checksum: str) -> int:
        """See Line."""
        words = {"act": "patch", "upload": upload, "offset": offset, "checksum": checksum}
        return int(self._ask(words, body)["offset"])

    def receipt(self, upload: str) -> str:
        """See Line."""
        document = self._ask({"act": "receipt", "upload": upload})["receipt"]
        if document is None:
            raise Violation(f"no receipt comes for upload {upload}")
        return str(document)

    def rest(self) -> None:
        """Let the service do whatever seals still wait."""
        self._ask({"act": "rest"})

    def close(self) -> None:
        """Let the service end, and wait until it holds nothing open any more."""
        with suppress(OSError):  # it may have hung up already
            self._link.shutdown(socket.SHUT_WR)
        select.select([self._process], [], [], PATIENCE_S)
        self._lines.close()
        self._link.close()
        os.close(self._process)

    def kill(self) -> None:
        """Kill the service, then hang up."""
        os.kill(self.pid, signal.SIGKILL)
        self.close()

    def _ask(self, words: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
        if body:
            words["length"] = len(body)
        self._send(json.dumps(words).encode() + b"\n" + body)
        return _read(self._line())

    def _send(self, message: bytes) -> None:
        try:
            self._link.sendall(message)
        except (ConnectionError, BrokenPipeError) as fault:
            raise Lost from fault

    def _line(self) -> bytes:
        try:
            return self._lines.readline()
        except ConnectionError as fault:
            raise Lost from fault


def _read(line: bytes) -> dict[str, Any]:
    word, _, rest = line.partition(b" ")
    if not rest.endswith(b"\n"):
        raise Lost  # an answer cut short is no answer
    facts: dict[str, Any] = json.loads(rest)
    if word == b"yes":
        return facts
    if "code" in facts:
        raise Said(facts["code"])
    raise Violation(facts["problem"])


class Party:
    """A child of the lean server that does one thing with a site: "publish" its logs, "sign" them, "build" an
    export, "hand-over" one, or "migrate" a database."""

    def __init__(self, server: LeanServer, act: str, folder: Path) -> None:
        self._link = server.connect()
        self._lines = self._link.makefile("rb")
        self._link.sendall(json.dumps({act: str(folder)}).encode() + b"\n")
        self.pid: int = json.loads(self._lines.readline())["pid"]
        self._process = os.pidfd_open(self.pid)

    def send_go(self) -> None:
        """Let it begin."""
        self._link.sendall(b"go\n")

    def go(self) -> dict[str, Any]:
        """Let it begin, and wait for its end. Raises: Lost when it died, Said when it was refused."""
        try:
            self.send_go()
            return _read(self._lines.readline())
        except ConnectionError as fault:
            raise Lost from fault

    def kill(self) -> None:
        """Kill it if it lives, and wait until it holds nothing open any more."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        select.select([self._process], [], [], PATIENCE_S)
        self._lines.close()
        self._link.close()
        os.close(self._process)


class HttpLine:
    """A `Line` to a whole service, as docs/formats/dock-protocol.md has it."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self.token = port, token
        self._identity = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}

    def create(self, name: str, device: str, size: int, sha256: str | None, body: bytes = b"") -> str:
        """See Line."""
        fields = {
            "filename": name,
            "device": device,
            "wearer": "012345",
            **({"sha256": sha256} if sha256 else {}),
        }
        metadata = ",".join(
            f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in fields.items()
        )
        said = {"Upload-Length": str(size), "Upload-Metadata": metadata}
        if body:
            said["Content-Type"] = "application/offset+octet-stream"
        headers, _ = self._ask("POST", "/api/v1/uploads", said, body or None, ok=201)
        return headers["Location"].rpartition("/")[2]

    def head(self, upload: str) -> int:
        """See Line."""
        return int(self._ask("HEAD", f"/api/v1/uploads/{upload}", {}, ok=200)[0]["Upload-Offset"])

    def patch(self, upload: str, offset: int, body: bytes, checksum: str) -> int:
        """See Line."""
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": checksum,
        }
        return int(self._ask("PATCH", f"/api/v1/uploads/{upload}", headers, body, ok=204)[0]["Upload-Offset"])

    def receipt(self, upload: str) -> str:
        """See Line."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            _, body = self._ask("GET", f"/api/v1/uploads/{upload}/receipt", {}, ok=200, also=202)
            if body.startswith(b'{"signed"'):
                return body.decode()
            time.sleep(0.05)
        raise Violation(f"no receipt comes for upload {upload} within {PATIENCE_S} s")

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        ok: int,
        also: int = 0,
    ) -> tuple[http.client.HTTPMessage, bytes]:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        try:
            link.request(method, path, body, headers | self._identity)
            answer = link.getresponse()
            content = answer.read()
        except (ConnectionError, http.client.HTTPException, TimeoutError) as fault:
            raise Lost from fault
        finally:
            link.close()
        if answer.status not in (ok, also):
            raise Said(json.loads(content)["code"] if content else str(answer.status), answer.status)
        return answer.headers, content
