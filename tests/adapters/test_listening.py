"""Listening in the sandbox, to real sound: speech is speech, and tones, noise and silence are not."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.adapters.listening import SandboxedListener, SpeechEngine
from evidence.domain.hearing import Utterance
from tests.speech import mixed, noise, silence, speech, tone, wav

MINUTE = timedelta(minutes=1)
CLOSE_MS = 500


@pytest.fixture
def listener(tmp_path: Path) -> SandboxedListener:
    return SandboxedListener(tmp_path)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a quiet street, four of speech, three of the street again."""
    samples = mixed(noise(10), [*silence(3), *speech(4), *silence(3)])
    return wav(tmp_path_factory.mktemp("sound") / "spoken.wav", samples)


def test_speech_is_found_where_it_is(listener: SandboxedListener, spoken: Path) -> None:
    heard = listener.first_speech(spoken, 0, MINUTE)
    assert heard.place == (pytest.approx(3000, abs=CLOSE_MS), pytest.approx(7000, abs=CLOSE_MS))
    assert not heard.fault


def test_listening_twice_gives_the_same(listener: SandboxedListener, spoken: Path) -> None:
    assert listener.first_speech(spoken, 0, MINUTE) == listener.first_speech(spoken, 0, MINUTE)
    assert listener.voice == SandboxedListener(spoken.parent).voice
    name, _, version = listener.voice.name.partition(" ")
    assert name == "webrtcvad-wheels"
    assert version
    assert listener.voice.parameters["rate"] == 16_000


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(silence(6), id="silence"),
        pytest.param(noise(6, 0.1), id="noise"),
        pytest.param(
            [*silence(1), *tone(4), *silence(1)], id="a tone, which the detector itself takes for a voice"
        ),
        pytest.param(mixed(noise(6), [*silence(2), *tone(4, 1000, 0.1)]), id="a tone in noise"),
        pytest.param([*silence(2), *speech(0.3), *silence(3)], id="a cough"),
    ],
)
def test_what_is_no_speech_is_not_proposed(
    listener: SandboxedListener, tmp_path: Path, samples: list[float]
) -> None:
    heard = listener.first_speech(wav(tmp_path / "other.wav", samples), 0, MINUTE)
    assert heard.place is None
    assert heard.listened_ms > 5000


def test_only_the_seconds_that_are_asked_for_are_listened_to(
    listener: SandboxedListener, spoken: Path
) -> None:
    assert listener.first_speech(spoken, 0, timedelta(seconds=2)).place is None
    late = listener.first_speech(spoken, 5000, timedelta(seconds=1))
    assert late.place == (pytest.approx(5000, abs=CLOSE_MS), 6000)
    assert listener.first_speech(spoken, 7500, MINUTE).place is None
    assert listener.first_speech(spoken, 60_000, MINUTE).listened_ms == 0


def test_pauses_between_words_end_no_speech_and_long_ones_do(
    listener: SandboxedListener, tmp_path: Path
) -> None:
    samples = [*speech(2), *silence(1), *speech(2), *silence(4), *speech(2)]
    heard = listener.first_speech(wav(tmp_path / "pauses.wav", samples), 0, MINUTE)
    assert heard.place == (pytest.approx(0, abs=CLOSE_MS), pytest.approx(5000, abs=CLOSE_MS))


@pytest.mark.parametrize("ending", ["mp4", "ts", "mkv", "mp3"])
def test_speech_is_found_in_what_recorders_write(
    listener: SandboxedListener, spoken: Path, tmp_path: Path, ending: str
) -> None:
    made = tmp_path / f"made.{ending}"
    sound = ["-i", str(spoken), "-ar", "44100", "-ac", "2", "-b:a", "128k"]
    picture = [] if ending == "mp3" else ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=5", "-shortest"]
    coding = ["-t", "10", str(made)]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", *sound[:2], *picture, *sound[2:], *coding], check=True
    )
    start = 1400 if ending == "ts" else 0  # ffmpeg's streams begin there, and seconds are the file's own
    heard = listener.first_speech(made, 0, MINUTE)
    assert heard.place == (
        pytest.approx(3000 + start, abs=CLOSE_MS),
        pytest.approx(7000 + start, abs=CLOSE_MS),
    )
    assert listener.first_speech(made, 6000, MINUTE).place is not None


@pytest.mark.parametrize("body", [b"", b"no media at all", b"\0" * 5000])
def test_what_is_no_media_is_a_fault_that_is_told(
    listener: SandboxedListener, tmp_path: Path, body: bytes
) -> None:
    file = tmp_path / "other.mp4"
    file.write_bytes(body)
    heard = listener.first_speech(file, 0, MINUTE)
    assert heard.fault.startswith("ended-")
    assert heard.place is None


def with_engine(folder: Path, program: str) -> SandboxedListener:
    (folder / "engine").mkdir()
    (folder / "engine" / "engine.py").write_text(program, "utf-8")
    command = f"{sys.executable} -I {{engine}}/engine.py {{audio}}"
    return SandboxedListener(folder, SpeechEngine("engine 1", command, folder / "engine"))


def test_an_engine_is_given_the_sound_and_its_words_are_placed_in_the_recording(
    tmp_path: Path, spoken: Path
) -> None:
    program = """
import json, sys
body = open(sys.argv[1], "rb").read()
print(json.dumps({"from_s": 0.5, "to_s": (len(body) - 44) / 32000, "text": "没电\\u0007 换机"}))
print()
"""
    heard = with_engine(tmp_path, program).understand(spoken, 3000, timedelta(seconds=4))
    assert not heard.fault
    (one,) = heard.utterances
    assert one == Utterance(3500, pytest.approx(7000, abs=100), "没电  换机")  # type: ignore[arg-type]
    assert [one.name for one in tmp_path.iterdir()] == ["engine"], "the sound does not stay"


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        ("raise SystemExit(3)", "ended-3"),
        ("print('hello')", "not-readable"),
        ('print(\'{"from_s": 2, "to_s": 1, "text": "x"}\')', "not-readable"),
        ('print(\'{"from_s": 0, "to_s": 1, "text": 7}\')', "not-readable"),
        ("print('[' * 100000)", "not-readable"),
        ("print('x' * 5000000)", "too-much-said"),
        ("import socket; socket.socket()", "ended-1"),
        ("open('/tmp/written', 'w').write('x')", "ended-1"),
    ],
)
def test_whatever_an_engine_does_is_a_fault_that_is_told(
    tmp_path: Path, spoken: Path, program: str, fault: str
) -> None:
    heard = with_engine(tmp_path, program).understand(spoken, 0, timedelta(seconds=1))
    assert (heard.utterances, heard.fault) == ((), fault)


def test_without_an_engine_nothing_is_understood(listener: SandboxedListener, spoken: Path) -> None:
    assert listener.engine is None
    assert listener.understand(spoken, 0, MINUTE).fault == "no-engine"
