"""R08: a restore is tried each night by a script (deploy/try-restore.sh); a bad backup is never noted.

A site takes in a card each day and is backed up each night; seven nights, each with its own try. Beside each
good copy lies a bad one, spoiled in one of the ways in which copies are bad, each in its turn: its try must
fail, say what is wrong, and note nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import inside
from tests.drills.register import ROOT
from tests.drills.tally import TALLY
from tests.service_process import ServiceProcess

NIGHTS, FILES, SIZE = 7, 4, 10_000
SCRIPT = ROOT / "deploy" / "try-restore.sh"


def run(options: argparse.Namespace) -> int:
    """Try so many nights; return 1 where a good copy is refused, or a bad one is noted."""
    with tempfile.TemporaryDirectory(prefix="drill-restores-") as name:
        nights = options.points or NIGHTS
        found = Nights(Path(name), options.seed).run(nights)
    print("\n".join([f"R08: nights {nights}; violations: {len(found)}", *found]), flush=True)
    TALLY.add(2 * nights, found)
    return int(bool(found))


class Nights:
    """A site, its cards and its backups."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.lot = folder, random.Random(seed)
        self.service = ServiceProcess(folder / "site", EVIDENCE_DEEP="false", EVIDENCE_PUBLISH_S="1")
        self.token = self.service.add_dock()

    def run(self, nights: int) -> list[str]:
        """Return what was not as promised."""
        found = []
        ways = self.lot.sample(SPOILERS, len(SPOILERS))
        for night in range(1, nights + 1):
            self._day(night)
            copy, bad = self.folder / f"copy-{night}", self.folder / f"bad-{night}"
            subprocess.run(["cp", "-a", self.service.data, copy], check=True)  # the service stands still
            subprocess.run(["cp", "-a", copy, bad], check=True)
            spoil = ways[night % len(ways)]
            spoil(bad, self.lot)
            found += [f"night {night}: {one}" for one in (*self._bad(bad, spoil.__name__), *self._good(copy))]
            shutil.rmtree(copy)
            shutil.rmtree(bad)
        return found

    def _day(self, night: int) -> None:
        card = self.folder / f"card-{night}"
        card.mkdir()
        for number in range(FILES):
            path = card / f"DSJX9A00123_012345_202603{night:02d}0900{number:02d}.mp4"
            path.write_bytes(self.lot.randbytes(SIZE))
        words = ("--device", "DSJX9A00123", "--wearer", "012345", "--state", str(self.folder / "state"))
        with self.service:
            subprocess.run(
                [sys.executable, "-m", "evidence", "dock", str(card), "--url", self.service.url, *words],
                env={**os.environ, "EVIDENCE_TOKEN": self.token},
                check=True, capture_output=True, timeout=600,
            )  # fmt: skip
            time.sleep(3)  # what the card left is published

    def _good(self, copy: Path) -> list[str]:
        before, began = self._noted(), time.monotonic()
        done = self._try(copy)
        print(f"  a good copy: exit code {done.returncode}, {time.monotonic() - began:.0f} s", flush=True)
        if done.returncode:
            return [f"a good copy was refused: {done.stdout[-500:]} {done.stderr[-500:]}"]
        return [] if self._noted() == before + 1 else ["it was not noted"]

    def _bad(self, copy: Path, how: str) -> list[str]:
        before = self._noted()
        done = self._try(copy)
        print(f"  a copy spoiled ({how.strip('_')}): exit code {done.returncode}", flush=True)
        found = [] if done.returncode else [f"{how}: a bad copy passed"]
        if not (done.stdout + done.stderr).strip():
            found.append(f"{how}: nothing was said")
        return found + ([] if self._noted() == before else [f"{how}: it was noted"])

    def _try(self, copy: Path) -> subprocess.CompletedProcess[str]:
        scratch = self.folder / "scratch"
        done = subprocess.run(
            [SCRIPT, copy, scratch, self.service.data],
            capture_output=True, text=True, timeout=600, check=False,
            env={**os.environ, "EVIDENCE": f"{sys.executable} -m evidence"},
        )  # fmt: skip
        assert not scratch.exists(), "nothing is left behind"
        return done

    def _noted(self) -> int:
        return inside.count(self.service.data, "SELECT count(*) FROM audit_entry WHERE act = 'site.restore'")


def _flip(copy: Path, lot: random.Random) -> None:
    path = lot.choice(sorted(copy.glob("vault/recordings/*/data")))
    body = bytearray(path.read_bytes())
    body[lot.randrange(len(body))] ^= 1 << lot.randrange(8)
    _write(path, bytes(body))


def _cut(copy: Path, lot: random.Random) -> None:
    path = lot.choice(sorted(copy.glob("vault/recordings/*/data")))
    _write(path, path.read_bytes()[:-1])


def _lose_original(copy: Path, lot: random.Random) -> None:
    lot.choice(sorted(copy.glob("vault/recordings/*/data"))).unlink()


def _lose_piece_of_log(copy: Path, lot: random.Random) -> None:
    lot.choice(sorted(copy.glob("vault/log/custody/*/entries"))).unlink()


def _cut_database(copy: Path, lot: random.Random) -> None:
    path = copy / "evidence.db"
    _write(path, path.read_bytes()[: lot.randrange(4096, path.stat().st_size)])


def _lose_vault(copy: Path, lot: random.Random) -> None:
    shutil.rmtree(copy / "vault")


def _write(path: Path, body: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(body)


SPOILERS: tuple[Callable[[Path, random.Random], None], ...] = (
    _flip, _cut, _lose_original, _lose_piece_of_log, _cut_database, _lose_vault,
)  # fmt: skip
