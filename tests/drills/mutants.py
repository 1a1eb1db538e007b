"""F05: deliberate faults. Each is put into a copy of the source; a drill must notice, or the suite is red.

A mutant is a change of text that must fit exactly once: when the source moves on, the mutant is mended
with it. `by` names the drill that is asked first and `aim` the points of F01 where the fault shows; the
others follow.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.drills import ingest_order, sweeps

WHOLE = 60
ROOT = Path(__file__).parents[2]
# Byte code comes along with its sources' times: only what is changed is compiled anew.
_SKIPPED = shutil.ignore_patterns("media", "node_modules")


@dataclass(frozen=True)
class Mutant:
    """A fault: (file, text, other text) to change, the drill to ask first, the points to aim at."""

    name: str
    changes: tuple[tuple[str, str, str], ...]
    by: str = "F04"
    aim: str = ""


DURABLE, STAGING = "storage/durable.py", "storage/staging_folder.py"
DATABASE, SQLITE = "evidence/adapters/db/unit_of_work.py", "evidence/adapters/db/sqlite.py"
CLAIMS = "evidence/adapters/db/repositories/claims.py"
RECEPTION, SEALS = "evidence/service/intake/reception.py", "evidence/service/intake/seals.py"
_FULL, _NORMAL = '"PRAGMA synchronous=FULL"', '"PRAGMA synchronous=NORMAL"'
_LINK = 'os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=self.fd, follow_symlinks=True)'
_RENAME = (
    'os.link(f"/proc/self/fd/{fd}", name + "~", dst_dir_fd=self.fd, follow_symlinks=True); '
    'os.rename(name + "~", name, src_dir_fd=self.fd, dst_dir_fd=self.fd)'
)
_MOVE = "        return self._move(offset)\n"
_STORE = "data = self._store_data(data_key, upload, digests, lock)"
_UNSTORED = (
    'data = __import__("storage.vault").vault.Sealed(data_key, "1", upload.origin.size_bytes, '
    "lock, digests.sha256)"
)
_DISCARD = "            self.site.staging.discard([writer for writer in there if writer is not None])\n"
_STORE_LATE = """\
            for one, writer in zip([it for it, _ in waiting], there, strict=True):
                if writer is not None:
                    writer.close()
                    self._store_data(one.data.key, one.upload, one.digests, one.data.lock)
                    self.site.staging.remove(one.upload.id)
"""

MUTANTS = (
    Mutant("data-not-synced", ((STAGING, "os.fdatasync(self._fd)", "pass"),)),
    Mutant("object-not-synced", ((DURABLE, "        os.fsync(fd)\n\n\ndef put", "\n\ndef put"),)),
    Mutant("folder-not-synced", ((DURABLE, "os.fsync(self.fd)", "pass"),)),
    Mutant("new-folder-not-synced", ((DURABLE, "        _sync(folder.parent)\n", "        pass\n"),)),
    Mutant("wal-normal", ((SQLITE, _FULL, _NORMAL),), by="start"),
    Mutant("wal-normal-unchecked", ((SQLITE, _FULL, _NORMAL), (SQLITE, "int(synchronous) < 2", "False"))),
    Mutant(
        "published-before-sync",
        ((DURABLE, "        finish(fd, len(body), mode)\n        folder.publish(fd, name, stop)\n",
          "        folder.publish(fd, name, stop)\n        finish(fd, len(body), mode)\n"),),
    ),
    Mutant(
        "offset-before-sync",
        ((RECEPTION, "offset = self._writer.sync()", "offset = self._writer.position"),
         (RECEPTION, _MOVE,
          "        moved = self._move(offset)\n        self._writer.sync()\n        return moved\n")),
    ),
    Mutant(
        "recorded-before-stored",
        ((SEALS, _STORE, _UNSTORED), (SEALS, _DISCARD, _STORE_LATE)),
        by="F01", aim=r"linkat data$",
    ),
    Mutant("renamed-into-place", ((DURABLE, _LINK, _RENAME),)),
    Mutant(
        "claim-replaced",
        ((CLAIMS, "if holder is not None:", "if holder == upload_id:"),
         (CLAIMS, "insert(claim)", 'insert(claim).prefix_with("OR REPLACE")')),
        by="F01",
    ),
    Mutant("not-cut-to-offset", ((STAGING, "if facts.st_size > offset:", "if False:"),),
           by="F01", aim=r"fdatasync .*\.part$"),
    Mutant("manifest-made-anew", ((CLAIMS, "where(_MINE, claim.c.manifest.is_(None))", "where(_MINE)"),),
           by="F01", aim=r"linkat manifest\.json$"),
    Mutant("recovered-log-trusted", ((DATABASE, "            self._machine.settle()\n", ""),),
           by="recovered"),
)  # fmt: skip


class Unfit(AssertionError):
    """A mutant's text is not in the source any more, or more than once."""


def apply(mutant: Mutant, root: Path, *, only_try: bool = False) -> None:
    """Put the fault into a source; only_try: look whether it fits, and write nothing. Raises: Unfit."""
    changed: dict[Path, str] = {}
    for file, text, other in mutant.changes:
        source = changed.get(root / file) or (root / file).read_text("utf-8")
        if source.count(text) != 1:
            raise Unfit(f"{mutant.name}: {source.count(text)} times in {file}: {text!r}")
        changed[root / file] = source.replace(text, other)
    if not only_try:
        for path, source in changed.items():
            path.write_text(source, "utf-8")


@contextmanager
def tree(mutant: Mutant) -> Iterator[Path]:
    """A copy of the source with the fault in it. Raises: Unfit."""
    with tempfile.TemporaryDirectory(prefix="drill-mutant-") as name:
        root = Path(name)
        for part in ("evidence", "storage", "workers", "tests"):
            shutil.copytree(ROOT / part, root / part, ignore=_SKIPPED)
        apply(mutant, root)
        yield root


def judge(mutant: Mutant, points: int, seed: int) -> str | None:
    """Return which drill noticed the fault and how it put it, or None when the mutant lives.

    points: how many points of F01 to try beside those aimed at.
    """
    asked: dict[str, Callable[[Path], list[str]]] = {
        "start": lambda root: [],
        "F04": ingest_order.lean,
        "F01": lambda root: _kills(root, mutant.aim, points, seed),
        "recovered": ingest_order.recovered,
    }
    with tree(mutant) as root:
        for name in (mutant.by, *(other for other in asked if other != mutant.by)):
            try:
                if name == "start":
                    with sweeps.room(root):
                        pass
                found = asked[name](root)
            except AssertionError as noticed:  # it does not start, or fails without any fault from outside
                found = [str(noticed)]
            if found:
                return f"{name}: {' '.join(found[0].split())[:160]}"
    return None


def _kills(root: Path, aim: str, points: int, seed: int) -> list[str]:
    with sweeps.room(root) as room:
        survey = room.survey()
        aimed = [point.number for point in survey if aim and re.search(aim, f"{point.call} {point.about}")]
        for number in (*aimed[:3], *sweeps.sample(survey, points, seed)):
            if found := room.kill(number).violations:
                return [f"point {number}: {found[0]}"]
    return []
