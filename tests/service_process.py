"""A service in a process of its own, on a free port, as an operator starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType


class ServiceProcess:
    """Starts `evidence serve` over a data folder; makes the site first when the folder is new."""

    def __init__(
        self, data: Path, *, prefix: tuple[str, ...] = (), sm3: bool = True, **environment: str
    ) -> None:
        self.data, self._prefix, self._environment = data, prefix, environment
        self.admin_token = self.verifier_key = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        if not (data / "site.toml").exists():
            made = json.loads(
                self.command("init", "--policy", "dazhe-2020", "--json", "--sm3" if sm3 else "--no-sm3")
            )
            self.admin_token, self.verifier_key = made["administrator_token"], made["verifier_key"]

    def command(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """Run an `evidence` command on this site and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "evidence", *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in ok, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def add_dock(self, name: str = "dock") -> str:
        """Add a dock and return its token."""
        token: str = json.loads(self.command("docks", "add", name, "--json"))["token"]
        return token

    def start(self) -> None:
        """Start the service and wait until it is ready."""
        log = (self.data.parent / f"{self.data.name}.log").open("ab")
        self.process = subprocess.Popen(
            [
                *self._prefix,
                *(sys.executable, "-m", "evidence", "serve"),
                *("--data", str(self.data), "--port", str(self.port)),
            ],
            stdout=log,
            stderr=log,
            env={**os.environ, **self._environment},
            start_new_session=True,
        )
        log.close()
        deadline = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the service did not start:\n{self.output()[-4000:]}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Tell whether the service answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def output(self) -> str:
        """Return what the service has written so far."""
        return (self.data.parent / f"{self.data.name}.log").read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        """Ask for a path; return status and body."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the service and whatever it started."""
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def __enter__(self) -> ServiceProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
