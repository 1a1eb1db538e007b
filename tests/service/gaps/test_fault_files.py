"""Fault files: opened by a person with what they rest on, viewed by whom they name, decided by another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import pytest

from evidence.adapters.packs import load_pack
from evidence.answers.gap import history_out
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.explanations import Outcome
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Part, Verdict
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import PersonType
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind, Role
from evidence.domain.spans import Span
from evidence.errors import Conflict, Invalid, NotFound
from evidence.ledger.entries import read_entry
from evidence.ledger.tlog_proofs import TlogProof
from evidence.policy.conduct import FaultKind, outcomes_of
from evidence.service.devices.equipment import Equipment
from evidence.service.gaps import fault_evidence, fault_files
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.log.proving import Proving
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.people.leaving import Leaving
from tests.builders import SmallSite
from tests.complaint_room import HOUR, ComplaintRoom
from tests.gap_room import DEVICE, REPORT, GapRoom, a_room
from tests.log_room import LogRoom
from tests.people_room import OPERATOR, Room

PACKS = ["dazhe-2020", "longquan", "inner-mongolia", "strict"]
KIND = FaultKind.NOT_RECORDED


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    return a_room(small)


def files(room: Room) -> FaultFiles:
    """The desk."""
    return FaultFiles(room.site)


def opened(
    room: GapRoom,
    by: Caller | None = None,
    links: Sequence[Link] = (),
    people: Mapping[str, Part] | None = None,
) -> FaultFile:
    """Open one by hand: about the first recording if nothing else is said, by the head."""
    about = links or [Link(LinkKind.RECORDING, room.first)]
    return files(room).open(by or room.head, KIND, "擅自关机", about, people or {})


@pytest.mark.article("dazhe-2020:16")
def test_each_detected_breach_becomes_a_fault_file_in_one_step_with_all_that_belongs_to_it(
    room: GapRoom,
) -> None:
    Equipment(room.site).register.add(OPERATOR, DEVICE, "body-camera", room.unit.id)
    done = room.desk.explain(room.wearer, room.name(), room.spoken())
    room.desk.review(room.head, done.id, Outcome.SENT_BACK, "不足信")
    file = opened(room, links=[Link(LinkKind.GAP, room.name())])
    assert set(file.of(LinkKind.RECORDING)) == {room.first, room.after}, "with where it was spoken"
    assert file.of(LinkKind.EXPLANATION) == (done.id,)
    assert len(file.of(LinkKind.DEVICE)) == 1
    assert [one.person_id for one in file.people] == [room.wearer.id]
    assert files(room).get(room.custodian, file.id) == replace(
        file, people=file.people, links=tuple(sorted(file.links, key=lambda one: (one.kind, one.object_id)))
    )
    (entry,) = room.entries(Act.FAULT_OPEN)
    assert entry["facts"]["entries"] == len(file.entries) > 5
    links = {"recording": 2, "gap": 1, "explanation": 1, "device": 1, "complaint": 0, "exemption": 0}
    assert entry["facts"]["links"] == links
    assert (entry["facts"]["cites"], set(entry["pd"])) == (["dazhe-2020:16"], {"reason"})


@pytest.mark.article("lanzhou-new-area-aux:12(5)", "dazhe-2020:16")
def test_what_nobody_explained_becomes_a_fault_file_too(room: GapRoom) -> None:
    room.miss(room.wearer)
    file = opened(room, links=[Link(LinkKind.GAP, room.name("missing"))])
    assert [one.person_id for one in file.people] == [room.wearer.id]
    assert (file.of(LinkKind.RECORDING), file.entries) == ((), ())
    with room.refused("gap-not-found", OutOfSight):
        opened(room, links=[Link(LinkKind.GAP, "0" * 64)])


@pytest.mark.article("dazhe-2020:16")
def test_no_program_opens_or_decides_one(room: GapRoom) -> None:
    assert not TOKEN_SCOPES & {Action.OPEN_FAULTS, Action.DECIDE_FAULTS}
    everything = Caller("7" * 32, Kind.INTEGRATION, scopes=frozenset(Action))
    for caller in (everything, room.small.dock):
        with room.refused("not-permitted"):
            opened(room, caller)
    room.small.clock.pass_by(HOUR.length * 9999)
    room.small.do_jobs()
    room.small.work.tidy()
    assert files(room).all(OPERATOR) == []


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.article(
    "dazhe-2020:16",
    "dazhe-2020-aux:15",
    "longquan-aux:15",
    "inner-mongolia-aux:27",
    "xinping-2022-aux:24",
    "xinping-2022-aux:26",
)
def test_what_follows_is_one_of_the_outcomes_that_the_articles_name_for_people_of_that_type(
    room: GapRoom, pack: str
) -> None:
    room.under(pack)
    packs = load_pack(pack).latest, load_pack("strict").latest
    auxiliary = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    people = {auxiliary.name: Part.SUBJECT, room.wearer.name: Part.COMMANDER}
    file, chief = opened(room, people=people), room.new(Role.AGENCY_HEAD, where=room.agency)
    for one, type_ in ((auxiliary, PersonType.AUXILIARY), (room.wearer, PersonType.OFFICER)):
        rule = outcomes_of(*packs, type_)
        assert rule.words
        for wrong in (None, "flogging"):
            with room.refused("unknown-outcome", Invalid):
                files(room).decide(chief, file.id, one.name, Verdict.FAULT, "查实", wrong)
        with room.refused("unknown-outcome", Invalid):
            files(room).decide(chief, file.id, one.name, Verdict.NO_FAULT, "查实", rule.words[0])
        assert file.is_open
        file = files(room).decide(chief, file.id, one.name, Verdict.FAULT, "查实", rule.words[-1])
        entry = room.entries(Act.FAULT_DECIDE)[-1]
        assert entry["facts"]["cites"] == [cite.id for cite in rule.cites]
        assert ("person", one.id) in {(two["k"], two["id"]) for two in entry["obj"]}
    assert not file.is_open
    found = {one.person_id: one for one in files(room).get(room.head, file.id).people}
    assert {id_: (one.part, one.verdict) for id_, one in found.items()} == {
        auxiliary.id: (Part.SUBJECT, Verdict.FAULT),
        room.wearer.id: (Part.COMMANDER, Verdict.FAULT),
    }, "each with a finding of their own"


def test_the_outcomes_of_each_pack_are_in_the_words_of_its_articles() -> None:
    strict = load_pack("strict").latest
    auxiliary = {pack: outcomes_of(load_pack(pack).latest, strict, PersonType.AUXILIARY) for pack in PACKS}
    four = {"criticism", "correction", "contract-ended", "legal-liability"}
    assert set(auxiliary["longquan"].words) == four
    assert "pay-withheld" in auxiliary["inner-mongolia"].words
    assert set(auxiliary["strict"].words) > set(auxiliary["dazhe-2020"].words) - {"accountability"}
    for pack in PACKS:
        officer = outcomes_of(load_pack(pack).latest, strict, PersonType.OFFICER)
        assert "accountability" in officer.words
        assert "contract-ended" not in officer.words


@pytest.mark.article("dazhe-2020:16")
def test_who_decides_is_neither_named_nor_who_opened_it(room: GapRoom) -> None:
    file = opened(room, people={room.wearer.name: Part.SUBJECT, room.head.name: Part.COMMANDER})
    other, chief = room.new(Role.UNIT_HEAD), room.new(Role.AGENCY_HEAD, where=room.agency)
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    about = (file.id, room.wearer.name, Verdict.NO_FAULT, "查无实据")
    with room.refused("own-recording"):
        files(room).decide(room.head, *about)
    with room.refused("not-permitted"):
        files(room).decide(room.custodian, *about)
    with room.refused("fault-not-found", OutOfSight):
        files(room).decide(beside, *about)
    with room.refused("reason-needed", Invalid):
        files(room).decide(other, file.id, room.wearer.name, Verdict.NO_FAULT, " ")
    with room.refused("person-not-found", NotFound):
        files(room).decide(other, file.id, other.name, Verdict.NO_FAULT, "x")
    files(room).decide(other, *about)
    with room.refused("fault-decided", Conflict):
        files(room).decide(chief, *about)
    mine = opened(room, chief)
    with room.refused("own-request"):
        files(room).decide(chief, mine.id, room.wearer.name, Verdict.NO_FAULT, "x")
    by_hand = opened(room, OPERATOR)
    with room.refused("own-request"):
        files(room).decide(OPERATOR, by_hand.id, room.wearer.name, Verdict.NO_FAULT, "x")


@pytest.mark.article("dazhe-2020:16")
def test_whoever_said_of_an_explanation_that_it_was_a_fault_does_not_decide_the_file(room: GapRoom) -> None:
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    room.desk.review(room.head, done.id, Outcome.FAULT, "擅自关机", KIND)
    (file,) = files(room).all(room.head, waiting=True)
    with room.refused("own-request"):
        files(room).decide(room.head, file.id, room.wearer.name, Verdict.FAULT, "x", "accountability")
    other = room.new(Role.UNIT_HEAD)
    files(room).decide(other, file.id, room.wearer.name, Verdict.FAULT, "属实", "accountability")
    assert files(room).all(room.head, waiting=True) == []
    assert len(files(room).all(room.head)) == 1


@pytest.mark.article("dazhe-2020:16")
def test_the_gap_report_accuses_nobody_before_the_file_is_decided_and_nobody_whom_it_cleared(
    room: GapRoom,
) -> None:
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    room.desk.review(room.head, done.id, Outcome.FAULT, "擅自关机", KIND)
    (file,) = files(room).all(room.head, waiting=True)
    files(room).add(room.custodian, file.id, [], {room.head.name: Part.COMMANDER})

    def counted() -> tuple[set[str], set[str]]:
        report = room.report(room.custodian)
        by = [one["states"] for one in report["by"]["wearer"] if one["wearer"] == room.wearer.name]
        return tuple(
            {one["state"] for one in states if one["count"] and "fault" in one["state"]}
            for states in (report["by_state"], *by)
        )

    assert room.line()["gap_state"] == "fault-open"
    assert counted() == ({"fault-open"}, {"fault-open"})
    judge = room.new(Role.UNIT_HEAD)
    files(room).decide(judge, file.id, room.wearer.name, Verdict.NO_FAULT, "电池故障")
    assert room.line()["gap_state"] == "no-fault"
    assert counted() == ({"no-fault"}, {"no-fault"})
    told = room.report(room.custodian)["interruptions"][0]
    (found,) = (one for one in files(room).get(judge, file.id).people if one.verdict)
    at = to_text(found.decided_at) if found.decided_at else None
    cleared = {"wearer": room.wearer.name, "verdict": "no-fault", "decided_by": judge.id, "decided": at}
    waits = {"wearer": room.head.name, "verdict": None, "decided_by": None, "decided": None}
    assert told["verdicts"] == sorted((cleared, waits), key=itemgetter("wearer"))
    assert (told["outcome"], told["decided_by"]) == ("fault", room.head.id), (
        "the review, which opened the file"
    )
    history = history_out(room.desk.history(room.custodian, room.name()), room.custodian)["explanations"]
    assert [(one["outcome"], one["verdicts"]) for one in history] == [("fault", told["verdicts"])]
    mine = room.report(room.wearer)["interruptions"][0]["verdicts"]
    assert mine == [cleared]
    with room.refused("gap-decided", Conflict):
        room.desk.explain(room.wearer, room.name(), REPORT)


def test_whom_it_names_states_a_view_until_the_decision_and_sees_their_own_part(room: GapRoom) -> None:
    aux = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    file = opened(room, people={room.wearer.name: Part.COMMANDER, aux.name: Part.SUBJECT})
    files(room).state_view(aux, file.id, "当时电池耗尽")
    files(room).state_view(room.wearer, file.id, "已当场制止")
    (mine,) = files(room).about_me(aux)
    assert [one.person_id for one in (*mine.people, *mine.views)] == [aux.id, aux.id]
    assert [one.text for one in files(room).get(room.head, file.id).views] == ["当时电池耗尽", "已当场制止"]
    (entry, _) = room.entries(Act.FAULT_VIEW)
    assert set(entry["pd"]) == {"view"}
    assert "电池" not in str(entry)
    for caller in (room.custodian, room.new(Role.FIELD_OFFICER)):
        with room.refused("fault-not-found", OutOfSight):
            files(room).state_view(caller, file.id, "x")
    with room.refused("fault-not-found", NotFound):
        files(room).state_view(aux, new_id(), "x")
    files(room).decide(room.new(Role.UNIT_HEAD), file.id, aux.name, Verdict.NO_FAULT, "查无实据")
    with room.refused("fault-decided", Conflict):
        files(room).state_view(aux, file.id, "还有")
    files(room).state_view(room.wearer, file.id, "还有")


def test_a_file_takes_more_people_and_evidence_and_collects_anew(room: GapRoom) -> None:
    file = opened(room)
    more = files(room).add(
        room.custodian, file.id, [Link(LinkKind.RECORDING, room.after)], {room.head.name: Part.COMMANDER}
    )
    assert len(more.entries) > len(file.entries)
    assert {one.person_id for one in more.people} == {room.wearer.id, room.head.id}
    again = files(room).add(room.custodian, file.id, [Link(LinkKind.RECORDING, room.after)], {})
    assert (again.people, again.links) == (
        files(room).get(room.custodian, file.id).people,
        files(room).get(room.custodian, file.id).links,
    )
    beside = room.new(Role.CUSTODIAN, where=room.beside)
    with room.refused("fault-not-found", OutOfSight):
        files(room).add(beside, file.id, [], {beside.name: Part.SUBJECT})


@pytest.mark.article("dazhe-2020:16")
def test_who_names_somebody_in_a_file_of_another_does_not_decide_about_them(room: GapRoom) -> None:
    chief, other = room.new(Role.AGENCY_HEAD, where=room.agency), room.new(Role.UNIT_HEAD)
    accused = room.new(Role.FIELD_OFFICER)
    file = opened(room, chief)
    files(room).add(room.head, file.id, [], {accused.name: Part.SUBJECT})
    about = (Verdict.FAULT, "属实", "accountability")
    with room.refused("own-request"):
        files(room).decide(room.head, file.id, accused.name, *about)
    files(room).decide(room.head, file.id, room.wearer.name, Verdict.NO_FAULT, "查无实据")
    files(room).decide(other, file.id, accused.name, *about)


def test_whom_a_file_names_sees_their_own_part_and_adds_nothing_whatever_their_role(small: SmallSite) -> None:
    room = ComplaintRoom(small)
    room.worn(room.head)
    link = [Link(LinkKind.COMPLAINT, room.take(room.head).complaint.id)]
    people = {room.head.name: Part.SUBJECT, room.officer.name: Part.COMMANDER}
    file = files(room).open(room.chief, FaultKind.MISCONDUCT, "查实", link, people)
    files(room).state_view(room.officer, file.id, "我不在场")
    for seen in (files(room).get(room.head, file.id), *files(room).all(room.head)):
        assert [one.person_id for one in seen.people] == [room.head.id]
        assert (seen.views, seen.of(LinkKind.COMPLAINT)) == ((), ())
    with room.refused("own-fault"):
        files(room).add(room.head, file.id, [], {room.custodian.name: Part.SUBJECT})
    assert len(files(room).get(room.chief, file.id).people) == 2


def test_a_file_about_nothing_but_a_recorder_is_for_whoever_answers_for_that(room: GapRoom) -> None:
    Equipment(room.site).register.add(OPERATOR, DEVICE, "body-camera", room.unit.id)
    file = opened(room, links=[Link(LinkKind.DEVICE, DEVICE)])
    assert [one.id for one in files(room).all(room.custodian)] == [file.id]
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    assert files(room).all(stranger) == []
    with room.refused("fault-not-found", OutOfSight):
        files(room).get(stranger, file.id)
    with room.refused("fault-not-found", OutOfSight):
        files(room).add(stranger, file.id, [], {stranger.name: Part.SUBJECT})


@pytest.mark.article("dazhe-2020:16")
def test_a_fault_of_each_kind_rests_on_something_if_only_on_a_written_ground(room: GapRoom) -> None:
    people = {room.wearer.name: Part.SUBJECT}
    for kind in FaultKind:
        for basis in (None, "", " \n"):
            code = "reason-needed" if basis and not basis.strip() else "rests-on-nothing"
            with room.refused(code, Invalid):
                files(room).open(room.head, kind, "查实", [], people, basis)
        file = files(room).open(room.head, kind, "查实", [], people, "监察大队2026年12号函")
        assert files(room).get(room.head, file.id).basis == "监察大队2026年12号函"
    with room.refused("subject-needed", Invalid):
        files(room).open(room.head, KIND, "查实", [], {}, "监察大队2026年12号函")
    entry = room.entries(Act.FAULT_OPEN)[-1]
    assert (set(entry["pd"]), "12号函" in str(entry)) == ({"reason", "basis"}, False)


@pytest.mark.article("dazhe-2020:16", "dazhe-2020:6")
def test_a_statement_that_nothing_was_recorded_becomes_a_fault_file_with_what_the_log_says_of_it(
    room: GapRoom,
) -> None:
    span = Span(room.later(hours=-2), room.later(hours=-1))
    said = Stated(room.wearer.name, "urgency", "第六条", span, "未开机")
    stated = room.exemptions.state(room.wearer, said)
    file = opened(room, links=[Link(LinkKind.EXEMPTION, stated.id)])
    assert [one.person_id for one in file.people] == [room.wearer.id]
    assert len(file.entries) == 1
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("exemption-not-found", OutOfSight):
        opened(room, stranger, [Link(LinkKind.EXEMPTION, stated.id)])


WRONG = {
    "a seventh kind": ("unknown-fault", Invalid, "seventh", {}),
    "nothing": ("rests-on-nothing", Invalid, KIND, {"links": []}),
    "people alone": ("rests-on-nothing", Invalid, KIND, {"links": [], "people": {"1": Part.SUBJECT}}),
    "no exemption": ("exemption-not-found", NotFound, KIND, {"links": [(LinkKind.EXEMPTION, "0" * 32)]}),
    "no recording": ("recording-not-found", NotFound, KIND, {"links": [(LinkKind.RECORDING, "x")]}),
    "no such recording": ("recording-not-found", NotFound, KIND, {"links": [(LinkKind.RECORDING, "0" * 32)]}),
    "no explanation": (
        "explanation-not-found",
        NotFound,
        KIND,
        {"links": [(LinkKind.EXPLANATION, "0" * 32)]},
    ),
    "no device": ("device-not-found", NotFound, KIND, {"links": [(LinkKind.DEVICE, "x")]}),
    "no complaint": ("complaint-not-found", NotFound, KIND, {"links": [(LinkKind.COMPLAINT, "x")]}),
    "nobody": ("person-not-found", NotFound, KIND, {"people": {"x": Part.SUBJECT}}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_fault_file_is_refused_and_nothing_is_kept(room: GapRoom, what: str) -> None:
    code, family, kind, how = WRONG[what]
    links = [Link(*one) for one in how.get("links", [(LinkKind.RECORDING, room.first)])]
    with room.refused(code, family):
        files(room).open(room.head, kind, "x", links, how.get("people", {}))


def test_what_is_out_of_reach_cannot_be_put_into_a_file(room: GapRoom) -> None:
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    for links, people, code in (
        ([Link(LinkKind.RECORDING, room.first)], {}, "recording-not-found"),
        ([], {room.wearer.name: Part.SUBJECT}, "person-not-found"),
    ):
        with room.refused(code, OutOfSight):
            files(room).open(stranger, KIND, "x", links, people, "12号函")
    barred = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law"):
        opened(room, barred)


def test_a_complaint_brings_all_that_is_held_for_it_and_whom_it_is_about(small: SmallSite) -> None:
    room = ComplaintRoom(small)
    shown = room.worn(room.officer)
    done = room.take(room.officer).complaint
    link = [Link(LinkKind.COMPLAINT, done.id)]
    file = files(room).open(room.chief, FaultKind.MISCONDUCT, "查实", link, {})
    assert file.of(LinkKind.RECORDING) == (shown,)
    assert [one.person_id for one in file.people] == [room.officer.id]
    with room.small.database.reading() as unit:
        acts = [
            read_entry(body)["act"]
            for log, index in file.entries
            for _, body in unit.tree.numbered(log, index, index + 1)
        ]
    assert "hold.place" in acts
    assert "complaint.take" not in acts
    (mine,) = files(room).about_me(room.officer)
    assert mine.of(LinkKind.COMPLAINT) == ()
    about_head = room.take(room.head).complaint
    with room.refused("complaint-not-found", OutOfSight):
        files(room).open(room.head, FaultKind.MISCONDUCT, "x", [Link(LinkKind.COMPLAINT, about_head.id)], {})


def test_a_complaint_that_holds_much_becomes_a_fault_file_in_one_step(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_evidence, "_NAMED_AT_ONCE", 2)
    monkeypatch.setattr(fault_files, "MOST", 2)
    room = ComplaintRoom(small)
    shown = {room.worn(room.officer) for _ in range(5)}
    link = [Link(LinkKind.COMPLAINT, room.take(room.officer).complaint.id)]
    file = files(room).open(room.chief, FaultKind.MISCONDUCT, "查实", link, {})
    assert set(file.of(LinkKind.RECORDING)) == shown
    entries = [one for act in (Act.FAULT_OPEN, Act.FAULT_ADD) for one in room.entries(act)]
    named = [{one["id"] for one in entry["obj"] if one["k"] == "recording"} for entry in entries]
    assert [len(some) for some in named] == [2, 2, 1]
    assert set().union(*named) == shown, "each stands in an entry"
    monkeypatch.setattr(fault_files, "MOST_BELONGING", 5)
    with room.refused("nothing-linked", Invalid):
        files(room).open(room.chief, FaultKind.MISCONDUCT, "查实", link, {})


@pytest.mark.article("xinping-2022-aux:21")
def test_whoever_leaves_has_open_fault_files_and_explanations_named(room: GapRoom) -> None:
    def left(one: Caller) -> dict[str, int]:
        return {item.kind: item.count for item in Leaving(room.site).checklist(OPERATOR, one.name).open}

    before = left(room.wearer)["gaps"]
    assert before == len(room.lines()) + len(room.lines("to_explain"))
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    assert (left(room.wearer)["gaps"], left(room.wearer)["explanations"]) == (before - 1, 1)
    Leaving(room.site).start(OPERATOR, room.wearer.name)
    with pytest.raises(Conflict, match="still-open") as told:
        Leaving(room.site).close(OPERATOR, room.wearer.name)
    assert (told.value.fields["explanations"], "gaps" in told.value.fields) == (1, False), (
        "these are named only"
    )
    room.desk.review(room.head, done.id, Outcome.FAULT, "擅自关机", KIND)
    assert "explanations" not in left(room.wearer)
    assert left(room.wearer)["fault-files"] == 1
    (file,) = files(room).all(room.head)
    other = room.new(Role.UNIT_HEAD)
    files(room).decide(other, file.id, room.wearer.name, Verdict.FAULT, "属实", "accountability")
    assert "fault-files" not in left(room.wearer)


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[LogRoom]:
    room = LogRoom(tmp_path)
    yield room
    room.close()


@pytest.mark.article("dazhe-2020:16")
def test_the_log_extract_has_a_proof_of_each_entry_up_to_the_present_checkpoint(logged: LogRoom) -> None:
    recording = logged.seal()
    small = logged.small
    site = small.site
    link = [Link(LinkKind.RECORDING, recording)]
    file = FaultFiles(site).open(OPERATOR, FaultKind.LOSS, "遗失存储卡", link, {})
    assert file.entries
    proven = Proving(site, logged.publishing.publish).of_fault(OPERATOR, file.id)
    acts = [json.loads(one.entry)["act"] for one in proven]
    assert acts.count("evidence.seal") == 1
    assert acts[-2:] == ["fault.open", "evidence.prove"], "it ends with the asking"
    with small.database.reading() as unit:
        for one in proven:
            proof = TlogProof.parse(one.proof)
            size, _ = unit.tree.published(one.log)
            assert (proof.index, proof.extra) == (one.index, one.entry)
            assert f"\n{size}\n".encode() in proof.checkpoint, "the present one"
    shown = next(one for one in proven if json.loads(one.entry)["act"] == "fault.open")
    assert {name: value.state.value for name, value in shown.fields.items()} == {"reason": "withheld"}
    with pytest.raises(NotFound, match="fault-not-found"):
        Proving(site, logged.publishing.publish).of_fault(OPERATOR, new_id())
    assert logged.fsck() == []
