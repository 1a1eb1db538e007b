"""What detectors hear in the first seconds of a recording: speech, and words. Pure.

A standard phrase is looked for in the words of a speech-to-text engine: characters alone count, since
engines write signs and spaces as they like, and mishear some. Never a verdict: a person decides.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LEAST_LIKE_PERCENT = 60  # below, it is not proposed as the phrase


@dataclass(frozen=True, slots=True)
class Detector:
    """What listened: name and version, and the parameters with which it did."""

    name: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Speech:
    """What voice activity detection heard. from_ms, to_ms: of the first speech, None where there is none.
    listened_ms: how much sound there was to listen to. fault: why the end was not reached, "" when it was.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    listened_ms: int = 0
    fault: str = ""

    @property
    def place(self) -> tuple[int, int] | None:
        """From and to, where there is speech."""
        return None if self.from_ms is None or self.to_ms is None else (self.from_ms, self.to_ms)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words with their place in the recording, in milliseconds."""

    from_ms: int
    to_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What an engine understood. fault: why it gave no answer that can be used, "" when it did."""

    utterances: tuple[Utterance, ...] = ()
    fault: str = ""

    def within(self, from_ms: int, to_ms: int) -> str | None:
        """Return the words that were said in a time; None where there are none."""
        said = [one.text for one in self.utterances if one.from_ms < to_ms and from_ms < one.to_ms]
        return " ".join(said) or None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Where a phrase was said, and how much of it, in percent of its characters."""

    from_ms: int
    to_ms: int
    percent: int
    words: str


def find_phrase(phrase: str, utterances: Sequence[Utterance]) -> Likeness | None:
    """Return the neighbouring utterances that are most like a phrase, the fewest of those; None where none
    is like it.
    """
    wanted, best, least = _characters(phrase), None, (LEAST_LIKE_PERCENT - 1, 0)
    for first in range(len(utterances)):
        said = ""
        for last in range(first, len(utterances)):
            said += _characters(utterances[last].text)
            matcher = SequenceMatcher(None, wanted, said, autojunk=False)
            alike = sum(block.size for block in matcher.get_matching_blocks())
            percent = round(100 * alike / len(wanted)) if wanted else 0
            if percent >= LEAST_LIKE_PERCENT and (percent, -len(said)) > least:
                words, least = (
                    " ".join(one.text for one in utterances[first : last + 1]),
                    (percent, -len(said)),
                )
                best = Likeness(utterances[first].from_ms, utterances[last].to_ms, percent, words)
            if len(said) > 2 * len(wanted):
                break
    return best


def _characters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", text) if one.isalnum()).casefold()
