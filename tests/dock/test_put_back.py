"""The dock and a real site that is rebuilt, given a new log key, and put back to an older state."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evidence.dock.agent import Order, dock_card
from evidence.dock.outcome import Report, State
from evidence.dock.patience import Patience
from tests import forms, inside
from tests.dock.station import Heard
from tests.service_process import ServiceProcess
from tests.simulators.card import write_card

pytestmark = [
    pytest.mark.grown,
    forms.embedded_only("a database and a bucket are put back by commands of their own"),
]
PATIENT = Patience(longest_s=0.2, proof_s=20 * forms.PATIENCE)


class Site:
    """A site that publishes at once, and a dock with its own state beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = ServiceProcess(folder / "data", EVIDENCE_PUBLISH_S="1")
        self.token = self.service.add_dock()

    def dock(self, name: str, state: str = "state") -> Report:
        """Serve, and dock a card of one file of this name."""
        card = write_card(self.folder / name, {name: name.encode()})
        with self.service as at:
            kept = self.folder / state
            order = Order(card, at.url, self.token, "D1", "012345", kept, key=at.verifier_key)
            return dock_card(order, Heard())

    def is_gone_on(self, name: str) -> bool:
        """Dock, and tell whether the log was asked for, has grown, and nothing is said against it."""
        report = self.dock(name)
        assert report.growth is not None
        assert report.growth.error is None, report.growth.error
        return report.is_complete and report.growth.size > (report.growth.kept or 0)  # type: ignore[operator]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_site_that_was_rebuilt_or_has_a_new_log_key_is_no_alarm(site: Site) -> None:
    data = site.service.data
    assert site.is_gone_on("a.mp4")
    for file in data.glob("evidence.db*"):
        file.unlink()
    site.service.command("rebuild", "--from", (data / "vault").as_uri())
    site.token = site.service.add_dock("after")  # tokens are not in the vault
    assert site.is_gone_on("b.mp4")
    with site.service:
        site.service.command("log", "rotate", "--reason", "planned")
    assert site.is_gone_on("c.mp4")


def test_a_site_that_was_put_back_as_a_whole_is_contradicted_also_when_its_log_is_longer_again(
    site: Site,
) -> None:
    data, copy = site.service.data, site.folder / "copy"
    assert site.is_gone_on("a.mp4")
    shutil.copytree(data, copy, symlinks=True, ignore=shutil.ignore_patterns("socket"))
    assert site.is_gone_on("b.mp4")
    shutil.rmtree(data)
    shutil.copytree(copy, data, symlinks=True)
    for name in ("c.mp4", "d.mp4", "e.mp4"):  # a dock that is new there sees nothing amiss
        assert site.dock(name, "new-state").is_complete
    for name in ("f.mp4", "g.mp4"):
        report = site.dock(name)
        assert report.files[0].state is State.SEALED
        assert report.growth is not None
        assert (report.is_contradicted, report.growth.is_told) == (True, True), report.as_json()
        assert report.growth.error.code == "proof-wrong"  # type: ignore[union-attr]
        assert not report.is_complete
    found = inside.rows(data, "SELECT kind, item FROM alarm WHERE cleared_at IS NULL")
    assert found == [("checkpoint-contradicts", "custody")]
