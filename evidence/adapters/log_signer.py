"""The way to the signer: questions over its socket, and the child that an embedded service starts.

The child ends with the service: it waits on a pipe that only the service holds.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.adapters.keys import verify_ed25519, verify_ml_dsa_44
from evidence.errors import Unavailable
from evidence.ledger import cosignatures
from evidence.signer.line import RUNNING, ask

NOTE_CHECKS = cosignatures.checks(verify_ed25519, verify_ml_dsa_44)
_STARTS_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.05


class SignerLine:
    """See service.ports.LogSigner. folder: where the signer's socket lies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keys(self, log: str) -> Sequence[str]:
        """Return the verifier keys that sign a log now; a new log is begun."""
        return [str(vkey) for vkey in self._ask({"ask": "keys", "log": log})["keys"]]

    def last(self, log: str) -> bytes:
        """Return the checkpoint that was signed last, nothing where none was."""
        return str(self._ask({"ask": "last", "log": log})["note"]).encode()

    def logs(self) -> Sequence[str]:
        """Return the logs of which anything was signed."""
        return [str(log) for log in self._ask({"ask": "logs"})["logs"]]

    def sign(self, log: str, after: int, ends: Sequence[int]) -> bytes:
        """Return the signed checkpoint of the last of these sizes."""
        return str(self._ask({"ask": "sign", "log": log, "after": after, "ends": [*ends]})["note"]).encode()

    def rotate(self, log: str, *, retire: bool = False) -> str:
        """Give a log a new key; return its verifier key. retire: the one before signs no more."""
        return str(self._ask({"ask": "rotate", "log": log, "retire": retire})["keys"][0])

    def halt(self, reason: str) -> None:
        """Have nothing signed from now on."""
        self._ask({"ask": "halt", "reason": reason})

    def close(self) -> None:
        """Let go of the signer."""

    def _ask(self, question: Mapping[str, object]) -> dict[str, Any]:
        return ask(self._folder, question)


class SignerChild(SignerLine):
    """The same; where nobody answers, the signer is a child of this process: started when it is first
    needed, and again when it has died.
    """

    def __init__(self, folder: Path, data: Path) -> None:
        super().__init__(folder)
        self._data = data
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def _ask(self, question: Mapping[str, object]) -> dict[str, Any]:
        with self._turn:
            self._start()
        return super()._ask(question)

    def _start(self) -> None:
        """Start the child unless it runs, and wait until it answers.

        Raises: Unavailable("signer-unreachable").
        """
        if self._child is not None and self._child.poll() is None:
            return
        self.close()
        try:
            self._hello()
        except Unavailable:
            pass
        else:
            return  # the child of another process of this site
        self._child = child = self._begin()
        until = time.monotonic() + _STARTS_WITHIN_S
        while True:
            try:
                self._hello()
            except Unavailable as problem:
                code = child.poll()
                if code not in (None, RUNNING) or time.monotonic() > until:
                    self.close()
                    raise Unavailable("signer-unreachable", reason=f"exit code {code}") from problem
                if code == RUNNING:  # another process is starting one this moment, or is ending one
                    self.close()
                    self._child = child = self._begin()
                time.sleep(_LOOK_EVERY_S)
            else:
                return

    def _begin(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "evidence.signer", "--data", str(self._data), "--child"]
        # A session of its own: Ctrl-C ends the service, and the service the signer.
        return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def _hello(self) -> None:
        super()._ask({"ask": "last", "log": "custody"})

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            if self._child.stdin is not None:
                self._child.stdin.close()
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None


def open_signer(folder: Path, data: Path | None) -> SignerLine:
    """Return the way to the signer whose socket lies in a folder. data: of the site where the signer is a
    child of whoever needs it; None where somebody else runs it.
    """
    return SignerLine(folder) if data is None else SignerChild(folder, data)
