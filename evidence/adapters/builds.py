"""Reading the files of the policy pack in force and of the program, as they lie on the disc this moment.

Of the program: all Python and TOML files of its three packages. Not looked at: compiled files beside them,
libraries, the interpreter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from evidence.adapters.packs import files_of
from evidence.domain.builds import Build, Part

_PACKAGES = ("evidence", "storage", "workers")
_UNREADABLE = "unreadable"


class BuildFiles:
    """See service.log_ports.Builds. policy: a shipped pack's name, or the path of a file or folder."""

    def __init__(self, policy: str) -> None:
        self._policy = policy

    def now(self) -> Build:
        """Return what lies on the disc; a file that cannot be read has no digest, which differs from any."""
        return Build({Part.POLICY: _digests(files_of(self._policy)), Part.PROGRAM: _digests(_program())})


def _program() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for package in _PACKAGES:
        spec = find_spec(package)  # finds a package without running any of it
        for place in (spec.submodule_search_locations or ()) if spec else ():
            folder = Path(place)
            for ending in ("*.py", "*.toml"):
                for file in folder.rglob(ending):
                    found[f"{package}/{file.relative_to(folder)}"] = file
    return found


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    digests = {}
    for name, file in files.items():
        try:
            digests[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError:
            digests[name] = _UNREADABLE
    return digests
