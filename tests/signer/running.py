"""A signer in a process of its own, as an operator or a service starts it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from evidence.errors import Unavailable
from evidence.signer.line import ask
from tests import forms

ROOT = Path(__file__).parents[2]


def until(question: Callable[[], Any], patience_s: float = 30) -> Any:
    """Ask until there is an answer, and return it."""
    deadline = time.monotonic() + patience_s * forms.PATIENCE
    while True:
        try:
            return question()
        except (Unavailable, FileNotFoundError):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def has_ended(folder: Path, patience_s: float = 20) -> bool:
    """Wait until nobody holds the lock of a signer's folder: the kernel frees it when the process is gone."""
    deadline = time.monotonic() + patience_s
    lock = os.open(folder / "lock", os.O_RDWR)
    try:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                return True
        return False
    finally:
        os.close(lock)


class SignerProcess:
    """Starts a signer; as a context, waits until it answers and ends it."""

    def __init__(self, data: Path, folder: Path, *more: str) -> None:
        self.folder = folder
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (read after the process has ended)
        words = ["-m", "evidence.signer", "--data", str(data), "--folder", str(folder), *more]
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def ask(self, **question: object) -> dict[str, Any]:
        """Ask it."""
        return ask(self.folder, question)

    def output(self) -> str:
        """Return what it has written."""
        self._log.seek(0)
        return self._log.read().decode()

    def __enter__(self) -> SignerProcess:
        until(lambda: self.ask(ask="last", log="custody"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(20)
