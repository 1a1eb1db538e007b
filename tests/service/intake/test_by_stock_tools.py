"""What a court is given about destroyed recordings and drawn samples is checked with stock tools only."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.instants import to_text
from tests.builders import SmallSite
from tests.keeping_room import KeepingRoom
from tests.ledger.test_by_hand import VERIFIED, block, run
from tests.service.oversight.test_sampling import SampleRoom


def test_openssl_accepts_a_certificate_of_destruction_and_refuses_an_altered_one(tmp_path: Path) -> None:
    """It says until when the lock stood in the end, here that of a case, and which digests it is about."""
    room = KeepingRoom(tmp_path)
    recording, case = room.sealed(), room.case(term="10-years")
    room.cases.link(room.head, case, recording)
    room.cases.close(room.head, case)
    manifest = room.small.recordings.manifest(room.head, recording)
    until = room.row(recording)
    room.pass_by(timedelta(days=3660))
    room.destroy(recording)
    document = room.disposals.certificate(room.head, recording)
    said = json.loads(document)["signed"]
    assert said["kept_until"] == to_text(until)
    assert said["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
    assert said["original"] == json.loads(manifest)["signed"]["original"]
    (entry,) = room.entries(Act.DESTROY)
    assert entry["facts"]["certificate_sha256"] == hashlib.sha256(document).hexdigest()

    (tmp_path / "vkey").write_bytes((tmp_path / "keys" / "verifiers").read_bytes())
    commands = block("signed-document.md", "openssl pkeyutl")
    (tmp_path / "manifest.json").write_bytes(document)
    assert VERIFIED in run(commands, tmp_path).stdout
    (tmp_path / "manifest.json").write_bytes(document.replace(b'"destroyed":"2', b'"destroyed":"1'))
    assert VERIFIED not in run(commands, tmp_path).stdout


@pytest.mark.article("dazhe-2020:16")
def test_coreutils_draw_a_sample_again(tmp_path: Path) -> None:
    room = SampleRoom(SmallSite(tmp_path))
    one, made = room.a_day(9)
    drawn = room.desk.draw(room.head, one.id).drawn
    assert drawn is not None
    ids, withheld = room.desk.population(room.head, one.id)
    assert (sorted(ids), withheld) == (sorted(made), 0)
    (tmp_path / "ids").write_text("".join(f"{one}\n" for one in reversed(ids)), "ascii")
    given = f"seed={drawn.seed.hex()}\nquota={drawn.quota}\n"
    told = run(given + block("samples.md", "basenc"), tmp_path)
    wanted = [one.commitment, drawn.population_sha256, *map(str, room.drawn(one))]
    assert told.stdout.split() == wanted, told.stderr
