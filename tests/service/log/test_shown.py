"""A checkpoint that a dock kept: what our log does not continue is an alarm, what is not ours is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.domain.audit import Act, Entry
from evidence.errors import Invalid, Unavailable
from evidence.service.log.log_keys import Reason
from evidence.service.log.shown import CONTRADICTED, Shown
from tests import forms, inside
from tests.log_room import OPERATOR, LogRoom


class Put:
    """A site that can be put back to an earlier state as a whole: vault, database and signer."""

    def __init__(self, folder: Path) -> None:
        self.room, self.kept = LogRoom(folder, embedded=True), folder / "yesterday"
        self.room.seal()
        self.room.publish()

    def note(self, name: str) -> bytes:
        """Let the log grow; return its newest checkpoint."""
        self.room.seal(name)
        self.room.publish()
        return self.room.proving.checkpoint("custody")

    def snapshot(self) -> None:
        """Copy the whole site."""
        self._over(lambda folder: shutil.copytree(folder, self.kept / folder.name))

    def back(self) -> None:
        """Put it back."""

        def put(folder: Path) -> None:
            shutil.rmtree(folder)
            shutil.copytree(self.kept / folder.name, folder)

        self._over(put)

    def goes_on(self, note: bytes) -> bool:
        """Show a checkpoint."""
        return Shown(self.room.small.site, self.room.line, NOTE_CHECKS).goes_on(self.room.small.dock, note)

    def alarms(self) -> list[str]:
        """Return the kinds of the alarms that stand."""
        return [one.kind for one in self.room.auditing.standing()]

    def state(self) -> list[tuple[object, ...]]:
        """Return what must not change where a checkpoint is refused."""
        return [
            *inside.rows(self.room.folder, "SELECT count(*) FROM audit_entry"),
            *inside.rows(self.room.folder, "SELECT count(*) FROM alarm"),
        ]

    def _over(self, act) -> None:  # type: ignore[no-untyped-def]
        before = self.room.small
        self.room.close()
        for folder in (self.room.folder, self.room.signer_folder):
            act(folder)
        self.room.open()
        self.room.small._dock, self.room.small.clock.time = before._dock, before.clock.time


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Put]:
    site = Put(tmp_path)
    yield site
    site.room.close()


def test_our_log_goes_on_from_each_checkpoint_that_we_gave_out(site: Put) -> None:
    notes = [site.note(f"{n}.mp4") for n in range(4)]
    site.room.log_keys.rotate(OPERATOR, "custody", Reason.PLANNED)
    with site.room.small.database.writing() as unit:
        unit.log.append(Entry(Act.READ_LOG, OPERATOR.id), site.room.small.clock.now())
    notes.append(site.note("last.mp4"))
    year = next(one for one in site.room.desk.logs() if one.startswith("access/"))
    notes.append(site.room.proving.checkpoint(year))
    before = site.state()
    assert all(site.goes_on(note) for note in notes)
    assert (site.alarms(), site.state()) == ([], before)


@forms.embedded_only("a database and a bucket are put back by commands of their own")
@pytest.mark.parametrize("since", [0, 3])
def test_a_whole_site_that_was_put_back_hears_it_from_who_kept_a_checkpoint_also_when_it_grew_again(
    site: Put, since: int
) -> None:
    site.snapshot()
    kept = site.note("lost.mp4")
    site.back()
    for n in range(since):
        site.note(f"{n}.mp4")
    assert site.room.fsck() == []  # it shows nothing of it on itself
    assert not site.goes_on(kept)
    assert site.alarms() == [CONTRADICTED]
    (alarm,) = site.room.auditing.standing()
    assert alarm.item == "custody"
    assert alarm.earliest is not None
    assert alarm.detail["seen"] > (alarm.detail["size"] if not since else 0)  # type: ignore[operator]
    with pytest.raises(Unavailable, match="signer-halted"):
        site.room.line.sign("custody", 1, [2])
    assert not site.goes_on(kept)
    assert site.alarms() == [CONTRADICTED]


def test_what_no_key_of_ours_signed_is_refused_and_raises_no_alarm(site: Put, tmp_path: Path) -> None:
    note = site.note("b.mp4")
    (tmp_path / "other").mkdir()
    other = Put(tmp_path / "other")
    strangers = other.note("b.mp4")  # a site of the same name
    other.room.close()
    before = site.state()
    bent = note.replace(b"\n", b"\n1", 1)  # another size under our signature
    for bad in (b"", b"\xff" * 100, strangers, bent, note[:-20]):
        with pytest.raises(Invalid, match="checkpoint-not-ours"):
            site.goes_on(bad)
    assert (site.alarms(), site.state()) == ([], before)


@forms.embedded_only("a database and a bucket are put back by commands of their own")
@pytest.mark.parametrize("reason", [Reason.LOST, Reason.STOLEN])
def test_what_a_key_signed_that_was_given_up_raises_no_alarm(site: Put, reason: Reason) -> None:
    site.snapshot()
    kept = site.note("lost.mp4")
    site.back()
    site.room.log_keys.rotate(OPERATOR, "custody", reason)
    site.note("b.mp4")
    with pytest.raises(Invalid, match="checkpoint-not-ours"):
        site.goes_on(kept)
    assert site.alarms() == []
    assert site.goes_on(site.note("c.mp4"))
