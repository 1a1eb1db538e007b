"""T20 in an export package: what is taken out of it, and who reads it names it. The site is not asked: a
package is judged without it, by the verifier in it, run as a court does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.drills.scene import Found, Pattern
from tests.package_room import PackageRoom, a_witness
from tests.verifier.tampering import close_again, drop, entry_lines


def removed(_: Pattern) -> list[Found]:
    """Take each file out in its turn; one that is not named is told by finding nothing at all."""
    found = []
    with _package() as bag:
        for file in sorted(path for path in bag.rglob("*") if path.is_file() and path.name != "verify.py"):
            body, began, path = file.read_bytes(), time.monotonic(), file.relative_to(bag).as_posix()
            file.unlink()
            named = [kind for kind, where in _verify(bag) if path in where]
            file.write_bytes(body)
            if not named:
                return []
            found.append(Found("offline verifier", named[0], path, time.monotonic() - began))
    return found


def entry_left_out(_: Pattern) -> list[Found]:
    """Leave the seal of a recording out of list, proofs and report, and make all manifests anew."""
    with _package() as bag:
        line = next(line for line in entry_lines(bag) if b'"evidence.examine"' in line)
        drop(bag, line)
        close_again(bag)
        began = time.monotonic()
        return [
            Found("offline verifier", kind, where, time.monotonic() - began) for kind, where in _verify(bag)
        ]


@contextmanager
def _package() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="drill-package-") as name:
        room = PackageRoom(Path(name), sizes=(9_000, 3), witness=a_witness())
        room.pack()
        assert _verify(room.bag()) == []
        yield room.bag()


def _verify(bag: Path) -> list[tuple[str, str]]:
    """Return code and place of every fault that the package's own verifier names."""
    command = [sys.executable, "-I", "-S", str(bag / "verify/verify.py"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (told,) = json.loads(done.stdout)
    assert told["ok"] is (done.returncode == 0)
    return [
        (one["code"], f"{one['where']} {one['more']}") for step in told["steps"] for one in step["faults"]
    ]
