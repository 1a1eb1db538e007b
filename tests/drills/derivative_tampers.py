"""T19: what was made from an original is changed past the program; the original is untouched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests import inside, tampering
from tests.clips import clip
from tests.drills import forgeries
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.lines import HttpLine
from tests.drills.scene import Found, Pattern, Scene, scene, wait_published
from tests.drills.workload import Sending, Workload

_NAME = "DCIM/100/DSJX9A00123_012345_20260302000004_0001.avi"


def swapped_bytes(pattern: Pattern) -> list[Found]:
    """The bytes only: nobody but who reads them sees it."""
    with _made(pattern, "T19") as (at, row):
        key = row["data_key"]
        tampering.overwrite(at.data, key, forgeries.flip(inside.sealed(at.data, key)))
        at.done()
        return at.verify()


def swapped_all(pattern: Pattern) -> list[Found]:
    """Bytes, lock record and row, each made to fit the others."""
    with _made(pattern, "T19b") as (at, row):
        key = row["data_key"]
        sha256 = forgeries.replace_sealed(at.data, key, forgeries.flip(inside.sealed(at.data, key)))
        at.administer("UPDATE derivative SET sha256 = :sha256 WHERE id = :id", sha256=sha256, id=row["id"])
        at.done()
        return at.fsck()


@contextmanager
def _made(pattern: Pattern, name: str) -> Iterator[tuple[Scene, dict[str, Any]]]:
    """Open a scene in which a proxy was made of a film that browsers do not play; give its row."""
    with scene(pattern, name) as at:
        said = AcknowledgementLog(at.folder / "acknowledgements")
        sending = Sending(_NAME, clip("avi"))
        for _ in Workload(said, [sending]).run(HttpLine(at.service.port, pattern.dock)):
            pass
        until = time.monotonic() + 60
        while not (rows := inside.records(at.data, "SELECT * FROM derivative WHERE made_at IS NOT NULL")):
            assert time.monotonic() < until, "no proxy was made"
            time.sleep(0.2)
        wait_published(at.data)
        yield at, rows[0]
