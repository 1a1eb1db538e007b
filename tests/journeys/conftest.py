"""One service for all journeys, and the `evidence dock` command as a person at the station starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import forms
from tests.service_process import ServiceProcess


@dataclass
class Station:
    """A docking station: one card reader, one device, the real command."""

    service: ServiceProcess
    token: str
    folder: Path
    device: str = field(default_factory=lambda: f"D-{uuid.uuid4().hex[:12]}")

    def words(self, card: Path, *more: str) -> list[str]:
        """Return the command line."""
        told = ["--url", self.service.url, "--device", self.device, "--wearer", "012345", "--json"]
        return [
            *(sys.executable, "-m", "evidence", "dock", str(card), *told),
            *("--state", str(self.folder / "state"), "--patience", str(20 * forms.PATIENCE), *more),
        ]

    def start(self, card: Path, *more: str) -> subprocess.Popen[str]:
        """Start docking a card."""
        return subprocess.Popen(
            self.words(card, *more),
            env={**os.environ, "EVIDENCE_TOKEN": self.token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def dock(self, card: Path, *more: str) -> tuple[int, dict[str, Any], str]:
        """Dock a card; return exit code, report, and what was written for people."""
        process = self.start(card, *more)
        out, err = process.communicate(timeout=120 * forms.PATIENCE)
        return process.returncode, json.loads(out) if out.strip() else {}, err

    def rows(self, what: str) -> list[dict[str, Any]]:
        """Return the rows of a list that are about this device."""
        status, body = self.service.get(f"/api/v1/{what}", self.service.admin_token)
        assert status == 200
        rows = json.loads(body)
        return [row for row in rows if row["device"] == self.device]


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A running service."""
    with ServiceProcess(tmp_path_factory.mktemp("site") / "data", EVIDENCE_PUBLISH_S="1") as service:
        yield service


@pytest.fixture(scope="package")
def token(service: ServiceProcess) -> str:
    """The token of a dock."""
    return service.add_dock()


@pytest.fixture
def station(service: ServiceProcess, token: str, tmp_path: Path) -> Station:
    """A docking station."""
    return Station(service, token, tmp_path)
