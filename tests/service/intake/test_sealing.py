"""A complete upload becomes one recording, once; what must be refused is refused and nothing is lost."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evidence.adapters.keys import verify_ed25519
from evidence.domain.digests import Digests
from evidence.domain.signed import verify_document
from evidence.domain.uploads import UploadState
from evidence.errors import Conflict
from evidence.ledger.keys import VerifierKey
from evidence.service.intake.documents import MANIFEST, RECEIPT
from evidence.service.intake.sealing import Sealing
from evidence.service.intake.seals import Seals
from evidence.service.recordings.recordings import StillReceiving, StillSealing
from storage import s3
from storage.durable import Folder
from storage.errors import Locked
from storage.vault import Debris
from tests import forms, inside
from tests.builders import SmallSite, an_origin

BODY = bytes(range(256)) * 5000


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def test_a_sealed_original_has_the_same_bytes_and_both_digests(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    stored, original = small.recordings.open_original(small.administrator, upload.id)
    with original:
        assert original.read() == BODY
    assert stored.recording.digests == Digests(
        hashlib.sha256(BODY).hexdigest(), hashlib.new("sm3", BODY).hexdigest()
    )


def test_the_receipt_and_the_manifest_are_signed_and_agree(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY), clock_offset_ms=-1500), BODY)
    small.do_jobs()
    keys = [VerifierKey.parse(small.site.signer.verifier_key())]
    receipt = verify_document(small.recordings.receipt(small.dock, upload.id), keys, RECEIPT, verify_ed25519)
    document = small.recordings.manifest(small.administrator, upload.id)
    manifest = verify_document(document, keys, MANIFEST, verify_ed25519)
    assert receipt["manifest_sha256"] == hashlib.sha256(document).hexdigest()
    assert receipt["sha256"] == hashlib.sha256(BODY).hexdigest()
    original = manifest["original"]
    assert isinstance(original, dict)
    assert original["size"] == len(BODY)
    times = manifest["times"]
    assert isinstance(times, dict)
    assert times["clock_offset_ms"] == -1500
    assert times["device"] == {"modified": "2026-03-02T08:00:00.000000Z", "name": "2026-03-02T09:30:00"}
    assert times["corrected"] == {"modified": "2026-03-02T07:59:58.500000Z"}


@pytest.mark.article("dazhe-2020:11")
def test_an_original_is_locked_for_at_least_a_year_from_the_seal(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    stored = small.recordings.get(small.administrator, upload.id)
    lock = small.vault.stat(stored.recording.data_key).lock
    assert lock.retain_until >= stored.recording.sealed_at + timedelta(days=365)
    with pytest.raises(Locked):
        small.vault.dispose(stored.recording.data_key, small.clock.now() + timedelta(days=364))
    assert small.vault.stat(stored.recording.data_key).size_bytes == len(BODY)


def test_the_same_file_again_is_the_same_recording_with_the_same_receipt(small: SmallSite) -> None:
    first = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    before = {name: body for name, body in small.files().items() if name.startswith("vault")}
    second = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    assert small.recordings.receipt(small.dock, second.id) == small.recordings.receipt(small.dock, first.id)
    assert len(small.recordings.list(small.administrator)) == 1
    after = small.files()
    assert {name: body for name, body in after.items() if name.startswith("vault")} == before
    assert not [name for name in after if name.startswith("staging") and second.id in name]


def test_the_same_name_with_other_bytes_is_refused_with_a_finding_and_both_are_kept(small: SmallSite) -> None:
    first = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    other = BODY[:-1] + b"\x00"
    second = small.send(an_origin(size_bytes=len(other)), other)
    small.do_jobs()
    with pytest.raises(Conflict) as refusal:
        small.recordings.receipt(small.dock, second.id)
    assert refusal.value.code == "name-reused"
    assert len(small.recordings.list(small.administrator)) == 1
    assert small.staging.path(second.id).read_bytes() == other
    with small.database.reading() as unit:
        (found,) = [one for one in unit.examinations.current() if one.body["code"] == "name-reused"]
        assert unit.uploads.get(second.id).state is UploadState.REFUSED  # type: ignore[union-attr]
    assert found.body["measured"] == hashlib.sha256(other).hexdigest()
    assert found.body["limit"] == hashlib.sha256(BODY).hexdigest()
    assert any(b'"act":"upload.refuse"' in body for body in small.log())
    stored, original = small.recordings.open_original(small.administrator, first.id)
    with original:
        assert original.read() == BODY


def test_bytes_that_are_not_the_declared_ones_are_not_sealed(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY, declared="0" * 64)
    small.do_jobs()
    with pytest.raises(Conflict, match="digest-differs"):
        small.recordings.receipt(small.dock, upload.id)
    assert not [name for name in small.files() if name.startswith("vault") and upload.id in name]
    assert small.staging.path(upload.id).read_bytes() == BODY


def test_an_empty_file_is_sealed_too(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=0), b"")
    small.do_jobs()
    receipt = json.loads(small.recordings.receipt(small.dock, upload.id))
    assert receipt["signed"]["size"] == 0
    assert receipt["signed"]["sha256"] == hashlib.sha256(b"").hexdigest()


def test_there_is_no_receipt_before_everything_is_durable(small: SmallSite) -> None:
    upload = small.uploads.create(small.dock, an_origin(size_bytes=len(BODY)), None)
    with pytest.raises(StillReceiving):
        small.recordings.receipt(small.dock, upload.id)
    small.put(upload.id, 0, BODY)
    with pytest.raises(StillSealing):
        small.recordings.receipt(small.dock, upload.id)
    small.do_jobs()
    assert small.recordings.receipt(small.dock, upload.id)


def test_sealing_twice_does_nothing_the_second_time(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    before, entries = small.files(), len(small.log())
    Sealing(small.site).seal(upload.id)
    assert small.files() == before
    assert len(small.log()) == entries


def test_after_a_restart_digests_are_read_again_and_the_seal_is_the_same(small: SmallSite) -> None:
    upload = small.uploads.create(small.dock, an_origin(size_bytes=len(BODY)), None)
    small.put(upload.id, 0, BODY[:70_000])
    again = SmallSite(small.folder, small.clock)
    again._dock = small.dock
    again.put(upload.id, 70_000, BODY[70_000:])
    with again.database.reading() as unit:
        assert unit.uploads.get(upload.id).digests is None  # type: ignore[union-attr]
    again.do_jobs()
    stored = again.recordings.get(again.administrator, upload.id)
    assert stored.recording.digests.sha256 == hashlib.sha256(BODY).hexdigest()


def test_an_orphan_in_the_vault_is_adopted_never_written_twice(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    sealing = Sealing(small.site)
    record = Seals._record
    try:

        def crash(*_: object) -> None:
            raise ConnectionError("killed here")

        Seals._record = crash  # type: ignore[method-assign,assignment]
        with pytest.raises(ConnectionError):
            sealing.seal(upload.id)
    finally:
        Seals._record = record  # type: ignore[method-assign]
    orphans = {name: body for name, body in small.files().items() if name.startswith("vault")}
    assert len([name for name in orphans if upload.id in name]) >= 2
    small.clock.pass_by(timedelta(days=2))
    small.do_jobs()
    assert {name: body for name, body in small.files().items() if name.startswith("vault")} == orphans
    stored = small.recordings.get(small.administrator, upload.id)
    assert stored.recording.manifest_sha256 in small.recordings.receipt(small.dock, upload.id).decode()


STEPS = 2 if forms.GROWN else 4  # sendings into a bucket, or links in a folder, that make a seal


def dies_at(stop: int, small: SmallSite, monkeypatch: pytest.MonkeyPatch, upload_id: str) -> bool:
    """Begin to seal, and die in the place of one of its steps; tell whether it came to that."""
    left = [stop]
    place, name = (s3, "send") if forms.GROWN else (Folder, "link")
    step = getattr(place, name)

    def dies(*words: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise ConnectionError("killed here")
        return step(*words)

    monkeypatch.setattr(place, name, dies)
    try:
        Sealing(small.site).seal(upload_id)
    except ConnectionError:
        return True
    finally:
        monkeypatch.undo()
    return False


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.parametrize("stop", range(1, STEPS))
def test_what_a_crash_left_behind_is_kept_a_year_from_the_sealing_that_is_told(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    assert dies_at(stop, small, monkeypatch, upload.id)
    small.clock.pass_by(timedelta(days=60))
    small.do_jobs()
    recording = small.recordings.get(small.administrator, upload.id).recording
    for key in (recording.data_key, recording.manifest_key):
        kept = small.vault.stat(key).lock.retain_until
        assert kept >= recording.sealed_at + timedelta(days=365), key
    said = json.loads(small.recordings.manifest(small.administrator, upload.id).splitlines()[1])
    assert recording.retain_until >= datetime.fromisoformat(said["lock"]["retain_until"])
    assert [entry for entry in small.vault.census() if isinstance(entry, Debris)] == []


@pytest.mark.parametrize("stop", range(STEPS + 1))
def test_a_seal_that_died_at_any_step_is_finished_by_the_next_attempt(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    # Drill F01 found it: dead between a manifest's lock and its link, the next attempt came with other bytes.
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    assert dies_at(stop, small, monkeypatch, upload.id) == (stop < STEPS)
    small.clock.pass_by(timedelta(hours=1))
    small.do_jobs()
    assert small.recordings.receipt(small.dock, upload.id)
    assert [entry for entry in small.vault.census() if isinstance(entry, Debris)] == []


def test_an_act_whose_entry_fails_fails(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from evidence.adapters.db.repositories.log import SqlLog

    def broken(*_: object) -> int:
        raise OSError("the log cannot be written")

    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    monkeypatch.setattr(SqlLog, "append_all", broken)
    with pytest.raises(OSError, match="log"):
        Sealing(small.site).seal(upload.id)
    monkeypatch.undo()
    assert small.recordings.list(small.administrator) == []
    with pytest.raises(StillSealing):
        small.recordings.receipt(small.dock, upload.id)


def test_a_worker_without_the_staging_folder_gives_nothing_up(small: SmallSite) -> None:
    uploads = [small.send(an_origin(f"{n}.mp4", size_bytes=len(BODY)), BODY) for n in range(2)]
    change = "UPDATE upload SET sha256 = NULL, sm3 = NULL WHERE id = :id"
    assert inside.change(small.folder, change, id=uploads[1].id), "digests to be read again"
    staging, mounted = small.folder / "staging", small.folder / "mounted"
    staging.rename(mounted)
    staging.mkdir()
    for _ in range(10):
        small.do_jobs()
        small.clock.pass_by(timedelta(minutes=5))
    with small.database.reading() as unit:
        assert {unit.uploads.get(one.id).state for one in uploads} == {UploadState.COMPLETE}  # type: ignore[union-attr]
    jobs = inside.records(small.folder, "SELECT state, problem FROM job WHERE name = 'seal'")
    assert [(one["state"], one["problem"].split()[0]) for one in jobs] == [
        ("queued", "staged-file-missing")
    ] * 2
    staging.rmdir()
    mounted.rename(staging)
    small.do_jobs()
    assert [small.recordings.receipt(small.dock, one.id) != b"" for one in uploads] == [True, True]


def test_a_vault_whose_disc_is_away_takes_nothing_and_the_seal_goes_on_when_it_is_back(
    small: SmallSite,
) -> None:
    if forms.is_grown(small.folder):
        pytest.skip("a folder's fault")
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    vault, mounted = small.folder / "vault", small.folder / "mounted"
    vault.rename(mounted)
    vault.mkdir()
    for _ in range(10):
        small.do_jobs()
        small.clock.pass_by(timedelta(minutes=5))
    with pytest.raises(StillSealing):
        small.recordings.receipt(small.dock, upload.id)
    assert list(vault.iterdir()) == []
    jobs = inside.records(small.folder, "SELECT state, problem FROM job WHERE name = 'seal'")
    assert [(one["state"], one["problem"].split()[0]) for one in jobs] == [("queued", "vault-not-there")]
    vault.rmdir()
    mounted.rename(vault)
    small.do_jobs()
    assert small.recordings.receipt(small.dock, upload.id) != b""


@pytest.mark.parametrize("is_known", [True, False], ids=["digests known", "digests to be read again"])
def test_an_empty_file_in_the_place_of_a_lost_one_ends_the_upload_and_frees_the_name(
    small: SmallSite, is_known: bool
) -> None:
    lost = small.send(an_origin(size_bytes=len(BODY)), BODY)
    if not is_known:
        inside.change(small.folder, "UPDATE upload SET sha256 = NULL, sm3 = NULL WHERE id = :id", id=lost.id)
    staged = small.staging.path(lost.id)
    staged.unlink()
    small.do_jobs()
    staged.touch(mode=0o600)  # what docs/operations.md tells the operator to do
    small.clock.pass_by(timedelta(minutes=5))
    small.do_jobs()
    with pytest.raises(Conflict, match="seal-failed"):
        small.recordings.receipt(small.dock, lost.id)
    assert b'"name_is_free":true' in small.log()[-1]
    again = small.send(an_origin(size_bytes=len(BODY)), BODY)
    small.do_jobs()
    assert small.recordings.receipt(small.dock, again.id)
