"""One service process for all these tests, and a dock; a test that stops it starts it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service_process import ServiceProcess
from tests.web.talk import Dock


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the service."""
    return tmp_path_factory.mktemp("site") / "data"


@pytest.fixture(scope="package")
def service(site: Path) -> Iterator[ServiceProcess]:
    """A running service."""
    with ServiceProcess(site, EVIDENCE_PUBLISH_S="2") as service:
        yield service


@pytest.fixture(scope="package")
def token(service: ServiceProcess) -> str:
    """The token of a dock."""
    return service.add_dock()


@pytest.fixture
def dock(service: ServiceProcess, token: str) -> Dock:
    """A dock, with a device that no other test has used."""
    return Dock(service, token)
