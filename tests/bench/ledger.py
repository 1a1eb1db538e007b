"""The ledger: entries/s on SQLite, what an entry adds to the transaction of its act, proofs verified/s.

Appends: each transaction beside one that writes the same bytes as rows into a plain table of a database of
its own, equally durable (WAL, fsync at each commit). Proofs: in a tree of 10^9 leaves, beside nothing but the
hashes that such a proof needs. The act: recording a sealed upload (recording, upload, announced file, jobs,
receipt), with its entry and with an entry that costs nothing. Both go by turns, so that what else the machine
does falls on both.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert

from evidence.adapters.db.repositories.log import SqlLog
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry, Place, Reference
from evidence.domain.digests import Digests
from evidence.domain.ids import new_id
from evidence.domain.recordings import Recording
from evidence.domain.uploads import Upload, UploadState
from evidence.ledger.proofs import inclusion_root, verify_inclusion
from evidence.service.intake.seals import Seals
from tests.builders import SITE, START, SmallSite, an_origin
from tests.chains import verify_logs

TARGET_APPENDS = {1: 0, 16: 4_000, 256: 10_000}  # entries/s by entries in a transaction
TARGET_PROOFS, TREE = 40_000, 10**9
PROOFS_AT_ONCE = 1000
TARGET_ACT = 0.10  # slower at most by

Given = tuple[int, bytes, list[bytes], bytes]
"""Index, leaf hash, proof, root."""

_plain = Table("plain", MetaData(), Column("id", Integer, primary_key=True), Column("body", LargeBinary))


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench ledger")
    parser.add_argument("--transactions", type=int, default=200, help="in each row, of each kind")
    parser.add_argument("--proofs", type=int, default=20_000)
    parser.add_argument("--acts", type=int, default=1_000, help="of each kind")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-ledger-", dir=options.folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    missed = False
    try:
        for batch in TARGET_APPENDS:
            missed |= appends(folder / f"batch-{batch}", batch, options.transactions)
        missed |= acts(folder / "acts", options.acts)
        missed |= proofs(options.proofs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(missed)


def row(what: str, count: int, took: Took, floor: Took, target: float) -> bool:
    """Print a row; return whether its target was missed.

    The speed by processor time alone is what a machine with nothing else to do, and a disc that costs
    nothing, would come to.
    """
    ours, beside = count / took.seconds, count / floor.seconds
    wanted = f"; target {target:,.0f}" if target else ""
    print(f"{what}: {ours:,.0f} /s, floor {beside:,.0f} /s{wanted}; by processor time "
          f"{count / took.worked:,.0f} /s\nratio {ours / beside:.2f}", flush=True)  # fmt: skip
    return ours < target


@dataclass
class Took:
    """Seconds that passed, and those of them that this process was on a processor."""

    seconds: float = 0.0
    worked: float = 0.0

    def add(self, act: Callable[[], object]) -> None:
        """Do an act and add what it takes."""
        started, worked = time.perf_counter(), time.process_time()
        act()
        self.seconds += time.perf_counter() - started
        self.worked += time.process_time() - worked


def appends(folder: Path, batch: int, transactions: int) -> bool:
    """Measure transactions of so many entries, about as many recordings; return whether it is too slow."""
    folder.mkdir()
    log = SqlDatabase(f"sqlite:///{folder / 'log.db'}", SITE)
    plain = SqlDatabase(f"sqlite:///{folder / 'plain.db'}", SITE)
    log.migrate()
    make_plain(plain)
    recordings = [new_id() for _ in range(max(batch, 64))]
    took, floor = Took(), Took()
    for number in range(transactions):
        entries = some_entries(random.sample(recordings, batch))
        took.add(lambda entries=entries: append(log, entries))
        with log.reading() as unit:
            rows = [{"body": body} for _, body in unit.log.entries(after=number * batch)]
        assert len(rows) == batch
        floor.add(lambda rows=rows: write(plain, rows))
    assert sum(size for size, _ in verify_logs(log).values()) == transactions * batch
    log.close()
    plain.close()
    return row(f"entries, {batch} in a transaction", transactions * batch, took, floor, TARGET_APPENDS[batch])


def some_entries(recordings: Sequence[str]) -> list[Entry]:
    """Return one entry of a usual size about each recording."""
    ref, by = Reference(Digests(sha256(b"a").hexdigest(), sha256(b"b").hexdigest()), 123_456_789), new_id()
    facts = {"manifest_sha256": sha256(b"c").hexdigest(), "policy": "dazhe-2020@1"}
    return [Entry(Act.SEAL, by, (("recording", one),), facts=facts, ref=ref) for one in recordings]


def append(database: SqlDatabase, entries: Sequence[Entry]) -> None:
    """Append entries in one transaction."""
    with database.writing() as unit:
        unit.log.append_all(entries, START)


def make_plain(database: SqlDatabase) -> None:
    """Make the plain table."""
    with database.engine.begin() as connection:
        _plain.create(connection)


def write(database: SqlDatabase, rows: list[dict[str, bytes]]) -> None:
    """Write rows into the plain table in one transaction."""
    with database.engine.begin() as connection:
        connection.execute(insert(_plain), rows)


def acts(folder: Path, count: int) -> bool:
    """Measure the recording of sealed uploads; return whether its entry makes it too slow."""
    folder.mkdir()
    small = SmallSite(folder, embedded=True)
    seals, times, worked = Seals(small.site), {True: [], False: []}, {True: Took(), False: Took()}
    uploads = waiting_uploads(small, 2 * count)
    for number, upload in enumerate(uploads):
        recording, is_logged = a_recording(upload), number % 2 == 0
        with free_entries(not is_logged):
            before = worked[is_logged].seconds
            worked[is_logged].add(lambda u=upload, r=recording: seals._record([(u, r)]))
            times[is_logged].append(worked[is_logged].seconds - before)
    assert len(small.log()) > 2 * count
    small.database.close()
    ours, floor = (statistics.median(times[is_logged]) for is_logged in (True, False))
    slower = worked[True].worked / worked[False].worked - 1
    print(f"recording a sealed upload: {ours * 1e3:.2f} ms, without its entry {floor * 1e3:.2f} ms "
          f"(medians; {ours / floor - 1:+.1%}; by processor time {slower:+.1%}); "
          f"target {TARGET_ACT:+.0%}\nratio {floor / ours:.2f}", flush=True)  # fmt: skip
    return ours / floor - 1 > TARGET_ACT


def waiting_uploads(small: SmallSite, count: int) -> list[Upload]:
    """Put announced uploads into the database whose bytes are all here."""
    origins = [an_origin(f"DCIM/{n:06}.mp4", size_bytes=1000 + n) for n in range(count)]
    files = [one for n in range(0, count, 500) for one in origins[n : n + 500]]
    for first in range(0, count, 500):
        small.cards.announce(small.dock, an_origin(), files[first : first + 500])
    uploads = []
    with small.database.writing() as unit:
        for origin in origins:
            digests = Digests(sha256(origin.name.encode()).hexdigest(), sha256(b"sm3").hexdigest())
            upload = Upload(
                new_id(), small.dock.id, origin, UploadState.RECEIVING, origin.size_bytes, START, START
            )
            unit.uploads.add(upload)
            unit.uploads.complete(upload.id, digests, START)
            unit.log.append(Entry(Act.UPLOAD_CREATE, small.dock.id, (("upload", upload.id),)), START)
            uploads.append(replace(upload, digests=digests))
    return uploads


def a_recording(upload: Upload) -> Recording:
    """Return what sealing an upload leads to."""
    assert upload.digests is not None
    key = f"recordings/{upload.id}"
    return Recording(
        upload.id, upload.origin, upload.digests, START, START + timedelta(days=180), "dazhe-2020", "1",
        f"{key}/data", "1", f"{key}/manifest.json", "1", sha256(b"manifest").hexdigest(),
    )  # fmt: skip


@contextmanager
def free_entries(are_free: bool) -> Iterator[None]:
    """Let entries cost nothing, and be nowhere."""
    kept = SqlLog.append_all
    if are_free:
        SqlLog.append_all = lambda _, entries, __: [Place(f"{SITE}/custody", 0) for _ in entries]  # type: ignore[method-assign]
    try:
        yield
    finally:
        SqlLog.append_all = kept  # type: ignore[method-assign]


def proofs(count: int) -> bool:
    """Measure the verification of inclusion proofs; return whether it is too slow."""
    took, floor = Took(), Took()
    for _ in range(count // PROOFS_AT_ONCE):
        part = made_proofs(PROOFS_AT_ONCE)  # as a verifier has them: read just before
        took.add(partial(verify_all, part))
        floor.add(partial(hash_all, part))
    return row(f"inclusion proofs in a tree of {TREE:.0e}", count, took, floor, TARGET_PROOFS)


def made_proofs(count: int) -> list[Given]:
    """Return proofs of random leaves, each right by a root of its own."""
    given = []
    for _ in range(count):
        index, leaf = random.randrange(TREE), os.urandom(32)
        path = [os.urandom(32) for _ in range(length_of_proof(index))]
        given.append((index, leaf, path, inclusion_root(index, TREE, leaf, path)))
    return given


def length_of_proof(index: int) -> int:
    """Return how many hashes a proof has: RFC 6962, by splitting at the largest power of two below."""
    start, end, length = 0, TREE, 0
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        start, end = (start, middle) if index < middle else (middle, end)
        length += 1
    return length


def verify_all(given: Sequence[Given]) -> None:
    """Verify each proof."""
    for index, leaf, path, root in given:
        verify_inclusion(index, TREE, leaf, path, root)


def hash_all(given: Sequence[Given]) -> None:
    """Hash as often and as much as a proof needs, whatever comes out."""
    for _, node, path, _ in given:
        for one in path:
            node = sha256(b"\x01" + one + node).digest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
