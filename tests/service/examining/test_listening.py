"""Listening after a restart: what a detector proposes, that it decides nothing, and what it says where it
hears nothing.
"""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.listening import SandboxedListener
from evidence.domain.audit import Act
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.markers import MarkerState
from evidence.errors import Unavailable
from evidence.policy.check_points import MarkerKind
from evidence.service.catalogue import Scope
from evidence.service.examining.listening import Listening
from evidence.service.instruments import pack_at
from evidence.service.jobs import JobName
from tests.builders import SmallSite, an_origin
from tests.marker_room import BEGAN, DEVICE, PHRASE, QUIET, SPOKEN, MarkerRoom, utterances
from tests.speech import noise, silence, tone, wav


@pytest.fixture
def room(small: SmallSite) -> MarkerRoom:
    return MarkerRoom(small)


def heard(room: MarkerRoom, recording: str) -> dict[str, Any]:
    """What stands of listening to a recording."""
    with room.small.database.reading() as unit:
        text = unit.examinations.facts("recording", recording, "listen")
    return {} if text is None else dict(json.loads(text)["heard"])


@pytest.mark.article("dazhe-2020:9.1")
def test_speech_after_a_restart_is_proposed_with_what_heard_it_and_decided_by_nobody(
    room: MarkerRoom,
) -> None:
    first, after = room.interrupted()
    assert room.markers(first) == []
    (one,) = room.markers(after)
    assert (one.kind, one.state) == (MarkerKind.SPOKEN_EXPLANATION, MarkerState.PROPOSED)
    assert one.from_ms == pytest.approx(2000, abs=500)
    assert one.to_ms == pytest.approx(7000, abs=500)
    assert (one.pinned_by, one.ended_by) == (None, None)
    said = one.proposal
    assert said is not None
    assert said.detector == room.site.listener.voice.name
    assert said.parameters == {**room.site.listener.voice.parameters, "from_ms": 0, "within_s": 60}
    assert (said.words, one.policy) == (None, "dazhe-2020@1")
    (entry,) = room.entries(Act.MARKER_PROPOSE)
    assert (entry["by"], entry["facts"]["detector"]) == ("service", said.detector)
    assert heard(room, after) == {"spoken-explanation@0": "speech"}
    assert room.findings(after) == []


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        pytest.param(noise(10, seed=2), "no-speech", id="a quiet street"),
        pytest.param(silence(10), "no-speech", id="silence"),
        pytest.param([*silence(1), *tone(8), *silence(1)], "no-speech", id="a tone"),
    ],
)
def test_where_no_speech_is_heard_that_is_a_finding_and_nothing_is_proposed(
    room: MarkerRoom, samples: list[float], word: str
) -> None:
    _, after = room.interrupted(samples)
    assert room.markers(after) == []
    assert heard(room, after) == {"spoken-explanation@0": word}
    assert room.findings(after) == [(Code.NO_SPEECH_AFTER_RESTART, word)]


def test_a_recording_without_sound_says_so(room: MarkerRoom) -> None:
    _, after = room.interrupted(noise(10, seed=2))
    with room.small.database.writing() as unit:  # as its index would say of a camera without a microphone
        facts = unit.examinations.facts("recording", after, "probe")
        assert facts is not None
        silent = facts.replace('"audio"', '"video"')
        now = room.small.clock.now()
        pack = pack_at(room.site.policies, now)
        unit.examinations.record(Scope("recording", after, DEVICE), "probe", pack, silent, [], now)
    Listening(room.site).listen(after)
    assert heard(room, after) == {"spoken-explanation@0": "no-sound"}
    assert room.findings(after) == [(Code.NO_SPEECH_AFTER_RESTART, "no-sound")]


def test_nobody_listens_where_recording_went_on(room: MarkerRoom) -> None:
    alone = room.sound(SPOKEN)
    room.small.do_jobs()
    assert (room.markers(alone), heard(room, alone)) == ([], {})


def test_judging_the_device_again_listens_once_and_proposes_once(room: MarkerRoom) -> None:
    _, after = room.interrupted()
    for _ in range(2):
        with room.small.database.writing() as unit:
            unit.jobs.add(JobName.SEQUENCE, DEVICE, room.small.clock.now())
        assert room.small.do_jobs() == 1, "no job to listen follows"
    Listening(room.site).listen(after)
    assert len(room.markers(after)) == 1


def test_what_was_dismissed_is_not_proposed_again(room: MarkerRoom) -> None:
    _, after = room.interrupted()
    (one,) = room.markers(after)
    room.desk.dismiss(room.wearer, one.id, "路人说话")
    Listening(room.site).listen(after)
    (kept,) = room.markers(after)
    assert kept.state is MarkerState.DISMISSED


def test_a_detector_that_cannot_run_is_tried_again_and_given_up_with_a_finding(
    room: MarkerRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> object:
        raise Unavailable("sandbox-missing", tool="bwrap")

    monkeypatch.setattr(SandboxedListener, "first_speech", away)
    _, after = room.interrupted()
    assert room.markers(after) == []
    with room.small.database.reading() as unit:
        assert unit.jobs.counts()["queued"] == 1

    def odd(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(SandboxedListener, "first_speech", odd)
    for _ in range(8):
        room.small.clock.pass_by(timedelta(minutes=10))
        room.small.do_jobs()
    with room.small.database.reading() as unit:
        found = {str(one.body["code"]): one.body["detail"] for one in unit.examinations.current(after)}
    assert found[Code.NOT_EXAMINED] == {"what": "listen"}


@pytest.mark.article("dazhe-2020:7")
def test_an_engine_proposes_the_standard_phrase_with_how_much_is_alike(room: MarkerRoom) -> None:
    words = "为保护您的合法权益，监督我们的执法行为，本次执法全城录音录像"
    room.engine(utterances((0.4, 1.0, "你好"), (2.0, 6.5, words)))
    only = room.sound(SPOKEN)
    room.small.do_jobs()
    (one,) = room.markers(only)
    assert (one.kind, one.state, one.from_ms, one.to_ms) == (
        MarkerKind.NOTICE_GIVEN,
        MarkerState.PROPOSED,
        2000,
        6500,
    )
    said = one.proposal
    assert said is not None
    assert (said.detector, said.words) == ("engine 1.0", words)
    assert said.confidence is not None
    assert 90 <= said.confidence < 100
    assert said.parameters["within_s"] == 120
    rule = next(rule for rule in room.site.policies.latest.check_points if rule.phrase)
    assert rule.phrase == PHRASE


def test_words_after_a_restart_stand_with_the_proposal_and_neither_in_the_log_nor_in_the_vault(
    room: MarkerRoom,
) -> None:
    room.engine(utterances((2.2, 6.0, "没电了换了一块电池")))
    _, after = room.interrupted()
    (one,) = room.markers(after)
    assert one.proposal is not None
    assert one.proposal.words == "没电了换了一块电池"
    assert one.proposal.parameters["engine"] == "engine 1.0"
    assert all("换了一块" not in entry.decode() for entry in room.small.log())
    assert heard(room, after) == {"notice-given@0": "no-speech", "spoken-explanation@0": "speech"}


def test_an_engine_that_fails_is_told_and_speech_is_proposed_all_the_same(room: MarkerRoom) -> None:
    room.engine("raise SystemExit(7)")
    _, after = room.interrupted()
    assert heard(room, after) == {"notice-given@0": "ended-7", "spoken-explanation@0": "speech"}
    (one,) = room.markers(after)
    assert one.proposal is not None
    assert one.proposal.words is None


def test_an_engine_that_came_later_listens_to_what_is_judged_again(room: MarkerRoom) -> None:
    _, after = room.interrupted()
    room.engine(utterances((0.1, 4.0, PHRASE)))
    room.sound(QUIET, timedelta(hours=5))
    room.small.do_jobs()
    kinds = {one.kind for one in room.markers(after)}
    assert kinds == {MarkerKind.NOTICE_GIVEN, MarkerKind.SPOKEN_EXPLANATION}


def test_a_destroyed_recording_is_not_listened_to(room: MarkerRoom) -> None:
    _, after = room.interrupted()
    with room.small.database.writing() as unit:
        unit.disposals.mark_gone(after, room.small.clock.now())
    before = len(room.entries())
    Listening(room.site).listen(after)
    assert len(room.entries()) == before


def test_what_an_engine_places_outside_of_the_recording_is_cut_or_not_proposed(room: MarkerRoom) -> None:
    room.engine(utterances((8.0, 90.0, PHRASE)))
    first = room.sound(SPOKEN)
    room.small.do_jobs()
    (one,) = room.markers(first)
    assert (one.from_ms, one.to_ms) == (8000, 10_000)
    room.engine(utterances((11.0, 12.0, PHRASE)))
    second = room.sound(noise(10, seed=5), timedelta(hours=3))
    room.small.do_jobs()
    assert room.markers(second) == []


def test_speech_is_found_in_a_stream_whose_time_line_begins_late(room: MarkerRoom, tmp_path: Path) -> None:
    first = room.sound(QUIET)
    made, shown = tmp_path / "made.ts", timedelta(seconds=51)
    source = ["-i", str(wav(tmp_path / "spoken.wav", SPOKEN)), "-output_ts_offset", "3600", str(made)]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source], check=True)
    body = made.read_bytes()
    name = f"{DEVICE}_012345_{BEGAN + shown:%Y%m%d%H%M%S}_0002.ts"
    after = room.small.send(an_origin(name, wearer=room.wearer.name, size_bytes=len(body)), body).id
    room.small.do_jobs()
    gap = Finding(
        Code.GAP_BETWEEN_FILES,
        Severity.ATTENTION,
        "a",
        10.0,
        51.0,
        41.0,
        detail={"before": "a", "after": name},
    )
    with room.small.database.writing() as unit:
        now = room.small.clock.now()
        pack = pack_at(room.site.policies, now)
        unit.examinations.record(
            Scope("recording", first, DEVICE, {"a": first}), "sequence", pack, "{}", [gap], now
        )
    Listening(room.site).listen(after)
    (one,) = room.markers(after)
    assert one.from_ms == pytest.approx(2000, abs=600), (
        "from the beginning of the recording, as players count"
    )
    room.desk.confirm(room.wearer, one.id)
