"""A rebuild brings back the whole catalogue from the vault alone, and names what is damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence import bootstrap, rebuilding
from evidence.adapters.keys import make_key
from evidence.domain.complaints import Told
from evidence.domain.devices import Issue
from evidence.domain.standing import Classification
from evidence.errors import Conflict, EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.ledger import notes
from evidence.ledger.canonical import canonical
from evidence.ledger.rows import key_of
from evidence.ledger.segments import Kind, Piece, write_segment
from evidence.locale import say
from evidence.rebuilding import aftermath, manifests, rebuild
from evidence.service.cases.complaints import Complaints
from evidence.service.keeping.holds import Holds
from evidence.service.log import journaling, publishing
from evidence.service.log.log_keys import Reason
from evidence.service.recordings.unlabelled import Unlabelled
from evidence.service.sign_in.links import Links
from evidence.signer.keys import KeyFolder
from storage.errors import StoreUnavailable
from tests import forms, inside, tampering
from tests.builders import SITE, START, an_origin
from tests.log_room import OPERATOR, LogRoom
from tests.rebuilding_room import (
    Silent,
    as_rebuilt,
    kinds,
    lose_database,
    make_site,
    reopen,
    restore,
    rows,
    take_complaint,
    vault_address,
    without_closing,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with something of everything, all of it published; made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    if not forms.GROWN:
        make_site(folder).close()
    return folder


@pytest.fixture
def room(made: Path, tmp_path: Path) -> Iterator[LogRoom]:
    """Such a site, the test's own."""
    if forms.GROWN:
        room = make_site(tmp_path)
    else:
        shutil.copytree(made, tmp_path, dirs_exist_ok=True)
        room = LogRoom(tmp_path)
        room.small.clock.time = datetime.now(UTC)
        room.small._dock = next(one for one in room.small.accounts.docks(OPERATOR) if one.name == "dock")
    yield room
    room.close()


def test_every_row_comes_back_as_it_was_but_for_what_is_made_anew(room: LogRoom) -> None:
    before = rows(room)
    lose_database(room)
    report = restore(room)
    assert (report.faults, report.notes) == ([], [])
    after = rows(room)
    assert without_closing(after) == as_rebuilt(before)
    written = [row["act"] for row in after["audit_entry"][len(before["audit_entry"]) :]]
    assert written == ["link.make", "site.rebuild"]
    assert len(before["recording"]) == 3
    there = ("card", "announced", "examination", "log_tile", "row_piece", "person", "role_grant", "standing")
    there += ("gap", "explanation", "fault_file", "exemption", "notice")
    there += ("device", "device_check", "device_issue", "device_service")
    there += ("case_end", "case_document", "case_archive", "sample", "sample_item")
    there += ("case_step", "step_officer", "legal_unit", "act_document", "document_signer", "document_reason")
    there += ("fault_person", "fault_link", "fault_entry", "fault_view")
    there += ("complaint", "complaint_person", "complaint_handler")
    there += ("export", "export_item", "export_volume", "transfer_unit", "long_medium", "long_recording")
    assert all(before[name] for name in there)
    assert {row["person_id"] for row in after["standing"]} == {"2" * 32}
    assert {row["id"]: row["parent_id"] for row in after["unit"]}["1" * 32] == "f" * 32
    labels = [(row["name"], row["value"], row["given_by"]) for row in after["label"]]
    assert sorted(labels, key=str) == [
        ("case-number", "杭〔2026〕2", "operator"),
        ("case-number", None, "dock"),  # its words stand in the manifest
        ("inspected-party", None, "operator"),
    ]
    kept = b"".join(inside.objects(room.folder).values())
    assert "杭〔2026〕2".encode() in kept
    assert "王五".encode() not in kept, "nor a document of its case file"
    assert "赵六家".encode() not in kept, "nor a place where something was done"
    assert "钱七".encode() not in kept, "nor why a document and its footage do not agree"
    assert "某小吃店".encode() not in kept, "nothing in the vault tells whom an inspection was about"


def test_what_a_person_docked_by_hand_comes_back_with_its_account(room: LogRoom) -> None:
    small, file = room.small, an_origin("by hand.mp4", size_bytes=4)
    with small.database.writing() as unit:
        device = unit.devices.find(file.device)
        assert device is not None
        unit.devices.add_issue(Issue("e" * 32, device.id, "2" * 32, "operator", small.clock.now()))
        person = unit.grants.caller("2" * 32, small.clock.now())
    assert person is not None
    small.cards.announce(person, replace(file, name="-"), [file])
    upload = small.uploads.create(person, file, None)
    with small.uploads.receive(person, upload.id, 0, 4, None) as reception:
        reception.take(b"sent")
        reception.commit()
    small.do_jobs()
    room.publish()
    before = rows(room)
    lose_database(room)
    report = restore(room)
    assert (report.faults, report.notes) == ([], [])
    assert without_closing(rows(room))["account"] == as_rebuilt(before)["account"]
    assert room.small.recordings.sealed_as(person, upload.id).recording.origin.name == "by hand.mp4"


def test_after_a_rebuild_labels_stand_as_before_and_lost_words_are_asked_for_again(room: LogRoom) -> None:
    lose_database(room)
    restore(room)
    reopen(room)
    lines = Unlabelled(room.small.site).missing(OPERATOR).lines
    first = next(one for one in lines if one.stored.recording.origin.name == "DCIM/现场 😀.mp4")
    assert first.missing == ("inspected-party",)
    told = [(one.name, one.value, one.ended_at is None) for one in first.stored.told]
    assert told == [
        ("case-number", "杭〔2026〕1", False),  # the dock's words stand in the manifest
        ("case-number", "杭〔2026〕2", True),
        ("inspected-party", None, True),
    ]


@forms.embedded_only("the room's own vault is known to this process alone")
def test_where_there_are_many_other_processes_look_and_see_the_same(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered = next((room.folder / "vault" / "recordings").glob("*/manifest.json"))
    altered.chmod(0o600)
    altered.write_bytes(altered.read_bytes().replace(b"wearer", b"bearer"))
    before = rows(room)
    lose_database(room)
    helped: list[str] = []

    def started(them: manifests.Manifests, parts: str) -> subprocess.Popen[bytes]:
        helped.append(parts)
        return start(them, parts)

    start = manifests.Manifests._start
    monkeypatch.setattr(manifests.Manifests, "_start", started)
    monkeypatch.setattr(rebuilding, "MANY", 1)
    monkeypatch.setattr(manifests, "look_into", None)  # nobody looks here
    report = restore(room)
    assert "".join(sorted("".join(helped))) == manifests.PARTS
    assert [one.kind for one in report.faults] == ["manifest-wrong"]
    assert without_closing(rows(room)) == as_rebuilt(before)
    assert not any((room.folder / "scratch").glob("rebuild*"))


def test_twice_is_the_same(room: LogRoom) -> None:
    lose_database(room)
    restore(room)
    first = rows(room)
    lose_database(room)
    restore(room)
    assert without_closing(rows(room)) == without_closing(first)


def test_a_rebuilt_site_goes_on_where_it_stood(room: LogRoom) -> None:
    lose_database(room)
    restore(room)
    reopen(room)
    assert room.fsck() == []
    room.seal("d.mp4", b"d" * 900)
    room.publish()
    assert room.fsck() == []
    before = rows(room)
    lose_database(room)
    assert restore(room).faults == []
    assert without_closing(rows(room))["recording"] == before["recording"]


def test_old_tokens_and_passwords_open_nothing_and_an_administrator_has_a_link(room: LogRoom) -> None:
    _, token = room.small.accounts.add_dock(OPERATOR, "new dock")
    room.publish()
    lose_database(room)
    report = restore(room)
    reopen(room)
    assert room.small.accounts.identify(token) is None
    assert Links(room.small.site).owner(report.link) == report.number == "administrator"
    with room.small.database.reading() as unit:
        (account,) = unit.sign_ins.all()
    assert account.password is None, "a password never was in the vault"
    room.small.accounts.revoke_dock(OPERATOR, "new dock")
    _, token = room.small.accounts.add_dock(OPERATOR, "new dock")
    assert room.small.accounts.identify(token) is not None


def test_what_was_not_published_yet_is_made_from_the_signed_manifests(room: LogRoom) -> None:
    recording = room.seal("late.mp4", b"l" * 700)
    (before,) = inside.records(room.folder, "SELECT * FROM recording WHERE id = :id", id=recording)
    lose_database(room)
    report = restore(room)
    assert report.faults == []
    assert {one.item: one.kind for one in report.notes} == {f"recording {recording}": "recording-adopted"}
    (after,) = inside.records(room.folder, "SELECT * FROM recording WHERE id = :id", id=recording)
    again = {"receipt", "ended_at", "checked_at", "check_result"}
    assert {name: after[name] for name in after.keys() - again} == {
        name: before[name] for name in before.keys() - again
    }
    (standing,) = inside.records(room.folder, "SELECT * FROM standing WHERE recording_id = :id", id=recording)
    assert (standing["person_id"], standing["unit_id"]) == ("2" * 32, "1" * 32), "placed by its wearer"
    jobs = inside.rows(room.folder, "SELECT name FROM job WHERE subject = :id ORDER BY name", id=recording)
    assert jobs == [("deep",), ("examine",)]
    reopen(room)
    room.small.do_jobs()
    room.publish()
    assert room.fsck() == []


@pytest.mark.parametrize("step", ["after-rows-piece", "after-segment", "after-signature", "after-checkpoint"])
def test_a_publication_that_broke_off_is_taken_up_again(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    room.seal("late.mp4", b"l" * 700)

    def stop(name: str) -> None:
        if name == step:
            raise StoreUnavailable(reason="broken off")

    monkeypatch.setattr(publishing, "crashpoint", stop)
    monkeypatch.setattr(journaling, "crashpoint", stop)
    with pytest.raises(StoreUnavailable):
        room.publishing.publish_all()
    monkeypatch.undo()
    recordings = len(rows(room)["recording"])
    lose_database(room)
    report = restore(room)
    assert report.faults == []
    assert len(rows(room)["recording"]) == recordings
    reopen(room)
    room.publish()
    room.publish()
    assert room.fsck() == []


def test_what_a_new_key_signs_before_the_log_names_it_is_sound_all_the_same(room: LogRoom) -> None:
    for file in (room.signer_folder / "keys").iterdir():
        file.unlink()
    room.seal("late.mp4", b"l" * 700)
    with pytest.raises(EvidenceError, match="signing-key-missing"):
        room.publish()  # the piece is stored already, and nobody signs it
    new = room.log_keys.rotate(OPERATOR, "custody", Reason.LOST)
    room.publish()
    room.publish()
    lose_database(room)
    report = restore(room)
    assert report.faults == []
    assert new in report.vkeys
    reopen(room)
    assert room.fsck() == []


def test_a_checkpoint_whose_signer_no_entry_ever_names_is_told(room: LogRoom) -> None:
    folder = KeyFolder(room.signer_folder / "strange")
    stranger = folder.make(f"{SITE}/custody")
    with room.small.database.reading() as unit:
        key = Piece("custody", unit.tree.published("custody")[0], Kind.CHECKPOINT).key()
    text = notes.parse(inside.sealed(room.folder, key)).text
    tampering.overwrite(room.folder, key, notes.write(text, [folder.sign(stranger, text)]))
    lose_database(room)
    report = restore(room)
    assert [(one.kind, one.item) for one in report.faults] == [("checkpoint-wrong", key)]


def test_transfers_that_cannot_go_on_are_ended_and_the_name_is_free(room: LogRoom) -> None:
    dock = room.small.dock
    going = room.small.uploads.create(dock, an_origin("going.mp4", size_bytes=10), None)
    whole = room.small.send(an_origin("whole.mp4", size_bytes=3), b"abc")
    room.publish()
    lose_database(room)
    room.small.staging.remove(whole.id)
    restore(room)
    states = dict(inside.rows(room.folder, "SELECT id, state FROM upload"))
    assert (states[going.id], states[whole.id]) == ("expired", "refused")
    assert not inside.rows(room.folder, "SELECT 1 FROM claim WHERE upload_id = :id", id=whole.id)


def test_a_whole_upload_that_staging_still_has_is_sealed_after_all(room: LogRoom) -> None:
    whole = room.small.send(an_origin("whole.mp4", size_bytes=3), b"abc")
    room.publish()
    lose_database(room)
    restore(room)
    reopen(room)
    room.small.do_jobs()
    assert inside.rows(room.folder, "SELECT size FROM recording WHERE id = :id", id=whole.id) == [(3,)]


def test_a_damaged_and_a_missing_manifest_are_named_and_everything_else_comes_back(room: LogRoom) -> None:
    before = as_rebuilt(rows(room))
    damaged, missing = (row["id"] for row in before["recording"][:2])
    lose_database(room)
    alter(room, f"recordings/{damaged}/manifest.json")
    tampering.remove(room.folder, f"recordings/{missing}/manifest.json")
    report = restore(room)
    assert kinds(report) == {
        f"recordings/{damaged}/manifest.json": "manifest-wrong",
        f"recordings/{missing}/manifest.json": "object-missing",
    }
    assert without_closing(rows(room)) == before
    ((result,),) = inside.rows(room.folder, "SELECT body FROM audit_entry WHERE act = 'site.rebuild'")
    said = json.loads(bytes(result))
    assert (said["res"], said["facts"]["faults"]) == ("broken", 2)


def test_a_damaged_piece_of_rows_is_named_and_its_recordings_come_from_their_manifests(room: LogRoom) -> None:
    recordings = [row["id"] for row in rows(room)["recording"]]
    lose_database(room)
    alter(room, key_of(1))
    report = restore(room)
    assert kinds(report)[key_of(1)] == "rows-altered"
    assert [row["id"] for row in rows(room)["recording"]] == recordings
    assert set(kinds(report).values()) == {"rows-altered", "row-missing", "row-not-fitting"}
    reopen(room)
    assert {(one.kind, one.item) for one in room.fsck()} == {("rows-altered", key_of(1))}, "it stays altered"


def test_what_a_complaint_holds_is_held_after_a_rebuild_and_no_words_come_back(room: LogRoom) -> None:
    days = (room.small.clock.now() - START).days + 2
    taken = take_complaint(room, "2026-8", days)
    assert taken.recordings
    room.publish()
    before = rows(room)
    lose_database(room)
    assert restore(room).faults == []
    after = rows(room)
    assert after["complaint_hold"] == before["complaint_hold"]
    reopen(room)
    desk, site = Complaints(room.small.site), room.small.site
    found = desk.get(OPERATOR, taken.complaint.id)
    assert (found.recordings, found.complaint.told) == (taken.recordings, Told(None, None, None))
    (hold,) = [one for one in Holds(site).of(OPERATOR, taken.recordings[0]) if one.stands]
    with pytest.raises(Conflict, match="complaint-open"):
        Holds(site).ask_release(OPERATOR, hold.id, "x")
    assert "王五".encode() not in b"".join(inside.objects(room.folder).values())


@forms.embedded_only("PostgreSQL keeps no row without the one that it refers to")
def test_rows_that_fit_no_more_are_said_to_be_gone_by_the_next_piece(room: LogRoom) -> None:
    inside.change(room.folder, "UPDATE finding SET examination_id = 'x'")  # of no examination
    room.publish()
    lose_database(room)
    assert set(kinds(restore(room)).values()) == {"row-not-fitting"}
    reopen(room)
    assert room.fsck() == []
    room.publish()
    assert room.fsck() == []


def test_where_a_recording_stands_is_not_lost_with_the_row_of_the_recording(room: LogRoom) -> None:
    recording = room.seal("restricted.mp4", b"r" * 300)
    room.publish()
    serial = max(row["serial"] for row in rows(room)["row_piece"])
    with room.small.database.writing() as unit:
        unit.standings.classify(recording, Classification.MINORS)
    room.publish()
    lose_database(room)
    alter(room, key_of(serial))
    assert kinds(restore(room))[key_of(serial)] == "rows-altered"
    (standing,) = inside.records(room.folder, "SELECT * FROM standing WHERE recording_id = :id", id=recording)
    assert (standing["classification"], standing["person_id"]) == ("minors", "2" * 32)


def test_a_damaged_segment_is_named_and_what_is_behind_it_comes_back(room: LogRoom) -> None:
    sizes = [row["size"] for row in rows(room)["log_segment"] if row["log"] == "custody"]
    entries = len(rows(room)["audit_entry"])
    lose_database(room)
    key = f"log/custody/{sizes[1]:015d}/entries"
    tampering.remove(room.folder, key)
    report = restore(room)
    assert {"segment-missing", "segment-wrong"} & {report.faults[0].kind}
    assert len(rows(room)["recording"]) == 3
    assert len(rows(room)["audit_entry"]) >= entries - (sizes[1] - sizes[0])


FORGED: dict[str, dict[str, object]] = {
    "a counter that is none": {"obj": [{"id": "1" * 32, "k": "x", "n": [1]}]},
    "an object that is none": {"obj": [{"id": [1], "k": "x", "n": 1}]},
    "a counter twice": {"obj": [{"id": "1" * 32, "k": "x", "n": 1}, {"id": "1" * 32, "k": "x", "n": 1}]},
    "a counter without end": {"obj": [{"id": "1" * 32, "k": "x", "n": 10**15}]},
    "a long act": {"act": "a" * 300},
    "a long time": {"t": "9" * 300},
    "no facts": {"act": "log.key", "facts": [1]},
    "a key that is none": {"act": "log.key", "facts": {"keys": 5, "log": "custody"}},
    "a serial far ahead": {"act": "log.rows", "facts": {"serial": 10**14, "sha256": "0", "rows": 1}},
    "a seal that is none": {
        "act": "evidence.seal",
        "facts": {"manifest_sha256": [1]},
        "ref": {"sha256": [1], "size": 10**15},
        "obj": [{"id": "7" * 32, "k": "recording", "n": 1}],
    },
    "a stamp that is none": {"act": "log.timestamp", "facts": {"log": "zz", "size": 1, "sha256": "x"}},
}


@pytest.mark.parametrize("what", FORGED)
def test_an_entry_that_somebody_put_into_the_vault_is_in_the_way_of_nothing_else(
    room: LogRoom, what: str
) -> None:
    """Whoever may write into the vault adds a segment; nobody has signed it."""
    before = rows(room)
    ((size,),) = inside.rows(room.folder, "SELECT max(size) FROM log_segment WHERE log = 'custody'")
    whole = {"act": "a.b", "id": "0" * 32, "log": f"{SITE}/custody", "obj": [], "res": "ok", "v": 1}
    entry = canonical(
        {**whole, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "t": "2026-03-02T10:00:00.000000Z", **FORGED[what]}
    )
    lock = next(iter(room.small.vault.list("log/"))).lock
    key = Piece("custody", size + 1, Kind.ENTRIES).key()
    room.small.vault.seal_bytes(key, write_segment([entry]), lock)
    lose_database(room)
    report = restore(room)
    assert report.faults or report.notes
    reopen(room)
    after = without_closing(rows(room))
    assert [one["id"] for one in after["recording"]] == [one["id"] for one in before["recording"]]


def test_a_log_that_somebody_put_into_the_vault_does_not_make_the_site_anothers(room: LogRoom) -> None:
    entry = canonical({"act": "a.b", "log": "other.example/access/0001", "obj": [], "t": "0"})
    lock = next(iter(room.small.vault.list("log/"))).lock
    key = Piece("access/0001", 1, Kind.ENTRIES).key()
    room.small.vault.seal_bytes(key, write_segment([entry]), lock)
    lose_database(room)
    restore(room)
    reopen(room)
    assert inside.count(room.folder, "SELECT count(*) FROM recording") == 3


def test_a_forged_row_is_put_right_after_the_manifest_and_named(room: LogRoom) -> None:
    (first, *_) = rows(room)["recording"]
    inside.change(room.folder, "UPDATE recording SET wearer = 'nobody' WHERE id = :id", id=first["id"])
    room.publish()
    lose_database(room)
    report = restore(room)
    assert kinds(report) == {f"recording {first['id']}": "row-altered"}
    assert rows(room)["recording"][0]["wearer"] == first["wearer"]


def test_a_database_that_holds_anything_is_left_alone(room: LogRoom) -> None:
    before = rows(room)
    room.close()
    with pytest.raises(Conflict, match="database-not-empty"):
        restore(room)
    assert rows(room) == before
    room.open()


@forms.embedded_only("a copy of the database's file is put back")
def test_an_older_database_put_back_is_refused_and_the_rebuild_is_the_way_on(room: LogRoom) -> None:
    room.close()
    older = (room.folder / "evidence.db").read_bytes()
    reopen(room)
    room.seal("meanwhile.mp4", b"m")
    room.publish()
    newest = rows(room)
    lose_database(room)
    (room.folder / "evidence.db").write_bytes(older)
    reopen(room)
    known = next(row["id"] for row in newest["recording"] if row["name"] != "meanwhile.mp4")
    room.small.recordings.get(room.small.administrator, known)
    room.small.accounts.add_dock(OPERATOR, "meanwhile")
    with pytest.raises(IntegrityFault, match="log-behind-signer"):
        room.publishing.publish("custody")
    assert "evidence rebuild" in say("error.log-behind-signer")
    lose_database(room)
    assert restore(room).faults == []
    assert without_closing(rows(room)) == as_rebuilt(newest)
    reopen(room)
    assert room.fsck() == []


def alter(room: LogRoom, key: str) -> None:
    """Change one byte in the middle of a sealed object."""
    body = bytearray(inside.sealed(room.folder, key))
    body[len(body) // 2] ^= 1
    tampering.overwrite(room.folder, key, bytes(body))


def test_another_vault_and_one_without_a_log_are_refused_and_nothing_is_made(
    room: LogRoom, tmp_path: Path
) -> None:
    lose_database(room)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(Invalid, match="vault-of-another-site"):
        rebuild(room.folder, other.as_uri(), OPERATOR, Silent())
    assert not (room.folder / "evidence.db").exists()


def test_without_the_keys_nothing_is_begun_and_a_new_key_beside_the_old_verifier_does_it(
    room: LogRoom,
) -> None:
    """docs/operations.md, Rebuild: the old verifier key is on paper, whatever became of the private one."""
    lose_database(room)
    lost = (room.folder / "keys").rename(room.folder.parent / "lost-keys")
    with pytest.raises(Unavailable, match="key-file-missing"):
        rebuild(room.folder, vault_address(room), OPERATOR, Silent())
    assert not list(room.folder.glob("evidence.db*"))
    (keys := room.folder / "keys").mkdir(mode=0o700)
    make_key(keys, SITE)
    known = (lost / "verifiers").read_text() + (keys / "verifiers").read_text()
    (keys / "verifiers").write_text(known)
    report = restore(room)
    assert (report.faults, report.counts["recording"] > 0) == ([], True)


def test_a_rebuild_that_breaks_off_leaves_nothing_that_a_service_takes_for_a_site(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreUnavailable(reason="broken off")

    lose_database(room)
    monkeypatch.setattr(aftermath.Aftermath, "settle", broken)
    with pytest.raises(StoreUnavailable):
        restore(room)
    monkeypatch.undo()
    assert not any(rows(room).values())
    with pytest.raises(Unavailable, match="database-missing"):
        bootstrap.build(room.folder)
    assert restore(room).faults == []


@forms.embedded_only("a server keeps its own journal")
def test_a_rebuild_that_was_killed_while_it_filled_the_file_is_begun_again(
    room: LogRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: dict[Path, bytes] = {}

    def killed(closing: aftermath.Aftermath, _: object) -> None:
        much = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        for step in ("PRAGMA cache_size = 5", f"CREATE TABLE much AS {much} SELECT zeroblob(4000) FROM n"):
            closing._unit.log._db.exec_driver_sql(step)  # so that it has written into the file
        left.update({file: file.read_bytes() for file in room.folder.glob("evidence.db*")})
        raise StoreUnavailable(reason="killed")

    lose_database(room)
    monkeypatch.setattr(aftermath.Aftermath, "settle", killed)
    with pytest.raises(StoreUnavailable):
        restore(room)
    monkeypatch.undo()
    journal = room.folder / "evidence.db-journal"
    assert left[journal]
    assert len(left[room.folder / "evidence.db"]) > len((room.folder / "evidence.db").read_bytes())
    for file, body in left.items():  # as it lay there when the machine stopped
        file.write_bytes(body)
    assert restore(room).faults == []
    assert not journal.exists()
    assert rows(room)["recording"]


def test_a_site_under_another_name_is_refused_and_nothing_is_written(room: LogRoom) -> None:
    lose_database(room)
    file = room.folder / "site.toml"
    file.write_text(file.read_text("utf-8").replace("test.example/site", "other.example/site"), "utf-8")
    with pytest.raises(EvidenceError, match="log-of-another-site"):
        restore(room)
    assert not any(rows(room).values())
