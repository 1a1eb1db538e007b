"""F17: one bit is flipped at rest, anywhere in the vault by lot: an original, a manifest, a lock record, a
piece of the log or of the rows, a checkpoint. Reading everything back and the check of everything must name
its object.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

from evidence.bootstrap import Application
from storage.presence import SIGN
from tests.drills import scene
from tests.drills.scene import OPERATOR


def flips(tries: int, seed: int) -> list[str]:
    """Flip so many bits, one at a time, each put back; return those that nobody named."""
    chance, kinds, unseen = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(prefix="drill-flips-") as name:
        pattern = scene.make(Path(name))
        vault = pattern.data / "vault"
        # What the sign of a vault says is for people and never read (storage/presence.py).
        files = sorted(one for one in vault.rglob("*") if one.is_file() and one.name != SIGN)
        with scene.application(pattern.data) as opened:
            assert _named(opened) == set(), "a sound site"
            for _ in range(tries):
                file = chance.choice(files)
                key, bit = str(file.relative_to(vault)), chance.randrange(file.stat().st_size * 8)
                kinds[_kind(key)] += 1
                _flip(file, bit)
                if not any(_about(item, key) for item in _named(opened)):
                    unseen.append(f"bit {bit} of {key}")
                _flip(file, bit)
            assert _named(opened) == set(), "every bit was put back"
    print(f"flipped {dict(kinds)}; unseen: {len(unseen)}", flush=True)
    return unseen


def _named(opened: Application) -> set[str]:
    """Return what reading back and the check of everything name as faulty."""
    items = {one.item for one in opened.auditing.fsck(OPERATOR)}
    return items | {
        f"recording {one.recording_id}" for one in opened.fixity.verify_all(OPERATOR) if one.faults
    }


def _about(item: str, key: str) -> bool:
    """Whether a finding names an object: by its key, its recording, or the log that it is a piece of."""
    parts = key.split("~lock")[0].split("/")
    names = (parts[1], key) if parts[0] == "recordings" else ("/".join(parts[1:-2]), key, parts[0])
    return any(one and one in item for one in names)


def _kind(key: str) -> str:
    name = key.rpartition("/")[2]
    return f"lock of {name.split('~')[0]}" if "~lock" in name else name


def _flip(file: Path, bit: int) -> None:
    mode = file.stat().st_mode
    file.chmod(0o600)
    body = bytearray(file.read_bytes())
    body[bit // 8] ^= 1 << bit % 8
    file.write_bytes(body)
    file.chmod(mode)
