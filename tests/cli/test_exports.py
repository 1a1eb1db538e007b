"""`evidence exports` and `evidence media` on a real site: from the dock to the court's receipt."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.service.people.people_ports import StoredGrant
from tests import listed_site
from tests.listed_site import rows, run, work
from tests.people_room import DECIDER, LENDER, OPERATOR
from tests.simulators.card import content

KEEPER = "3" * 32  # hands over, signed in
SAID = ("--recipient", "某区人民法院", "--purpose", "行政诉讼举证", "--basis", "（2026）某行初1号")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    home, now = new_id(), application.site.clock.now()
    with application.site.database.writing() as unit:
        unit.units.add(Unit(home, "大队", unit_path(None, home)), now)
        unit.people.add(Person(new_id(), "1002", "李四", PersonType.OFFICER, home), now)
        unit.people.add(Person(KEEPER, "1003", "王五", PersonType.OFFICER, home), now)
        unit.grants.add(StoredGrant(new_id(), KEEPER, Role.CUSTODIAN, home, "post", "operator", now))
    case = application.cases.open(OPERATOR, "（2026）1号", home)
    for stored in application.recordings.list(OPERATOR):
        application.cases.link(OPERATOR, case.id, stored.recording.id)
    application.site.database.close()
    return site


@pytest.mark.article("dazhe-2020:14")
def test_from_the_dock_to_the_courts_receipt_people_decide_and_hand_over_and_no_command_does(
    site: Path, tmp_path: Path
) -> None:
    assert rows(site, "exports", "list") == []
    recording = rows(site, "recordings")[0]["id"]
    (case,) = rows(site, "cases", "list")
    run(site, "exports", "desk", "大队")
    words = ("exports", "ask", "transfer", recording, *SAID, "--case")
    assert "case-not-found" in str(run(site, *words, "（2026）").exception), "a part of a number is none"
    assert rows(site, *words, case["id"])[0]["state"] == "asked"
    (asked,) = rows(site, *words, case["number"])
    one = asked["id"]
    assert (asked["state"], asked["recipient"]) == ("asked", "某区人民法院")
    for act in ("decide", "hand-over"):
        assert "No such command" in run(site, "exports", act, one).output
    application = build(site)
    application.court.exports.decide(DECIDER, one, is_approved=True, reason="同意")
    work(application)
    (built,) = rows(site, "exports", "show", one)
    assert (built["state"], built["problem"]) == ("built", None)
    assert rows(site, "exports", "show", built["number"].lower()) == [built]
    bag = site / "exports" / built["number"] / built["built"]["volumes"][0]["file"]
    told = subprocess.run(
        [sys.executable, "-I", str(bag / "verify" / "verify.py"), str(bag)], capture_output=True, check=False
    )
    assert told.returncode == 0, told.stdout.decode()
    written = ("exports", "written", one, "1", "--serial", "SN-1")
    assert "read-or-stated" in str(run(site, *written).exception)
    assert run(site, *written, "--read-back", built["built"]["volumes"][0]["sha256"]).exit_code == 0
    assert "填报读回一致，程序未读取" in run(site, "exports", "show", one).stdout
    shutil.copytree(bag, drive := tmp_path / "drive")
    (drive / "report" / "new.txt").write_text("more")
    assert "bag-not-whole" in str(run(site, *written, "--read", str(drive)).exception)
    (drive / "report" / "new.txt").unlink()
    assert run(site, *written, "--read", str(drive)).exit_code == 0
    (volume,) = rows(site, "exports", "show", one)[0]["built"]["volumes"]
    assert (volume["read"], volume["written_by"]) == (True, "operator")
    with application.site.database.reading() as unit:
        keeper = unit.grants.caller(KEEPER, application.site.clock.now())
    assert keeper is not None
    application.court.handing_over.hand_over(keeper, one, "1002", "王法官")
    receipt = application.court.handing_over.note_receipt(keeper, one, "封1")
    application.signer.close()
    assert run(site, "exports", "receipt", one).stdout_bytes == receipt
    form = tmp_path / "form.pdf"
    assert run(site, "exports", "print", built["number"], "hand-over", "--to", str(form)).exit_code == 0
    assert form.read_bytes().startswith(b"%PDF-")
    shown = run(site, "exports", "show", one).stdout
    assert all(word in shown for word in ("移送检察院、法院", "第十四条", "已回执", recording))
    assert run(site, "exports", "desk", "大队", "--end").exit_code == 0


def test_asking_prints_the_id_alone_the_next_step_beside_it_and_what_the_asker_must_know(site: Path) -> None:
    recording = rows(site, "recordings")[0]["id"]
    told = run(site, "exports", "ask", "outside-supply", recording, *SAID, "--unit", "大队")
    first = rows(site, "exports", "list")[0]
    assert told.stdout == f"{first['id']}\n"
    assert (first["number"] in told.stderr, f"exports show {first['id']}" in told.stderr) == (True, True)
    application = build(site)
    application.oversight.classes.classify(OPERATOR, recording, Classification.PRIVACY, "隐私")
    application.site.database.close()
    again = run(site, "exports", "ask", "outside-supply", recording, *SAID, "--unit", "大队")
    assert f"{recording}  依法应保密" in again.stderr
    assert f"{first['number']}  {first['id']}  相同资料" in again.stderr
    one = again.stdout.strip()
    assert "依法应保密" in run(site, "exports", "show", one).stdout
    assert run(site, "exports", "withdraw", one, "--reason", "重复").exit_code == 0
    assert "已撤回" in run(site, "exports", "show", one).stdout
    assert "export-withdrawn" in str(run(site, "exports", "withdraw", one, "--reason", "重复").exception)


@pytest.mark.article("dazhe-2020:13")
def test_what_is_kept_for_long_waits_until_it_is_written_on_a_medium(site: Path, tmp_path: Path) -> None:
    recording = rows(site, "recordings")[0]["id"]
    assert rows(site, "media", "waiting") == []
    run(site, "holds", "place", recording, "--ground", "objection", "--reason", "投诉")
    assert "尚未写入" in run(site, "media", "waiting").stdout
    added = run(site, "media", "add", "LT-1", recording, "--kind", "bd-25", "--place", "3柜")
    (made,) = rows(site, "media", "list")
    assert (added.stdout, f"media written {made['id']}" in added.stderr) == (f"{made['id']}\n", True)
    assert run(site, "media", "list").stdout.startswith(f"{made['id']}  LT-1")
    digest, written, disc = "a" * 64, ("media", "written", made["id"]), tmp_path / "disc"
    assert "read-or-stated" in str(run(site, *written, "--sha256", digest).exception)
    disc.mkdir()
    assert "not-on-medium" in str(run(site, *written, "--read", str(disc)).exception)
    assert len(rows(site, "media", "waiting")) == 1
    run(site, *written, "--sha256", digest, "--read-back", digest)
    assert rows(site, "media", "waiting") == []
    assert "由 operator 填报，程序未读取" in run(site, "media", "list").stdout
    (disc / "现场.mp4").write_bytes(content(50_000))
    (read,) = rows(site, *written, "--read", str(disc))
    assert (read["read"], read["written_by"]) == (True, "operator")
    assert "程序已读取介质" in run(site, "media", "list").stdout
    run(site, "media", "check", "LT-1", "--remark", "读取出错", "--unsound")
    assert len(rows(site, "media", "waiting")) == 1
    assert run(site, "media", "end", "LT-1", "--reason", "已损坏").exit_code == 0


@pytest.mark.article("dazhe-2020:15")
def test_what_was_approved_for_somebody_outside_is_shared_and_revoked(site: Path) -> None:
    recording = rows(site, "recordings")[0]["id"]
    (asked,) = rows(site, "exports", "ask", "outside-supply", recording, *SAID, "--unit", "大队")
    application = build(site)
    how = {"reason": "同意", "secrecy": "不涉密"}
    application.court.exports.decide(DECIDER, asked["id"], is_approved=True, **how)
    assert "No such command" in run(site, "exports", "share", asked["id"], "--hours", "2").output
    made = application.court.sharing.share(LENDER, asked["id"], 2, may_download=False)
    assert [one.number for one in application.court.sharing.open(made.token, made.code).files] == [1]
    assert run(site, "exports", "revoke", made.share.id).exit_code == 0
    (known,) = application.court.sharing.of(OPERATOR, asked["id"])
    assert known.revoked_at is not None
