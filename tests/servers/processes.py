"""What servers for tests share: programs found or named, ports, waiting, and who still lives."""

from __future__ import annotations

import os
import random
import shutil
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def program(name: str, package: str, *folders: str) -> str:
    """Return the path of a server's program; `folders` are looked through beside PATH, patterns allowed.

    Raises:
        AssertionError: it is not installed. A test that needs a server fails without it, it is never skipped.
    """
    found = [str(path / name) for folder in folders for path in sorted(Path("/").glob(folder.lstrip("/")))]
    for candidate in [*reversed(found), name, f"/usr/sbin/{name}"]:
        if path := shutil.which(candidate):
            return path
    raise AssertionError(
        f"{name} is missing, please run:  apt-get install -y --no-install-recommends {package}   "
        "(as root, `./dev.sh test` does it by itself)"
    )


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago, below those the kernel gives to clients.

    A client that asks again and again for a stopped server's port among those would be connected to itself
    one day, and another client could hold the port when the server comes back.
    """
    lowest_of_clients = int(_EPHEMERAL.read_text("ascii").split()[0])
    dice = random.SystemRandom()
    for _ in range(1000):
        port = dice.randrange(10_000, max(lowest_of_clients, 12_000))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def wait_until(true: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Ask until the answer is yes; return False when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def holders(file: Path) -> list[int]:
    """Return the processes that have a file open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == str(file):
                found.add(int(link.parts[2]))
        except OSError:
            continue
    return sorted(found)


def living(processes: Iterable[int]) -> list[int]:
    """Return those processes that have not ended; one that nobody has asked for its exit code has."""
    found = []
    for process in processes:
        try:
            status = Path(f"/proc/{process}/stat").read_text("latin-1")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if status.rpartition(")")[2].split()[0] not in "ZX":
            found.append(process)
    return found


def tail(file: Path, characters: int = 4000) -> str:
    """Return the end of a log."""
    return file.read_text("utf-8", "replace")[-characters:] if file.exists() else "(no log)"
