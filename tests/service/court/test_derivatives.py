"""Derivatives that people ask for: by whom, of what, kept only when right, and never without their parent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evidence.adapters import making
from evidence.domain.access import Purpose
from evidence.domain.audit import Act
from evidence.domain.derivatives import Derivative, Operation, State
from evidence.domain.disposals import State as Ended
from evidence.domain.orders import Box, Cover, Hush, Order, Region, Span
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.court.derivatives import made_of
from evidence.service.keeping.certificates import DESTRUCTION, destruction_faults
from evidence.service.log.copy_checks import CopyCheck
from storage.vault import Lock
from tests.clips import clip
from tests.derivative_room import DerivativeRoom
from tests.people_room import OPERATOR
from tests.service.footage import a_wav

CLIP = Order(Operation.CLIP, "给某律师", "申请复制", 0, 1000)
REDACTION = Order(
    Operation.REDACTION, "遮蔽件", "当事人申请",
    regions=(Region(Cover.BLACK, (Box(0, 40, 60, 80, 80),), 3000, "路人面部"),),
    spans=(Span(500, 1000, Hush.MUTE, "电话号码"),), recipient="某律师 李某",
)  # fmt: skip


@pytest.fixture
def room(tmp_path: Path) -> DerivativeRoom:
    return DerivativeRoom(tmp_path)


@pytest.fixture
def film(room: DerivativeRoom) -> str:
    return room.film("mp4")


def make(room: DerivativeRoom, recording: str, order: Order = CLIP) -> Derivative:
    """Have something made by the custodian."""
    asked = room.desk.make(room.custodian, recording, order)
    room.small.do_jobs()
    with room.small.database.reading() as unit:
        found = unit.derivatives.get(asked.id)
    assert found is not None
    return found


@pytest.mark.article("dazhe-2020:15", "dazhe-2020:3")
def test_a_redaction_is_a_new_object_with_its_parent_and_all_that_was_done(
    room: DerivativeRoom, film: str
) -> None:
    made = make(room, film, REDACTION)
    assert (made.state, made.recording_id, made.operation) == (State.MADE, film, Operation.REDACTION)
    assert made.output is not None
    (asked,), (entry,) = room.entries(Act.DERIVATIVE_ASK), room.entries(Act.DERIVATIVE_MADE)
    assert asked["by"] == room.custodian.id
    assert asked["facts"]["parameters"] == json.loads(json.dumps(REDACTION.parameters))
    assert entry["ref"]["sha256"] == made.output.digests.sha256
    assert float(entry["facts"]["measured"]["detail-black"]) < 0.05
    assert room.small.files()[f"vault/recordings/{film}/data"] == clip("mp4"), "the original is untouched"
    text = json.dumps([asked, entry], ensure_ascii=False)
    for word in ("遮蔽件", "当事人申请", "路人面部", "电话号码", "某律师"):
        assert word not in text, "what is about people stands in commitments only"


def test_what_is_burned_in_says_when_in_the_time_of_the_place(
    room: DerivativeRoom, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    burned, known = list[str](), making.mark_of
    monkeypatch.setattr(making, "mark_of", lambda *told: burned.append(known(*told)) or burned[-1])
    made = make(room, film, Order(Operation.WATERMARK, "给某律师", "申请复制", recipient="某律师"))
    local = made.asked_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert burned == [f"某律师  {local:%Y-%m-%d %H:%M}+08:00  {made.id[:8]}"]
    assert made.asked_at.utcoffset() == timedelta(), "the row has it as before"


def test_what_did_not_pass_its_check_is_not_kept(
    room: DerivativeRoom, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = room.small.files()
    monkeypatch.setattr("evidence.adapters.making.calls.cover", lambda picture, _: picture)
    made = make(room, film, REDACTION)
    assert (made.state, made.problem, made.output) == (State.FAILED, "region-not-hidden", None)
    assert room.small.files() == before
    assert not list((room.small.folder / "scratch").iterdir())
    (entry,) = room.entries(Act.DERIVATIVE_FAIL)
    assert entry["facts"]["problem"] == "region-not-hidden"


@pytest.mark.article("dazhe-2020:15", "inner-mongolia-aux:13(3)")
def test_custodians_and_heads_have_copies_made_officers_and_auxiliaries_do_not(
    room: DerivativeRoom, film: str
) -> None:
    for caller in (room.custodian, room.head, OPERATOR):
        assert room.desk.make(caller, film, CLIP).asked_by == caller.id
    with room.refused("not-permitted"):
        room.desk.make(room.wearer, film, CLIP)
    helper = room.caller(room.add(Role.AUXILIARY, Role.CUSTODIAN, type_=PersonType.AUXILIARY))
    with room.refused("barred-by-law"):
        room.desk.make(helper, film, CLIP)
    stranger = room.new(Role.CUSTODIAN, where=room.beside)
    with room.refused("recording-not-found", NotFound):
        room.desk.make(stranger, film, CLIP)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(CLIP, from_ms=3000, to_ms=4000), "order-wrong"),
        (replace(CLIP, to_ms=None), "order-wrong"),
        (replace(CLIP, reason=""), "reason-needed"),
        (
            replace(REDACTION, regions=(Region(Cover.BLACK, (Box(4500, 0, 0, 10, 10),), 3600000, "x"),)),
            "order-wrong",
        ),
        (
            replace(REDACTION, regions=(Region(Cover.BLACK, (Box(0, 320, 0, 10, 10),), 10, "x"),)),
            "order-wrong",
        ),
    ],
)
def test_what_does_not_fit_the_original_is_refused_and_nothing_is_asked(
    room: DerivativeRoom, film: str, order: Order, code: str
) -> None:
    before = room.rows()
    with pytest.raises(Invalid) as problem:
        room.desk.make(room.custodian, film, order)
    assert problem.value.code == code
    assert room.rows() == before
    assert room.entries(Act.DERIVATIVE_ASK) == []


def test_sound_alone_is_cut_and_muted_and_has_no_picture_to_hide(room: DerivativeRoom) -> None:
    recording = room.film("wav", a_wav(3))
    assert make(room, recording, replace(CLIP, to_ms=500)).state is State.MADE
    muted = replace(REDACTION, regions=(), recipient=None, spans=(Span(500, 1000, Hush.MUTE, "x"),))
    assert make(room, recording, muted).state is State.MADE
    for order in (REDACTION, Order(Operation.STILL, "t", "r", 0)):
        with pytest.raises(Invalid):
            room.desk.make(room.custodian, recording, order)


def test_the_list_says_what_is_hidden_to_everybody_and_why_to_who_may_have_copies_made(
    room: DerivativeRoom, film: str
) -> None:
    make(room, film, REDACTION)
    (seen,) = room.desk.of(room.custodian, film).derivatives
    assert seen.words["regions"] == ["路人面部"]
    (seen,) = room.desk.of(room.wearer, film).derivatives
    assert (seen.words, seen.parameters) == ({}, json.loads(json.dumps(REDACTION.parameters)))
    stranger = room.new(Role.FIELD_OFFICER, where=room.beside)
    with room.refused("recording-not-found", NotFound):
        room.desk.of(stranger, film)


def test_a_derivative_is_played_by_the_right_to_play_its_parent(room: DerivativeRoom, film: str) -> None:
    made, other = make(room, film), room.film("mp4")
    played = room.desk.play(room.wearer, film, made.id, lambda _: (0, 20))
    with played.file as file:
        assert file.read(20) == room.bytes_of(made)[:20]
    assert played.watermark is not None
    assert [one["facts"]["derivative"] for one in room.entries(Act.PLAY)] == ["clip"]
    with pytest.raises(NotFound) as problem:
        room.desk.play(room.wearer, other, made.id, lambda _: (0, 20))
    assert problem.value.code == "derivative-not-found", "it is no derivative of that one"
    with pytest.raises(Refused):
        room.desk.play(room.custodian, film, made.id, lambda _: (0, 20))
    asked = room.desk.make(room.custodian, film, CLIP)
    with pytest.raises(Conflict) as conflict:
        room.desk.play(room.custodian, film, asked.id, lambda _: (0, 20), Purpose.CASE)
    assert conflict.value.code == "derivative-not-made"


def test_exports_find_what_was_made_with_its_size_and_digests(room: DerivativeRoom, film: str) -> None:
    made = make(room, film)
    with room.small.database.reading() as unit:
        found = made_of(unit, film, made.id)
        with pytest.raises(NotFound):
            made_of(unit, film, "0" * 32)
    assert found == made
    assert found.output is not None
    assert found.output.size_bytes == len(room.bytes_of(found))


def test_its_lock_is_its_parents_and_moves_with_it(room: DerivativeRoom, film: str) -> None:
    made = make(room, film)
    assert made.output is not None
    until = room.small.vault.stat(made.output.key).lock.retain_until
    assert until == room.locks(film)[0]
    room.cases.link(room.head, room.case(term="10-years"), film)
    later = room.locks(film)[0]
    assert later > until + timedelta(days=1000)
    assert room.small.vault.stat(made.output.key).lock.retain_until == later


def test_all_that_was_made_goes_with_the_parent(room: DerivativeRoom, film: str) -> None:
    made = [make(room, film), make(room, film, Order(Operation.STILL, "t", "r", 500))]
    room.pass_by()
    room.destroy(film)
    assert [one.state for one in room.made(film)] == [State.GONE, State.GONE]
    destroyed = {one["ref"]["sha256"] for one in room.entries(Act.DERIVATIVE_DESTROY)}
    assert destroyed == {one.output.digests.sha256 for one in made if one.output is not None}
    assert not [name for name in room.small.files() if "/derived/" in f"/{name}" and "~" not in name]
    with pytest.raises(Conflict):
        room.desk.make(room.custodian, film, CLIP)


def test_a_recording_whose_length_nobody_knows_gives_nothing(room: DerivativeRoom) -> None:
    recording = room.film("mp4", b"no media at all")
    with pytest.raises(Conflict) as problem:
        room.desk.make(room.custodian, recording, CLIP)
    assert problem.value.code == "length-not-known"


def test_the_check_of_the_logs_finds_a_copy_that_is_gone_or_that_nobody_knows(
    room: DerivativeRoom, film: str
) -> None:
    made = make(room, film)
    assert made.output is not None
    assert list(CopyCheck(room.site).faults()) == []
    room.small.vault.seal_bytes("derived/x/y/z", b"no row", Lock(room.small.clock.now()))
    (strange,) = CopyCheck(room.site).faults()
    assert (strange.kind, strange.item) == ("object-without-entry", "derived/x/y/z")
    file = room.small.folder / "vault" / made.output.key
    file.unlink()
    assert ("object-missing", made.output.key) in {
        (one.kind, one.item) for one in CopyCheck(room.site).faults()
    }


def test_a_derivative_that_somebody_removed_past_the_program_stops_no_destruction_and_is_named(
    room: DerivativeRoom, film: str
) -> None:
    gone, there = make(room, film), make(room, film, Order(Operation.STILL, "t", "r", 500))
    room.pass_by()
    assert gone.output is not None
    (room.small.folder / "vault" / gone.output.key).unlink()
    room.destroy(film)
    (ended,) = room.disposals.list(OPERATOR, ended=True)
    assert (ended.state, [one.state for one in room.made(film)]) == (Ended.DESTROYED, [State.GONE] * 2)
    assert ended.certificate is not None
    said = room.site.signer.read(ended.certificate, DESTRUCTION)
    assert said["absent"] == [gone.id], "it was not there when its original was destroyed"
    told = [one["facts"].get("absent", False) for one in room.entries(Act.DERIVATIVE_DESTROY)]
    assert sorted(told) == [False, True]
    assert there.id not in said["absent"]
    with room.small.database.reading() as unit:
        stored = unit.recordings.get(film)
    assert stored is not None
    assert list(destruction_faults(room.site, stored)) == []
