"""`evidence log …`: checkpoints, proofs, checks and alarms at the terminal, each with its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.bootstrap import build
from evidence.cli import exit_code
from evidence.domain.audit import Act, Entry
from evidence.errors import Conflict, EvidenceError, IntegrityFault, Invalid, NotFound, Unavailable
from evidence.ledger.entries import verify_history
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import NONE, Trust
from evidence.locale import say
from evidence.verifier.trust import read_trust
from tests import inside, listed_site
from tests.listed_site import rows, run, trust_in
from tests.log_room import unguarded
from tests.signer.running import SignerProcess


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site with one sealed recording, its logs published, its signer running."""
    data = listed_site.make(tmp_path_factory.mktemp("site") / "data")
    with SignerProcess(data, data / "signer"):
        done = run(data, "log", "publish")
        assert done.exit_code == 0, done.output
        assert "custody" in done.stdout
        yield data


@pytest.fixture(scope="module")
def recording(site: Path) -> str:
    """The one recording."""
    ((recording,),) = inside.rows(site, "SELECT id FROM recording")
    return str(recording)


def refused(result: Result, kind: type[EvidenceError], code: str, exit_: int) -> None:
    """Assert that a command was refused so."""
    assert isinstance(result.exception, kind), result.output
    assert (result.exception.code, exit_code(result.exception)) == (code, exit_)


def test_the_checkpoint_is_printed_as_others_verify_it_with_the_keys(site: Path) -> None:
    note = run(site, "log", "checkpoint").stdout
    trusted = trust_in(run(site, "log", "keys").stdout).open(note.encode(), NOTE_CHECKS)
    assert trusted.checkpoint.origin.endswith("/custody")
    assert trusted.checkpoint.size > 0
    refused(run(site, "log", "checkpoint", "--log", "access/1999"), NotFound, "log-not-found", 1)


def test_the_trust_file_names_every_log_and_is_what_anybody_verifies_with(site: Path) -> None:
    said = run(site, "log", "keys", "--trust").stdout
    vkeys = run(site, "log", "keys").stdout.split()
    trust = Trust.parse(said.encode())
    assert [key.text() for key in trust.logs] == vkeys
    assert trust.quorum == NONE
    assert [key.label for key in read_trust(said.encode(), "").logs] == [key.label for key in trust.logs]
    signing = (site / "keys" / "verifiers").read_text().split()[-1]
    assert said.startswith(f"# manifests, receipts: {signing}\n")


def test_what_prove_writes_is_the_whole_history_and_every_proof_holds(
    site: Path, recording: str, tmp_path: Path
) -> None:
    to = tmp_path / "a" / "proofs"
    written = json.loads(run(site, "log", "prove", recording, "--to", str(to), "--json").stdout)
    trust = trust_in((to / "keys").read_text())
    history: dict[str, list[tuple[str, int, bytes]]] = {}
    for one in written:
        proof = TlogProof.parse((to / one["file"]).read_bytes())
        entry = (to / one["file"]).with_suffix(".json").read_bytes()
        origin = proof.verify(entry, trust, NOTE_CHECKS).checkpoint.origin
        assert (proof.extra, proof.index) == (entry, one["index"])
        history.setdefault(one["log"].partition("/")[0], []).append((origin, one["index"], entry))
    assert set(history) == {"custody", "access"}
    for entries in history.values():
        assert verify_history(recording, entries).n == len(entries)
    assert json.loads(history["custody"][-1][2])["act"] == "evidence.prove"
    with_fields = [one for one in written if one["fields"]]
    for one in with_fields:
        beside = (to / one["file"]).with_suffix(".fields.json")
        assert json.loads(beside.read_text("utf-8")) == one["fields"]
    assert len(list(to.iterdir())) == 2 * len(written) + len(with_fields) + 1


def test_a_folder_that_is_there_is_refused_and_nothing_is_written_or_logged(
    site: Path, recording: str, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("somebody's")
    before = inside.count(site, "SELECT count(*) FROM audit_entry")
    for there in (tmp_path, tmp_path / "a"):
        result = run(site, "log", "prove", recording, "--to", str(there))
        refused(result, Invalid, "folder-exists", 2)
    assert inside.files(tmp_path) == {"a": b"somebody's"}
    assert inside.count(site, "SELECT count(*) FROM audit_entry") == before


@pytest.mark.parametrize("unknown", ["0" * 32, "no id", "../x"])
def test_a_recording_that_is_none_is_refused_and_leaves_no_folder(
    site: Path, tmp_path: Path, unknown: str
) -> None:
    before = inside.count(site, "SELECT count(*) FROM audit_entry")
    result = run(site, "log", "prove", unknown, "--to", str(tmp_path / "new"))
    refused(result, NotFound, "recording-not-found", 1)
    assert list(tmp_path.iterdir()) == []
    assert inside.count(site, "SELECT count(*) FROM audit_entry") == before


def test_a_personal_value_is_disclosed_and_erased_at_the_terminal(site: Path, recording: str) -> None:
    application = build(site)
    entry = Entry(Act.VERIFY, "service", (("recording", recording),), personal={"actor": "张三"})
    with application.site.database.writing() as unit:
        place = f"custody/{unit.log.append(entry, application.site.clock.now()).index}"
    said = json.loads(run(site, "log", "disclose", place, "actor", "--json").stdout)["actor"]
    assert (said["state"], said["value"]) == ("disclosed", "张三")
    assert "张三" in run(site, "log", "disclose", place, "actor").stdout
    assert place in run(site, "log", "erase", place, "actor", "--reason", "asked for").stdout
    assert json.loads(run(site, "log", "disclose", place, "actor", "--json").stdout) == {
        "actor": {"state": "erased"}
    }
    again = run(site, "log", "erase", place, "actor", "--reason", "again")
    refused(again, Conflict, "field-gone", 1)
    refused(run(site, "log", "disclose", place, "name"), NotFound, "field-not-found", 1)
    for wrong in ("custody", "12", "custody/-1", "custody/1e3"):
        refused(run(site, "log", "disclose", wrong, "actor"), Invalid, "invalid-entry", 2)


@pytest.mark.parametrize("since", ["01.11.2026", "2999-01-01"])
def test_the_day_of_a_theft_is_a_day_that_has_been(site: Path, since: str) -> None:
    result = run(site, "log", "rotate", "--reason", "stolen", "--since", since)
    assert result.exit_code == 2, result.output
    assert inside.rows(site, "SELECT id FROM audit_entry WHERE act = 'log.rotate'") == []


def test_a_stolen_key_is_marked_where_keys_are_handed_on(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    with SignerProcess(site, site / "signer"):
        assert run(site, "log", "publish").exit_code == 0
        before = run(site, "log", "keys")
        assert (before.stderr, "#" in before.stdout) == ("", False)
        assert run(site, "log", "rotate", "--reason", "stolen", "--since", "2026-03-01").exit_code == 0
    (old,) = (vkey for vkey in before.stdout.split() if "/custody+" in vkey)
    mark = "# stolen 2026-03-01, only for what was handed over before: "
    after, trust = run(site, "log", "keys"), run(site, "log", "keys", "--trust")
    assert [line for line in after.stdout.splitlines() if old in line] == [mark + old]
    assert old not in [key.text() for key in Trust.parse(trust.stdout.encode()).logs]
    assert read_trust(trust.stdout.encode(), "").logs
    assert after.stderr == trust.stderr == say("cli.log-keys-given-up", number=1) + "\n"


def test_tiles_are_written_into_a_new_folder_only(site: Path, tmp_path: Path) -> None:
    to = tmp_path / "tiles"
    assert run(site, "log", "tiles", str(to)).exit_code == 0
    assert (
        (to / "checkpoint")
        .read_text("utf-8")
        .startswith(run(site, "log", "checkpoint").stdout.split("\n")[0])
    )
    assert (to / "tile").is_dir()
    refused(run(site, "log", "tiles", str(to)), Invalid, "folder-exists", 2)


def test_without_a_time_stamp_there_is_none_to_write_out(site: Path, tmp_path: Path) -> None:
    refused(
        run(site, "log", "checkpoint", "--stamped", str(tmp_path / "x")), NotFound, "timestamp-not-found", 1
    )
    assert not (tmp_path / "x").exists()


def test_a_sound_site_has_no_alarm(site: Path) -> None:
    assert rows(site, "log", "fsck") == rows(site, "log", "alarms") == []
    for words, said in (
        ("fsck", "logs, rows and what the vault lists agree"),
        ("alarms", "no integrity alarm"),
    ):
        done = run(site, "log", words)
        assert done.exit_code == 0
        assert said in done.stdout
        assert "‼" not in done.stdout


def test_a_check_of_the_logs_counts_what_reading_back_has_found(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    assert inside.change(site, "UPDATE recording SET check_result = 'bytes-differ'") == 1
    done = run(site, "log", "alarms")
    assert done.exit_code == 4
    assert "‼ " in done.stdout
    assert "1 recordings were not what was sealed" in done.stdout


def test_what_stands_still_is_told_in_both_languages_with_the_exit_code_of_an_alarm(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    with unguarded(site):
        inside.change(site, "UPDATE audit_entry SET at = '2026-01-01T00:00:00.000000Z'")
    result = run(site, "log", "alarms")
    assert result.exit_code == 4
    for word in ("signing-stands-still", "no-sound-check", "无人签名", "have been signed by nobody"):
        assert word in result.stdout
    found = {one["kind"] for one in json.loads(run(site, "log", "alarms", "--json").stdout)}
    assert found == {"signing-stands-still", "no-sound-check"}


def altered(site: Path, body: bytes) -> None:
    """Put other bytes in the place of the first entry of custody, as a database administrator can."""
    with unguarded(site):
        sql = "UPDATE audit_entry SET body = :body WHERE log = 'custody' AND idx = 0"
        assert inside.change(site, sql, body=body) == 1


def test_an_altered_entry_is_an_alarm_that_stands_until_it_is_cleared_after_a_sound_check(
    tmp_path: Path,
) -> None:
    site = listed_site.make(tmp_path / "data")
    ((recording,),) = inside.rows(site, "SELECT id FROM recording")
    ((whole,),) = inside.rows(site, "SELECT body FROM audit_entry WHERE log = 'custody' AND idx = 0")
    with SignerProcess(site, site / "signer"):
        assert run(site, "log", "publish").exit_code == 0
        altered(site, bytes(whole).replace(b"site.init", b"site.inix"))
        command = [sys.executable, "-m", "evidence", "log", "fsck", "--json", "--data", str(site)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert found.returncode == 4
        assert "INTEGRITY ALARM" not in found.stderr, "told once, by the command, in both languages"
        kinds = {one["kind"] for one in json.loads(found.stdout)}
        assert kinds
        shown = run(site, "log", "alarms")
        assert shown.exit_code == 4
        assert all(kind in shown.stdout for kind in kinds)
        assert "latest" in shown.stdout
        assert shown.stdout.endswith(f"{say('cli.alarms-next')}\n")
        assert "不明 / unknown" not in shown.stdout
        refused(run(site, "log", "clear"), IntegrityFault, "still-broken", 4)
        refused(run(site, "log", "publish"), IntegrityFault, "alarm-stands", 4)
        to = tmp_path / "new"
        result = run(site, "log", "prove", recording, "--to", str(to))
        assert isinstance(result.exception, EvidenceError | Conflict)
        assert not to.exists()
        altered(site, bytes(whole))
        assert run(site, "log", "alarms").exit_code == 4  # nothing is put right by itself
        early = run(site, "log", "clear")
        refused(early, Unavailable, "signer-halted", 3)  # told at once, and not by the next alarm
        shown = run(site, "log", "alarms")
        assert (shown.exit_code, "signer-halted" in shown.stdout) == (4, True)
        refused(run(site, "signer", "--resume"), Unavailable, "signer-running", 3)
    assert run(site, "signer", "--resume").exit_code == 0
    with SignerProcess(site, site / "signer"):
        cleared = run(site, "log", "clear")
        assert cleared.exit_code == 0, cleared.exception
        assert rows(site, "log", "alarms") == []
        assert run(site, "log", "publish").exit_code == 0
