"""The logs over HTTP: checkpoints and keys for all, proofs for whom they concern, alarms on every answer."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.dock.proofs import verify_log_keys, verify_proof
from evidence.ledger.keys import VerifierKey
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import NONE, Trust
from tests import forms, inside
from tests.service_process import ServiceProcess
from tests.web.talk import Answer, Dock, ask, checksum

KIND = {"Content-Type": "application/json"}
ALARM = "evidence-integrity-alarm"
PATIENCE_S = 20 * forms.PATIENCE


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that publishes every second; these tests raise an alarm, so it is theirs alone."""
    with ServiceProcess(tmp_path_factory.mktemp("logs") / "data", EVIDENCE_PUBLISH_S="1") as service:
        yield service


@pytest.fixture(scope="module")
def mine(logs: ServiceProcess) -> Dock:
    return Dock(logs, logs.add_dock("mine"))


@pytest.fixture(scope="module")
def upload(mine: Dock) -> str:
    """The path of an upload that is sealed."""
    path = mine.open(5, "a.mp4")
    assert mine.patch(path, 0, b"12345", Upload_Checksum=checksum(b"12345")).status == 204
    mine.receipt(path)
    return path


def test_a_dock_shows_a_checkpoint_and_what_is_none_of_ours_changes_nothing(mine: Dock, upload: str) -> None:
    proof_of(mine, upload)
    note = mine.ask("GET", "/api/v1/logs/custody/checkpoint").body
    answer = mine.ask("POST", "/api/v1/checkpoints", note)
    assert (answer.status, answer.json) == (200, {"goes_on": True})
    asked = "SELECT count(*) FROM alarm"
    before = inside.rows(mine.service.data, asked)
    answer = mine.ask("POST", "/api/v1/checkpoints", note.replace(b"\n", b"\n9", 1))
    assert (answer.status, answer.code) == (400, "checkpoint-not-ours")
    assert mine.ask("POST", "/api/v1/checkpoints", b"x" * (64 << 10 | 1)).code == "too-many-bytes"
    assert inside.rows(mine.service.data, asked) == before


def test_a_dock_that_was_revoked_and_added_anew_shows_a_receipt_and_gets_its_proof(mine: Dock) -> None:
    def add() -> tuple[str, Dock]:
        body = json.dumps({"name": "anew"}).encode()
        made = ask(mine.service.port, "POST", "/api/v1/docks", mine.service.admin_token, KIND, body).json
        return made["id"], Dock(mine.service, made["token"])

    id_, before = add()
    path = before.open(5, "anew.mp4")
    before.patch(path, 0, b"12345", Upload_Checksum=checksum(b"12345"))
    before.receipt(path)
    receipt, proof = before.ask("GET", f"{path}/receipt").body, proof_of(before, path)
    assert ask(mine.service.port, "DELETE", f"/api/v1/docks/{id_}", mine.service.admin_token).status == 204
    assert before.ask("POST", "/api/v1/proofs", receipt).status == 401
    _, anew = add()
    assert anew.ask("GET", f"{path}/proof").code == "upload-not-found"
    answer = anew.ask("POST", "/api/v1/proofs", receipt)
    shown, had = TlogProof.parse(answer.body), TlogProof.parse(proof)
    assert (shown.extra, shown.index) == (had.extra, had.index)
    assert answer.headers["cache-control"] == "no-store"
    answer = anew.ask("POST", "/api/v1/proofs", receipt.replace(b"anew.mp4", b"anow.mp4"))
    assert (answer.status, answer.code) == (400, "receipt-not-ours")
    assert anew.ask("POST", "/api/v1/proofs", b"x" * (64 << 10 | 1)).code == "too-many-bytes"


def proof_of(dock: Dock, path: str) -> bytes:
    """Wait for the proof of an upload's entry; until it is there, the answer says so."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := dock.ask("GET", f"{path}/proof")).status == 409:
        assert answer.code == "not-yet-published"
        assert answer.json["published"] <= answer.json["index"]
        assert time.monotonic() < deadline, dock.service.output()[-4000:]
        time.sleep(0.1)
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    return answer.body


def get(service: ServiceProcess, path: str, token: str | None = None) -> Answer:
    return ask(service.port, "GET", path, token)


def test_the_proof_of_an_upload_is_what_a_dock_believes(
    logs: ServiceProcess, mine: Dock, upload: str
) -> None:
    key = VerifierKey.parse(logs.verifier_key)
    proof, receipt = proof_of(mine, upload), mine.ask("GET", f"{upload}/receipt").body
    listed = verify_log_keys(get(logs, "/api/v1/log-keys").body, key)
    verify_proof(proof, receipt, key, listed)
    assert hashlib.sha256(b"12345").hexdigest().encode() in (TlogProof.parse(proof).extra or b"")


def test_checkpoints_and_keys_are_for_everybody(logs: ServiceProcess, mine: Dock, upload: str) -> None:
    proof_of(mine, upload)
    listed = verify_log_keys(get(logs, "/api/v1/log-keys").body, VerifierKey.parse(logs.verifier_key))
    note = get(logs, "/api/v1/logs/custody/checkpoint")
    assert note.status == 200
    assert note.headers["content-type"].startswith("text/plain")
    trusted = Trust(listed, {}, {}, NONE, {}).open(note.body, NOTE_CHECKS)
    assert trusted.checkpoint.origin == "evidence/custody"


def test_the_trust_file_is_for_everybody_and_a_checkpoint_opens_with_it(
    logs: ServiceProcess, mine: Dock, upload: str
) -> None:
    proof_of(mine, upload)
    answer = get(logs, "/api/v1/trust-file")
    assert answer.headers["content-disposition"] == 'attachment; filename="trust.txt"'
    trusted = Trust.parse(answer.body).open(get(logs, "/api/v1/logs/custody/checkpoint").body, NOTE_CHECKS)
    assert trusted.checkpoint.origin == "evidence/custody"


@pytest.mark.parametrize(
    "path", ["logs/access/1999/checkpoint", "logs/access/-1/checkpoint", "logs/access/99999/checkpoint"]
)
def test_a_log_that_is_none_is_not_found(logs: ServiceProcess, path: str) -> None:
    answer = get(logs, f"/api/v1/{path}")
    assert (answer.status, answer.code) == (404, "log-not-found")


def test_a_year_that_is_no_number_is_refused(logs: ServiceProcess) -> None:
    assert get(logs, "/api/v1/logs/access/x/checkpoint").status == 422
    assert get(logs, "/api/v1/logs/other/checkpoint").status == 404


def test_proofs_are_for_those_whom_they_concern(logs: ServiceProcess, mine: Dock, upload: str) -> None:
    proof = proof_of(mine, upload)
    other = Dock(logs, logs.add_dock("other"))
    before = inside.count(logs.data, "SELECT count(*) FROM recording")
    refused = other.ask("GET", f"{upload}/proof")
    assert (refused.status, refused.code) == (404, "upload-not-found")
    assert get(logs, f"{upload}/proof").status == 401
    assert get(logs, f"{upload}/proof", "wrong").status == 401
    assert get(logs, f"{upload}/proof", logs.admin_token).status == 200
    unknown = mine.ask("GET", f"/api/v1/uploads/{'0' * 32}/proof")
    assert (unknown.status, unknown.code) == (404, "upload-not-found")
    assert inside.count(logs.data, "SELECT count(*) FROM recording") == before
    assert TlogProof.parse(mine.ask("GET", f"{upload}/proof").body).extra == TlogProof.parse(proof).extra


def test_an_upload_that_is_not_complete_has_no_proof(mine: Dock) -> None:
    path = mine.open(5, "b.mp4")
    answer = mine.ask("GET", f"{path}/proof")
    assert (answer.status, answer.code) == (425, "upload-incomplete")


def marked(service: ServiceProcess, number: str | None) -> bool:
    """Wait until answers carry the mark of so many alarms, or none."""
    deadline = time.monotonic() + PATIENCE_S
    while get(service, "/health").headers.get(ALARM) != number:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def raise_alarm(folder: Path) -> None:
    """Have an alarm stand, as if a check had found something."""
    row = {"id": "1" * 32, "kind": "entry-altered", "item": "custody/0", "at": "2026-11-21T05:00:00.000000Z"}
    sql = "INSERT INTO alarm (id, kind, item, at, detail) VALUES (:id, :kind, :item, :at, '{}')"
    assert inside.change(folder, sql, **row) == 1


def test_a_standing_alarm_is_on_every_answer_until_it_is_cleared(
    logs: ServiceProcess, mine: Dock, upload: str
) -> None:
    proof_of(mine, upload)
    assert marked(logs, None)
    assert get(logs, "/api/v1/alarms", logs.admin_token).json == []
    raise_alarm(logs.data)
    assert marked(logs, "1")
    for path in ("/ready", "/api/v1/log-keys", "/nowhere", f"{upload}/proof"):
        assert get(logs, path).headers[ALARM] == "1", path
    (told,) = get(logs, "/api/v1/alarms", logs.admin_token).json
    assert (told["kind"], told["item"], told["earliest"]) == ("entry-altered", "custody/0", None)
    assert get(logs, "/api/v1/alarms", mine.token).status == 403
    size = get(logs, "/api/v1/logs/custody/checkpoint").body
    assert mine.seal(b"6", "c.mp4")["size"] == 1  # evidence is taken in all the while
    time.sleep(2)
    assert get(logs, "/api/v1/logs/custody/checkpoint").body == size
    logs.command("log", "clear")
    assert marked(logs, None)
    assert get(logs, "/api/v1/alarms", logs.admin_token).json == []


def test_a_monitor_outside_sees_the_log_grow_over_http(
    logs: ServiceProcess, mine: Dock, upload: str, tmp_path: Path
) -> None:
    size = published(proof_of(mine, upload))
    key = next(one for one in logs.command("log", "keys").splitlines() if "/custody+" in one)
    words = ["log", "monitor", "--url", f"http://127.0.0.1:{logs.port}", "--state", str(tmp_path / "seen")]

    def look(*more: str) -> int:
        return subprocess.run(
            [sys.executable, "-m", "evidence", *words, *more], capture_output=True
        ).returncode

    assert look("--key", key) == 0
    first = (tmp_path / "seen").read_text()
    later = mine.open(5, "monitored.mp4")
    assert mine.patch(later, 0, b"54321", Upload_Checksum=checksum(b"54321")).status == 204
    mine.receipt(later)
    assert published(proof_of(mine, later)) > size
    assert look("--key", key) == 0
    assert (tmp_path / "seen").read_text() != first
    assert look() == 2
    for asked in ("old=1&new=999999999", "old=-1&new=1", f"old={size + 1}&new={size}"):
        answer = get(logs, f"/api/v1/logs/custody/consistency?{asked}")
        assert answer.status in (400, 404, 422), answer


def published(proof: bytes) -> int:
    """Return the size of the checkpoint in a proof file."""
    return int(proof.partition(b"\n\n")[2].split(b"\n")[1])
