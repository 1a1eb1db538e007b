"""Which logs a witness knows: a trust file (docs/formats/trust-file.md) that only grows.

Only the `log` lines count. Somebody at the witness adds each one by hand, after comparing the verifier key
with what the site told on another way: nobody becomes known by asking.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from evidence.errors import Invalid, Unavailable
from evidence.ledger.keys import ED25519, VerifierKey
from evidence.ledger.trust import Trust

FILE = "trust"
BEGINNING = b"# Logs that this witness watches, one line each: evidence witness trust\nquorum none\n"

Logs = Mapping[str, Sequence[VerifierKey]]
"""The keys of each log, by its origin."""


def read_logs(folder: Path) -> Logs:
    """Return the logs that a folder's file names.

    Raises: Unavailable("witness-trust-missing"), Invalid("trust-malformed", "key-malformed").
    """
    return _by_origin(_read(folder))


def add_log(folder: Path, vkey: str) -> VerifierKey:
    """Add the key of a log, durably; one that is known already is not added again.

    Raises: Invalid("key-malformed", "trust-malformed"); as `read_logs`. Then nothing has changed.
    """
    key, raw = VerifierKey.parse(vkey), _read(folder)
    if key in _by_origin(raw).get(key.name, ()):
        return key
    line = f"log {key.text()}\n".encode("ascii")
    _by_origin(raw + line)
    place = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(place, line)
        os.fsync(place)
    finally:
        os.close(place)
    return key


def _read(folder: Path) -> bytes:
    try:
        return (folder / FILE).read_bytes()
    except OSError as problem:
        raise Unavailable("witness-trust-missing", file=str(folder / FILE)) from problem


def _by_origin(raw: bytes) -> Logs:
    logs: dict[str, list[VerifierKey]] = {}
    for key in Trust.parse(raw).logs:
        if key.type != ED25519:  # ML-DSA-44: no arithmetic for it here, and nothing is passed unchecked
            raise Invalid("key-malformed", reason="algorithm", key=key.label)
        logs.setdefault(key.name, []).append(key)
    return logs
