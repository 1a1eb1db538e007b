"""Listening to seconds of an original: voice activity, and the operator's speech-to-text engine. All of it
runs in the sandbox, as the parsers do.

An engine is a command line in a folder. It finds the sound as a WAV file (16 kHz, mono, 16 bit) and writes
one JSON object a line (docs/formats/speech-engine.md). It has no network and writes nothing. Whatever it does
else is a fault that is told, never an error of the job.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import evidence
from evidence.adapters.collecting import SandboxResult
from evidence.adapters.sandbox import inside, run_sandboxed
from evidence.adapters.voice import PARAMETERS, RATE
from evidence.domain.hearing import Detector, Speech, Transcript, Utterance

_MEMORY_BYTES, _ENGINE_BYTES = 1 << 30, 8 << 30
_ANSWER_BYTES, _NICENESS = 1 << 20, 10
_START_UP_S, _SLOWEST, _BYTES_PER_S = 30.0, 1.0, 4 << 20  # a file without an index is read up to the place
_ENGINE_START_UP_S, _ENGINE_SLOWEST = 60.0, 10.0
_MOST_UTTERANCES, _LONGEST_TEXT = 1000, 1000
AUDIO, ENGINE = "{audio}", "{engine}"


@dataclass(frozen=True, slots=True)
class SpeechEngine:
    """What the operator set up: a name with its version, the command, the folder that holds it."""

    name: str
    command: str
    folder: Path

    def arguments(self) -> list[str]:
        """Return the command with the places at which it finds sound and folder."""
        return [one.replace(AUDIO, inside(0)).replace(ENGINE, inside(1)) for one in shlex.split(self.command)]


@dataclass(frozen=True, slots=True)
class SandboxedListener:
    """See service.marker_ports.Listener. scratch: a folder for sound on its way to the engine."""

    scratch: Path
    speech: SpeechEngine | None = None

    @property
    def voice(self) -> Detector:
        """What tells speech from other sound."""
        return Detector(f"webrtcvad-wheels {version('webrtcvad-wheels')}", dict(PARAMETERS))

    @property
    def engine(self) -> Detector | None:
        """The speech-to-text engine."""
        if self.speech is None:
            return None
        return Detector(self.speech.name, {"command": self.speech.command, "rate": RATE})

    def first_speech(self, path: Path, from_ms: int, within: timedelta) -> Speech:
        """Return the first speech after a place. Never raises for bad media."""
        result = _child("main", path, from_ms, within, _ANSWER_BYTES)
        if fault := _fault(result):
            return Speech(fault=fault)
        heard = json.loads(result.stdout)
        until = from_ms + round(within / timedelta(milliseconds=1))
        start, end = heard["from_ms"], heard["to_ms"]
        if start is None or not from_ms <= start < until:
            return Speech(listened_ms=heard["listened_ms"])
        return Speech(start, min(end, until), heard["listened_ms"])

    def understand(self, path: Path, from_ms: int, within: timedelta) -> Transcript:
        """Return what the engine understood. Never raises for bad media, or for what the engine does."""
        if self.speech is None:
            return Transcript(fault="no-engine")
        seconds = within.total_seconds()
        sound = _child("main_sound", path, from_ms, within, round((seconds + 5) * 2 * RATE))
        if fault := _fault(sound):
            return Transcript(fault=fault)
        with NamedTemporaryFile(dir=self.scratch, suffix=".wav") as file:
            file.write(sound.stdout)
            file.flush()
            result = run_sandboxed(
                self.speech.arguments(),
                inputs=[Path(file.name), self.speech.folder],
                timeout_s=_ENGINE_START_UP_S + _ENGINE_SLOWEST * seconds,
                memory_bytes=_ENGINE_BYTES,
                output_bytes=_ANSWER_BYTES,
                niceness=_NICENESS,
            )
        return _transcript(result, from_ms)


def _child(entry: str, path: Path, from_ms: int, within: timedelta, most: int) -> SandboxResult:
    root = str(Path(evidence.__file__).parents[1])
    program = (
        f"import sys; sys.path.insert(0, {root!r}); from evidence.adapters.voice import {entry}; {entry}()"
    )
    seconds = within.total_seconds()
    return run_sandboxed(
        [sys.executable, "-I", "-c", program, inside(), str(from_ms / 1000), str(seconds)],
        inputs=[path],
        timeout_s=_START_UP_S + _SLOWEST * seconds + path.stat().st_size / _BYTES_PER_S,
        memory_bytes=_MEMORY_BYTES,
        output_bytes=most,
        niceness=_NICENESS,
    )


def _fault(result: SandboxResult) -> str:
    if result.timed_out:
        return "out-of-time"
    if result.cut_off:
        return "too-much-said"
    return "" if result.returncode == 0 else f"ended-{result.returncode}"


def _transcript(result: SandboxResult, from_ms: int) -> Transcript:
    if fault := _fault(result):
        return Transcript(fault=fault)
    lines = [line for line in result.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    try:
        return Transcript(tuple(_utterances(lines[:_MOST_UTTERANCES], from_ms)))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Transcript(fault="not-readable")


def _utterances(lines: Sequence[str], from_ms: int) -> list[Utterance]:
    """Read an engine's lines; its seconds count from the beginning of the sound it was given."""
    found = []
    for line in lines:
        said = json.loads(line)
        start, end, text = round(1000 * said["from_s"]), round(1000 * said["to_s"]), said["text"]
        if not isinstance(text, str) or not 0 <= start < end:
            raise ValueError("not an utterance")
        words = "".join(one if one.isprintable() else " " for one in text).strip()
        if words:
            found.append(Utterance(from_ms + start, from_ms + end, words[:_LONGEST_TEXT]))
    return found
