"""A server in a folder of its own, kept by a process that stops it when its last user is gone.

The folder holds `server.json` (ports and secrets, made once), `log`, the server's data, and three locks:

* `users.lock`: each process that uses the server holds it shared. No count is kept anywhere: a process killed
  with `kill -9` gives its lock back as any other.
* `keeper.lock`: held by the keeper and by all processes of the server. Free means that nothing is left.
* `start.lock`: one starts at a time.

Several processes may so use one server (`shared`); it ends with the last of them. A test that stops, kills or
sets a server takes one of its own: a shared one refuses.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest

from tests.servers.processes import free_port, holders, program, tail, wait_until

_KEEPER = Path(__file__).with_name("keeper.py")
Kind = TypeVar("Kind", bound="KeptServer")


class KeptServer:
    """What the servers have in common: start, stop, kill, leave."""

    kind: str
    stop_signal: signal.Signals = signal.SIGTERM
    seconds_to_start = 60.0
    seconds_to_stop = 30.0
    one_for_each_worker = False

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.folder, self._shared = folder.resolve(), shared
        self._keeper: subprocess.Popen[bytes] | None = None
        self._users: int | None = None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._one_at_a_time():
            self._facts = self._known_or_new()
        self.port = int(self._facts["port"])

    # What each kind says of itself.

    def facts(self) -> dict[str, Any]:
        """Return what is decided once for a folder, beside the port: names, secrets."""
        return {}

    def prepare(self) -> None:
        """Make what the first start needs; called before each start, when nothing runs."""

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        raise AssertionError("each kind says it")

    def environment(self) -> dict[str, str]:
        """Return what the command finds in its environment, beside what is there."""
        return {}

    def is_ready(self) -> bool:
        """Tell whether the server answers as it should."""
        raise AssertionError("each kind says it")

    # Life and death.

    def start(self) -> None:
        """Start the server, or join it where it runs already, and wait until it answers.

        Raises:
            AssertionError: a program is missing, or the server did not start; its log is in the text.
        """
        with self._one_at_a_time():
            self._join()
            if not self.is_running():
                self.prepare()
                self._launch()
            if not wait_until(lambda: self.is_ready() or not self.is_running(), self.seconds_to_start):
                problem = f"does not answer after {self.seconds_to_start:.0f} s"
            elif self.is_running():
                return
            else:
                problem = "ended by itself"
            self._signal(signal.SIGUSR1)
            self._wait_for_end()
            raise AssertionError(f"{self.kind} {problem}:\n{self.output()}")

    def stop(self) -> None:
        """Stop the server in order; nothing happens when it does not run."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Kill all processes of the server at once, as a crash does (`kill -9`)."""
        self._end(signal.SIGUSR1)

    def leave(self) -> None:
        """Use the server no more: the last one out stops it, and what a shared one has kept is removed."""
        if not self._shared:
            self.stop()
        if self._users is None:
            return
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            last = False
        else:
            last = True
            self._signal(self.stop_signal)
            self._wait_for_end()
        os.close(self._users)
        self._users = None
        if last and self._shared:
            shutil.rmtree(self.folder)

    def is_running(self) -> bool:
        """Tell whether any process of the server or its keeper lives."""
        with (self.folder / "keeper.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that ask do not see each other
            except BlockingIOError:
                return True
        return False

    def processes(self) -> list[int]:
        """Return the processes of the server and its keeper."""
        return holders(self.folder / "keeper.lock")

    def output(self) -> str:
        """Return the end of what the server has written."""
        return tail(self.folder / "log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def refuse_if_shared(self) -> None:
        """Raise AssertionError when others use this server too."""
        assert not self._shared, f"this {self.kind} serves other tests too: start one of your own for that"

    def _end(self, how: signal.Signals) -> None:
        self.refuse_if_shared()
        self._signal(how)
        self._wait_for_end()

    def _signal(self, how: signal.Signals) -> None:
        if self.is_running() and (number := (self.folder / "keeper.pid").read_text("ascii")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), how)

    def _wait_for_end(self) -> None:
        ended = wait_until(lambda: not self.is_running(), self.seconds_to_stop + 10, 0.02)
        assert ended, f"{self.kind} did not end; processes {self.processes()}:\n{self.output()}"
        if self._keeper is not None:
            self._keeper.wait()
            self._keeper = None

    def _join(self) -> None:
        """Become a user; where the last user has just gone, wait until the server has ended."""
        if self._users is None:
            self._users = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._users, fcntl.LOCK_SH)

    def _launch(self) -> None:
        with (self.folder / "keeper.lock").open("ab") as lock, (self.folder / "log").open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the keeper and the server inherit it with the open file
            self._keeper = subprocess.Popen(
                [
                    *(sys.executable, "-I", str(_KEEPER), str(self.folder), str(self.seconds_to_stop)),
                    *(str(int(self.stop_signal)), str(lock.fileno())),
                    *self.command(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, "LC_ALL": "C", **self.environment()},
                pass_fds=(lock.fileno(),),
                start_new_session=True,
            )
        (self.folder / "keeper.pid").write_text(str(self._keeper.pid), "ascii")

    def _known_or_new(self) -> dict[str, Any]:
        file = self.folder / "server.json"
        if not file.exists():
            fresh = file.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps({"port": free_port(), **self.facts()}), "utf-8")
            fresh.replace(file)
        facts: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return facts

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with (self.folder / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def die_with_keeper(*command: str, user: str | None = None) -> list[str]:
    """Return a command that is killed when the keeper is, run as another user where one is named."""
    as_user = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    return [program("setpriv", "util-linux"), *as_user, "--pdeathsig", "KILL", "--", *command]


def secret() -> str:
    """Return a random secret of letters and digits."""
    return secrets.token_hex(20)


def kept(kind: type[Kind], factory: pytest.TempPathFactory) -> Iterator[Kind]:
    """Yield the server of a kind for a test session: one for all workers, or one for each where it must be
    so."""
    place = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ and not kind.one_for_each_worker:
        place = place.parent
    server = kind(place / "servers" / kind.kind, shared=True)
    try:
        server.start()
        yield server
    finally:
        server.leave()
