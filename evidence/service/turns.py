"""Turns: one request at a time for each upload.

The lock of staging is not enough: it cuts the file to the offset it is given, and an offset read before
the lock was had may be from before another's commit; the cut would take acknowledged bytes (drill F26
found it). One service runs per site (bootstrap.lock_service), so this process knows all requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from evidence.errors import Busy


class Turns:
    """Who is at which upload. A turn may begin in one thread and end in another."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def turn(self, upload_id: str) -> Iterator[None]:
        """Be the only one at this upload. Raises: Busy("upload-busy"); nobody waits."""
        with self._lock:
            if upload_id in self._busy:
                raise Busy("upload-busy", upload=upload_id)
            self._busy.add(upload_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(upload_id)
