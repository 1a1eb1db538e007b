"""Bodies, promises and locks that the suites and the crash programs share; nothing heavy is imported here."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from storage.staging import Staging, StagingWriter
from storage.vault import Lock, Promise

UNTIL = datetime(2031, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LOCK = Lock(UNTIL)
BODY = bytes(range(256)) * 5000  # over one copy buffer, so that a copy takes several turns


def promise(body: bytes) -> Promise:
    """The true promise about these bytes."""
    return Promise(len(body), sha256(body).hexdigest())


def stage(folder: Path, body: bytes, name: str = "upload.part") -> Path:
    """A finished, fsynced staging file."""
    path = folder / name
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return path


def begun(staging: Staging, upload_id: str, offset: int) -> StagingWriter:
    """The writer of an upload, begun at the committed offset."""
    writer = staging.writer(upload_id)
    try:
        writer.begin(offset)
    except BaseException:
        writer.close()
        raise
    return writer
