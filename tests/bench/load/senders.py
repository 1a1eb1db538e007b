"""Docks for the load drills, in a process of their own: a thread each, one connection, no library between.

The plan comes as JSON on standard input, what was measured goes to standard output. The digests that docks
send along are computed before the start, so of this process there is only what a dock's line would cost; its
processor seconds are told, since it shares the processors with the service.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256

from evidence.dock.collecting import MOST_AT_ONCE
from evidence.dock.sending import AT_ONCE

OCTETS = "application/offset+octet-stream"
SLICE = 256 << 10  # of a paced body
_PATIENCE_S = 300.0
ON_A_CARD = 100  # files of one recorder


@dataclass(frozen=True)
class Plan:
    """tokens: a client each. name: begins the devices' names. piece: bytes of a request. start: by the
    monotonic clock. bytes_per_s: of each client; 0: as fast as it goes. makes_up: what a request took too
    long is sent faster after it, so that the rate is kept; else it is lost, as on a line that is no faster.
    until: no new file is begun after. apart_s: so long after the one before it each client begins, and ends.
    body: of one piece, in hexadecimal; else random bytes.
    """

    port: int
    tokens: list[str]
    name: str
    files: int
    size: int
    piece: int
    start: float
    bytes_per_s: float = 0.0
    makes_up: bool = False
    until: float = float("inf")
    apart_s: float = 0.0
    ask_every_s: float = 1.0
    body: str = ""
    wearer: str = "1"


@dataclass
class Told:
    """What one client saw. opens: seconds of each request that opens an upload; pieces: of each that sends;
    answers: of those, from the last byte to the answer; receipts: seconds from a file's last byte; each
    file's last byte and receipt by the monotonic clock.
    """

    began: float = 0.0
    sent_at: float = 0.0
    sealed_at: float = 0.0
    sent: int = 0
    sealed: int = 0
    opens: list[float] = field(default_factory=list)
    pieces: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    receipts: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Line:
    """One connection: requests one after the other."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self.sent_at = 0.0  # the last byte of the last request, by the monotonic clock

    def ask(
        self, head: str, body: memoryview | bytes = b"", bytes_per_s: float = 0.0, due: float | None = None
    ) -> tuple[int, str, bytes]:
        """Send one request; return status, head and body of the answer. due: when a paced body was to begin,
        by the monotonic clock; None: now.
        """
        begun = f"{head}Host: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        if len(body) <= SLICE and not bytes_per_s:
            self._socket.sendall(begun + bytes(body))
        else:
            self._socket.sendall(begun)
            self._pour(memoryview(body), bytes_per_s, time.monotonic() if due is None else due)
        self.sent_at = time.monotonic()
        while b"\r\n\r\n" not in self._rest:
            self._more()
        answer, self._rest = self._rest.split(b"\r\n\r\n", 1)
        words = answer.decode("latin-1")
        length = int(header(words, "content-length") or 0)
        while len(self._rest) < length:
            self._more()
        content, self._rest = self._rest[:length], self._rest[length:]
        return int(words.split(" ", 2)[1]), words, content

    def _more(self) -> None:
        if not (got := self._socket.recv(1 << 16)):
            raise ConnectionError("the service closed the line")
        self._rest += got

    def _pour(self, body: memoryview, bytes_per_s: float, began: float) -> None:
        if not bytes_per_s:
            self._socket.sendall(body)
            return
        for offset in range(0, len(body), SLICE):
            end = min(offset + SLICE, len(body))  # what is on its way so long is there only then
            time.sleep(max(0.0, began + end / bytes_per_s - time.monotonic()))
            self._socket.sendall(body[offset:end])


def header(words: str, name: str) -> str:
    """Return the value of a header of an answer, or ""."""
    for line in words.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


class Client:
    """One dock, as ours: sends its files one after the other, a small one with the request that opens its
    upload, then waits for their receipts.
    """

    def __init__(self, plan: Plan, number: int, block: bytes, digests: list[str]) -> None:
        self._plan, self._number, self._told = plan, number, Told()
        self._block, self._digests = memoryview(block), digests
        token = plan.tokens[number]
        self._identity = f" HTTP/1.1\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"

    def run(self) -> Told:
        """Send all, and return what was seen; a problem ends this client, and is told."""
        plan, told = self._plan, self._told
        try:
            line = Line(plan.port)
            later = self._number * plan.apart_s
            time.sleep(max(0.0, plan.start + later - time.monotonic()))
            told.began = time.monotonic()
            places = []
            for n in range(plan.files):
                if time.monotonic() > plan.until + later:
                    break
                places.append((self._send(line, n), time.monotonic()))
            told.sent_at = time.monotonic()
            while places:
                asked, places = places[:MOST_AT_ONCE], places[MOST_AT_ONCE:]
                self._await(line, asked)
            told.sealed_at = time.monotonic()
        except (OSError, AssertionError) as problem:
            told.problems.append(repr(problem))
        return told

    def _send(self, line: Line, n: int) -> str:
        plan = self._plan
        device = _b64(f"{plan.name}{self._number:03}-{n // ON_A_CARD}")
        name = _b64(f"DCIM/{n:06}.mp4")
        said = f"Upload-Length: {plan.size}\r\nUpload-Metadata: filename {name},device {device},"
        said += f"wearer {_b64(plan.wearer)}\r\n"
        first = self._block[: plan.size] if plan.size <= AT_ONCE else self._block[:0]
        if first:
            said += f"Content-Type: {OCTETS}\r\nUpload-Checksum: {self._digests[0]}\r\n"
        asked = time.monotonic()
        status, words, body = line.ask(f"POST /api/v1/uploads{self._identity}{said}", first)
        self._told.opens.append(time.monotonic() - asked)
        assert status == 201, (status, body[:200])
        assert header(words, "upload-offset") == str(len(first)), words
        self._told.sent += len(first)
        place, offset, began = header(words, "location"), len(first), time.monotonic()
        while offset < plan.size:
            piece = self._block[: min(plan.piece, plan.size - offset)]
            head = (
                f"PATCH {place}{self._identity}Content-Type: {OCTETS}\r\n"
                f"Upload-Offset: {offset}\r\nUpload-Checksum: {self._digests[offset // plan.piece]}\r\n"
            )
            due = None
            if plan.bytes_per_s:
                done, since = (self._told.sent, self._told.began) if plan.makes_up else (offset, began)
                due = since + done / plan.bytes_per_s
                time.sleep(max(0.0, due - time.monotonic()))
            asked = time.monotonic()
            status, _, body = line.ask(head, piece, plan.bytes_per_s, due if plan.makes_up else None)
            now = time.monotonic()
            self._told.pieces.append(now - asked)
            self._told.answers.append(now - line.sent_at)
            assert status == 204, (status, body[:200])
            offset += len(piece)
            self._told.sent += len(piece)
        return place

    def _await(self, line: Line, places: list[tuple[str, float]]) -> None:
        """Ask for the receipts of several files at once, until all are there."""
        waiting = {place.rpartition("/")[2]: at for place, at in places}
        while waiting:
            question = json.dumps({"uploads": list(waiting)}).encode()
            head = f"POST /api/v1/receipts{self._identity}Content-Type: application/json\r\n"
            status, _, body = line.ask(head, question)
            assert status == 200, (status, body[:200])
            for told in json.loads(body)["receipts"]:
                assert told["state"] in ("sealed", "sealing"), told
                if told["state"] == "sealed":
                    assert json.loads(told["receipt"])["signed"]["size"] == self._plan.size
                    self._told.receipts.append(time.monotonic() - waiting.pop(told["upload"]))
                    self._told.sealed += 1
            if waiting:
                time.sleep(self._plan.ask_every_s)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def digests_of(block: bytes, size: int) -> list[str]:
    """Return the checksums of a file of this block again and again, up to the end of each request."""
    running, digests = sha256(), []
    for offset in range(0, size, len(block)):
        running.update(memoryview(block)[: min(len(block), size - offset)])
        digests.append("sha256-prefix " + base64.b64encode(running.digest()).decode())
    return digests


def main() -> None:
    """Run all clients of a plan."""
    print("ready", flush=True)  # the interpreter has started; the plan may come any time later
    plan = Plan(**json.loads(sys.stdin.readline()))
    block = bytes.fromhex(plan.body) or os.urandom(plan.piece)
    digests = digests_of(block, plan.size)
    clients = [Client(plan, number, block, digests) for number in range(len(plan.tokens))]
    results: list[Told] = []
    threads = [threading.Thread(target=lambda one=one: results.append(one.run())) for one in clients]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(json.dumps({"worked": time.process_time(), "clients": [asdict(one) for one in results]}))


if __name__ == "__main__":
    main()
