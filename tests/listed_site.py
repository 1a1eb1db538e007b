"""A small site for the commands that list and verify: one recording sealed and examined, one overdue."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from evidence.bootstrap import Application, build
from evidence.cli import app
from evidence.cli.site import OPERATOR
from evidence.domain.recordings import Origin
from evidence.ledger.trust import Trust
from tests import forms
from tests.simulators.card import content

NAME = "DCIM/现场\x1b[31m 1.mp4"
OWED = "DCIM/missing.mp4"


def make(data: Path, **labels: str) -> Path:
    """Make the site and return its folder. labels: of its recording, beside a case number."""
    forms.initialise(data)
    application = build(data)
    caller, _ = application.accounts.add_dock(OPERATOR, "dock")
    modified, body = datetime.now(UTC) - timedelta(hours=30), content(50_000)
    said = {"case-number": "杭1", **labels}
    origins = [
        Origin("DSJ1", "012345", name, size, modified, clock_offset_ms=0, labels=said)
        for name, size in ((NAME, len(body)), (OWED, 10))
    ]
    application.cards.announce(caller, origins[0], origins)
    upload = application.uploads.create(caller, origins[0], None)
    with application.uploads.receive(caller, upload.id, 0, len(body), None) as reception:
        reception.take(body)
        reception.commit()
    work(application)
    return data


def work(application: Application) -> None:
    """Do all jobs that are due."""
    while application.work.do_next("tester"):
        pass
    application.deadlines.raise_notices(application.site.clock.now())


def run(site: Path, *words: str) -> Result:
    """Run a command on the site."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, "--data", str(site)])


def rows(site: Path, *words: str) -> Any:
    """Run a command and read its JSON."""
    result = run(site, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def trust_in(keys: str) -> Trust:
    """Trust these verifier keys, one on a line."""
    lines = [f"log {vkey}\n" for vkey in keys.split()]
    return Trust.parse("".join([*lines, "quorum none\n"]).encode())
