"""The line to the signer: a Unix socket, one JSON line as question, one as answer, then it is closed.

    {"ask":"sign","log":"custody","after":40,"ends":[41,57]}     {"note":"police.example/custody\n57\n…"}
    {"ask":"keys","log":"custody"}                               {"keys":["police.example/custody+…"]}
    {"ask":"last","log":"custody"}                               {"note":""}
    {"ask":"logs"}                                               {"logs":["custody"]}
    {"ask":"rotate","log":"custody","retire":false}              {"keys":["…"]}
    {"ask":"halt","reason":"entry-altered"}                      {}
    any that is refused                                          {"error":"…","family":"…","fields":{…}}

Who may connect is decided by the folder that the socket lies in. Nothing that is asked can make the signer
sign another past (desk.py).
"""

from __future__ import annotations

import json
import logging
import os
import socket
import socketserver
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from evidence.errors import EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.signer.desk import Desk
from storage.errors import StorageError

log = logging.getLogger("evidence.signer")

SOCKET = "socket"
RUNNING = 75  # exit code of a signer that found another on its folder (EX_TEMPFAIL of sysexits.h)
MOST_BYTES = 1 << 20
WAIT_S = 60.0  # the signer reads some megabytes from the vault
_FAMILIES: Mapping[str, type[EvidenceError]] = {
    "integrity": IntegrityFault,
    "invalid": Invalid,
    "unavailable": Unavailable,
}


def ask(folder: Path, question: Mapping[str, object]) -> dict[str, Any]:
    """Ask the signer whose socket lies in a folder.

    Raises: Unavailable("signer-unreachable"), and what the signer answers: IntegrityFault, Invalid,
    Unavailable.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(WAIT_S)
            _with_short_name(folder, line.connect)
            line.sendall(json.dumps(question).encode() + b"\n")
            raw = _one_line(line)
    except OSError as problem:
        raise Unavailable("signer-unreachable", reason=problem.strerror or str(problem)) from problem
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable("signer-unreachable", reason="no answer")
    if "error" in answer:
        family = _FAMILIES.get(str(answer.get("family")), Unavailable)
        fields = answer.get("fields")
        raise family(str(answer["error"]), **(fields if isinstance(fields, dict) else {}))
    return answer


def _with_short_name(folder: Path, use: Any) -> None:
    """Name the socket by way of its open folder: a socket's name may have 107 bytes at most."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        use(f"/proc/self/fd/{place}/{SOCKET}")
    finally:
        os.close(place)


def _one_line(line: socket.socket) -> bytes:
    raw = b""
    while not raw.endswith(b"\n"):
        block = line.recv(1 << 16)
        if not block or len(raw) > MOST_BYTES:
            return b""
        raw += block
    return raw


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers on the socket in a folder, one thread for each question."""

    daemon_threads = True
    # Where the queue is full a Unix socket refuses at once, and whoever asks would think nobody is there.
    request_queue_size = 128

    def __init__(self, folder: Path, desk: Desk) -> None:
        self._folder, self.desk = folder, desk
        super().__init__(str(folder / SOCKET), _Handler)

    def server_bind(self) -> None:
        """Bind the socket; what a killed signer left is in nobody's way (the lock of the state is)."""
        with suppress(FileNotFoundError):
            (self._folder / SOCKET).unlink()
        _with_short_name(self._folder, self.socket.bind)
        (self._folder / SOCKET).chmod(0o660)
        self.server_address = str(self._folder / SOCKET)


class _Handler(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        """Answer one question."""
        self.request.settimeout(WAIT_S)
        with suppress(OSError):  # whoever asked is gone: he asks again
            answer = _answer(self.server.desk, _one_line(self.request))
            self.request.sendall(json.dumps(answer).encode() + b"\n")


def _answer(desk: Desk, raw: bytes) -> Mapping[str, object]:
    try:
        return _answered(desk, json.loads(raw or b"null"))
    except (EvidenceError, StorageError) as problem:
        log.warning("not signed: %s", problem)
        return {"error": problem.code, "family": _family(problem), "fields": _plain(problem.fields)}
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        return {"error": "signer-question-malformed", "family": "invalid", "fields": {"reason": str(problem)}}
    except Exception as problem:  # the signer stays; whoever asked is told that nothing was signed
        log.exception("not signed")
        return {"error": "unavailable", "family": "unavailable", "fields": {"reason": repr(problem)}}


def _answered(desk: Desk, asked: Any) -> Mapping[str, object]:
    if not isinstance(asked, dict):
        raise Invalid("signer-question-malformed", reason="shape")
    what, of = asked["ask"], str(asked.get("log", ""))
    if what == "sign":
        return {"note": desk.sign(of, _size(asked["after"]), _sizes(asked["ends"])).decode("utf-8")}
    if what == "keys":
        return {"keys": desk.key_lines(of)}
    if what == "last":
        return {"note": desk.last(of).decode("utf-8")}
    if what == "logs":
        return {"logs": desk.logs()}
    if what == "rotate":
        return {"keys": [desk.rotate(of, retire=bool(asked.get("retire")))]}
    if what == "halt":
        if not isinstance(asked["reason"], str):
            raise Invalid("signer-question-malformed", reason="reason")
        desk.halt(asked["reason"])
        return {}
    raise Invalid("signer-question-malformed", reason="ask")


def _size(value: object) -> int:
    if type(value) is not int:  # True is not 1, and 1.5 is no size
        raise Invalid("signer-question-malformed", reason="sizes")
    return value


def _sizes(values: object) -> list[int]:
    if not isinstance(values, list):
        raise Invalid("signer-question-malformed", reason="sizes")
    return [_size(one) for one in values]


def _family(problem: EvidenceError | StorageError) -> str:
    for name, family in _FAMILIES.items():
        if isinstance(problem, family):
            return name
    return "unavailable"


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, str | int | None) else str(value) for name, value in fields.items()
    }
