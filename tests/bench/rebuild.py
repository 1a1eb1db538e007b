"""Rebuild: how long the catalogue of a site takes to come back from a vault alone.

Beside a floor that only opens each manifest once, hashes it and checks its signature, on one processor.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.keys import FileSigner
from evidence.rebuilding import rebuild
from evidence.service.intake.documents import MANIFEST
from tests.bench.made_vault import MadeVault
from tests.builders import SITE
from tests.log_room import OPERATOR

TARGET_S, PER = 60.0, 100_000


class Clocked:
    """Tells how long each part took."""

    def __init__(self) -> None:
        self._part, self._began, self._worked = "", time.perf_counter(), time.process_time()

    def begin(self, part: str, files: int, size_bytes: int) -> None:
        """See Teller."""
        del files, size_bytes
        now, worked = time.perf_counter(), time.process_time()
        if self._part:
            print(f"  {self._part}: {now - self._began:.1f} s, {worked - self._worked:.1f} s on a processor")
        self._part, self._began, self._worked = part, now, worked

    def done(self, size_bytes: int) -> None:
        """See Teller."""


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when the target is missed."""
    parser = argparse.ArgumentParser(prog="bench rebuild")
    parser.add_argument("--recordings", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--keep", type=Path, default=None, help="keep the vault here for the next run")
    options = parser.parse_args(words)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    if options.keep is not None:
        return measure(options.keep / f"site-{options.recordings}", options.recordings)
    folder = Path(tempfile.mkdtemp(prefix="bench-rebuild-", dir=options.folder))
    try:
        return measure(folder / "site", options.recordings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(site: Path, recordings: int) -> int:
    """Make a vault where none is, rebuild from it, and print what it took."""
    whole = site / "vault-is-whole"
    for file in site.glob("evidence.db*"):  # of the last run
        file.unlink()
    if not whole.exists():
        began = time.perf_counter()
        MadeVault(site).make(recordings)
        whole.touch()
        print(f"a vault of {recordings:,} recordings made in {time.perf_counter() - began:.0f} s", flush=True)
    floor = seconds_of_floor(site)
    began, worked, teller = time.perf_counter(), processor_seconds(), Clocked()
    report = rebuild(site, (site / "vault").as_uri(), OPERATOR, teller)
    teller.begin("", 0, 0)
    took, worked = time.perf_counter() - began, processor_seconds() - worked
    assert (report.faults, report.notes) == ([], [])
    database = SqlDatabase(f"sqlite:///{site / 'evidence.db'}", SITE)
    with database.reading() as unit:
        assert sum(1 for _ in unit.recordings.all()) == recordings
    database.close()
    target = TARGET_S * recordings / PER
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"rebuild: {took:.1f} s for {recordings:,} recordings, {report.counts['entries']:,} entries "
          f"({recordings / took:,.0f} recordings/s); target {target:.1f} s; "
          f"{worked:.1f} s of processor time in all; peak {peak} MiB\n"
          f"floor: {floor:.1f} s\nratio {floor / worked:.2f} (by processor time)", flush=True)  # fmt: skip
    return int(took > target)


def processor_seconds() -> float:
    """Return the processor time of this process and of those that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def seconds_of_floor(site: Path) -> float:
    """Open, hash and check each manifest."""
    signer, began = FileSigner(site / "keys"), time.process_time()
    for file in (site / "vault" / "recordings").glob("*/manifest.json"):
        document = file.read_bytes()
        hashlib.sha256(document)
        signer.read(document, MANIFEST)
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
