"""A witness in a process of its own, as a court starts it; and what can be sent to it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.notes import sign, write
from evidence.ledger.proofs import consistency
from evidence.ledger.witnessing import AddCheckpoint
from evidence.witness.logs import add_log
from evidence.witness.serving import make
from tests.ledger.trees import LOG, Signer, mth, stored


class WitnessProcess:
    """Starts `evidence witness`; makes the witness first when the folder is new."""

    def __init__(self, folder: Path, *logs: str, name: str = "court.example/w1", **environment: str) -> None:
        self.folder, self._environment = folder, environment
        self._tls: tuple[str, ...] = ()
        if not folder.exists():
            make(folder, name)
            for vkey in logs:
                add_log(folder, vkey)
        self.vkey = (folder / "vkey").read_text("ascii").strip()
        self.port, self.url = 0, ""

    def with_tls(self, certificate: Path, key: Path) -> WitnessProcess:
        """Serve over TLS."""
        self._tls = ("--certificate", str(certificate), "--key", str(key))
        return self

    def start(self, *words: str) -> None:
        """Start it, and wait until it listens; at the port that it had before."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "evidence", "witness", "--folder", str(self.folder), *self._tls]
            + ["--port", str(self.port), *words],
            stdout=subprocess.PIPE,
            stderr=(self.folder.parent / f"{self.folder.name}.log").open("ab"),
            text=True,
            env={**os.environ, **self._environment},
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert "://" in said, (self.folder.parent / f"{self.folder.name}.log").read_text()
        self.url = next(word.rstrip(",;，；") for word in said.replace("，", " ").split() if "://" in word)
        self.port = int(self.url.rpartition(":")[2])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it; return how it ended."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Wait until it has ended; return how."""
        code = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def ask(self, body: bytes, path: str = "/add-checkpoint", method: str = "POST") -> tuple[int, bytes, str]:
        """Send a request; return status, body and its type."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, body)
            answer = line.getresponse()
            return answer.status, answer.read(), answer.headers["Content-Type"]
        finally:
            line.close()

    def state(self) -> dict[str, bytes]:
        """Return all that it keeps, file by file."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    def __enter__(self) -> WitnessProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)


def command(*words: str, code: int = 0) -> str:
    """Run `evidence witness …`; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "evidence", "witness", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def signed(size: int, root: bytes | None = None, log: Signer = LOG, origin: str = "") -> bytes:
    """Return a checkpoint of the log of tests/ledger/trees.py."""
    text = Checkpoint(origin or log.key.name, size, mth(0, size) if root is None else root).text()
    return write(text, [sign(text, log.key, log.sign)])


def request(old: int, new: int) -> bytes:
    """Return the request that the log of tests/ledger/trees.py makes."""
    return AddCheckpoint(old, tuple(consistency(old, new, stored)), signed(new)).write()
