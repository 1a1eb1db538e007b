"""A transfer on a disc, from a vault that is a bucket: built from it, its copy sealed and held there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evidence.domain.exports import Medium, State
from storage.s3 import S3Vault
from storage.vault import Promise
from tests.export_room import ExportRoom
from tests.people_room import OPERATOR
from tests.servers.object_store import ObjectStoreServer
from tests.servers.processes import program
from tests.storage.test_s3 import made


@pytest.fixture
def room(
    tmp_path: Path, object_store_server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch
) -> ExportRoom:
    vault = S3Vault(made(object_store_server))
    monkeypatch.setattr("tests.builders.small_vault", lambda _: vault)
    return ExportRoom(tmp_path)


@pytest.mark.article("dazhe-2020:14")
def test_an_image_is_built_from_a_bucket_and_its_retained_copy_lies_there_under_a_hold(
    room: ExportRoom, tmp_path: Path
) -> None:
    room.designate()
    export = room.approved(medium=Medium.DVD)
    built = room.build(export).built
    assert built is not None, room.export(export).problem
    (volume,) = built.volumes
    image = room.folder / "exports" / room.export(export).number / volume.file
    words = [program("xorriso", "xorriso"), "-osirrox", "on", "-indev", str(image), "-extract", "/"]
    subprocess.run([*words, str(tmp_path / "bag")], check=True, capture_output=True)
    (bag,) = [one.parent for one in (tmp_path / "bag").rglob("bagit.txt")]
    judged = subprocess.run(
        [sys.executable, "-I", str(bag / "verify/verify.py"), str(bag)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert list(room.site.vault.list(f"exports/{export}/")) == [], "nothing is retained before"
    assert room.hand_over(export).state is State.HANDED_OVER
    (kept,) = room.site.vault.list(f"exports/{export}/")
    assert kept.promise == Promise(volume.size_bytes, volume.sha256)
    assert kept.lock.holds == {export}
    with room.site.vault.open(kept.key, kept.version) as copy:
        assert copy.read() == image.read_bytes()
    room.court.handing_over.note_receipt(room.clerk, export)
    assert room.logs.auditing.fsck(OPERATOR) == []
