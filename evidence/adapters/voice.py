"""The child that listens: decodes a few seconds of sound to 16 kHz mono and tells where somebody speaks.

Runs inside the sandbox only, started by adapters/listening.py. `main` writes one JSON value; `main_sound`
writes the seconds themselves as a WAV file, for a speech-to-text engine. Sound goes through in blocks: memory
does not grow with the file or with what is listened to.

Speech is what the voice activity detector of WebRTC takes for it and what goes up and down as speech does: a
steady tone, which that detector takes for a voice, does not. Music and voices from a loudspeaker pass.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log10
from operator import mul
from typing import Any, BinaryIO

from evidence.adapters.probing.packets import OPTIONS

RATE = 16_000
FRAME_MS = 30
AGGRESSIVENESS = 3  # of 0 to 3: the fewest false alarms
RING_MS = 600  # speech begins and ends by what most of so much sound is
BEGINS_AT, ENDS_AT = 0.7, 0.3  # share of voiced frames in the ring
LEAD_MS = 300  # words begin before they are voiced
LEAST_SWING_DB = 6.0  # between the loud and the quiet tenth of a stretch: a tone has none
LEAST_MS = 600  # a stretch below is a cough
PAUSE_MS = 1500  # stretches closer than this are one speech
PARAMETERS = {
    "rate": RATE,
    "frame_ms": FRAME_MS,
    "aggressiveness": AGGRESSIVENESS,
    "ring_ms": RING_MS,
    "begins_percent": round(100 * BEGINS_AT),
    "ends_percent": round(100 * ENDS_AT),
    "lead_ms": LEAD_MS,
    "least_swing_db": round(LEAST_SWING_DB),
    "least_ms": LEAST_MS,
    "pause_ms": PAUSE_MS,
}
_FRAME_BYTES = RATE * FRAME_MS // 1000 * 2
_QUIETEST_DB = -100.0


@dataclass
class Stretches:
    """Finds the first speech in a row of frames: feed each in order; `first` is what was found so far."""

    first: tuple[int, int] | None = None
    is_over: bool = False  # what comes later is another speech
    _ring: deque[tuple[int, bool, float]] = field(default_factory=deque)
    _start: int | None = None
    _end: int = 0
    _levels: list[tuple[int, float]] = field(default_factory=list)  # of voiced frames

    def feed(self, at_ms: int, is_voiced: bool, level_db: float) -> None:
        """Take the frame that begins at a place."""
        self._ring.append((at_ms, is_voiced, level_db))
        if len(self._ring) * FRAME_MS > RING_MS:
            self._ring.popleft()
        share = sum(voiced for _, voiced, _ in self._ring) * FRAME_MS / RING_MS
        if self._start is None:
            if share >= BEGINS_AT:
                self._start = next(at for at, voiced, _ in self._ring if voiced)
                self._levels = [(at, level) for at, voiced, level in self._ring if voiced]
                self._end = at_ms + FRAME_MS
        else:
            if is_voiced:
                self._levels.append((at_ms, level_db))
                self._end = at_ms + FRAME_MS
            if share <= ENDS_AT:
                # What is voiced in here yet is the detector's habit of going on for a moment.
                self._levels = [one for one in self._levels if one[0] < self._ring[0][0]]
                self.close()
        if self.first is not None and self._start is None and at_ms - self.first[1] > PAUSE_MS:
            self.is_over = True

    def close(self) -> None:
        """End the stretch that goes on, if one does."""
        if self._start is not None and self._is_speech():
            if self.first is None:
                self.first = (self._start, self._end)
            elif self._start - self.first[1] <= PAUSE_MS:
                self.first = (self.first[0], self._end)
        self._start, self._levels = None, []
        self._ring.clear()

    def _is_speech(self) -> bool:
        levels = sorted(level for _, level in self._levels)
        if not levels or self._start is None or self._end - self._start < LEAST_MS:
            return False
        tenth = len(levels) // 10
        return levels[-1 - tenth] - levels[tenth] >= LEAST_SWING_DB


def sound(path: str, from_s: float, within_s: float) -> Iterator[tuple[int, bytes]]:
    """Yield (millisecond, samples) of the first audio track, 16 kHz mono, 16 bit, from a place on. Packets
    that cannot be decoded are left out.
    """
    import av

    with av.open(path, options=OPTIONS) as container:
        stream = next((one for one in container.streams if one.type == "audio"), None)
        if stream is None or stream.codec_context is None or not stream.time_base:
            return
        if from_s > 1:
            container.seek(int((from_s - 1) / stream.time_base), stream=stream)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in _frames(container, stream):
            at = frame.time
            if at is None or at + frame.samples / frame.sample_rate <= from_s:
                continue
            if at >= from_s + within_s:
                return
            for part in resampler.resample(frame):
                yield round(1000 * at), bytes(part.planes[0])[: part.samples * 2]


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    import av

    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                continue
    except av.error.FFmpegError:
        return  # nothing more can be read


def listen(path: str, from_s: float, within_s: float) -> dict[str, int | None]:
    """Return the place of the first speech in milliseconds, and how much was listened to."""
    import webrtcvad

    detector, found = webrtcvad.Vad(AGGRESSIVENESS), Stretches()
    rest, at_ms, listened = b"", round(1000 * from_s), 0
    for start, samples in sound(path, from_s, within_s):
        expected = at_ms + len(rest) // 2 * 1000 // RATE
        if abs(start - expected) > 10 * FRAME_MS:  # sound is missing here
            found.close()
            rest, at_ms = b"", start
        rest += samples
        while len(rest) >= _FRAME_BYTES:
            block, rest = rest[:_FRAME_BYTES], rest[_FRAME_BYTES:]
            found.feed(at_ms, detector.is_speech(block, RATE), level_db(block))
            at_ms += FRAME_MS
            listened += FRAME_MS
        if found.is_over:
            break
    found.close()
    start_ms, end_ms = found.first or (None, None)
    if start_ms is not None:
        start_ms = max(start_ms - LEAD_MS, round(1000 * from_s))
    return {"from_ms": start_ms, "to_ms": end_ms, "listened_ms": listened}


def level_db(block: bytes) -> float:
    """Return how loud a block of 16-bit samples is, in decibels below full scale."""
    samples = array("h", block)
    power = sum(map(mul, samples, samples)) / max(1, len(samples)) / 2**30
    return 10 * log10(power) if power > 0 else _QUIETEST_DB


def write_wav(path: str, from_s: float, within_s: float, out: BinaryIO) -> None:
    """Write the seconds as a WAV file whose header leaves the length open, as streams do."""
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE,
                       2, 16, b"data", 0xFFFFFFFF - 36)  # fmt: skip
    out.write(head)
    for _, samples in sound(path, from_s, within_s):
        out.write(samples)


def main() -> None:
    """Listen to the file named first, from a second on, for so many; write what was heard to stdout."""
    json.dump(listen(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])), sys.stdout)


def main_sound() -> None:
    """Write the same seconds to stdout."""
    write_wav(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.stdout.buffer)
