"""A server that drips, stalls or never ends holds nobody for ever; one whose answer is read slowly is not cut
off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Event

import pytest

from storage import connections
from storage.address import Address
from storage.bucket import Bucket
from storage.errors import StoreUnavailable
from storage.parts import send
from storage.s3 import S3Vault
from tests.contracts.samples import BODY, LOCK, promise
from tests.drills.broken_line import BrokenLine, Said
from tests.servers.object_store import ObjectStoreServer
from tests.storage.liar import Asked, Liar
from tests.storage.test_s3 import LONG, made

PATIENCE_S = 2


@pytest.fixture
def vault(object_store_server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch) -> S3Vault:
    vault = S3Vault(made(object_store_server))
    vault.seal_bytes("r/a", BODY, LOCK)
    monkeypatch.setattr(connections, "PATIENCE_S", PATIENCE_S)
    return vault


def drip(request: BaseHTTPRequestHandler, first: bytes = b"", head: bool = True) -> None:
    """Send one byte after the other, each in time, until nobody listens any more."""
    try:
        if head:
            request.send_response_only(200)
            request.send_header("Content-Length", str(len(BODY)))
            request.end_headers()
        request.wfile.write(first)
        for _ in range(200):
            request.wfile.write(b" " if head else b"H")
            request.wfile.flush()
            time.sleep(0.2)
    except OSError:
        pass


@contextmanager
def soon(seconds: float = PATIENCE_S + 6) -> Iterator[None]:
    """What happens here is over in time."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("word", ["versions", "uploads", "object-lock"])
def test_an_answer_that_drips_is_given_up(vault: S3Vault, word: str, head: bool) -> None:
    def slowly(asked: Asked, ask: Callable[[], Said]) -> Said | None:
        if word in asked.query and asked.method == "GET":
            return drip(asked.request, head=head)
        return ask()

    with Liar(vault.bucket.address, lambda asked, ask: ask()) as line:
        S3Vault(Bucket(line.address)).seal_bytes("r/plain", BODY, LOCK)
    with Liar(vault.bucket.address, slowly) as line, soon(), pytest.raises(StoreUnavailable):
        S3Vault(Bucket(line.address)).seal_bytes("r/b", BODY, LOCK)


def test_a_body_that_drips_is_given_up(vault: S3Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SLOWEST", 1 << 20)

    def slowly(asked: Asked, ask: Callable[[], Said]) -> Said | None:
        if asked.method == "GET" and asked.version:
            return drip(asked.request, BODY[: len(BODY) // 2])
        return ask()

    with Liar(vault.bucket.address, slowly) as line:
        file = S3Vault(Bucket(line.address)).open("r/a")
        with file, soon(), pytest.raises(StoreUnavailable):
            file.read()


def test_whoever_reads_slowly_is_not_cut_off(vault: S3Vault) -> None:
    with vault.open("r/a") as file:
        found = file.read(100)
        time.sleep(PATIENCE_S + 1)
        assert found + file.read() == BODY


def test_a_list_without_end_is_given_up(vault: S3Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_ANSWER", 1 << 20)

    def flood(asked: Asked, ask: Callable[[], Said]) -> Said:
        return Said(200, [], b" " * (30 << 20)) if asked.is_list else ask()

    with Liar(vault.bucket.address, flood) as line, pytest.raises(StoreUnavailable) as caught:
        S3Vault(Bucket(line.address)).stat("r/a")
    assert caught.value.fields["reason"] == "ReadTimeoutError"


class Deaf(BrokenLine):
    """Takes no body of a part."""

    def __init__(self, store: Address) -> None:
        assert store.ca_file is not None
        super().__init__(store, store.ca_file, store.ca_file.with_suffix(".key"))
        self.over = Event()

    def _forward(self, request: BaseHTTPRequestHandler) -> None:
        if "partNumber" in request.path:
            self.over.wait(30)
            self._hang_up(request)
        else:
            super()._forward(request)


def test_a_server_that_takes_no_more_of_a_part_is_given_up(
    vault: S3Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READ_S", 1)
    monkeypatch.setattr(connections, "SLOWEST", 16 << 20)
    with Deaf(vault.bucket.address) as line, soon(15), pytest.raises(StoreUnavailable):
        send(Bucket(line.address), "r/b", [LONG[: 16 << 20]], promise(LONG[: 16 << 20]), LOCK)
    line.over.set()
