"""What is seen of every recording in the vault (adapters/looking.py), beside what else a rebuild does.

Where there are many, two other processes look, each at half of the parts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from evidence.adapters import looking
from evidence.adapters.looking import Seen, look_into, seen_in

PARTS = "0123456789abcdef"
MANY = 20_000  # entries in the log, from which on other processes help
HELPERS = 2
_NAME = "rebuild-recordings-"
_LOOK_EVERY_S = 0.02


class Manifests:
    """Looks at all recordings, beside what else is done where there are many."""

    def __init__(self, url: str, keys: Path, scratch: Path, are_many: bool) -> None:
        self._url, self._keys, self._scratch = url, keys, scratch
        self._helpers: list[subprocess.Popen[bytes]] = []
        if are_many:
            self._helpers = [self._start(PARTS[first::HELPERS]) for first in range(HELPERS)]

    def seen(self) -> Iterator[Seen]:
        """Yield what was seen, in the order of ids. Raises: StoreUnavailable."""
        for number, part in enumerate(PARTS):
            file = self._file(part)
            while self._helpers and not file.exists():
                if self._helpers[number % HELPERS].poll() is not None and not file.exists():
                    break  # whatever it met, we meet it ourselves and say so
                time.sleep(_LOOK_EVERY_S)
            if not file.exists():
                look_into(self._url, self._keys, part, file)
            yield from seen_in(file)
            file.unlink()

    def close(self) -> None:
        """End the helpers, and remove what they wrote."""
        for helper in self._helpers:
            helper.kill()
            helper.wait()
        for file in self._scratch.glob(f"{_NAME}*"):
            file.unlink(missing_ok=True)

    def _file(self, part: str) -> Path:
        return self._scratch / f"{_NAME}{part}"

    def _start(self, parts: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", looking.__name__]
        helper = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603
        files = {part: str(self._file(part)) for part in parts}
        said = {"url": self._url, "keys": str(self._keys), "parts": files}
        assert helper.stdin is not None
        with helper.stdin as given:  # the address may hold a password: nothing for a list of processes
            given.write(json.dumps(said).encode())
        return helper
