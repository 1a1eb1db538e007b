"""Reading back what lies on a medium: every file below a folder (a mounted disc or image, or a drive), or one
medium of a package.

What this machine still remembers of a file is let go first, so that the medium answers and not memory. A file
that cannot be read is an error of the whole: then nothing was read back. Links lead elsewhere and count for
nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import NoReturn

from evidence.domain.long_media import ReadBack
from evidence.errors import Conflict, NotFound
from evidence.verifier.steps import FAIL, Asked, examine
from evidence.verifier.telling import fault_text

_BLOCK = 4 << 20


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


def read_volume(place: Path, size_bytes: int) -> str:
    """Return the SHA-256 by which a medium of a package is known: of an image or archive of this size, in a
    file or at the beginning of a disc; of the tag manifest of a bag in a folder that its verifier passes.

    Raises: Conflict("bag-not-whole", "medium-longer"), OSError.
    """
    if place.is_dir():
        steps = examine(str(place), Asked(None, None, None, None, {place.name: str(place)}, lambda _: None))
        if faults := [fault for step in steps for fault in step.faults if step.result == FAIL]:
            raise Conflict("bag-not-whole", folder=str(place), reason=fault_text(faults[0]))
        return _digest(place / "tagmanifest-sha256.txt")
    digest, left = hashlib.sha256(), size_bytes
    with place.open("rb", buffering=0) as body:
        os.posix_fadvise(body.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while left and (block := body.read(min(_BLOCK, left))):
            digest.update(block)
            left -= len(block)
        # What a drive adds at the end of a disc is not of the image; a file has no such end.
        if not stat.S_ISBLK(os.fstat(body.fileno()).st_mode) and body.read(1):
            raise Conflict("medium-longer", file=str(place), expected=size_bytes)
    return digest.hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb", buffering=0) as body:
        os.posix_fadvise(body.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(body, "sha256").hexdigest()


def _stop(problem: OSError) -> NoReturn:
    raise problem
