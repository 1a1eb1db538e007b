"""A service in processes of its own, on a free port, as an operator starts it.

A new site is of the session's form (tests/forms.py). On the grown form three workers and a beat start beside
the service. Nobody waits for them: what needs a job done waits for the job, `forms.PATIENCE` times as long.
"""

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
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from evidence.domain.rights import TOKEN_SCOPES
from tests import forms
from tests.commands import run_here

_WORKER = ("celery", "-A", "workers.app", "worker", "-P", "solo", "-l", "WARNING")


class ServiceProcess:
    """Starts `evidence serve` over a data folder; makes the site first when the folder is new."""

    def __init__(
        self, data: Path, *, prefix: tuple[str, ...] = (), sm3: bool = True, **environment: str
    ) -> None:
        self.data, self._prefix = data, prefix
        # Most tests are over before anything need be published; those about the log ask for it.
        self._environment = {"EVIDENCE_PUBLISH_S": "60", **environment}
        self.admin_token = self.admin_link = self.verifier_key = ""  # admin: a token for all it may be for
        self.process: subprocess.Popen[bytes] | None = None  # the web door
        self.workers: list[subprocess.Popen[bytes]] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        if not (data / "site.toml").exists():
            made = json.loads(
                self.command("init", "--policy", "dazhe-2020", "--json", "--sm3" if sm3 else "--no-sm3")
            )
            self.admin_link, self.verifier_key = made["administrator_link"], made["verifier_key"]
            self.admin_token = self.add_token()
            forms.sign_probes(data)

    def command(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """Run an `evidence` command on this site and return what it printed."""
        engines = forms.environment(self.data) if words[0] == "init" else {}
        code, out, err = run_here(*words, "--data", str(self.data), environment=engines)
        assert code in ok, f"{words}: exit {code}\n{out}\n{err}"
        return out

    def add_dock(self, name: str = "dock") -> str:
        """Add a dock and return its token."""
        token: str = json.loads(self.command("docks", "add", name, "--json"))["token"]
        return token

    def add_token(self, name: str = "tests") -> str:
        """Add a token for everything that a token may be for, and return it."""
        scopes = [word for one in sorted(TOKEN_SCOPES) for word in ("--scope", one.value)]
        token: str = json.loads(self.command("tokens", "add", name, *scopes, "--json"))["token"]
        return token

    def start(self) -> None:
        """Start the service and wait until it is ready; its workers come up meanwhile."""
        try:
            serve = ("evidence", "serve", "--data", str(self.data), "--port", str(self.port))
            self.process = self._run("service", self._prefix, *serve)
            if self.has_workers:
                self.workers = [self._run(name, (), *words) for name, words in _beside()]
            deadline = time.monotonic() + 60 * forms.PATIENCE
            while not self.is_ready():
                dead = any(one.poll() is not None for one in self.processes)
                if dead or time.monotonic() > deadline:
                    raise AssertionError(f"the service did not start:\n{self.output()[-4000:]}")
                time.sleep(0.05)
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    @property
    def has_workers(self) -> bool:
        """Whether workers run beside the service; a test may have made its site of the embedded form."""
        if not forms.GROWN:
            return False
        from evidence.bootstrap import runs_own_workers

        return not runs_own_workers(self.data)

    @property
    def processes(self) -> list[subprocess.Popen[bytes]]:
        """The web door, the workers and the beat, as far as they were started."""
        return [*([self.process] if self.process else []), *self.workers]

    def forked(self) -> list[int]:
        """Return the processes that the web door forked, oldest first: the keeper and the workers of a site
        that has its own (workers/beside.py). What was started as a program of its own is not among them.
        """
        assert self.process is not None
        found = [self.process.pid]
        for number in sorted(int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()):
            with suppress(OSError):
                parent = int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])
                if parent in found and _words(number) == _words(self.process.pid):
                    found.append(number)
        return found[1:]

    def worker(self) -> int:
        """Return the process of the workers beside the web door, when there is one."""
        deadline = time.monotonic() + 20
        while len(forked := self.forked()) < 2:
            assert time.monotonic() < deadline, "there are no workers"
            time.sleep(0.02)
        return forked[1]

    def is_ready(self) -> bool:
        """Tell whether the service answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def output(self) -> str:
        """Return what all its processes have written so far."""
        logs = sorted(self.data.parent.glob(f"{self.data.name}.*.log"))
        return "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)

    def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        """Ask for a path; return status and body."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30 * forms.PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the service, its workers, and whatever they started."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, how)
        deadline = time.monotonic() + 40
        for process in self.processes:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.process, self.workers = None, []

    def _run(self, name: str, prefix: tuple[str, ...], module: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.data.parent / f"{self.data.name}.{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", module, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "EVIDENCE_DATA": str(self.data), **self._environment},
                start_new_session=True,
            )

    def __enter__(self) -> ServiceProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _words(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _beside() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what runs beside a service that has no workers inside: names and commands."""
    from evidence.service.jobs import Queue

    others = [queue for queue in Queue if queue not in (Queue.SEAL, Queue.EXAMINE)]
    for name, queues in (("seal", [Queue.SEAL]), ("examine", [Queue.EXAMINE]), ("others", others)):
        yield name, (*_WORKER, "-Q", ",".join(queues))
    yield "beat", ("celery", "-A", "workers.app", "beat", "-l", "WARNING")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
