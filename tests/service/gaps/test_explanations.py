"""Explanations: by whom, with what, told to whom; decided by another; kept by what is the same thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.adapters.db.repositories.log import SqlLog
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.explanations import Outcome, Spoken
from evidence.domain.fault_files import LinkKind, Part
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.notices import NoticeKind
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.errors import Conflict, Invalid, NotFound
from evidence.ledger.entries import read_entry
from evidence.policy.conduct import FaultKind
from evidence.policy.rules import Cause, NumberCause
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.gap_words import Said
from evidence.service.gaps.own_gaps import OwnGaps
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.refusals import OutOfSight
from tests.builders import START, SmallSite, an_origin
from tests.gap_room import DEVICE, REASON, REPORT, GapRoom, a_gap, a_room
from tests.people_room import OPERATOR
from tests.service.footage import a_wav


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    return a_room(small)


@pytest.mark.article("dazhe-2020:9.1")
def test_an_interruption_is_closed_by_its_cause_spoken_at_the_restart_and_a_head(room: GapRoom) -> None:
    assert room.line()["gap_state"] == "open"
    done = room.desk.explain(room.wearer, room.name(), room.spoken())
    line = room.line()
    assert (line["gap_state"], line["explained_by"], line["decided_by"]) == (
        "explained",
        room.wearer.id,
        None,
    )
    room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    line = room.line()
    assert (line["gap_state"], line["decided_by"]) == ("accepted", room.head.id)
    history = room.desk.history(room.wearer, room.name())
    (kept,) = history.explanations
    assert (kept.cause, kept.spoken) == ("battery", Spoken(room.after, 1000, 4000))
    assert (history.gap.recording_id, history.gap.wearer) == (room.first, room.wearer.name)


@pytest.mark.article("dazhe-2020:9.1")
def test_a_cause_spoken_in_a_stream_whose_time_line_begins_late_is_heard_where_players_show_it(
    room: GapRoom,
) -> None:
    room.begin_at(1400.0)
    room.find(Finding(Code.GAP_IN_FILE, Severity.ATTENTION, "a.wav", 1403.0, 1405.0, measured=2.0))
    for start, end in ((1.0, 4.0), (4.9, 6.0)):
        with room.refused("spoken-not-after", Invalid):
            room.desk.explain(room.wearer, room.name(), room.spoken(start, end, room.first))
    room.desk.explain(room.wearer, room.name(), room.spoken(5.0, 8.0, room.first))
    assert room.states() == ["explained"]


@pytest.mark.article("dazhe-2020:9.1")
def test_the_unit_head_is_told_at_once_and_the_log_holds_no_words(room: GapRoom) -> None:
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    (notice,) = Denials(room.site).notices(room.head)
    assert (notice.kind, notice.about_id) == (NoticeKind.EXPLANATION, done.id)
    assert (notice.recording_id, notice.person_id) == (room.first, room.wearer.id)
    assert Denials(room.site).notices(room.new(Role.UNIT_HEAD, where=room.beside)) == []
    (entry,) = room.entries(Act.GAP_EXPLAIN)
    assert entry["facts"]["cause"] == "device-fault"
    assert entry["facts"]["cites"] == ["dazhe-2020:9.1"]
    assert entry["by"] == room.wearer.id
    assert set(entry["pd"]) == {"text"}
    assert REPORT.text is not None
    for secret in (REPORT.text, room.wearer.name, DEVICE, "a.wav"):
        assert secret not in str(entry)
    assert ("recording", room.first) in {(one["k"], one["id"]) for one in entry["obj"]}


@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan", "inner-mongolia", "strict"])
@pytest.mark.article("dazhe-2020:9.1")
def test_that_no_file_was_made_is_said_of_a_missing_number_and_of_nothing_else(
    room: GapRoom, pack: str
) -> None:
    room.under(pack)
    said = Said("开机即计数，未录制", NumberCause.NO_FILE.value)
    with room.refused("cause-of-numbers", Invalid):
        room.desk.explain(room.wearer, room.name(), said)
    detail = {"before": "a.wav", "after": "b.wav", "missing": [2], "unit": "files"}
    room.find(a_gap(code=Code.MISSING_SEQUENCE_NUMBER, measured=1, detail=detail))
    with room.refused("words-needed", Invalid):
        room.desk.explain(room.wearer, room.name(), replace(said, text=None))
    assert NumberCause.NO_FILE.value in OwnGaps(room.site).open(room.wearer, room.name()).causes
    done = room.desk.explain(room.wearer, room.name(), said)
    assert (done.cause, done.text) == ("no-file-made", "开机即计数，未录制")


@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan", "inner-mongolia", "strict"])
@pytest.mark.article("dazhe-2020:9.1", "longquan:1")
def test_every_cause_of_the_article_and_no_other_is_taken_under_every_pack(room: GapRoom, pack: str) -> None:
    room.under(pack)
    for cause in Cause:
        done = room.desk.explain(room.wearer, room.name(), Said("书面说明", cause.value))
        room.desk.review(room.head, done.id, Outcome.SENT_BACK, "再说明")
    with room.refused("unknown-cause", Invalid):
        room.desk.explain(room.wearer, room.name(), Said("书面说明", "forgot"))
    entries = room.entries(Act.GAP_EXPLAIN)
    assert all("dazhe-2020:9.1" in one["facts"]["cites"] for one in entries)
    assert [("longquan:1" in one["facts"]["cites"]) for one in entries] == [
        pack in ("longquan", "strict")
    ] * len(Cause)


WRONG: dict[str, tuple[str, Callable[[GapRoom], Said]]] = {
    "no cause": ("unknown-cause", lambda _: Said("x")),
    "no words": ("words-needed", lambda _: Said(None, "battery")),
    "empty words": ("reason-needed", lambda _: Said("  ", "battery")),
    "beyond its end": ("spoken-place", lambda room: room.spoken(8.0, 10.5)),
    "backwards": ("spoken-place", lambda room: room.spoken(4.0, 4.0)),
    "before the restart": ("spoken-not-after", lambda room: room.spoken(recording=room.first)),
}


@pytest.mark.article("dazhe-2020:9.1")
@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_explain_an_interruption_is_refused_and_changes_nothing(
    room: GapRoom, what: str
) -> None:
    code, said = WRONG[what]
    with room.refused(code, Invalid):
        room.desk.explain(room.wearer, room.name(), said(room))
    assert room.states() == ["open"]


def test_spoken_words_of_somebody_else_on_another_recorder_are_refused(room: GapRoom) -> None:
    other = room.record(room.add(Role.FIELD_OFFICER), "c.wav", device="OTHER")
    with room.refused("spoken-elsewhere", Invalid):
        room.desk.explain(room.head, room.name(), room.spoken(recording=other))
    with pytest.raises(NotFound, match="recording-not-found"):
        room.desk.explain(room.wearer, room.name(), room.spoken(recording=other))


@pytest.mark.article("dazhe-2020:12", "longquan:7")
@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan"])
def test_a_late_file_and_a_missing_one_need_a_reason_only(room: GapRoom, pack: str) -> None:
    room.under(pack)
    room.record(room.wearer.id, "late.wav", modified_at=START - timedelta(hours=30))
    room.miss(room.wearer)
    for part in ("late", "missing"):
        for said, code in ((Said("x", "battery"), "no-interruption"), (Said(), "reason-needed")):
            with room.refused(code, Invalid):
                room.desk.explain(room.wearer, room.name(part), said)
        done = room.desk.explain(room.wearer, room.name(part), REASON)
        assert room.states(part) == ["explained"]
        room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
        assert room.states(part) == ["accepted"]
        assert room.desk.history(room.wearer, room.name(part)).gap.wearer == room.wearer.name
    article = {"dazhe-2020": "dazhe-2020:12", "longquan": "longquan:7"}[pack]
    cited = [one["facts"]["cites"] for one in room.entries(Act.GAP_EXPLAIN)]
    assert cited.count([article]) == 2
    kinds = [(one.kind, one.recording_id) for one in Denials(room.site).notices(room.head)]
    assert (NoticeKind.EXPLANATION, None) in kinds, "of a missing file there is no recording"


def test_a_file_that_may_still_come_in_time_needs_no_explanation(room: GapRoom) -> None:
    still = an_origin("still.wav", size_bytes=9, wearer=room.wearer.name)
    room.small.cards.announce(room.small.dock, still, [still])
    assert "gap" not in room.line("missing")
    assert room.report()["by_wearer"] == [{"wearer": room.wearer.name, "owed": 2}], "the gap, the copy"
    room.small.clock.pass_by(timedelta(hours=24))
    assert room.states("missing") == ["open"]


def test_a_clock_that_contradicts_is_explained_like_all_that_is_to_be_explained(room: GapRoom) -> None:
    odd = Finding(Code.CLOCK_DISAGREES, Severity.ATTENTION, "b.wav", measured=3600.0)
    room.find(odd, recording=room.after)
    done = room.desk.explain(room.wearer, room.name("to_explain"), Said("时区设置有误"))
    room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    assert room.states("to_explain") == ["accepted"]


def test_what_is_found_again_keeps_its_explanation_and_another_thing_does_not_inherit_it(
    room: GapRoom,
) -> None:
    name = room.name()
    done = room.desk.explain(room.wearer, name, REPORT)
    room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    room.find(a_gap(41.6, 10.3))
    assert room.states() == ["accepted"]
    assert room.name() == name
    room.find(a_gap(41.6, 10.3), a_gap(20.0, 4.0))
    assert sorted(room.states()) == ["accepted", "open"]
    room.find(a_gap(43.0))
    assert room.states() == ["open"], "two seconds longer: nobody has explained these"
    assert room.name() != name
    assert room.desk.history(room.head, name).explanations, "and nothing is lost"
    room.find(a_gap())
    assert (room.states(), room.name()) == (["accepted"], name)


@pytest.mark.article("dazhe-2020:9.1")
def test_two_segments_41_s_apart_are_one_gap_that_keeps_its_explanation_when_a_third_comes_in(
    room: GapRoom,
) -> None:
    wearer = room.new(Role.FIELD_OFFICER)

    def segment(number: int, began: int, seconds: int) -> str:
        """Begins so many seconds after 16:00:00 by the law's clock, an hour before now."""
        name = f"DSJX9B00007_012345_202603021600{began:02d}_{number:04d}.wav"
        body, ended = a_wav(seconds), START - timedelta(hours=1) + timedelta(seconds=began + seconds)
        known = {"device": "B", "wearer": wearer.name, "size_bytes": len(body), "modified_at": ended}
        upload = room.small.send(an_origin(name, **known), body)
        room.small.do_jobs()
        return upload.id

    room.find()
    segment(1, 0, 10)
    after = segment(2, 51, 5)
    line = room.line()
    assert (line["code"], line["measured"], line["gap_state"]) == ("gap-between-files", 41.0, "open")
    done = room.desk.explain(wearer, line["gap"], room.spoken(recording=after))
    room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    segment(3, 56, 3)
    (again,) = [one for one in room.lines() if one["measured"] == 41.0]
    assert (again["gap"], again["gap_state"]) == (line["gap"], "accepted")
    (statement,) = [one for one in room.report()["by_state"] if one["state"] == "accepted"]
    assert (statement["count"], statement["lost_s"]) == (1, 41.0)


def test_what_was_sent_back_is_explained_anew_and_its_history_is_kept(room: GapRoom) -> None:
    name = room.name()
    first = room.desk.explain(room.wearer, name, REPORT)
    with room.refused("gap-explained", Conflict):
        room.desk.explain(room.custodian, name, REPORT)
    with room.refused("reason-needed", Invalid):
        room.desk.review(room.head, first.id, Outcome.SENT_BACK, " ")
    room.desk.review(room.head, first.id, Outcome.SENT_BACK, "写明设备编号")
    assert room.states() == ["sent-back"]
    second = room.desk.explain(room.custodian, name, room.spoken())
    assert room.states() == ["explained"]
    with room.refused("explanation-reviewed", Conflict):
        room.desk.review(room.head, first.id, Outcome.ACCEPTED, "")
    room.desk.review(room.head, second.id, Outcome.ACCEPTED, "属实")
    with room.refused("gap-decided", Conflict):
        room.desk.explain(room.wearer, name, REPORT)
    kept = room.desk.history(room.head, name).explanations
    assert [(one.author, one.outcome, one.reason) for one in kept] == [
        (room.wearer.id, Outcome.SENT_BACK, "写明设备编号"),
        (room.custodian.id, Outcome.ACCEPTED, "属实"),
    ]


@pytest.mark.article("dazhe-2020:16")
@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan", "inner-mongolia", "strict"])
def test_a_fault_is_of_one_of_the_six_kinds_said_by_a_person_and_opens_a_file_with_its_log(
    room: GapRoom, pack: str
) -> None:
    room.under(pack)
    files = FaultFiles(room.site)
    room.small.clock.pass_by(timedelta(days=90))
    assert files.all(room.head) == [], "silence is no fault"
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    for kind in (None, "seventh"):
        with room.refused("unknown-fault", Invalid):
            room.desk.review(room.head, done.id, Outcome.FAULT, "查实", kind)
    for kind in (FaultKind.LOSS, "seventh"):
        with room.refused("unknown-fault", Invalid):
            room.desk.review(room.head, done.id, Outcome.ACCEPTED, "", kind)
    with room.refused("reason-needed", Invalid):
        room.desk.review(room.head, done.id, Outcome.FAULT, "", FaultKind.LOSS)
    room.desk.review(room.head, done.id, Outcome.FAULT, "擅自关机", FaultKind.NOT_RECORDED)
    assert room.states() == ["fault-open"]
    for reader in (room.head, room.wearer, room.custodian):
        (file,) = files.all(reader)
    assert (file.kind, file.opened_by, file.is_open) == ("not-recorded", room.head.id, True)
    assert (file.gap, file.explanation_id, file.finding_id) == (room.name(), done.id, done.finding_id)
    assert [(one.person_id, one.part) for one in file.people] == [(room.wearer.id, Part.SUBJECT)]
    assert set(file.of(LinkKind.RECORDING)) == {room.first}
    with room.small.database.reading() as unit:
        bodies = [
            body for log, index in file.entries for _, body in unit.tree.numbered(log, index, index + 1)
        ]
    acts = [str(read_entry(body)["act"]) for body in bodies]
    assert {"evidence.seal", "gap.explain", "gap.review"} <= set(acts), "collected in the same step"
    (entry,) = room.entries(Act.GAP_REVIEW)
    assert entry["facts"]["cites"] == ["dazhe-2020:16"]
    assert "擅自关机" not in str(room.entries())
    assert files.all(room.new(Role.UNIT_HEAD, where=room.beside)) == []


def test_nobody_decides_about_their_own_neither_author_nor_wearer(room: GapRoom) -> None:
    room.give(room.wearer.id, Role.UNIT_HEAD, room.unit)
    wearer = room.caller(room.wearer.id)
    by_wearer = room.desk.explain(wearer, room.name(), REPORT)
    with room.refused("own-recording"):
        room.desk.review(wearer, by_wearer.id, Outcome.ACCEPTED, "")
    room.desk.review(room.head, by_wearer.id, Outcome.SENT_BACK, "x")
    by_head = room.desk.explain(room.head, room.name(), REPORT)
    with room.refused("own-recording"):
        room.desk.review(wearer, by_head.id, Outcome.ACCEPTED, "")
    with room.refused("own-request"):
        room.desk.review(room.head, by_head.id, Outcome.ACCEPTED, "")
    above = room.new(Role.AGENCY_HEAD, where=room.agency)
    room.desk.review(above, by_head.id, Outcome.SENT_BACK, "x")
    by_another = room.desk.explain(room.custodian, room.name(), REPORT)
    with room.refused("own-request"):  # they have said already how it was
        room.desk.review(room.head, by_another.id, Outcome.ACCEPTED, "")
    room.desk.review(above, by_another.id, Outcome.ACCEPTED, "")
    assert room.states() == ["accepted"]


def test_the_command_line_does_not_decide_about_its_own_words(room: GapRoom) -> None:
    mine = room.desk.explain(OPERATOR, room.name(), REPORT)
    with room.refused("own-request"):
        room.desk.review(OPERATOR, mine.id, Outcome.ACCEPTED, "")
    assert room.states() == ["explained"]


def test_a_missing_file_of_ones_own_is_decided_by_somebody_else(room: GapRoom) -> None:
    room.miss(room.head)
    done = room.desk.explain(room.custodian, room.name("missing"), REASON)
    with room.refused("own-recording"):
        room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("explanation-not-found", OutOfSight):
        room.desk.review(stranger, done.id, Outcome.ACCEPTED, "")
    room.desk.review(room.new(Role.UNIT_HEAD), done.id, Outcome.ACCEPTED, "")
    assert room.states("missing") == ["accepted"]


AUXILIARY_ARTICLES = {
    "dazhe-2020": "dazhe-2020-aux:10(1)",
    "longquan": "longquan-aux:10(1)",
    "inner-mongolia": "inner-mongolia-aux:10(2)",
    "strict": "xinping-2022-aux:14(2)",
}


@pytest.mark.article(
    "dazhe-2020-aux:10(1)", "longquan-aux:10(1)", "inner-mongolia-aux:10(2)", "xinping-2022-aux:14(2)"
)
@pytest.mark.parametrize("pack", AUXILIARY_ARTICLES)
def test_what_an_auxiliary_wore_is_explained_by_a_custodian_and_spoken_by_the_auxiliary(
    room: GapRoom, pack: str
) -> None:
    room.under(pack)
    auxiliary = room.add(*Role, type_=PersonType.AUXILIARY)
    first = room.record(auxiliary, "x.wav", device="AUX")
    after = room.record(auxiliary, "y.wav", device="AUX")
    room.find()
    found = a_gap(file="x.wav", detail={"before": "x.wav", "after": "y.wav"})
    room.find(found, recording=first, device="AUX")
    name = room.name()
    for act in (
        lambda: room.desk.explain(room.caller(auxiliary), name, REPORT),
        lambda: room.desk.review(room.caller(auxiliary), "0" * 32, Outcome.ACCEPTED, ""),
    ):
        with room.refused("barred-by-law") as told:
            act()
        assert AUXILIARY_ARTICLES[pack] in str(told.fields["cites"]).split()
    done = room.desk.explain(room.custodian, name, room.spoken(recording=after))
    assert done.author == room.custodian.id
    room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    assert room.states() == ["accepted"]


def test_out_of_reach_there_is_no_gap_no_explanation_and_no_history(room: GapRoom) -> None:
    name = room.name()
    done = room.desk.explain(room.wearer, name, REPORT)
    stranger = room.new(Role.UNIT_HEAD, Role.CUSTODIAN, where=room.beside)
    colleague = room.new(Role.FIELD_OFFICER)
    for one in (stranger, colleague):
        with room.refused("gap-not-found", OutOfSight):
            room.desk.explain(one, name, REPORT)
        with room.refused("explanation-not-found", OutOfSight):
            room.desk.history(one, name)
    with room.refused("explanation-not-found", OutOfSight):
        room.desk.review(stranger, done.id, Outcome.ACCEPTED, "")
    for id_ in ("f" * 32, "../x"):
        with room.refused("explanation-not-found", NotFound):
            room.desk.review(room.head, id_, Outcome.ACCEPTED, "")
    for name_ in ("f" * 64, "x", "f" * 200):
        with room.refused("explanation-not-found", NotFound):
            room.desk.history(room.head, name_)
        with room.refused("gap-not-found", NotFound):
            room.desk.explain(room.head, name_, REPORT)


def test_who_may_only_read_reads_and_decides_nothing(room: GapRoom) -> None:
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    auditor = room.new(Role.AUDITOR, where=room.agency)
    assert room.desk.history(auditor, room.name()).explanations
    acts: list[Callable[[Caller], object]] = [
        lambda one: room.desk.explain(one, room.name(), REPORT),
        lambda one: room.desk.review(one, done.id, Outcome.ACCEPTED, ""),
    ]
    for one in (auditor, room.small.administrator):
        for act in acts:
            with room.refused("not-permitted"):
                act(one)
    for one in (room.wearer, room.custodian):
        with room.refused("not-permitted"):
            room.desk.review(one, done.id, Outcome.ACCEPTED, "")


def test_a_restricted_recording_takes_its_explanations_along(room: GapRoom) -> None:
    name = room.name()
    done = room.desk.explain(room.wearer, name, REPORT)
    with room.small.database.writing() as unit:
        unit.standings.classify(room.first, Classification.PRIVACY)
    with room.refused("explanation-not-found", OutOfSight):
        room.desk.history(room.head, name)
    with room.refused("explanation-not-found", OutOfSight):
        room.desk.review(room.head, done.id, Outcome.ACCEPTED, "")


def test_an_act_whose_entry_fails_is_none(room: GapRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    done, before = room.desk.explain(room.wearer, room.name(), REPORT), room.rows()
    monkeypatch.setattr(SqlLog, "append", lambda *_: (_ for _ in ()).throw(Conflict("no entry")))
    with pytest.raises(Conflict, match="no entry"):
        room.desk.review(room.head, done.id, Outcome.FAULT, "x", FaultKind.LOSS)
    assert room.rows() == before
