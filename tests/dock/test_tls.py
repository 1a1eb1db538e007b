"""TLS: a service with a trusted certificate is used, one without is refused before the token is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.dock.line import Address, Line
from evidence.dock.protocol import fetch_key
from evidence.errors import Refused
from tests.dock.station import Station
from tests.simulators.card import content, write_card
from tests.simulators.certificates import make_certificate
from tests.simulators.dock_server import TOKEN, FarEnd, far_end


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)


@pytest.fixture
def secure(certificate: Path) -> Iterator[FarEnd]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with far_end(context) as far:
        yield far


def test_a_card_goes_over_tls_to_a_service_whose_certificate_is_trusted(
    secure: FarEnd, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    station = Station(tmp_path, secure)
    write_card(station.card, {"a.mp4": content(3_000_000), "b.mp4": b""})
    assert station.dock().is_complete
    assert {bytes(upload.data) for upload in secure.uploads.values()} == {content(3_000_000), b""}


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_asked(
    secure: FarEnd, tmp_path: Path
) -> None:
    station = Station(tmp_path, secure)
    write_card(station.card, {"a.mp4": b"1"})
    with pytest.raises(Refused, match="certificate-refused"):
        station.dock()
    assert secure.requests == []


def test_a_line_that_is_aborted_stays_encrypted_for_whoever_is_still_sending(
    secure: FarEnd, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    line = Line(Address.parse(secure.url), TOKEN, 10.0)
    fetch_key(line)
    assert line._connection is not None
    tls = line._connection.sock
    line.abort()
    assert tls.version() is not None
    with pytest.raises(OSError):
        tls.sendall(bytes(1 << 20))
