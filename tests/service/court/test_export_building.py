"""Building and handing over: what was approved, whole and proven; a copy stays."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.exports import Ground, Medium, Said, State, Way
from evidence.domain.instants import to_text
from evidence.domain.standing import Classification
from evidence.errors import Conflict, Invalid
from evidence.locale import CHINESE, text
from evidence.service.court.derivatives import Derivatives
from evidence.service.court.handing_over import RECEIPT
from evidence.service.jobs import JobName
from evidence.service.recordings.recordings import Recordings
from storage.errors import StoreFull
from storage.vault import Sealed
from tests.builders import an_origin
from tests.clips import clip
from tests.export_room import ExportRoom
from tests.keeping_room import LABELS
from tests.service.court.test_derivatives import REDACTION
from tests.service.footage import a_wav


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def verified(room: ExportRoom, number: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier that lies in a package, with nothing of ours."""
    bag = next((room.folder / "exports" / number).glob(f"{number}_*"))
    words = [sys.executable, "-I", str(bag / "verify" / "verify.py"), str(bag)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


def words(pdf: bytes) -> list[str]:
    """Return the text of a document, page by page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def test_a_transfer_is_built_and_its_package_verifies_without_us(room: ExportRoom) -> None:
    done = room.build(room.approved())
    assert (done.state, done.problem) == (State.BUILT, None)
    assert done.built is not None
    told = verified(room, done.number)
    assert told.returncode == 0, told.stdout + told.stderr
    statement = json.loads(done.built.statement or b"")
    assert statement["report"]["cover"]["recipient"] == "某区人民法院"
    assert {one["id"] for one in statement["items"]} == {room.one, room.two}
    (bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")
    report = "".join(words((bag / "report" / "chain-of-custody.pdf").read_bytes()))
    said = report.replace("\u200b", "").replace(" ", "").replace("\n", "")
    assert all(one["sha256"] in said for one in statement["items"]), "the page says the statement's numbers"
    assert all(one["root"] in said for one in statement["logs"])


def test_what_was_looked_at_in_another_year_goes_out_with_the_log_of_that_year(room: ExportRoom) -> None:
    Recordings(room.site).manifest(room.custodian, room.one)
    year = room.small.clock.time.year
    room.small.clock.time = room.small.clock.time.replace(year=year + 1, month=1, day=2)
    done = room.build(room.approved())
    assert (done.state, done.problem) == (State.BUILT, None)
    (bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")
    there = {one.name for one in (bag / "audit").glob("checkpoint*")}
    assert there == {"checkpoint", f"checkpoint-access-{year}", f"checkpoint-access-{year + 1}"}
    told = verified(room, done.number)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("way", [Way.PARTY_COPY, Way.SUPPLY])
def test_a_package_for_anybody_but_a_court_names_no_file_and_no_export_besides_its_own(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """Others asked for more; one of their files was refused, and a court has another package."""
    monkeypatch.setattr("tests.people_room.a_wav", lambda _: a_wav(3))
    hidden = room.linked()
    room.restrict(hidden, Classification.MINORS, room.head, room.agency_head)
    court = room.build(room.approved(Way.TRANSFER, room.one, hidden))
    wider = room.asked(Way.SUPPLY, room.one, hidden)
    other = room.export(room.approve(wider, {hidden: Ground.THIRD_PARTY}))
    done = room.build(room.approved(way, room.one))
    assert (court.state, done.state, done.problem) == (State.BUILT, State.BUILT, None)
    told = verified(room, done.number)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "entries withheld: 6" in told.stdout, "asked, decided, made, sealed; asked, decided"
    with room.small.database.reading() as unit:
        found = unit.recordings.get(hidden)
    assert found is not None
    digests = found.recording.digests
    strange = {hidden, digests.sha256, str(digests.sm3), court.id, court.number, other.id, other.number}
    (bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")
    for path in bag.rglob("*"):
        body = path.read_bytes() if path.is_file() else b""
        shown = (
            "".join("".join(words(body)).replace("\u200b", "").split()).encode()
            if path.suffix == ".pdf"
            else body
        )
        for line in shown.splitlines():  # what a proof carries is the entry, in base64
            raw = base64.b64decode(line[6:]) if line.startswith(b"extra ") else line
            assert not [one for one in strange if one.encode() in raw], path


def given(room: ExportRoom, way: Way = Way.TRANSFER) -> str:
    """Have an export built and handed over by the legal unit."""
    room.designate()
    one = room.approved(way)
    room.build(one)
    room.hand_over(one)
    return one


@pytest.mark.article("dazhe-2020:14")
def test_a_transfer_of_another_section_stops_at_the_desk(room: ExportRoom) -> None:
    one = room.approved()
    room.build(one)
    with room.refused("no-transfer-unit", Conflict):
        room.court.handing_over.hand_over(room.custodian, one, room.second.name, "王法官")
    room.designate()
    with room.refused("not-the-transfer-unit") as told:
        room.court.handing_over.hand_over(room.custodian, one, room.second.name, "王法官")
    assert told.fields["cites"] == "dazhe-2020:14"
    assert room.export(one).state is State.BUILT


@pytest.mark.article("dazhe-2020:14")
def test_a_transfer_leaves_a_sealed_copy_that_is_held_in_the_same_step(room: ExportRoom) -> None:
    done = room.export(given(room))
    assert done.built is not None
    assert done.built.retained_key is not None
    (kept,) = room.small.vault.list(done.built.retained_key)
    assert kept.lock.holds == {done.id}
    (entry,) = room.entries(Act.EXPORT_HAND_OVER)
    assert entry["facts"]["retained_sha256"] == done.built.retained_sha256
    assert "王法官" not in str(entry)
    with room.small.vault.open(kept.key) as body:
        names = zipfile.ZipFile(io.BytesIO(body.read())).namelist()
    assert any(name.endswith("report/chain-of-custody.pdf") for name in names)


@pytest.mark.article("dazhe-2020:14")
def test_without_a_retained_copy_no_transfer_is_completed(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.designate()
    one = room.approved()
    room.build(one)

    def full(*_: object) -> Sealed:
        raise StoreFull()

    monkeypatch.setattr(room.small.vault, "seal_file", full)
    with pytest.raises(StoreFull):
        room.hand_over(one)
    assert room.export(one).state is State.BUILT
    assert room.entries(Act.EXPORT_HAND_OVER) == []


@pytest.mark.article("dazhe-2020:14")
def test_a_copy_that_a_crash_left_is_adopted_and_the_receipt_is_signed_by_the_site(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    room.court.handing_over._retained(room.export(one))  # then the process died
    room.hand_over(one)
    document = room.court.handing_over.note_receipt(room.clerk, one, "封2026-1")
    said = room.site.signer.read(document, RECEIPT)
    assert (said["receiver"], said["seal"], said["number"]) == ("王法官", "封2026-1", "EXP-2026-000001")
    assert room.court.handing_over.receipt(room.head, one).body == document
    assert room.export(one).state is State.RECEIPTED
    with room.small.database.reading() as unit:
        assert not unit.standings.get(room.one, room.small.clock.now()).under_transfer


def test_a_package_is_handed_over_by_two_and_no_auxiliary_is_one_of_them(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    room.written(one)
    give = room.court.handing_over.hand_over
    with room.refused("one-person"):
        give(room.clerk, one, room.clerk.name, "王法官")
    with room.refused("barred-by-law"):
        give(room.clerk, one, room.auxiliary.name, "王法官")
    with room.refused("barred-by-law"):
        give(room.auxiliary, one, room.second.name, "王法官")


@pytest.mark.article("dazhe-2020:14")
def test_nothing_is_handed_over_before_each_medium_is_noted_as_written_and_read_back(
    room: ExportRoom,
) -> None:
    room.designate()
    one = room.approved(medium=Medium.DVD)
    room.build(one)
    give = room.court.handing_over.hand_over
    with room.refused("not-read-back", Conflict) as told:
        give(room.clerk, one, room.second.name, "王法官")
    assert told.fields["number"] == 1
    assert "登记" in text(CHINESE, "error.not-read-back"), "it says what to do"
    assert (room.export(one).state, list(room.small.vault.list(f"exports/{one}"))) == (State.BUILT, [])
    room.written(one)
    give(room.clerk, one, room.second.name, "王法官")
    with room.refused("already-handed-over", Conflict):
        give(room.clerk, one, room.second.name, "王法官")
    with room.refused("already-handed-over", Conflict):
        room.written(one)
    (entry,) = room.entries(Act.EXPORT_HAND_OVER)
    assert [one["serial"] for one in entry["facts"]["media"]] == ["SN-1"]
    room.court.handing_over.note_receipt(room.clerk, one)
    with room.refused("already-received", Conflict):
        room.court.handing_over.note_receipt(room.clerk, one)


def test_what_is_read_back_from_a_medium_is_what_was_built(room: ExportRoom) -> None:
    one = room.build(room.approved(Way.PARTY_COPY, medium=Medium.ZIP))
    assert one.built is not None
    (volume,) = one.built.volumes
    note = room.court.handing_over.note_written
    with room.refused("read-back-differs", Conflict):
        note(room.custodian, one.id, 1, "DISC-1", "0" * 64)
    done = note(room.custodian, one.id, 1, "DISC-1", volume.sha256)
    assert done.built is not None
    assert done.built.volumes[0].serial == "DISC-1"
    (entry,) = room.entries(Act.EXPORT_WRITE)
    assert entry["facts"]["sha256"] == volume.sha256


def test_a_failed_build_leaves_the_request_approved_and_says_why_and_is_built_again(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = room.approved()
    data = room.folder / "site" / "vault" / f"recordings/{room.one}/data"
    body = data.read_bytes()
    data.chmod(0o644)
    data.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    room.court.building.build(one)
    done = room.export(one)
    assert (done.state, done.problem) == (State.APPROVED, "package-source-differs")
    assert not (room.folder / "exports" / done.number).exists(), "nothing that looks whole is left"
    data.write_bytes(body)
    room.court.building.again(room.custodian, one)
    with room.small.database.reading() as unit:
        assert JobName.EXPORT in unit.jobs.due(room.small.clock.now())
    again = room.build(one)
    assert (again.state, again.problem) == (State.BUILT, None)
    assert verified(room, again.number).returncode == 0


def test_a_build_that_died_before_it_was_sealed_is_adopted_and_one_that_nobody_heard_of_is_not(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = room.approved()

    def died(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(room.court.building), "_seal", died)
        with pytest.raises(KeyboardInterrupt):
            room.court.building.build(one)
    assert room.export(one).state is State.APPROVED
    listed = room.folder / "exports" / "EXP-2026-000001" / "media.json"
    body = listed.read_text()
    digest = json.loads(body)["media"][0]["manifest_sha256"]
    listed.write_text(body.replace(digest, "0" * 64))
    assert room.build(one).problem == "package-not-ours"
    listed.write_text(body)
    done = room.build(one)
    assert (done.state, len(room.entries(Act.EXPORT_CREATE))) == (State.BUILT, 1)
    room.court.building.build(one)
    assert len(room.entries(Act.EXPORT_SEAL)) == 1, "safe to run twice"


def test_a_build_whose_set_has_changed_builds_nothing(room: ExportRoom) -> None:
    one = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    room.restrict(room.one, Classification.PRIVACY)
    assert room.build(one).state is State.LAPSED
    assert room.entries(Act.EXPORT_CREATE) == []


@pytest.mark.article("longquan:8")
def test_a_party_is_given_no_history_of_looks_and_no_names_of_the_log(room: ExportRoom) -> None:
    done = room.build(room.approved(Way.PARTY_COPY))
    assert done.built is not None
    statement = json.loads(done.built.statement or b"")
    assert {row["log"].rpartition("/")[2] for row in statement["custody"]} == {"custody"}
    told = {name for row in statement["custody"] for name, said in row["fields"].items() if "value" in said}
    assert told == {"recipient", "purpose", "basis"}, "its own request, and nothing else"
    assert verified(room, done.number).returncode == 0


@pytest.mark.article("dazhe-2020:14", "dazhe-2020:15", "longquan:8")
@pytest.mark.parametrize("way", list(Way))
def test_a_package_says_to_whom_for_what_and_on_what_basis_it_was_given_and_proves_it(
    room: ExportRoom, way: Way
) -> None:
    room.asked(Way.SUPPLY, room.one, said=Said("某电视台", "普法宣传", "内部来函"))
    done = room.build(room.approved(way, room.one))
    assert done.built is not None
    statement, said = json.loads(done.built.statement or b""), done.said
    asked = [row for row in statement["custody"] if row.get("act") == Act.EXPORT_ASK.value]
    *others, own = (row["fields"] for row in sorted(asked, key=lambda row: row["index"]))
    assert len(others) == (way is Way.TRANSFER), "only a court sees that of another export"
    words_of = {name: own[name].get("value") for name in ("recipient", "purpose", "basis")}
    assert words_of == {"recipient": said.recipient, "purpose": said.purpose, "basis": said.basis}
    cover = statement["report"]["cover"]
    assert {name: cover[name] for name in words_of} == words_of, "the cover says what the entry proves"
    assert {one["state"] for other in others for one in other.values()} <= {"withheld"}, "not its words"
    assert (cover["asked"], cover["prepared_by"]["number"]) == (to_text(done.asked_at), room.custodian.name)
    assert cover["reviewed_by"]["number"] == room.agency_head.name
    assert verified(room, done.number).returncode == 0, "each value fits its commitment"


@pytest.mark.article("longquan:8")
def test_a_letter_says_which_files_are_refused_in_part_and_why(room: ExportRoom) -> None:
    asked = room.asked(Way.PARTY_COPY)
    room.approve(asked, {room.two: Ground.SECRET})
    now = room.small.clock.now()
    listed = room.court.exports.get(room.head, asked)
    letter = room.court.papers.export(listed, "refusal", now)
    texts = " ".join(words(letter))
    assert "部分不予提供告知书" in texts
    assert "依法应保密" in texts
    assert "第六条" in texts, "by which secrets are kept"
    assert "李四" in texts
    whole = room.court.exports.get(room.head, room.approve(room.asked()))
    with pytest.raises(Conflict, match="nothing-refused"):
        room.court.papers.export(whole, "refusal", now)


def test_list_form_and_certificates_are_printed_from_the_statement(room: ExportRoom) -> None:
    one = given(room)
    listed, now = room.court.exports.get(room.head, one), room.small.clock.now()
    digest = json.loads(listed.export.built.statement)["items"][0]["sha256"]  # type: ignore[union-attr,arg-type]
    for kind, shown in (
        ("evidence-list", "电子数据清单"),
        ("hand-over", "移交单"),
        ("us-certificate", "28 U.S.C. § 1746"),
    ):
        made = room.court.papers.export(listed, kind, now)
        said = "".join("".join(words(made)).replace("\u200b", "").split())
        assert shown.replace(" ", "") in said
        if kind != "hand-over":
            assert digest in said
    with pytest.raises(Invalid, match="unknown-document"):
        room.court.papers.export(listed, "poem", now)


def test_the_certificate_of_destruction_is_printed_as_it_was_signed(room: ExportRoom) -> None:
    said = {
        "asked": {"at": "2026-03-01T00:00:00.000000Z", "by": "1"},
        "begun": "2026-03-01T00:00:00.000000Z",
        "cites": ["dazhe-2020:11"],
        "decided": {"at": "2026-03-01T00:00:00.000000Z", "by": "2"},
        "destroyed": "2026-03-02T00:00:00.000000Z",
        "device": "DSJ1",
        "disposal": "d" * 32,
        "kept_until": "2026-03-01T00:00:00.000000Z",
        "original": {"name": "现场.mp4", "sha256": "a" * 64, "size": 5, "sm3": "b" * 64},
        "recording": "c" * 32,
        "sealed": "2025-03-01T00:00:00.000000Z",
        "software": "evidence",
    }
    made = room.court.papers.destruction(said, "Asia/Shanghai", room.small.clock.now())
    text = "".join(words(made))
    assert "销毁证明" in text
    assert "现场.mp4" in text


@pytest.mark.article("longquan:8", "dazhe-2020:15")
def test_a_secret_file_goes_to_a_party_as_a_redaction_and_its_original_stays(room: ExportRoom) -> None:
    body = clip("mp4")
    officer = room.caller(room.officer).name
    upload = room.small.send(an_origin("film.mp4", wearer=officer, size_bytes=len(body), labels=LABELS), body)
    room.small.do_jobs()
    film = upload.id
    room.cases.link(room.head, room.case_id, film)
    made = Derivatives(room.site).make(room.custodian, film, REDACTION)
    room.small.do_jobs()
    room.restrict(film, Classification.PRIVACY, room.agency_head)
    done = room.build(room.approved(Way.PARTY_COPY, film, redacted={film: made.id}))
    assert (done.state, done.problem) == (State.BUILT, None)
    told = verified(room, done.number)
    assert told.returncode == 0, told.stdout + told.stderr
    (bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")
    assert not (bag / "data" / "originals").exists()
    (copy,) = (bag / "data" / "derivatives").rglob("*.mp4")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == done.granted[0].sha256
    assert done.built is not None
    (how,) = json.loads(done.built.statement or b"")["report"]["derivatives"]
    assert (how["operation"], how["words"]) == ("redaction", None)
    report = "".join(words((bag / "report" / "chain-of-custody.pdf").read_bytes()))
    assert "遮蔽画面" in report
    assert "路人面部" not in report, "why goes to a court alone"


@pytest.mark.article("dazhe-2020:14")
def test_who_hands_a_transfer_over_is_told_what_is_in_it_while_it_is_with_them(room: ExportRoom) -> None:
    room.designate()
    one = room.approve(room.asked(), {room.two: Ground.SECRET})

    def told(who: Caller) -> list[str]:
        listed = room.court.desk.one(who, one).listed
        return [*listed.titles, *listed.carried]

    assert told(room.clerk) == [], "nothing is in anybody's hands"
    room.build(one)
    assert told(room.clerk) == [room.one], "what is refused is in no package"
    assert room.court.desk.one(room.custodian, one).listed.carried == {}, "their unit hands nothing over"
    room.hand_over(one)
    assert told(room.clerk) == [room.one]
    room.court.handing_over.note_receipt(room.clerk, one)
    assert told(room.clerk) == []
