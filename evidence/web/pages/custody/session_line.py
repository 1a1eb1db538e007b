"""The time line of a recording: the files of its session beside each other, what was found and pinned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.spans import Span
from evidence.domain.wording import printable
from evidence.service.catalogue import StoredRecording
from evidence.service.recordings.dossiers import Dossier
from evidence.web.pages.custody.timelines import Bar, Scale, gaps_between
from evidence.web.pages.desk import Reading

_JOINED = timedelta(seconds=1)  # between files that follow on each other: no gap to draw


@dataclass(frozen=True, slots=True)
class Line:
    """The time line of a session. inside: what lies within the recording, for the table beside it."""

    session: tuple[Bar, ...]
    inside: tuple[Bar, ...]
    ticks: list[tuple[float, str]]
    beside: tuple[tuple[str, str, Span, bool], ...]  # id, name, when, whether it is this one


def line_of(reader: Reading, found: Dossier, caller: Caller) -> Line | None:
    """Return the time line of the session that a recording belongs to; None where nothing tells when."""
    mine = found.stored.recording.id
    known = [(one, one.span) for one in found.beside if one.span is not None]
    scale = Scale.over([span for _, span in known])
    if scale is None:
        return None
    bars = [
        scale.bar(
            span,
            "this" if one.stored.recording.id == mine else "recording",
            _name(one.stored, caller),
            f"/recordings/{one.stored.recording.id}",
        )  # fmt: skip
        for one, span in known
    ]
    bars.sort(key=lambda bar: bar.tone == "this")  # drawn last: what is made at the same time hides it not
    lost = gaps_between([span for _, span in known], _JOINED)
    bars += [
        scale.bar(one, "gap", reader.say("recording.gap", length=reader.lasting(one.end - one.start)))
        for one in lost
    ]
    ticks = [(x, moment.astimezone(reader.zone).strftime("%H:%M:%S")) for x, moment in scale.ticks()]
    beside = tuple(
        (one.stored.recording.id, _name(one.stored, caller), span, one.stored.recording.id == mine)
        for one, span in known
    )
    return Line(tuple(bars), tuple(_inside(reader, found, scale)), ticks, beside)


def _inside(reader: Reading, found: Dossier, scale: Scale) -> list[Bar]:
    """Return check-points and findings at their seconds, on the same scale."""
    if found.span is None:
        return []
    start, bars = found.span.start, []
    for one in found.markers:
        if one.ended_at is None:
            begin, end = one.from_ms / 1000, one.to_ms / 1000
            span = Span(start + timedelta(seconds=begin), start + timedelta(seconds=end))
            bars.append(scale.bar(span, "mark", reader.say(f"marker.{one.kind.value}"), None, begin))
    for stored in found.findings or ():
        begin_s, end_s = (stored.body.get(one) for one in ("start_s", "end_s"))
        if isinstance(begin_s, int | float):
            last = float(end_s) if isinstance(end_s, int | float) else float(begin_s)
            span = Span(start + timedelta(seconds=begin_s), start + timedelta(seconds=max(last, begin_s)))
            title = reader.say(f"finding.{stored.body['code']}.title")
            bars.append(scale.bar(span, "find", title, None, float(begin_s)))
    return sorted(bars, key=lambda one: one.at_s or 0)


def _name(stored: StoredRecording, caller: Caller) -> str:
    """Return the last part of its name; its id for who is not told names."""
    row = recording_out(stored, caller)
    return printable(str(row.get("name", "")).rsplit("/", 1)[-1] or str(row["id"]))
