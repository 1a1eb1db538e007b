"""Reading back what lies on a medium: every file below a folder: a mounted disc or image, or a drive.

What this machine still remembers of a file is let go first, so that the medium answers and not memory. A file
that cannot be read is an error of the whole: then nothing was read back. Links lead elsewhere and count for
nothing.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NoReturn

from evidence.domain.long_media import ReadBack
from evidence.errors import NotFound


def read_back(folder: Path) -> ReadBack:
    """Return what lies below a folder. Raises: NotFound("folder-not-found"), OSError."""
    if not folder.is_dir():
        raise NotFound("folder-not-found", folder=str(folder))
    found: dict[bytes, str] = {}
    for above, _, names in os.walk(folder, onerror=_stop):
        for file in (Path(above, name) for name in names):
            if file.is_file() and not file.is_symlink():
                found[os.fsencode(file.relative_to(folder))] = _digest(file)
    listing = b"".join(b"%s  ./%s\n" % (found[name].encode(), name) for name in sorted(found))
    return ReadBack(hashlib.sha256(listing).hexdigest(), frozenset(found.values()))


def _digest(file: Path) -> str:
    with file.open("rb", buffering=0) as body:
        os.posix_fadvise(body.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(body, "sha256").hexdigest()


def _stop(problem: OSError) -> NoReturn:
    raise problem
