"""What was destroyed stays destroyed: in a catalogue made anew, in an older one put back (drill R13)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.disposals import State
from evidence.domain.rights import Kind
from evidence.errors import Conflict
from evidence.service.examining.fixity import Fixity
from evidence.service.keeping.destroying import Destroying
from evidence.service.keeping.disposals import Disposals
from storage.errors import Missing
from tests.builders import SITE
from tests.keeping_room import KeepingRoom
from tests.log_room import OPERATOR, LogRoom
from tests.rebuilding_room import lose_database, reopen, restore

OTHER = Caller("7" * 32, Kind.OPERATOR)  # a second person
STRANGER = Path(__file__).parents[1] / "strangers" / "rebuild.py"


class Site:
    """A site with a recording that was destroyed and one that was not; published. older: a copy of the
    database from before."""

    def __init__(self, folder: Path) -> None:
        self.room = LogRoom(folder, embedded=True)
        (self.room.folder / "site.toml").write_text(f'name = "{SITE}"\npolicy = "dazhe-2020"\n', "utf-8")
        self.room.small.clock.time = datetime(2024, 3, 2, 9, tzinfo=UTC)
        keeping = KeepingRoom(self.room.small)
        self.gone, self.there = keeping.sealed(), keeping.sealed()
        keeping.holds.place(keeping.head, self.there, "objection", "投诉")
        keeping.pass_by(timedelta(days=400))
        self.room.publish()
        self.older = folder / "older.db"
        for file in self.room.folder.glob("evidence.db*"):
            shutil.copy(file, folder / file.name.replace("evidence", "older"))
        self.body = (self.room.folder / "vault" / f"recordings/{self.gone}/data").read_bytes()
        keeping.destroy(self.gone)
        self.document = keeping.disposals.certificate(OPERATOR, self.gone)
        self.room.publish()

    def verdicts(self) -> dict[str, tuple[str, bool]]:
        """Read everything back."""
        found = Fixity(self.room.small.site).verify_all(OPERATOR)
        return {one.recording_id: (one.result, one.is_destroyed) for one in found}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_rebuilt_catalogue_knows_what_was_destroyed_by_its_certificate(site: Site) -> None:
    lose_database(site.room)
    report = restore(site.room)
    assert report.faults == []
    reopen(site.room)
    small = site.room.small
    assert site.verdicts() == {site.gone: ("ok", True), site.there: ("ok", False)}
    desk = Disposals(small.site)
    assert desk.certificate(OPERATOR, site.gone) == site.document
    assert [one.state for one in desk.list(OPERATOR, ended=True)] == [State.DESTROYED]
    with pytest.raises(Conflict, match="recording-destroyed"):
        small.recordings.open_original(OPERATOR, site.gone)
    site.room.publish()
    assert site.room.found() == set()


def test_a_stranger_sees_by_the_certificate_that_it_was_destroyed_and_not_lost(site: Site) -> None:
    folder = site.room.folder
    command = [sys.executable, "-I", str(STRANGER), str(folder / "vault"), str(folder / "keys/verifiers")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert site.gone in done.stdout


def put_older_back(site: Site) -> None:
    """Put the database from before in the place of the one there is."""
    site.room.close()
    for file in site.room.folder.glob("evidence.db*"):
        file.unlink()
    for file in site.older.parent.glob("older.db*"):
        shutil.copy(file, site.room.folder / file.name.replace("older", "evidence"))
    reopen(site.room)


def test_an_older_database_put_back_brings_nothing_back_and_is_told(site: Site) -> None:
    put_older_back(site)
    with pytest.raises(Missing):
        site.room.small.vault.open(f"recordings/{site.gone}/data")
    assert site.verdicts()[site.gone] == ("object-missing", False)
    assert {"log-behind-signer", "object-missing"} <= {kind for kind, _ in site.room.found()}


def test_under_an_older_database_it_is_destroyed_no_second_time_and_a_rebuild_puts_it_right(
    site: Site,
) -> None:
    put_older_back(site)
    keeping = Disposals(site.room.small.site)
    (asked,) = keeping.ask(OPERATOR, [site.gone], "期满")
    keeping.decide(OTHER, [asked.id], is_approved=True, reason="同意")
    Destroying(site.room.small.site).carry_out_all()
    (ended,) = keeping.list(OPERATOR, ended=True)
    assert (ended.state, ended.kept_by) == (State.KEPT, "object-missing")
    assert ended.certificate is None, "one destruction, one certificate"
    lose_database(site.room)
    assert restore(site.room).faults == []
    reopen(site.room)
    assert site.verdicts() == {site.gone: ("ok", True), site.there: ("ok", False)}
    assert Disposals(site.room.small.site).certificate(OPERATOR, site.gone) == site.document


def test_an_older_vault_put_over_it_brings_nothing_back_into_a_rebuilt_catalogue(site: Site) -> None:
    file = site.room.folder / "vault" / f"recordings/{site.gone}/data"
    file.write_bytes(site.body)
    lose_database(site.room)
    restore(site.room)
    reopen(site.room)
    small = site.room.small
    with pytest.raises(Conflict, match="recording-destroyed"):
        small.recordings.open_original(OPERATOR, site.gone)
    assert site.verdicts()[site.gone][0] == "destroyed-but-there"
    assert Disposals(small.site).due(OPERATOR) == []
