"""Programs of other people read our log: tlog-scales (Python) and metamorphic-log (Rust); tests only."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import metamorphic_log
import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from tlog_scales import signing, tlog

from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.cosignatures import cosign
from evidence.ledger.keys import COSIGNATURE_ML_DSA_44, VerifierKey
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.notes import parse, sign, verify, write
from evidence.ledger.proofs import consistency, inclusion
from evidence.ledger.tiles import ENTRIES, Tile, TileHashes, frontier_at, grow, tiles_between, write_bundle
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from tests.ledger.test_cosignatures import BOTH
from tests.ledger.trees import CHECKS, LOG, WITNESSES, flipped

SIZE, OLD = 70_000, 65_537
TIME = 1_795_237_200
ML_DSA = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
ML_KEY = VerifierKey("pq.example", ML_DSA.public_key().public_bytes_raw(), COSIGNATURE_ML_DSA_44)
TOOL = Path(sys.executable).parent / "tlog-tiles"


def entry(index: int) -> bytes:
    return b'{"n":%d}' % index


@dataclass(frozen=True)
class Log:
    folder: Path
    note: bytes
    leaves: list[bytes]
    hashes: TileHashes


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log of 70,000 entries as a folder of tiles, grown in two steps."""
    folder = tmp_path_factory.mktemp("log")
    leaves = [SHA256.leaf(entry(index)) for index in range(SIZE)]

    def read(tile: Tile) -> bytes:
        return (folder / tile.path()).read_bytes()

    for old, new in ((0, OLD), (OLD, SIZE)):
        changed = grow(old, leaves[old:new], read)
        for tile in tiles_between(old, new):
            first = tile.index * 256
            raw = (
                write_bundle(entry(index) for index in range(first, first + tile.width))
                if tile.level == ENTRIES
                else changed[tile]
            )
            (folder / tile.path()).parent.mkdir(parents=True, exist_ok=True)
            (folder / tile.path()).write_bytes(raw)
    root = frontier_at(SIZE, read).root()
    assert root == root_of(leaves)
    text = Checkpoint(LOG.key.name, SIZE, root).text()
    note = write(text, [sign(text, LOG.key, LOG.sign)])
    (folder / "checkpoint").write_bytes(note)
    return Log(folder, note, leaves, TileHashes(SIZE, read))


def ask(log: Log, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([TOOL, *words], cwd=log.folder, capture_output=True, check=False)


def chosen() -> list[int]:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return [0, 65_535, 65_536, SIZE - 1, random.Random(seed).randrange(SIZE)]


def test_tlog_scales_finds_and_proves_entries_in_our_files(log: Log) -> None:
    for index in chosen():
        done = ask(log, "get-leaf", "-c", "./", str(index))
        assert (done.returncode, done.stdout) == (0, entry(index)), done.stderr


def test_tlog_scales_refuses_an_entry_with_one_bit_changed(log: Log, tmp_path: Path) -> None:
    copy = Log(shutil.copytree(log.folder, tmp_path / "log"), log.note, log.leaves, log.hashes)
    bundle = copy.folder / Tile(ENTRIES, 5).path()
    assert ask(copy, "get-leaf", "-c", "./", "1280").returncode == 0
    bundle.write_bytes(flipped(bundle.read_bytes(), 16))
    done = ask(copy, "get-leaf", "-c", "./", "1280")
    assert done.returncode != 0
    assert b"InclusionProofInvalid" in done.stderr


def test_tlog_scales_makes_the_same_proof_files_as_we_do(log: Log) -> None:
    trust = Trust.parse(f"log {LOG.key.text()}\nquorum none\n".encode())
    for index in chosen()[2:]:
        theirs = ask(log, "gen-proof", "./", str(index)).stdout
        ours = TlogProof(index, tuple(inclusion(index, SIZE, log.hashes)), log.note)
        assert theirs == ours.write()
        TlogProof.parse(theirs).verify(entry(index), trust, CHECKS)


def test_metamorphic_log_accepts_our_proofs_and_no_others(log: Log) -> None:
    note, keys = log.note.decode(), [LOG.key.text()]
    for index in chosen():
        proof = inclusion(index, SIZE, log.hashes)
        metamorphic_log.checkpoint_verify_inclusion(note, keys, index, log.leaves[index], proof)
        for wrong in ((index ^ 1, log.leaves[index], proof), (index, log.leaves[index - 1], proof)):
            with pytest.raises(metamorphic_log.VerifyError):
                metamorphic_log.checkpoint_verify_inclusion(note, keys, *wrong)
        with pytest.raises(metamorphic_log.VerifyError):
            metamorphic_log.checkpoint_verify_inclusion(
                note.replace("70000", "70001"), keys, index, log.leaves[index], proof
            )


def test_metamorphic_log_accepts_that_our_log_only_grew(log: Log) -> None:
    new = root_of(log.leaves)
    for old in (1, 255, 256, 257, OLD, SIZE - 1):
        before, proof = root_of(log.leaves[:old]), consistency(old, SIZE, log.hashes)
        metamorphic_log.verify_consistency(old, SIZE, proof, before, new)
        with pytest.raises(metamorphic_log.VerifyError):
            metamorphic_log.verify_consistency(old, SIZE, proof, before, flipped(new, 0))


def test_strangers_accept_our_signatures_of_every_type_and_we_theirs(log: Log) -> None:
    text = parse(log.note).text
    witness = WITNESSES[0]
    lines = [
        sign(text, LOG.key, LOG.sign),
        cosign(text, witness.key, TIME, witness.sign),
        cosign(text, ML_KEY, TIME, ML_DSA.sign),
    ]
    keys = [LOG.key, witness.key, ML_KEY]
    checkpoint = tlog.Checkpoint.from_text(write(text, lines).decode())
    for key in keys:
        checkpoint.verify(signing.Vkey.from_string(key.text()))
        with pytest.raises(Exception):  # noqa: B017 - theirs
            other = tlog.Checkpoint(checkpoint.origin, SIZE + 1, checkpoint.root_hash, checkpoint.signatures)
            other.verify(signing.Vkey.from_string(key.text()))
    assert metamorphic_log.verify_signed_note(write(text, lines).decode(), [LOG.key.text()]) == 1

    signers = [
        signing.PlainEd25519Signer(LOG.key.name, LOG.private),
        signing.MLDSA44CosignatureSigner("pq.example", ML_DSA),
    ]
    theirs = (
        tlog.Checkpoint.make_signed(LOG.key.name, SIZE, root_of(log.leaves), signers).serialize().encode()
    )
    assert [one.key for one in verify(parse(theirs), keys, BOTH)] == [LOG.key, ML_KEY]
    assert parse(theirs).text == text
