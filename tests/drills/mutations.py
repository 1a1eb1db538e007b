"""S06: mutants of media files go through all readers as a worker takes them through: each in its sandbox.

Every one is read to an end in its time and gives facts of its size, the file itself is untouched, nothing is
written beside it, nothing that was started goes on; and the walls of the sandbox stand at the end.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from evidence.adapters.probing import probe, scan_payload
from evidence.adapters.sandbox import self_test
from tests.conftest import shared_media
from tests.mutating import mutant, small_media

SOON_S = 20.0  # for reading the index; as much again for the media data
_LARGEST = 400_000  # of the files beside the project: whatever is larger only takes longer


def read(tries: int, seed: int) -> tuple[int, list[str], Counter[str]]:
    """Read so many mutants; return how many, what was wrong, and what became of them.

    The seed makes the same mutants again.
    """
    dice, faults, ends = random.Random(seed), list[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="drill-mutants-") as name:
        folder = Path(name)
        sources = [(one.name, one.read_bytes()) for one in small_media(folder) + _beside()]
        for file in folder.iterdir():
            file.unlink()
        for number in range(tries):
            origin, body = dice.choice(sources)
            made = mutant(body, dice)
            faults += [
                f"mutant {number} of {seed}, {origin}: {one}" for one in _one(folder, origin, made, ends)
            ]
    self_test()
    return tries, faults, ends


def _one(folder: Path, origin: str, body: bytes, ends: Counter[str]) -> list[str]:
    path, faults = folder / "mutant", []
    path.write_bytes(body)
    began = time.monotonic()
    facts = probe(path, origin)
    damage = scan_payload(path, facts)
    if (taken := time.monotonic() - began) > 2 * SOON_S:
        faults.append(f"took {taken:.0f} s")
    if facts.size_bytes != len(body):
        faults.append(f"facts of {facts.size_bytes} bytes, not of {len(body)}")
    if path.read_bytes() != body:
        faults.append("the original was changed")
    if {one.name for one in folder.iterdir()} != {path.name}:
        faults.append("something was written beside it")
    if left := _children():
        faults.append(f"processes are left: {left}")
    stopped = [note for note in facts.notes if note.startswith("not-examined")]
    ends["stopped" if stopped else "damaged" if damage or facts.damage else "read"] += 1
    path.unlink()
    return faults


def _beside() -> list[Path]:
    media = shared_media()
    found = sorted(media.rglob("*")) if media else []
    return [
        one for one in found if one.is_file() and one.stat().st_size <= _LARGEST and one.suffix != ".json"
    ]


def _children() -> list[str]:
    """Return the children of this process that run."""
    return Path(f"/proc/self/task/{_main()}/children").read_text().split()


def _main() -> str:
    return Path("/proc/self").resolve().name
