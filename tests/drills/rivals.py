"""F26 and F27: two clients at one upload, and a finished upload sent again.

Both run on a real site without its web door (threads in one process); F26 also over HTTP against a whole
service.
"""

from __future__ import annotations

import base64
import hashlib
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from evidence.domain.uploads import UploadState
from evidence.errors import Busy, Conflict
from evidence.service.intake.reception import Checksum
from tests.builders import SmallSite, an_origin
from tests.drills.lines import HttpLine
from tests.drills.workload import Said
from tests.service_process import ServiceProcess

PIECES = 4
PIECE = 3_000


def _room() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(
        prefix="drill-rivals-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    )


def rivals(tries: int, seed: int) -> str:
    """F26: in each try two threads send different bytes to one upload at offset 0. Raises: AssertionError."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    with _room() as name:
        site = SmallSite(Path(name))
        dock = site.dock
        for number in range(tries):
            bodies = [bytes([letter]) * (PIECE * PIECES) for letter in chance.sample(range(256), 2)]
            upload = site.uploads.create(dock, an_origin(f"{number}.mp4", size_bytes=len(bodies[0])), None)
            said = _at_once([_sender(site, upload.id, body) for body in bodies], chance.uniform(0, 0.006))
            winners = [body for body, word in zip(bodies, said, strict=True) if word == "taken"]
            assert len(winners) == 1, f"try {number}: {said}"
            assert site.staging.path(upload.id).read_bytes() == winners[0], f"try {number}: mixed bytes"
            with site.database.reading() as unit:
                row = unit.uploads.get(upload.id)
            assert row is not None
            assert row.state is UploadState.COMPLETE
            assert row.digests is not None
            assert row.digests.sha256 == hashlib.sha256(winners[0]).hexdigest(), f"try {number}: digests"
            outcomes.update(word for word in said if word != "taken")
            site.staging.remove(upload.id)  # room for the next; it is not sealed here
    return f"F26 {tries} tries, one winner each, no mixed bytes; the other was told: {dict(outcomes)}"


def _sender(site: SmallSite, upload: str, body: bytes) -> Callable[[], str]:
    checksum = Checksum("sha256", hashlib.sha256(body).digest())

    def send() -> str:
        try:
            with site.uploads.receive(site.dock, upload, 0, len(body), checksum) as reception:
                for number in range(PIECES):
                    reception.take(body[number * PIECE : (number + 1) * PIECE])
                reception.commit()
        except (Busy, Conflict) as refusal:
            return refusal.code
        return "taken"

    return send


def rivals_over_http(tries: int, seed: int) -> str:
    """F26 over HTTP: the same through the whole service, down to the sealed bytes. Raises: AssertionError."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="drill-rivals-") as name:
        service = ServiceProcess(Path(name) / "site", EVIDENCE_DEEP="false")
        line = HttpLine(service.port, service.add_dock())
        with service:
            for number in range(tries):
                bodies = [chance.randbytes(200_000) for _ in range(2)]
                upload = line.create(f"{number}.mp4", "D", 200_000, None)
                said = _at_once(
                    [_http_sender(line, upload, body) for body in bodies], chance.uniform(0, 0.02)
                )
                winners = [body for body, word in zip(bodies, said, strict=True) if word == "taken"]
                assert len(winners) == 1, f"try {number}: {said}"
                assert hashlib.sha256(winners[0]).hexdigest() in line.receipt(upload), (
                    f"try {number}: other bytes"
                )
                sealed = (service.data / "vault" / "recordings" / upload / "data").read_bytes()
                assert sealed == winners[0], f"try {number}: mixed bytes"
                outcomes.update(word for word in said if word != "taken")
    return (
        f"F26 over HTTP: {tries} tries, one winner each, no mixed bytes; the other was told: {dict(outcomes)}"
    )


def _http_sender(line: HttpLine, upload: str, body: bytes) -> Callable[[], str]:
    checksum = "sha256 " + base64.b64encode(hashlib.sha256(body).digest()).decode()

    def send() -> str:
        try:
            line.patch(upload, 0, body, checksum)
        except Said as refusal:
            return refusal.code
        return "taken"

    return send


def _at_once(senders: list[Callable[[], str]], late_by_s: float) -> list[str]:
    """Call all in threads that start together, each so much after the one before; return what each was
    told, in order.
    """
    start = threading.Barrier(len(senders))
    said: list[str] = ["died"] * len(senders)

    def run(number: int) -> None:
        start.wait()
        # The second comes while the first writes, commits, or has just ended: each has its own races.
        time.sleep(number * late_by_s)
        said[number] = senders[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(senders))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def repeats(tries: int, seed: int) -> str:
    """F27: after one seal, the same file again and again, with and without another death of the reply.

    Each try is a whole new upload, or the last request sent again, or the receipt asked for again.
    Raises: AssertionError.
    """
    print(f"seed {seed}")
    chance = random.Random(seed)
    body = chance.randbytes(5_000)
    kinds: Counter[str] = Counter()
    with _room() as name:
        site = SmallSite(Path(name))
        first = site.send(an_origin(size_bytes=len(body)), body)
        _seal(site)
        receipt = site.recordings.receipt(site.dock, first.id)
        vault = {path for path in site.files() if path.startswith("vault")}
        for number in range(tries):
            kind = chance.choice(("whole", "request", "receipt"))
            kinds[kind] += 1
            upload = site.send(an_origin(size_bytes=len(body)), body).id if kind == "whole" else first.id
            if kind == "request":
                _refused_as_complete(site, upload, body)
            _seal(site)
            assert site.recordings.receipt(site.dock, upload) == receipt, f"try {number}: another receipt"
        with site.database.reading() as unit:
            assert [stored.recording.id for stored in unit.recordings.all()] == [first.id]
        assert {path for path in site.files() if path.startswith("vault")} == vault
        assert not list(site.staging.census())
    return f"F27 {tries} tries {dict(kinds)}: one recording, one object, the same receipt"


def _refused_as_complete(site: SmallSite, upload: str, body: bytes) -> None:
    try:
        site.put(upload, 0, body)
    except Conflict as refusal:
        assert refusal.code == "upload-complete", refusal
    else:
        raise AssertionError("a finished upload took bytes again")


def _seal(site: SmallSite) -> None:
    """Do the seals that wait; examinations are not this drill's business."""
    while True:
        with site.database.reading() as unit:
            waiting = unit.jobs.counts().get("queued", 0)
        if not waiting:
            return
        site.work.do_next("drill")
