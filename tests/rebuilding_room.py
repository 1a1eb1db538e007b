"""A site with its logs whose database is lost, and what comes back from the vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from evidence.adapters.db.repositories.journal import NOT_TOLD
from evidence.adapters.db.tables import metadata
from evidence.domain.access import Caller
from evidence.domain.act_documents import MismatchKind
from evidence.domain.audit import Act, Entry
from evidence.domain.complaints import Channel, Result
from evidence.domain.devices import ServiceKind
from evidence.domain.explanations import Outcome
from evidence.domain.exports import Built, Medium, Volume, Way
from evidence.domain.exports import Said as ExportSaid
from evidence.domain.fault_files import Verdict
from evidence.domain.instants import to_text
from evidence.domain.markers import Marker, Proposal
from evidence.domain.people import (
    Person,
    PersonType,
    Post,
    Training,
    Undertaking,
    UndertakingKind,
    Unit,
    unit_path,
)
from evidence.domain.rights import Kind, Role
from evidence.domain.samples import Sample, SampleOutcome, commitment
from evidence.domain.spans import Span
from evidence.policy.check_points import MarkerKind
from evidence.policy.conduct import FaultKind
from evidence.rebuilding import rebuild
from evidence.rebuilding.report import Report
from evidence.service.cases.act_documents import ActDocuments, DocumentSaid
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.cases.cases import Cases
from evidence.service.cases.complaints import Complaints, Intake, ListedComplaint
from evidence.service.cases.markers import Markers
from evidence.service.cases.steps import Steps, StepSaid
from evidence.service.court.export_ports import MadeDerivatives
from evidence.service.court.exports import Exports, Wish
from evidence.service.court.media_register import MediaRegister
from evidence.service.court.transfer_units import TransferUnits
from evidence.service.court.withdrawing import Withdrawing
from evidence.service.devices.equipment import Equipment
from evidence.service.gaps.exemptions import Exemptions, Stated
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.gap_words import Said
from evidence.service.gaps.reports import Reports
from evidence.service.oversight.sampling import Sampling
from evidence.service.people.people_ports import StoredGrant
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.playing import Playing
from tests import forms, inside
from tests.builders import SITE, an_origin, migrated_file
from tests.log_room import OPERATOR, LogRoom
from tests.people_room import DECIDER

Rows = dict[str, list[dict[str, Any]]]
SIGN_IN = {"sign_in", "passkey", "oidc_identity", "session", "token_use", "challenge", "failure"}
MADE_ANEW = {"job", "row_pending", *SIGN_IN}
CLOSING = ("site.rebuild", "upload.expire", "link.make")  # what a rebuild itself writes in these tests


class Silent:
    """Told how far it is, and tells nobody."""

    def begin(self, part: str, files: int, size_bytes: int) -> None:
        """See Teller."""

    def done(self, size_bytes: int) -> None:
        """See Teller."""


def make_site(folder: Path) -> LogRoom:
    """Two recordings examined, a third whose name came twice, a revoked dock, a card that owes a file, looks
    at recordings; all of it published.
    """
    room = LogRoom(folder)
    engines = "".join(f"{name} = {json.dumps(url)}\n" for name, url in forms.engines(room.folder).items())
    (room.folder / "site.toml").write_text(f'name = "{SITE}"\npolicy = "dazhe-2020"\n{engines}', "utf-8")
    small = room.small
    small.accounts.open_site()
    make_people(room)
    first = an_origin("DCIM/现场 😀.mp4", size_bytes=5000, labels={"case-number": "杭〔2026〕1"})
    owed = an_origin("DCIM/missing.mp4", size_bytes=10)
    small.cards.announce(small.dock, owed, [first, owed])
    small.send(first, b"x" * 5000)
    small.do_jobs()
    make_labels(room)
    room.publish()
    looked_at = room.seal("b.mp4", b"y" * 3000)
    room.seal("b.mp4", b"other bytes")  # refused
    small.recordings.get(small.administrator, looked_at)
    small.accounts.add_dock(small.administrator, "old dock")
    small.accounts.revoke_dock(small.administrator, "old dock")
    room.seal("c.mp4", b"z" * 100)
    explain_gaps(room)
    propose_marker(room)
    keep_devices(room)
    archive_case(room)
    enter_steps(room)
    draw_sample(room)
    with small.database.writing() as unit:
        now = small.clock.now()
        unit.grants.add(StoredGrant("9" * 32, "7" * 32, Role.CUSTODIAN, None, "post", "operator", now))
    ask_export(room)
    over = take_complaint(room)  # of an hour in which nobody recorded
    keeper = Caller("7" * 32, Kind.OPERATOR)  # the handler
    Complaints(small.site).close(keeper, over.complaint.id, Result.UNFOUNDED, "王五撤回")
    room.publish()
    small.clock.time = datetime.now(UTC)
    return room


def make_labels(room: LogRoom) -> None:
    """Labels of the first recording: one in the place of the dock's, one about a party."""
    with room.small.database.reading() as unit:
        (first,) = unit.recordings.all()
    said = {"case-number": "杭〔2026〕2", "inspected-party": "某小吃店"}
    Labelling(room.small.site).give(OPERATOR, [first.recording.id], said)


def make_people(room: LogRoom) -> None:
    """Two units and the wearer of the recorder, with all that a roll says of somebody."""
    with room.small.database.writing() as unit:
        now = room.small.clock.now()
        above = Unit("f" * 32, "杭州市局", unit_path(None, "f" * 32))  # its id sorts behind the one below it
        below = Unit("1" * 32, "西湖大队", unit_path(above, "1" * 32), above.id)
        unit.units.add(above, now)
        unit.units.add(below, now)
        wearer = Person(
            "2" * 32, "012345", "张三", PersonType.OFFICER, below.id, contract_to=date(2030, 1, 1)
        )
        unit.people.add(wearer, now)
        unit.people.add_post(Post("3" * 32, wearer.id, "民警", date(2020, 1, 1)))
        unit.people.add_training(Training("4" * 32, wearer.id, "岗前", 5, date(2020, 1, 2), passed=True))
        signed = Undertaking("5" * 32, wearer.id, UndertakingKind.CONFIDENTIALITY, date(2020, 1, 3))
        unit.people.add_undertaking(signed)
        unit.grants.add(StoredGrant("6" * 32, wearer.id, Role.FIELD_OFFICER, None, "post", "operator", now))


def explain_gaps(room: LogRoom) -> None:
    """Two lines of the gap report explained, one of them a fault that was decided; an exemption statement."""
    site, now = room.small.site, room.small.clock.now()
    desk, report = Explanations(site), Reports(site).gaps(OPERATOR)
    names = [one.name for one in report.ledger.told(report.interruptions)]
    desk.explain(OPERATOR, names[0], Said("没电", "battery"))
    done = desk.explain(OPERATOR, names[1], Said("摔坏", "device-damage"))
    security = Caller("2" * 32, Kind.OPERATOR)  # whoever decides is not who explained
    desk.review(security, done.id, Outcome.FAULT, "查实", FaultKind.LOSS)
    (file,) = FaultFiles(site).all(OPERATOR)
    FaultFiles(site).state_view(Caller("2" * 32, Kind.PERSON), file.id, "当时电池耗尽")
    FaultFiles(site).decide(OPERATOR, file.id, "012345", Verdict.FAULT, "属实", "accountability")
    span = Span(now - timedelta(hours=1), now)
    Exemptions(site).state(OPERATOR, Stated("012345", "urgency", "第六条", span, "未开机"))


def propose_marker(room: LogRoom) -> None:
    """A check-point that a detector proposed, with words, and somebody confirmed."""
    now = room.small.clock.now()
    with room.small.database.writing() as unit:
        first = next(iter(unit.recordings.all())).recording.id
        said = Proposal("engine 1", {"rate": 16000}, now, 80, "没电了")
        unit.markers.add(Marker("9" * 32, first, MarkerKind.SPOKEN_EXPLANATION, 0, 900, "dazhe-2020@1", said))
    Markers(room.small.site).confirm(OPERATOR, "9" * 32)


def keep_devices(room: LogRoom) -> None:
    """A device that was checked, issued and brought back, and has a fault."""
    desks = Equipment(room.small.site)
    desks.register.add(OPERATOR, "DSJX9A00123", "body-camera", "1" * 32, maker="某厂")
    desks.custody.check(OPERATOR, "DSJX9A00123", 90, 80, -250)
    desks.custody.issue(OPERATOR, "DSJX9A00123", "012345")
    desks.custody.give_back(OPERATOR, "DSJX9A00123", "012345")
    desks.custody.report(OPERATOR, "DSJX9A00123", ServiceKind.FAULT, "按键失灵")


def archive_case(room: LogRoom) -> None:
    """A case file with a document, handed over to the archive."""
    site, now = room.small.site, room.small.clock.now()
    with room.small.database.writing() as unit:
        keeper = Person("7" * 32, "000099", "档案员", PersonType.CIVILIAN, "1" * 32)
        unit.people.add(keeper, now)
    case = Cases(site).open(OPERATOR, "杭综执〔2026〕9号", "1" * 32).id
    desk = CaseFiling(site)
    desk.end(OPERATOR, case, now.date())
    desk.end(OPERATOR, case, now.date() - timedelta(days=1), "送达日")
    desk.add_document(OPERATOR, case, "对王五的处罚决定书", 3, now.date())
    desk.archive(OPERATOR, case, "档2026-1", "012345", "000099", "标注后补")


def enter_steps(room: LogRoom) -> None:
    """A case with two steps, one taken back; the legal unit."""
    site = room.small.site
    case = Cases(site).open(OPERATOR, "杭综执〔2026〕10号", "1" * 32).id
    desk, until = Steps(site), room.small.clock.now()
    desk.name_legal_unit(OPERATOR, "1" * 32)
    said = StepSaid("on-site-check", until - timedelta(hours=1), until, ["012345"], "赵六家")
    desk.enter(OPERATOR, case, said)
    desk.withdraw(OPERATOR, case, desk.enter(OPERATOR, case, said).id, "误登")
    papers = ActDocuments(site)
    paper = DocumentSaid("检字1号", "inspection-record", until - timedelta(hours=1), until, ["012345"])
    done = papers.register(OPERATOR, case, paper)
    papers.explain(OPERATOR, case, done.id, MismatchKind.NO_FOOTAGE, "钱七阻拦")


def ask_export(room: LogRoom) -> None:
    """A recording asked for by a party and granted by another person, a request that was withdrawn, a unit
    that hands over to courts, and a medium for long keeping.
    """
    site = room.small.site
    with room.small.database.writing() as unit:
        first = next(iter(unit.recordings.all())).recording.id
    desk = Exports(site, MadeDerivatives())
    said = ExportSaid("李四", "查阅执法过程", "书面申请", "李四", "被处罚人", "身份证原件")
    wish = Wish(Way.SUPPLY, (first,), said, unit_id="1" * 32)
    asked, twice = (desk.ask(OPERATOR, wish).export for _ in range(2))
    Withdrawing(site).withdraw(OPERATOR, twice.id, "重复")
    desk.decide(DECIDER, asked.id, is_approved=True, reason="同意", secrecy="不涉密")
    volume = Volume("9" * 32, f"{asked.number} 1/1", 1, "a.zip", 5, "a" * 64, "b" * 64)
    with room.small.database.writing() as unit:
        one = unit.exports.get(asked.id)
        assert one is not None
        unit.exports.put(replace(one, built=Built(asked.asked_at, "c" * 64, (volume,), b"{}")))
    TransferUnits(site).name(OPERATOR, "1" * 32)
    MediaRegister(site).add(OPERATOR, "LT-1", Medium.BD_25, 2, "3柜", [first])


def take_complaint(room: LogRoom, number: str = "2026-7", days: int = 30) -> ListedComplaint:
    """A complaint about the wearer's hour, so many days ago, given to the keeper of the archive."""
    site, now = room.small.site, room.small.clock.now()
    told = ("推搡王五", "某小吃店门口", "王五")
    span = Span(now - timedelta(days=days), now - timedelta(days=days - 2))
    intake = Intake(number, now.date(), Channel.VISIT, ("012345",), span, *told)
    taken = Complaints(site).take(OPERATOR, intake)
    Complaints(site).assign(OPERATOR, taken.complaint.id, "000099")
    return taken


def draw_sample(room: LogRoom) -> None:
    """A sample of the day before, drawn and one of it reviewed; and one that is not drawn yet."""
    desk, clock = Sampling(room.small.site), room.small.clock
    clock.pass_by(timedelta(seconds=1))
    with room.small.database.writing() as unit:
        now, seed = clock.now(), bytes(32)
        span = (now - timedelta(days=1), now)
        old = Sample("8" * 32, "1" * 32, *span, commitment(seed), 5, 1, "operator", span[0])
        unit.samples.add(old, seed)
        days = {"since": to_text(old.since), "until": to_text(old.until)}
        said = {"commitment": old.commitment, **days, "share_percent": old.share_percent, "least": old.least}
        objects = (("sample", old.id), ("unit", old.unit_id))
        unit.log.append(Entry(Act.SAMPLE_COMMIT, "operator", objects, facts=said), now)
    desk.draw(OPERATOR, old.id)
    (drawn,) = desk.drawn(OPERATOR, old.id)[1]
    assert drawn.item is not None
    Playing(room.small.site).play(OPERATOR, drawn.item.recording_id, lambda _: (0, 9)).file.close()
    desk.review(OPERATOR, old.id, drawn.item.recording_id, SampleOutcome.IN_ORDER, "规范")
    desk.commit(OPERATOR, "1" * 32, now + timedelta(hours=1), now + timedelta(days=1))


def lose_database(room: LogRoom) -> None:
    """Lose the database; everything else stays."""
    room.close()
    if forms.is_grown(room.folder):
        with inside.connection(room.folder) as opened:
            opened.execute(text("DROP SCHEMA public CASCADE"))
            opened.execute(text("CREATE SCHEMA public"))
    for file in room.folder.glob("evidence.db*"):
        file.unlink()


def restore(room: LogRoom) -> Report:
    """Rebuild, as the command does."""
    if not forms.is_grown(room.folder):
        if not (file := room.folder / "evidence.db").exists():  # tests/cli/test_rebuild.py begins with none
            file.write_bytes(migrated_file())
        return rebuild(room.folder, vault_address(room), OPERATOR, Silent())
    with patch("evidence.rebuilding.open_vault", lambda *_, **__: room.small.vault):  # at the room's own time
        return rebuild(room.folder, vault_address(room), OPERATOR, Silent())


def vault_address(room: LogRoom) -> str:
    """Return the address of the vault as the site's file has it."""
    return forms.engines(room.folder).get("vault", "") or (room.folder / "vault").as_uri()


def reopen(room: LogRoom) -> None:
    """Open the site anew; its clock goes on behind the rebuild."""
    dock = room.small.dock
    room.open()
    room.small._dock = dock
    room.small.clock.time = datetime.now(UTC)


def rows(room: LogRoom) -> Rows:
    """Return all rows of the database but those that a rebuild makes anew."""
    found = {}
    with inside.connection(room.folder) as opened:  # one for all: each has to read the whole schema
        for name, table in metadata.tables.items():
            if name not in MADE_ANEW:
                keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
                query = text(f'SELECT * FROM "{name}" ORDER BY {keys}')
                found[name] = [dict(row) for row in opened.execute(query).mappings()]
    return found


def as_rebuilt(before: Rows) -> Rows:
    """Return rows as a rebuild brings them back: tokens are worth nothing, people have no names, nobody knows
    what commitments stood for, and checkpoints were noted when the last entry under them was written.
    """
    after = {name: [dict(row) for row in held] for name, held in before.items()}
    times = {(row["log"], row["idx"]): row["at"] for row in before["audit_entry"]}
    for row in after["account"]:
        row["token_sha256"] = f"-{row['id']}"
    for row in after["person"]:
        row["name"] = None  # in no piece of rows: the vault forgets nothing
    for row in after["label"]:
        row["personal"] = None
    unnamed = {row["recording_id"] for row in before["label"] if row["personal"] and not row["ended_at"]}
    for row in after["search_row"]:
        if row["recording_id"] in unnamed:
            row |= {"party": None, "due": None, "is_bare": True}
    for row in after["marker"]:
        row["words"] = None
    for row in after["sample"]:
        row["secret"] = None  # a seed that nobody has seen is lost with the database
    for row in after["case_document"]:
        row["title"] = None
    for row in after["case_step"]:
        row["place"] = None
    for row in (*after["document_reason"], *after["case_archive"]):
        row["reason"] = None
    for row in after["complaint"]:
        row |= dict.fromkeys(("complainant", "matter", "place", "reason"))
    for row in after["export"]:
        row |= dict.fromkeys(NOT_TOLD["export"])
    after["audit_payload"] = []  # what commitments stand for is not in the vault either
    for row in after["log_checkpoint"]:
        row["at"] = times[row["log"], row["size"] - 1]
    return without_closing(after)


def without_closing(after: Rows) -> Rows:
    """Return rows without what the rebuild itself did: its acts."""
    kept = dict(after)
    closing = {(row["log"], row["idx"]) for row in after["audit_entry"] if row["act"] in CLOSING}
    for name in ("audit_entry", "audit_about"):
        kept[name] = [row for row in after[name] if (row["log"], row["idx"]) not in closing]
    return kept


def kinds(report: Report) -> Mapping[str, str]:
    """Return item and kind of the faults."""
    return {one.item: one.kind for one in report.faults}
