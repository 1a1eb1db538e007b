"""Where a monitor finds a log: at a site over HTTP, or in a copy of a vault's folder.

Nothing is believed here; what is fetched is checked by monitoring.py. A folder gives the entries themselves,
so that no proof has to be asked for. Redirects are not followed, and answers are bounded.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from evidence.errors import IntegrityFault, Invalid, Unavailable
from evidence.ledger.growth import verify_told_growth
from evidence.ledger.merkle import SHA256, Frontier
from evidence.ledger.segments import Kind, Piece, read_segment

_WAIT_S = 10.0
_MOST_BYTES = 128 * 1024


class Source(Protocol):
    """A place where a log is shown. log: "custody", "access/2026"."""

    def checkpoint(self, log: str) -> bytes:
        """Return the newest checkpoint. Raises: Unavailable("log-unreachable")."""

    def verify_grown(self, log: str, old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
        """Verify that a log of a size and root goes on to another. Raises: IntegrityFault, Unavailable."""


class HttpSource:
    """A site. url: as people type it, `https://evidence.example`."""

    def __init__(self, url: str) -> None:
        """Raises: Invalid("url-malformed")."""
        try:
            parts = urlsplit(url)
            self._port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        except (ValueError, KeyError):
            raise Invalid("url-malformed", url=url) from None
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise Invalid("url-malformed", url=url)
        self._is_plain, self._host, self._path = (
            parts.scheme == "http",
            parts.hostname,
            parts.path.rstrip("/"),
        )

    def checkpoint(self, log: str) -> bytes:
        """Return the newest checkpoint. Raises: Unavailable("log-unreachable")."""
        return self._get(f"/api/v1/logs/{log}/checkpoint")

    def verify_grown(self, log: str, old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
        """Ask for the proof of consistency, and verify it. Raises: IntegrityFault, Unavailable."""
        told = self._get(f"/api/v1/logs/{log}/consistency?old={old[0]}&new={new[0]}")
        verify_told_growth(told, old, new)

    def _get(self, path: str) -> bytes:
        line = self._line()
        try:
            line.request("GET", self._path + path, headers={"Accept": "text/plain"})
            answer = line.getresponse()
            body = answer.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as problem:
            reason = str(problem) or type(problem).__name__
            raise Unavailable("log-unreachable", path=path, reason=reason) from problem
        finally:
            line.close()
        if answer.status != http.client.OK or len(body) > _MOST_BYTES:
            raise Unavailable("log-unreachable", path=path, status=answer.status)
        return body

    def _line(self) -> http.client.HTTPConnection:
        if self._is_plain:
            return http.client.HTTPConnection(self._host, self._port, timeout=_WAIT_S)
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(self._host, self._port, timeout=_WAIT_S, context=trust)


class FolderSource:
    """A copy of a vault, or the folder itself (docs/formats/log-segment.md)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self, log: str) -> bytes:
        """Return the newest checkpoint. Raises: Unavailable("log-unreachable")."""
        sizes = [piece.size for piece in self._pieces(log, Kind.CHECKPOINT)]
        if not sizes:
            raise Unavailable("log-unreachable", path=str(self._folder / "log" / log), reason="no checkpoint")
        return self._read(Piece(log, max(sizes), Kind.CHECKPOINT))

    def verify_grown(self, log: str, old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
        """Hash all entries, and compare the roots at both sizes. Raises: IntegrityFault, Unavailable."""
        tree = Frontier()
        is_old_seen = old[0] == 0
        for size in sorted(piece.size for piece in self._pieces(log, Kind.ENTRIES)):
            entries = read_segment(self._read(Piece(log, size, Kind.ENTRIES)), tree.size, size)
            for entry in entries:
                tree.append(SHA256.leaf(entry))
                if tree.size == old[0]:
                    is_old_seen = tree.root() == old[1]
                if tree.size == new[0] and (tree.root() != new[1] or not is_old_seen):
                    raise IntegrityFault("root-differs", log=log, size=size)
        if tree.size < new[0]:
            raise IntegrityFault("segment-missing", log=log, size=tree.size, wanted=new[0])

    def _pieces(self, log: str, kind: Kind) -> Iterator[Piece]:
        for file in (self._folder / "log" / log).glob(f"*/{kind}"):
            try:
                yield Piece.parse(f"log/{log}/{file.parent.name}/{kind}")
            except Invalid:
                continue

    def _read(self, piece: Piece) -> bytes:
        try:
            return (self._folder / piece.key()).read_bytes()
        except OSError as problem:
            raise Unavailable("log-unreachable", path=piece.key(), reason=str(problem.strerror)) from problem
