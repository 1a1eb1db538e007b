"""What the format pages tell a stranger to type comes out as they say, with stock tools only."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.cosignatures import cosign
from evidence.ledger.entries import commitment
from evidence.ledger.merkle import root_of
from evidence.ledger.notes import parse, sign, verify, write
from evidence.ledger.proofs import inclusion
from evidence.ledger.tiles import ENTRIES, Tile, TileHashes, grow, write_bundle
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from tests.ledger.trees import CHECKS, LOG, WITNESSES, leaf

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
ENTRY_BYTES = [b"one", b"two", b"three"]
ROOT = "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk="
VERIFIED = "Signature Verified Successfully"


def block(page: str, word: str) -> str:
    """Return the only code block of a format page with this word."""
    (found,) = [one for one in (FORMATS / page).read_text(encoding="utf-8").split("```")[1::2] if word in one]
    return found


def run(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-euc", commands], cwd=folder, capture_output=True, text=True)


CHECKPOINT = block("checkpoint.md", "openssl")


def test_the_example_of_the_pages_is_what_we_write(tmp_path: Path) -> None:
    run(CHECKPOINT, tmp_path)
    note = (tmp_path / "checkpoint").read_bytes()
    text = parse(note).text
    lines = [sign(text, LOG.key, LOG.sign), cosign(text, WITNESSES[0].key, 1795237200, WITNESSES[0].sign)]
    assert write(text, lines) == note
    assert verify(parse(note), [LOG.key, WITNESSES[0].key], CHECKS)
    assert text.decode().split("\n")[2] == ROOT


def test_openssl_accepts_the_signature_of_a_log_and_refuses_another_size(tmp_path: Path) -> None:
    assert VERIFIED in run(CHECKPOINT, tmp_path).stdout
    bad = run(CHECKPOINT.replace("\n3\n", "\n4\n"), tmp_path)
    assert bad.returncode != 0
    assert VERIFIED not in bad.stdout


def test_openssl_accepts_the_cosignature_of_a_witness_and_refuses_another_time(tmp_path: Path) -> None:
    commands = CHECKPOINT + block("cosignature.md", "openssl")
    good = run(commands, tmp_path)
    assert good.stdout.count(VERIFIED) == 2
    assert "2026" in good.stdout.splitlines()[-1]
    bad = run(commands.replace("(printf 'cosig", "time=$((time + 1)); (printf 'cosig"), tmp_path)
    assert bad.returncode != 0
    assert bad.stdout.count(VERIFIED) == 1


def test_openssl_hashes_tile_bundle_and_root_as_we_do(tmp_path: Path) -> None:
    assert run(block("log-tiles.md", "openssl"), tmp_path).stdout.strip() == ROOT
    tiles = grow(0, [leaf(entry) for entry in ENTRY_BYTES], lambda tile: b"")
    assert (tmp_path / "tile").read_bytes() == tiles[Tile(0, 0, 3)]
    assert (tmp_path / "bundle").read_bytes() == write_bundle(ENTRY_BYTES)
    assert Tile(ENTRIES, 0, 3).path() in block("log-tiles.md", "openssl")


@pytest.mark.parametrize("entry", ["two", "TWO"])
def test_openssl_walks_a_proof_to_the_root(tmp_path: Path, entry: str) -> None:
    done = run(block("log-proof.md", "000two").replace("000two", f"000{entry}"), tmp_path)
    assert done.returncode == 0, done.stderr
    reached, *text = done.stdout.splitlines()
    checkpoint = Checkpoint.parse("".join(line + "\n" for line in text).encode())
    assert (checkpoint.origin, checkpoint.size, text[2]) == (LOG.key.name, 3, ROOT)
    assert (reached == ROOT) == (entry == "two")
    trust = Trust.parse(f"log {LOG.key.text()}\nquorum none\n".encode())
    TlogProof.parse((tmp_path / "entry.tlog-proof").read_bytes()).verify(b"two", trust, CHECKS)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (1, 3), (2, 3), (4, 5), (6, 7), (5, 7), (8, 9)])
def test_openssl_takes_the_entry_out_of_a_proof_and_walks_to_the_root(
    tmp_path: Path, index: int, size: int
) -> None:
    entries = [b"entry %d" % n for n in range(size)]
    tiles = grow(0, [leaf(entry) for entry in entries], lambda tile: b"")
    text = Checkpoint(LOG.key.name, size, root_of([leaf(entry) for entry in entries])).text()
    hashes = inclusion(index, size, TileHashes(size, lambda tile: tiles[tile]))
    note = write(text, [sign(text, LOG.key, LOG.sign)])
    for entry in (entries[index], b"another"):
        (tmp_path / "entry.tlog-proof").write_bytes(TlogProof(index, tuple(hashes), note, entry).write())
        done = run(block("log-proof.md", "s/^extra"), tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "entry").read_bytes() == entry
        assert (tmp_path / "checkpoint").read_bytes() == note
        reached, said = done.stdout.splitlines()
        assert (reached == said) == (entry == entries[index])


def test_openssl_computes_a_commitment_as_we_do(tmp_path: Path) -> None:
    done = run(block("log-entry.md", "openssl"), tmp_path)
    assert done.stdout.strip() == commitment("actor", bytes(range(16)), "012345")
    assert done.stdout.strip() in (FORMATS / "log-entry.md").read_text(encoding="utf-8")
