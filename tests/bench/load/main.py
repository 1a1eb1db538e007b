"""`./dev.sh bench load`: the load drills L1 to L12, each on a real service of its own, beside its floor.

The generator runs on the same processors and says what it took of them. Memory is that of all processes of
the service together. A row without a target is there to be read; exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench.load import ingest_drills, reading_drills
from tests.bench.load.room import Options, Row, short_of

DRILLS: Mapping[str, Callable[[Options], list[Row]]] = {
    "L1": ingest_drills.sustained,
    "L2": ingest_drills.paced,
    "L3": ingest_drills.shift_change,
    "L4": ingest_drills.with_sm3,
    "L5": ingest_drills.long_file,
    "L6": ingest_drills.small_files,
    "L7": reading_drills.appends,
    "L8": reading_drills.looks,
    "L9": reading_drills.viewers,
    "L10": reading_drills.probes,
    "L11": reading_drills.slow_heads,
    "L12": ingest_drills.soak,
}


def main(words: list[str]) -> int:
    """Run the drills; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench load")
    parser.add_argument("--only", default=",".join(DRILLS), help="L1,L3")
    parser.add_argument("--short", action="store_true", help="a sample of each: about three minutes")
    parser.add_argument("--recordings", type=int, default=100_000, help="of L8")
    parser.add_argument("--kept", type=Path, default=None, help="L8: a site that bench pages has kept")
    parser.add_argument("--minutes", type=float, default=2.0, help="of L12; the whole drill: 480")
    parser.add_argument("--files", type=int, default=3_000, help="of L6; the whole drill: 100000")
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args(words)
    names = given.only.split(",")
    if unknown := [name for name in names if name not in DRILLS]:
        parser.error(f"no such drill: {', '.join(unknown)}")
    folder = Path(tempfile.mkdtemp(prefix="bench-load-", dir=given.folder))
    options = Options(folder, given.short, given.recordings, given.kept, given.minutes, given.files)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    try:
        rows = [row for name in names for row in run(name, short_of(options) if given.short else options)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    missed = [row.what.strip() for row in rows if row.is_met is False]
    print(f"{len(missed)} of {sum(row.is_met is not None for row in rows)} targets missed"
          f"{': ' if missed else ''}{'; '.join(missed)}")  # fmt: skip
    return int(bool(missed))


def run(name: str, options: Options) -> list[Row]:
    """Run one drill and print its rows."""
    began = time.monotonic()
    rows = DRILLS[name](options)
    for row in rows:
        verdict = {None: "", True: "ok", False: "MISSED"}[row.is_met]
        print(f"{row.what:44} {row.measured}  [{row.target}] {verdict}".replace("  []", ""), flush=True)
    print(f"  ({name}: {time.monotonic() - began:.0f} s)", flush=True)
    return rows
