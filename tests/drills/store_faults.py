"""F23: the object store fails at one request of a seal, in every way a line and a server can.

Each try seals one recording through a line that spoils one request; then the line is whole again and the job
is done until it is done. Judged past the line: one version of each object, locked, the bytes as sent, nothing
half-sent left, one recording with its receipt, and no receipt before. A try whose fault came after the last
request is no try.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from evidence.adapters.originals import VaultOriginals
from evidence.domain.uploads import UploadState
from evidence.service.intake.uploads import Uploads
from evidence.service.jobs import JobName
from evidence.service.recordings.recordings import Recordings
from evidence.service.work import Work
from storage import bucket as bucket_module
from storage import parts
from storage.bucket import Address, Bucket
from storage.s3 import S3Vault
from tests.builders import HandClock, SmallSite, an_origin
from tests.drills.broken_line import FAULTS, BrokenLine
from tests.servers.object_store import ObjectStoreServer

PART = 5 << 20  # the least a server takes
SMALL, LONG = 5_000, PART + 70_000
MOST_REQUESTS = 40
_ATTEMPTS = 12


def store_faults(server: ObjectStoreServer, tries: int, seed: int) -> str:
    """Try so many faults by lot, or all there are for 0; say what was done. Raises: AssertionError."""
    print(f"seed {seed}")
    chance, kinds = random.Random(seed), Counter[str]()
    with _room(server) as room:
        for fault, number, size in _plan(tries, chance):
            if spoiled := room.try_one(fault, number, chance.randbytes(size)):
                kinds[fault] += 1
                if not tries:
                    print(f"{size:>8} {number:>3} {spoiled}", flush=True)
    missing = set(FAULTS) - set(kinds)
    assert tries and tries < 100 or not missing, f"never came to pass: {missing}"
    return f"F23 {sum(kinds.values())} faults {dict(kinds)}: one version each, locked, whole; nothing lost"


def _plan(tries: int, chance: random.Random) -> Iterator[tuple[str, int, int]]:
    if not tries:
        yield from ((f, n, size) for size in (SMALL, LONG) for f in FAULTS for n in range(1, MOST_REQUESTS))
    for _ in range(tries):
        yield chance.choice(FAULTS), chance.randrange(1, 30), chance.choice((SMALL, SMALL, LONG))


class Room:
    """A small site whose vault is reached over the line, and the straight way to the bucket to judge by."""

    def __init__(self, folder: Path, line: BrokenLine, straight: Bucket) -> None:
        self._line, self._straight, self._number, self._spoiled = line, straight, 0, ""
        self._site = SmallSite(folder, HandClock(datetime.now(UTC)), embedded=True)
        vault = S3Vault(Bucket(line.address))
        site = replace(self._site.site, vault=vault, originals=VaultOriginals(vault, folder / "scratch"))
        self._site.uploads, self._site.recordings = Uploads(site), Recordings(site)
        self._site.work = Work(site, self._site.uploads)

    def try_one(self, fault: str, number: int, body: bytes) -> str:
        """Seal a recording with a fault at its number-th request; return what was spoiled, "" for nothing."""
        self._number += 1
        upload = self._site.send(an_origin(f"DCIM/{self._number:06d}.mp4", size_bytes=len(body)), body)
        self._line.spoil(number, fault)
        self._spoiled = ""
        for attempt in range(_ATTEMPTS):
            while self._site.work.do_next("drill", (JobName.SEAL,)):
                pass
            state = self._site.uploads.status(self._site.dock, upload.id).state
            if state is not UploadState.COMPLETE:
                break
            assert attempt < _ATTEMPTS - 1, f"{fault} at {number}: never sealed"
            self._spoiled = self._spoiled or self._line.spoiled
            self._line.mend()
            self._site.clock.pass_by(timedelta(minutes=6))
        spoiled = self._spoiled or self._line.spoiled
        self._line.mend()
        assert state is UploadState.SEALED, f"{fault} at {number}: {state}"
        self._judge(upload.id, body, f"{fault} at request {number}")
        return spoiled

    def _judge(self, recording: str, body: bytes, what: str) -> None:
        assert self._site.recordings.receipt(self._site.dock, recording), what
        with self._site.database.reading() as unit:
            stored = unit.recordings.get(recording)
        assert stored is not None, what
        found = list(self._straight.versions(f"recordings/{recording}/"))
        wanted = [
            (stored.recording.data_key, stored.recording.data_version),
            (stored.recording.manifest_key, stored.recording.manifest_version),
        ]
        moved = [one.key for one in found if "!until." in one.key]  # the date of what an attempt left behind
        assert len(moved) <= len(wanted), f"{what}: {moved}"
        found = [one for one in found if one.key not in moved]
        assert [(one.key, one.id) for one in found] == wanted, f"{what}: {found}"
        for one in found:
            head = self._straight.head(one.key, one.id)
            assert head.is_kept_until(stored.recording.retain_until), f"{what}: {one.key} is not locked"
        answer = self._straight.get(*wanted[0])
        assert answer.read() == body, f"{what}: other bytes"
        bucket_module.give_back(answer)
        left = self._straight.client._list_multipart_uploads(self._straight.name).uploads
        assert left == [], f"{what}: half-sent: {left}"


@contextmanager
def _room(server: ObjectStoreServer) -> Iterator[Room]:
    straight = Bucket(
        Address(
            server.endpoint,
            f"f23-{random.randbytes(6).hex()}",
            server.access_key,
            server.secret_key,
            server.region,
            Path(server.ca_file),
        )
    )
    straight.make()
    certificate, key = Path(server.ca_file), Path(server.ca_file).with_suffix(".key")
    with (
        tempfile.TemporaryDirectory(prefix="drill-store-") as folder,
        BrokenLine(straight.address, certificate, key) as line,
        patch.object(parts, "PART", PART),
    ):
        yield Room(Path(folder), line, straight)
