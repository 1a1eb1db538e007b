"""One container, by bwrap: what docker-compose.yml says of a service, done to a process.

Name spaces of its own for user, processes, network, mounts and host; its account; no capability and no new
privileges; its root read-only, its mounts where the file puts them. Not done: limits of memory and processes
(they need cgroups; `memory_bytes` measures), Docker's own seccomp filter, AppArmor. The account is the only
one in its name space, so owners and modes of files are tested elsewhere (test_secrets.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.compose.images import Image
from tests.compose.reading import ROOT, bytes_of, mounts, seconds_of
from tests.compose.seccomp import compile_profile
from tests.servers.keeper import descendants
from tests.servers.processes import program, tail


class Container:
    """A service, or a command in its place, running."""

    def __init__(self, name: str, document: Mapping[str, Any], image: Image, log: Path) -> None:
        self.name, self._document, self._image, self._log = name, document, image, log
        self.service: Mapping[str, Any] = document["services"][name]
        self.environment = {**image.environment, **self.service.get("environment", {})}
        self.process: subprocess.Popen[bytes] | None = None
        self._first = 0  # process 1 of the container, as seen from outside
        self._opening = -1

    def start(self, command: list[str] | None = None) -> int:
        """Build the walls; nothing runs yet. Return the process whose network is to be joined."""
        told, tells = os.pipe()
        waits, self._opening = os.pipe()
        passed = [tells, waits]
        words = [program("bwrap", "bubblewrap"), *self._walls()]
        words += ["--info-fd", str(tells), "--block-fd", str(waits)]
        for option in self.service["security_opt"]:
            if option.startswith("seccomp="):
                passed.append(compile_profile(ROOT / option.partition("=")[2]))
                words += ["--seccomp", str(passed[-1])]
        entry = self.service.get("entrypoint", list(self._image.entrypoint))
        words += ["--chdir", "/", "--", *entry, *(command or self.service["command"])]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=passed
            )
        for fd in passed:
            os.close(fd)
        with os.fdopen(told, "rb") as info:
            said = info.read()
        assert said, f"{self.name}: no container could be made:\n{self.output()}"
        self._first = int(json.loads(said)["child-pid"])
        return self._first

    def go(self) -> None:
        """Let the command run."""
        os.write(self._opening, b"1")
        os.close(self._opening)

    def run_inside(self, *command: str, timeout_s: float = 10.0) -> subprocess.CompletedProcess[str]:
        """Run a command in the container, as `docker exec` does."""
        enter = [
            program("nsenter", "util-linux"),
            "-t",
            str(self._main()),
            "-U",
            "-m",
            "-n",
            "-p",
            "-i",
            "-u",
        ]
        return subprocess.run(
            [
                *(*enter, "--preserve-credentials", "/usr/bin/env", "-i"),
                *(f"{name}={value}" for name, value in self.environment.items()),
                *command,
            ],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd="/",
        )

    def is_healthy(self) -> bool:
        """Ask the service's own health check."""
        check = self.service["healthcheck"]
        how, *words = check["test"]
        command = words if how == "CMD" else ["/bin/sh", "-c", *words]
        try:
            return self.run_inside(*command, timeout_s=seconds_of(check["timeout"])).returncode == 0
        except (subprocess.TimeoutExpired, ProcessLookupError):
            return False

    def is_alive(self) -> bool:
        """Tell whether the container still runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self, how: signal.Signals | None = None) -> float:
        """Send the stop signal of the file and wait; return the seconds it took.

        Raises: AssertionError when the grace period of the file is not enough.
        """
        assert self.process is not None
        began = time.monotonic()
        grace = seconds_of(self.service["stop_grace_period"])
        if self.is_alive():
            os.kill(self._main(), how or signal.Signals[self.service["stop_signal"]])
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            os.kill(self._first, signal.SIGKILL)
            self.process.wait()
            raise AssertionError(f"{self.name} was not down after {grace:.0f} s:\n{self.output()}") from None
        return time.monotonic() - began

    def memory_bytes(self) -> int:
        """Return what the container's processes hold now, shared pages counted once (proc(5), Pss)."""
        total = 0
        for process in (self._first, *descendants(self._first)):
            try:
                lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
        return total

    def status(self) -> dict[str, str]:
        """Return what the kernel says of the service's first process (proc(5), status)."""
        lines = Path(f"/proc/{self._main()}/status").read_text("utf-8").splitlines()
        said = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return {
            name: said[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
        }

    def whole_output(self) -> str:
        """Return all that the container has written."""
        return self._log.read_text("utf-8", "replace")

    def output(self) -> str:
        """Return the end of what the container has written."""
        return tail(self._log, 3000)

    def _main(self) -> int:
        found = descendants(self._first)
        if not found:
            raise ProcessLookupError(self.name)
        return found[0]

    def _walls(self) -> Iterator[str]:
        service = self.service
        user, _, group = service["user"].partition(":")
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]  # bwrap knows no other way
        yield from ("--unshare-all", "--uid", user, "--gid", group, "--cap-drop", "ALL", "--die-with-parent")
        yield from ("--hostname", self.name, "--clearenv")
        for name, value in self.environment.items():
            yield from ("--setenv", name, value)
        yield from self._image.tree
        for line in service["tmpfs"]:
            place, _, size = line.partition(":size=")
            yield from ("--perms", "1777", "--size", str(bytes_of(size)), "--tmpfs", place)
        yield from self._volumes()
        for kind, place in (("secrets", "/run/secrets/"), ("configs", "")):
            for one in service.get(kind, []):
                put = one if isinstance(one, dict) else {"source": one, "target": place + one}
                yield from (
                    "--ro-bind",
                    str(ROOT / self._document[kind][put["source"]]["file"]),
                    put["target"],
                )
        if service["read_only"]:
            yield from ("--remount-ro", "/")

    def _volumes(self) -> Iterator[str]:
        for name, place, options in mounts(self.service):
            device = self._document["volumes"][name]["driver_opts"]["device"]
            yield from ("--ro-bind" if "ro" in options else "--bind", device, place)
