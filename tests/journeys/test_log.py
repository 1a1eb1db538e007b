"""From the card to a history that strangers can check: the dock proves, `evidence log prove` writes, and
other people's tools agree, with nothing but the files and a key that somebody pinned.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import metamorphic_log
import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.dock.proofs import verify_log_keys
from evidence.ledger.entries import read_entry, verify_history
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from tests.journeys.conftest import Station
from tests.ledger.test_by_hand import VERIFIED, block
from tests.simulators.card import content, write_card


def by_hand(commands: str, folder: Path) -> str:
    """Run what a format page tells a stranger to type."""
    done = subprocess.run(["sh", "-euc", commands], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verify_by_hand(folder: Path, proof: bytes, vkey: str) -> None:
    """Check a proof file with sed, coreutils and openssl alone."""
    folder.mkdir()
    (folder / "entry.tlog-proof").write_bytes(proof)
    reached, said = by_hand(block("log-proof.md", "s/^extra"), folder).splitlines()
    assert reached == said
    (folder / "vkey").write_text(vkey + "\n")
    commands = block("checkpoint.md", "openssl")
    commands = commands[commands.index("sed -n") :].replace("log.example/custody", vkey.partition("+")[0])
    assert VERIFIED in by_hand(commands, folder)


@pytest.mark.grown
def test_a_card_is_proven_at_the_dock_and_its_history_by_strangers(station: Station, tmp_path: Path) -> None:
    service = station.service
    card = write_card(tmp_path / "card", {"a.mp4": content(5000), "b.mp4": content(7000)})
    code, report, told = station.dock(card, "--key", service.verifier_key)
    assert code == 0, told
    assert (report["proofs"]["proven"], report["proofs"]["owed"]) == (2, 0), told
    recording, proven = report["files"][0]["recording"], report["files"][0]["proof"].encode()

    to = tmp_path / "proofs"
    written = json.loads(service.command("log", "prove", recording, "--to", str(to), "--json"))
    keys = [VerifierKey.parse(vkey) for vkey in (to / "keys").read_text().split()]
    status, listed = service.get("/api/v1/log-keys")
    assert status == 200
    assert set(verify_log_keys(listed, VerifierKey.parse(service.verifier_key))) == set(keys)
    vkeys = {key.name: key.text() for key in keys}
    trust = Trust.parse("".join([*(f"log {vkey}\n" for vkey in vkeys.values()), "quorum none\n"]).encode())

    histories: dict[str, list[tuple[str, int, bytes]]] = {}
    for number, one in enumerate(written):
        raw = (to / one["file"]).read_bytes()
        proof = TlogProof.parse(raw)
        assert proof.extra is not None
        origin = proof.verify(proof.extra, trust, NOTE_CHECKS).checkpoint.origin
        note, leaf = proof.checkpoint.decode(), SHA256.leaf(proof.extra)
        metamorphic_log.checkpoint_verify_inclusion(
            note, [vkeys[origin]], proof.index, leaf, list(proof.hashes)
        )
        verify_by_hand(tmp_path / f"by-hand-{number}", raw, vkeys[origin])
        history = origin.removeprefix("evidence/").partition("/")[0]
        histories.setdefault(history, []).append((origin, proof.index, proof.extra))
    assert set(histories) == {"custody", "access"}
    for entries in histories.values():
        assert verify_history(recording, entries).n == len(entries)
    acts = [read_entry(entry)["act"] for _, _, entry in histories["custody"]]
    assert acts[0] == "upload.create"
    assert "evidence.prove" in acts

    seal = TlogProof.parse(proven)
    assert seal.extra in [entry for _, _, entry in histories["custody"]]
    verify_by_hand(tmp_path / "by-hand-dock", proven, vkeys["evidence/custody"])
