"""An object store that lies: a TLS proxy whose answers a test chooses, request by request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from storage.address import Address
from tests.drills.broken_line import BrokenLine, Said

XML = [("Content-Type", "application/xml")]
NO_SUCH_KEY = Said(404, XML, b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>')


@dataclass
class Asked:
    """One request: its method, its path without the query ("/bucket/key"), the query's words."""

    request: BaseHTTPRequestHandler
    method: str
    path: str
    query: dict[str, list[str]]

    @property
    def version(self) -> str | None:
        """The version that is asked about."""
        return self.query.get("versionId", [None])[0]  # type: ignore[list-item]

    @property
    def is_list(self) -> bool:
        """Whether the bucket's versions are asked for."""
        return self.method == "GET" and "versions" in self.query


Lie = Callable[[Asked, Callable[[], Said]], Said | None]


class Liar(BrokenLine):
    """The proxy. lie: is given the request and a way to ask the store; None: it has answered by itself, and
    hangs up."""

    def __init__(self, store: Address, lie: Lie) -> None:
        assert store.ca_file is not None
        super().__init__(store, store.ca_file, store.ca_file.with_suffix(".key"))
        self._lie = lie

    def _forward(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        address = urlsplit(request.path)
        asked = Asked(
            request,
            request.command,
            unquote(address.path),
            parse_qs(address.query, keep_blank_values=True),
        )

        def ask() -> Said:
            said = self._ask(request, body)
            assert said is not None
            return said

        said = self._lie(asked, ask)
        if said is None:
            self._hang_up(request)
        else:
            self._answer(request, said)
