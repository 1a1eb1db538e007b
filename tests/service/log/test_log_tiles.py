"""A log written out as tlog-tiles, its entries appended by the real repository: strangers read it."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import metamorphic_log
import pytest

from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.errors import IntegrityFault, NotFound, Refused
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from evidence.service.log.log_tiles import LogTiles
from tests import inside
from tests.ledger.trees import CHECKS
from tests.log_room import OPERATOR, LogRoom

TOOL = Path(sys.executable).parent / "tlog-tiles"
BATCH = 500
BY_OPENSSL = r"""
awk 'BEGIN{RS=""} NR==1' checkpoint > body
grep -a '^— ' checkpoint | head -1 | awk '{print $3}' | base64 -d | tail -c +5 > sig
(printf '\060\052\060\005\006\003\053\145\160\003\041\000'
 sed 's/^[^+]*+[^+]*+//' vkey | base64 -d | tail -c +2) > pub.der
openssl pkeyutl -verify -pubin -keyform DER -inkey pub.der -rawin -in body -sigfile sig
"""


@dataclass(frozen=True)
class Written:
    """A site's own log of custody as a folder of tiles; entries: as the database has them."""

    folder: Path
    entries: list[bytes]
    vkey: str

    def ask(self, *words: str) -> bytes:
        return subprocess.run([TOOL, *words], cwd=self.folder, capture_output=True, check=True).stdout


def fill(room: LogRoom, size: int) -> None:
    """Have the repository append acts about some objects, until custody has so many entries."""
    objects, at = [new_id() for _ in range(50)], 0
    while at < size:
        acts = [
            Entry(Act.VERIFY, "service", (("recording", random.choice(objects)),), facts={"n": one})
            for one in range(min(BATCH, size - at))
        ]
        with room.small.database.writing() as unit:
            at = unit.log.append_all(acts, room.small.clock.now())[-1].index + 1


@pytest.fixture(
    scope="module", params=[1_300, pytest.param(70_000, marks=pytest.mark.grown)], ids=["small", "70000"]
)
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    room, folder = LogRoom(tmp_path_factory.mktemp("site")), tmp_path_factory.mktemp("tiles")
    fill(room, request.param)
    room.publish()
    for name, body in LogTiles(room.small.site).files(OPERATOR, "custody"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    found = inside.rows(room.folder, "SELECT body FROM audit_entry WHERE log = 'custody' ORDER BY idx")
    with room.small.database.reading() as unit:
        vkey = unit.tree.keys("custody")[0]
    yield Written(folder, [bytes(body) for (body,) in found], vkey)
    room.close()


def chosen(log: Written) -> list[int]:
    size = int((log.folder / "checkpoint").read_bytes().split(b"\n")[1])
    return [0, 255, 256, size - 1, *(random.randrange(size) for _ in range(6))]


def test_tlog_scales_finds_the_entries_of_a_sites_own_log(log: Written) -> None:
    for index in chosen(log):
        assert log.ask("get-leaf", "-c", "./", str(index)) == log.entries[index]


def test_the_proofs_that_strangers_make_lead_to_our_checkpoint(log: Written) -> None:
    trust = Trust.parse(f"log {log.vkey}\nquorum none\n".encode())
    note = (log.folder / "checkpoint").read_text("utf-8")
    for index in chosen(log):
        proof = TlogProof.parse(log.ask("gen-proof", "./", str(index)))
        proof.verify(log.entries[index], trust, CHECKS)
        leaf = hashlib.sha256(b"\0" + log.entries[index]).digest()
        metamorphic_log.checkpoint_verify_inclusion(note, [log.vkey], index, leaf, list(proof.hashes))


def test_bare_openssl_verifies_its_checkpoint(log: Written, tmp_path: Path) -> None:
    (tmp_path / "vkey").write_text(log.vkey)
    (tmp_path / "checkpoint").write_bytes((log.folder / "checkpoint").read_bytes())
    assert subprocess.run(["sh", "-c", BY_OPENSSL], cwd=tmp_path, capture_output=True).returncode == 0
    text = (tmp_path / "checkpoint").read_text("utf-8").split("\n")
    text[1] = str(int(text[1]) + 1)
    (tmp_path / "checkpoint").write_text("\n".join(text), "utf-8")
    assert subprocess.run(["sh", "-c", BY_OPENSSL], cwd=tmp_path, capture_output=True).returncode != 0


def test_what_is_not_there_or_not_allowed_is_refused_and_an_altered_entry_is_not_written_out(
    tmp_path: Path,
) -> None:
    room = LogRoom(tmp_path)
    desk = LogTiles(room.small.site)
    with pytest.raises(Refused):
        desk.files(room.small.dock, "custody")
    with pytest.raises(NotFound, match="log-not-found"):
        desk.files(OPERATOR, "custody")
    room.seal()
    room.publish()
    other = "UPDATE audit_entry SET body = :other WHERE log = 'custody' AND idx = 1"
    room.as_administrator(other, other=b"x")
    with pytest.raises(IntegrityFault, match="tile-wrong"):
        list(desk.files(OPERATOR, "custody"))
    room.close()
