"""Wiring without a site: examining local files, reading media back and policy packs, looking at the machine.

Beside bootstrap.py so that a command on a dock or a desk starts at once, without database, queue and web.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evidence.adapters import sandbox, site_lock
from evidence.adapters.clock import SystemClock
from evidence.adapters.packs import citation_text, load_pack, load_path, shipped_packs
from evidence.adapters.prober import SandboxedProber
from evidence.adapters.reading_back import read_back, read_volume
from evidence.domain.findings import Finding
from evidence.service.examining.judging import LocalExamination, LocalFile

__all__ = [
    "check_machine",
    "citation_text",
    "examine_files",
    "is_served",
    "load_pack",
    "load_path",
    "read_back",
    "read_volume",
    "shipped_packs",
]


def check_machine() -> None:
    """Refuse to serve on a machine whose sandbox does not hold. Raises: Unavailable."""
    sandbox.self_test()


def is_served(data: Path) -> bool | None:
    """Tell whether a service runs on a site's folder (or a move); None where services and workers share it:
    some may run on other hosts. Raises: Invalid for a wrong setting, OSError.
    """
    from evidence import settings  # late: it takes half a second that no other command here should wait

    return site_lock.is_held_alone(data) if settings.load(data).runs_own_workers else None


def examine_files(files: Sequence[Path], policy: str, deep: bool, clock_offset_s: float) -> list[Finding]:
    """Examine local files as one device's sequence, without a site. Raises: Unavailable for a weak sandbox.

    Names in findings are the files' own names; two files of one name in different folders keep their paths.
    """
    check_machine()
    names = _distinct_names(files)
    local = LocalExamination(SandboxedProber(), load_pack(policy), SystemClock().now())
    return local.examine(
        [LocalFile(path, name, _modified(path)) for path, name in zip(files, names, strict=True)],
        deep=deep,
        clock_offset_s=clock_offset_s,
        sha256s=_digests_of_equal_sizes(files),
    )


def _digests_of_equal_sizes(files: Sequence[Path]) -> list[str | None]:
    """Return SHA-256 where another file has the same size (only those can be copies): reads no more than
    needed.
    """
    sizes = [file.stat().st_size for file in files]
    digests: list[str | None] = []
    for file, size in zip(files, sizes, strict=True):
        if sizes.count(size) == 1:
            digests.append(None)
            continue
        with file.open("rb") as content:
            digests.append(hashlib.file_digest(content, "sha256").hexdigest())
    return digests


def _distinct_names(files: Sequence[Path]) -> list[str]:
    short = [file.name for file in files]
    return [name if short.count(name) == 1 else str(file) for name, file in zip(short, files, strict=True)]


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
