"""Proxies: made unasked where a browser needs one, played by the right to play, gone with their parent."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.adapters.making import SandboxedMaker
from evidence.domain.access import Caller, Purpose
from evidence.domain.audit import Act
from evidence.domain.derivatives import State
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.errors import Conflict, NotFound, Refused
from evidence.service.jobs import JobName
from evidence.service.keeping.destroying import Destroying
from evidence.service.oversight.classes import Classes
from evidence.service.recordings.playing import Played
from storage.errors import Missing, StoreUnavailable
from tests import inside
from tests.clips import clip
from tests.derivative_room import DerivativeRoom
from tests.people_room import OPERATOR
from tests.service.footage import a_wav


@pytest.fixture
def room(tmp_path: Path) -> DerivativeRoom:
    return DerivativeRoom(tmp_path)


def play(
    room: DerivativeRoom,
    who: Caller,
    recording: str,
    part: tuple[int, int] = (0, 10),
    why: Purpose | None = None,
) -> Played:
    return room.desk.play_proxy(who, recording, lambda _: part, why)


def test_a_proxy_is_made_where_a_browser_plays_nothing_and_the_log_says_of_what(room: DerivativeRoom) -> None:
    recording = room.film("avi")
    proxy = room.proxy(recording)
    assert (proxy.state, proxy.asked_by) == (State.MADE, "service")
    body = room.bytes_of(proxy)
    assert proxy.output is not None
    assert hashlib.sha256(body).hexdigest() == proxy.output.digests.sha256
    assert proxy.output.length_ms == 3000
    (asked,) = room.entries(Act.DERIVATIVE_ASK)
    (made,) = room.entries(Act.DERIVATIVE_MADE)
    assert {one["k"]: one["id"] for one in made["obj"]} == {"recording": recording, "derivative": proxy.id}
    assert made["ref"]["sha256"] == proxy.output.digests.sha256
    assert made["facts"]["operation"] == asked["facts"]["operation"] == "proxy"
    assert made["facts"]["call"][0] == "ffmpeg"
    assert made["facts"]["tool"].startswith("ffmpeg version")
    assert room.small.files()[f"vault/recordings/{recording}/data"] == clip("avi"), (
        "the original is untouched"
    )


def test_what_a_browser_plays_gets_no_proxy(room: DerivativeRoom) -> None:
    for recording in (room.film("mp4"), room.film("wav", a_wav(2)), room.film("mp4", b"no media")):
        assert room.made(recording) == []
        with pytest.raises(Conflict) as problem:
            play(room, room.wearer, recording)
        assert problem.value.code in ("plays-as-it-is", "no-proxy")


def test_each_range_is_logged_before_its_first_byte_and_marked_for_who_may_only_look(
    room: DerivativeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = room.film()
    proxy = room.proxy(recording)
    played = play(room, room.wearer, recording, (5, 25))
    with played.file as file:
        file.seek(played.start)
        assert file.read(20) == room.bytes_of(proxy)[5:25]
    assert (played.media_type, played.size) == ("video/mp4", len(room.bytes_of(proxy)))
    assert played.watermark is not None
    assert played.watermark[0] == room.wearer.name
    with play(room, room.custodian, recording, why=Purpose.CASE).file:
        pass
    said = [(one["by"], one["facts"]) for one in room.entries(Act.PLAY)]
    assert said == [
        (room.wearer.id, {"derivative": "proxy", "start": 5, "end": 25, "purpose": None}),
        (room.custodian.id, {"derivative": "proxy", "start": 0, "end": 10, "purpose": "case"}),
    ]
    opened: list[str] = []
    monkeypatch.setattr(type(room.small.vault), "open", lambda _, key: opened.append(key))

    def broken(*_: object) -> object:
        raise OSError("the log cannot be written")

    monkeypatch.setattr("evidence.adapters.db.repositories.log.SqlLog.append_all", broken)
    with pytest.raises(OSError, match="log"):
        play(room, room.wearer, recording)
    assert opened == []


def test_who_may_not_know_of_the_parent_finds_no_proxy_and_a_class_hides_both(room: DerivativeRoom) -> None:
    recording = room.film()
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    for act in (room.desk.of, room.desk.make_proxy):
        with room.refused("recording-not-found", NotFound):
            act(stranger, recording)
    with room.refused("recording-not-found", NotFound):
        play(room, stranger, recording)
    with room.refused("purpose-needed"):
        play(room, room.custodian, recording)
    Classes(room.site).classify(room.head, recording, Classification.PRIVACY, "含隐私")
    with room.refused("recording-not-found", NotFound):
        play(room, room.custodian, recording, why=Purpose.CASE)


@pytest.mark.article("dazhe-2020:15", "inner-mongolia-aux:13(3)")
def test_an_auxiliary_looks_at_a_proxy_and_never_has_a_copy_made(room: DerivativeRoom) -> None:
    helper = room.add(Role.AUXILIARY, Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    recording = room.film()
    with pytest.raises(Refused) as problem:
        room.desk.make_proxy(room.caller(helper), recording)
    assert problem.value.code == "barred-by-law"
    assert "inner-mongolia-aux:13(3)" in str(problem.value.fields["cites"])


def test_what_cannot_be_decoded_is_said_and_nothing_is_kept(room: DerivativeRoom) -> None:
    recording = room.film("mp4", b"no media at all")
    room.desk.make_proxy(room.custodian, recording)
    room.small.do_jobs()
    proxy = room.proxy(recording)
    assert (proxy.state, proxy.problem, proxy.output) == (State.FAILED, "not-decodable", None)
    (entry,) = room.entries(Act.DERIVATIVE_FAIL)
    assert (entry["res"], entry["facts"]["problem"]) == ("refused", "not-decodable")
    with pytest.raises(Conflict) as problem:
        play(room, room.wearer, recording)
    assert problem.value.code == "proxy-failed"
    assert problem.value.fields["problem"] == "not-decodable"
    assert not [name for name in room.small.files() if "derived" in name]


def test_while_it_is_made_everybody_sees_how_far_it_is(
    room: DerivativeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = room.film(is_derived=False)
    with pytest.raises(Conflict) as problem:
        play(room, room.wearer, recording)
    assert problem.value.code == "proxy-not-ready"
    assert room.desk.make_proxy(room.custodian, recording) == room.proxy(recording), "one is on its way"
    seen: list[int | None] = []
    make = SandboxedMaker.make

    def told(self: SandboxedMaker, *how: object) -> object:
        *most, tell = how

        def watch(percent: int) -> None:
            tell(percent)  # type: ignore[operator]
            seen.append(room.proxy(recording).percent)

        return make(self, *most, watch)  # type: ignore[arg-type]

    monkeypatch.setattr(SandboxedMaker, "make", told)
    room.small.do_jobs()
    assert seen
    assert seen == sorted(seen, key=lambda one: one or 0)
    assert (room.proxy(recording).percent, room.proxy(recording).state) == (None, State.MADE)


@pytest.mark.parametrize("place", ["after-output", "after-derivative"])
def test_a_worker_killed_between_any_two_steps_leaves_a_job_that_ends_well(
    room: DerivativeRoom, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    recording = room.film(is_derived=False)

    def die(here: str) -> None:
        if here == place:
            raise SystemExit(9)

    monkeypatch.setattr("evidence.service.court.deriving.crashpoint", die)
    with pytest.raises(SystemExit):
        room.small.work.do_next("first", [JobName.DERIVE])
    monkeypatch.undo()
    assert room.proxy(recording).state is State.ASKED
    room.small.work.take_over()
    calls: list[str] = []
    make = SandboxedMaker.make
    monkeypatch.setattr(SandboxedMaker, "make", lambda self, *how: calls.append("made") or make(self, *how))
    room.small.do_jobs()
    proxy = room.proxy(recording)
    assert proxy.state is State.MADE
    assert calls == ([] if place == "after-derivative" else ["made"]), (
        "what lies there is found, not made anew"
    )
    assert len(room.entries(Act.DERIVATIVE_MADE)) == 1
    derived = [name for name in inside.objects(room.small.folder) if name.startswith("derived/")]
    assert [name for name in derived if "~" not in name] == [proxy.output.key] if proxy.output else False
    assert not list((room.small.folder / "scratch").iterdir())


def test_the_proxy_goes_with_its_parent_and_the_log_says_what_it_was(room: DerivativeRoom) -> None:
    recording = room.film()
    proxy = room.proxy(recording)
    assert proxy.output is not None
    room.pass_by()
    room.destroy(recording)
    assert room.proxy(recording).state is State.GONE
    with pytest.raises(Missing):
        room.small.vault.open(proxy.output.key)
    (entry,) = room.entries(Act.DERIVATIVE_DESTROY)
    assert entry["ref"]["sha256"] == proxy.output.digests.sha256
    acts = [one["act"] for one in room.entries()]
    assert acts.index("disposal.begin") < acts.index("derivative.destroy") < acts.index("evidence.destroy")
    with pytest.raises(Conflict) as problem:
        play(room, room.wearer, recording)
    assert problem.value.code == "recording-destroyed"


def test_what_holds_the_parent_holds_what_was_made_from_it(room: DerivativeRoom) -> None:
    recording = room.film()
    room.pass_by()
    room.approve(recording)
    room.holds.place(room.head, recording, "objection", "投诉")
    Destroying(room.site).carry_out_all()
    assert room.proxy(recording).state is State.MADE
    assert room.bytes_of(room.proxy(recording))


def test_a_proxy_whose_day_is_not_over_makes_the_destruction_wait(room: DerivativeRoom) -> None:
    recording = room.film(is_derived=False)
    room.pass_by()
    room.small.do_jobs()
    room.approve(recording)
    Destroying(room.site).carry_out_all()
    assert room.proxy(recording).state is State.MADE
    assert f"vault/recordings/{recording}/data" in room.small.files()
    room.pass_by(timedelta(days=2))
    Destroying(room.site).carry_out_all()
    assert room.proxy(recording).state is State.GONE
    assert f"vault/recordings/{recording}/data" not in room.small.files()


def test_what_is_still_to_be_made_is_called_off_by_the_destruction(room: DerivativeRoom) -> None:
    recording = room.film(is_derived=False)
    room.pass_by()
    room.destroy(recording)
    proxy = room.proxy(recording)
    assert (proxy.state, proxy.problem) == (State.FAILED, "recording-destroyed")
    room.small.do_jobs()
    assert not [name for name in room.small.files() if name.startswith("vault/derived")]
    assert json.dumps(room.entries(Act.DERIVATIVE_MADE)) == "[]"


def test_a_crash_while_copies_go_is_gone_on_with(
    room: DerivativeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = room.film()
    room.pass_by()
    room.approve(recording)

    def die(_: str) -> None:
        raise StoreUnavailable(reason="the store went away")

    monkeypatch.setattr("evidence.service.keeping.copies.crashpoint", die)
    Destroying(room.site).carry_out_all()
    assert f"vault/recordings/{recording}/data" in room.small.files(), "the original goes last"
    monkeypatch.undo()
    Destroying(room.site).carry_out_all()
    assert len(room.entries(Act.DERIVATIVE_DESTROY)) == 1
    assert room.proxy(recording).state is State.GONE
    assert room.desk.of(OPERATOR, recording).stored.gone_at is not None
