"""Sound for tests of listening, made with nothing but arithmetic: voiced speech, noise, tones, silence.

Speech is a pulse train of a wandering pitch through the resonances of vowels, in syllables of a quarter of a
second with pauses between phrases: a source and a filter, as throats are.
"""

from __future__ import annotations

import math
import random
import wave
from array import array
from collections.abc import Iterable
from pathlib import Path

RATE = 16_000
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def silence(seconds: float) -> list[float]:
    """Return digital silence."""
    return [0.0] * round(RATE * seconds)


def noise(seconds: float, level: float = 0.02, seed: int = 1) -> list[float]:
    """Return noise as wind and microphones make it, soft and deep."""
    chance, last, found = random.Random(seed), 0.0, []
    for _ in range(round(RATE * seconds)):
        last = 0.9 * last + 0.1 * chance.uniform(-1, 1)
        found.append(last * level * 5)
    return found


def tone(seconds: float, hertz: float = 440.0, level: float = 0.3) -> list[float]:
    """Return a steady tone."""
    return [level * math.sin(2 * math.pi * hertz * i / RATE) for i in range(round(RATE * seconds))]


def speech(seconds: float, level: float = 0.3, seed: int = 7) -> list[float]:
    """Return voiced speech in phrases."""
    chance, found = random.Random(seed), list[float]()
    while len(found) < RATE * seconds:
        vowel, pitch = chance.choice(_VOWELS), chance.uniform(100, 160)
        found += _syllable(vowel, pitch, chance.uniform(0.16, 0.28), level)
        if chance.random() < 0.2:
            found += silence(chance.uniform(0.1, 0.3))
    return found[: round(RATE * seconds)]


def _syllable(vowel: tuple[int, int, int], pitch: float, seconds: float, level: float) -> list[float]:
    count = round(RATE * seconds)
    source, phase = [0.0] * count, 0.0
    for i in range(count):
        phase += pitch * (1 + 0.1 * math.sin(math.pi * i / count)) / RATE
        if phase >= 1:
            phase -= 1
            source[i] = 1.0
    for centre, width in zip(vowel, (80, 100, 140), strict=True):
        source = _resonate(source, centre, width)
    peak = max(map(abs, source)) or 1.0
    return [level * one / peak * math.sin(math.pi * i / count) ** 0.5 for i, one in enumerate(source)]


def _resonate(source: list[float], centre: float, width: float) -> list[float]:
    radius = math.exp(-math.pi * width / RATE)
    first, second = 2 * radius * math.cos(2 * math.pi * centre / RATE), -radius * radius
    found, before, earlier = [], 0.0, 0.0
    for one in source:
        before, earlier = one + first * before + second * earlier, before
        found.append(before)
    return found


def mixed(*sounds: Iterable[float]) -> list[float]:
    """Return sounds of one length heard at once."""
    return [sum(parts) for parts in zip(*sounds, strict=True)]


def wav(path: Path, samples: Iterable[float]) -> Path:
    """Write samples as a WAV file."""
    limited = array("h", (round(32767 * max(-1.0, min(1.0, one))) for one in samples))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(limited.tobytes())
    return path
