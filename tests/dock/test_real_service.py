"""The dock and the real service, each in its own process: one card, from the folder to checked receipts."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.dock import sending
from evidence.dock.agent import Order, dock_card
from evidence.dock.finding import announced_name
from evidence.dock.outcome import Report, State
from evidence.dock.patience import Patience
from evidence.dock.receipts import check_ed25519
from evidence.domain.recordings import NOT_MEASURED
from evidence.domain.signed import verify_document
from evidence.ledger.keys import VerifierKey
from tests import forms, tampering
from tests.dock.station import Heard
from tests.service_process import ServiceProcess
from tests.simulators.card import HOSTILE_NAMES, content, shift, tree_digest, write_card
from tests.simulators.weak_line import weak_line

LONG_S = 60 * forms.PATIENCE
BRISK = Patience(
    first_s=0.01, longest_s=0.2, total_s=LONG_S, contact_s=10, receipt_s=LONG_S, timeout_s=20, proof_s=0.1
)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path_factory.mktemp("site") / "data") as service:
        yield service


@pytest.fixture(scope="module")
def token(service: ServiceProcess) -> str:
    return service.add_dock()


def dock(service: ServiceProcess, token: str, card: Path, device: str, url: str = "") -> Report:
    order = Order(
        card,
        url or service.url,
        token,
        device,
        "012345",
        card.with_name("state"),
        key=service.verifier_key,
        labels={"case-number": "杭2026-1"},
        patience=BRISK,
    )
    return dock_card(order, Heard())


@pytest.fixture
def device() -> str:
    """A device that no other test has used: names are taken once per device."""
    return f"D-{uuid.uuid4().hex[:12]}"


def test_a_card_of_hostile_names_and_odd_files_is_sealed_whole(
    service: ServiceProcess, token: str, device: str, tmp_path: Path
) -> None:
    files = {**shift(), **{name: name for name in HOSTILE_NAMES}}
    card = write_card(tmp_path / "card", files)
    before = tree_digest(card)
    report = dock(service, token, card, device)
    assert report.is_complete, report.as_json()
    digests = {
        announced_name(os.fsencode(name)): hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    assert {o.found.name: o.sha256 for o in report.files} == digests
    for outcome in report.files:
        status, original = service.get(
            f"/api/v1/recordings/{outcome.recording}/original", service.admin_token
        )
        assert status == 200
        assert hashlib.sha256(original).hexdigest() == outcome.sha256
    assert tree_digest(card) == before


def test_the_manifest_says_what_the_dock_was_told(
    service: ServiceProcess, token: str, device: str, tmp_path: Path
) -> None:
    (outcome,) = dock(service, token, write_card(tmp_path / "card", {"a.mp4": b"1"}), device).files
    assert outcome.receipt is not None
    key = VerifierKey.parse(service.verifier_key)
    receipt = verify_document(outcome.receipt, [key], "evidence.receipt/1", check_ed25519)
    status, document = service.get(f"/api/v1/recordings/{outcome.recording}/manifest", service.admin_token)
    assert status == 200
    assert hashlib.sha256(document).hexdigest() == receipt["manifest_sha256"]
    manifest = verify_document(document, [key], "evidence.manifest/1", check_ed25519)
    assert (manifest["device"], manifest["wearer"]) == (device, "012345")
    assert manifest["labels"] == {"case-number": "杭2026-1", **NOT_MEASURED}


def test_docking_again_gives_the_same_receipts_without_and_with_the_journal(
    service: ServiceProcess, token: str, device: str, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", shift())
    first = dock(service, token, card, device)
    assert first.is_complete
    second = dock(service, token, card, device)
    (tmp_path / "new").mkdir()
    card = card.rename(tmp_path / "new/card")  # the journal stands beside the card: this one is new
    third = dock(service, token, card, device)
    for again in (second, third):
        assert {o.state for o in again.files} == {State.ALREADY_SEALED}
        assert [o.receipt for o in again.files] == [o.receipt for o in first.files]


def test_a_card_whose_original_was_found_damaged_is_kept_with_and_without_the_journal(
    service: ServiceProcess, token: str, device: str, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    first = dock(service, token, card, device)
    tampering.overwrite(service.data, f"recordings/{first.files[0].recording}/data", b"1ne")
    service.command("verify", ok=(4,))
    second = dock(service, token, card, device)
    (tmp_path / "new").mkdir()
    third = dock(service, token, card.rename(tmp_path / "new/card"), device)
    fourth = dock(service, service.add_dock(f"other {device}"), tmp_path / "new/card", device)
    for again in (second, third, fourth):
        assert [o.state is State.DAMAGED for o in again.files] == [True, False], again.as_json()
        assert not again.is_complete
        assert again.files[0].receipt == first.files[0].receipt


def test_a_name_used_again_for_other_bytes_is_a_failure_that_says_so(
    service: ServiceProcess, token: str, device: str, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    assert dock(service, token, card, device).is_complete
    write_card(card, {"a.mp4": b"22"})
    (outcome,) = dock(service, token, card, device).files
    assert outcome.state is State.FAILED
    assert outcome.error is not None
    assert outcome.error.code == "name-reused"


def test_broken_lines_and_lost_replies_lose_nothing(
    service: ServiceProcess, token: str, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LARGEST_CHUNK", 1 << 18)
    monkeypatch.setattr(sending, "SMALLEST_CHUNK", 1 << 14)
    files = shift(4, 1_500_000)
    card = write_card(tmp_path / "card", files)
    with weak_line(service.url) as line:
        line.breaks_after.extend([100, 5_000, 300_000, 900_000, 70_000, 1_000_000])
        line.mutes_after.extend([300, 200_000, 400_000, 800_000])
        report = dock(service, token, card, device, line.url)
        assert report.is_complete, report.as_json()
        assert line.broken >= 6
    for outcome in report.files:
        assert outcome.sha256 == hashlib.sha256(files[outcome.found.name]).hexdigest()


@pytest.mark.parametrize("door", ["evidence", "evidence.dock"])
def test_a_large_clock_offset_is_refused_with_its_limit_until_it_is_confirmed(
    service: ServiceProcess, token: str, device: str, tmp_path: Path, door: str
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": content(1000)})
    words = [*(["dock"] if door == "evidence" else []), str(card), "--url", service.url, "--device", device]
    words += ["--wearer", "012345", "--state", str(tmp_path / "state"), "--clock-offset", "108000"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "EVIDENCE_TOKEN": token}
        command = [sys.executable, "-m", door, *words, *more]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONG_S
        )

    refused = run()
    assert refused.returncode == 1, refused.stderr
    assert "108000" in refused.stderr
    assert "300" in refused.stderr
    assert "--clock-offset-confirmed" in refused.stderr
    assert run("--clock-offset-confirmed").returncode == 0


def test_the_evidence_command_docks_a_card(
    service: ServiceProcess, token: str, device: str, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": content(1000)})
    words = ["dock", str(card), "--url", service.url, "--device", device, "--wearer", "012345"]
    done = subprocess.run(
        [sys.executable, "-m", "evidence", *words, "--state", str(tmp_path / "state"), "--json"],
        cwd=ROOT,
        env={**os.environ, "EVIDENCE_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=LONG_S,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["sha256"] == hashlib.sha256(content(1000)).hexdigest()
