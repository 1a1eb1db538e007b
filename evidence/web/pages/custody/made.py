"""What was made from a recording, for a page: in a line that tells one from another, with what it hides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.answers.derivative_words import clock, derivative_words
from evidence.domain.derivatives import Derivative, Operation, State
from evidence.domain.orders import Region, Span, read_order
from evidence.service.oversight.views import Seer
from evidence.web.pages.custody.wording import doer_words
from evidence.web.pages.desk import Reading

_TONES = {State.ASKED: "wait", State.MADE: "good", State.FAILED: "bad", State.GONE: ""}


@dataclass(frozen=True, slots=True)
class MadeLine:
    """One derivative. words: what it is; by: who asked for it, empty for who is not told; src: where it
    plays, without a purpose."""

    one: Derivative
    tone: str
    words: str
    by: str
    src: str
    hidden: Sequence[Mapping[str, Any]]


def made_lines(
    reader: Reading, found: Iterable[Derivative], people: Mapping[str, Seer]
) -> Sequence[MadeLine]:
    """Return the lines of derivatives."""
    return [
        MadeLine(
            one,
            _TONES[one.state],
            derivative_words(one, reader.language),
            doer_words(reader, people[one.asked_by]) if one.asked_by in people else "",
            f"/api/v1/recordings/{one.recording_id}/derivatives/{one.id}/play",
            _hidden(one),
        )
        for one in found
    ]


def _hidden(one: Derivative) -> Sequence[Mapping[str, Any]]:
    """Return what is hidden in a redaction, as it was asked for; a reason that is not told is empty."""
    if one.operation is not Operation.REDACTION:
        return []
    order = read_order(one.operation, one.parameters, one.words)
    hidden: list[Region | Span] = [*order.regions, *order.spans]
    return [_line(each) for each in hidden]


def _line(one: Region | Span) -> Mapping[str, Any]:
    if isinstance(one, Span):
        begins, ends, how = one.from_ms, one.to_ms, f"hush-{one.hush.value}"
    else:
        begins, ends, how = one.boxes[0].at_ms, one.until_ms, f"cover-{one.cover.value}"
    told = {"from": clock(begins / 1000), "to": clock(ends / 1000), "how": how, "reason": one.reason}
    return {**told, "from_s": begins / 1000}
