"""Running a command and collecting what it writes, against a clock and a bound; the whole group is killed.

For adapters/sandbox.py, which puts the walls around it.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """What came out. returncode as of a shell (128 + signal when killed inside), -9 when killed from outside.

    timed_out: the clock outside killed it. cut_off: it wrote more than was allowed and was killed.
    """

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    cut_off: bool = False


def run(
    command: Sequence[str],
    pass_fds: Sequence[int],
    timeout_s: float,
    most: int,
    hear: Callable[[bytes], object] | None,
) -> SandboxResult:
    """Run a command for timeout_s at most, until it has written more than `most` bytes; hear: is handed what
    it writes to stdout, as it comes.
    """
    deadline = time.monotonic() + timeout_s
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        pass_fds=pass_fds, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            written, whole = _collect(process, deadline, most, hear)
            late = not whole and time.monotonic() >= deadline
            if whole:
                late = not _ended(process, deadline)
        finally:
            _kill(process)
    out, err = (bytes(part) for part in written)
    return SandboxResult(process.returncode, out, err, timed_out=late, cut_off=not whole and not late)


def _collect(
    process: subprocess.Popen[bytes], deadline: float, most: int, hear: Callable[[bytes], object] | None
) -> tuple[list[bytearray], bool]:
    """Read both pipes until they end; stop (False) at the deadline or past `most` bytes."""
    written = [bytearray(), bytearray()]
    with closing(selectors.DefaultSelector()) as selector:
        for pipe, part in zip((process.stdout, process.stderr), written, strict=True):
            if pipe is None:  # pragma: no cover - both are pipes
                raise AssertionError("a pipe was asked for and not given")
            selector.register(pipe, selectors.EVENT_READ, part)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                return written, False
            for key, _ in ready:
                block = os.read(key.fd, _BLOCK)
                if not block:
                    selector.unregister(key.fileobj)
                key.data.extend(block)
                if hear is not None and key.data is written[0]:
                    hear(block)
            if len(written[0]) + len(written[1]) > most:
                return written, False
    return written, True


def _ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait for the end, by a descriptor of the process: Popen.wait with a time limit polls, sleeping."""
    watch = os.pidfd_open(process.pid)
    try:
        ends = select.poll()
        ends.register(watch, select.POLLIN)
        if not ends.poll(1000 * max(0.05, deadline - time.monotonic())):
            return False
    finally:
        os.close(watch)
    process.wait()
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the group if it still runs; bwrap's --die-with-parent takes everything inside along."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
