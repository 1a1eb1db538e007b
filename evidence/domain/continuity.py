"""What one file says about its own completeness: facts in, findings out. A finding is never a verdict.

The way of the examination is the literal list RULES. Each rule is a pure function of facts and pack and names
the article it applies. Between files: sequence.py. Decoded pictures and sound: the deep examination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from evidence.domain import limits
from evidence.domain.damage import broken_structure, unexamined, unreadable, wrong_type
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.inner_clocks import (
    disagreeing_clocks,
    implausible_clocks,
    jumping_satellite_clock,
    name_against_clocks,
)
from evidence.domain.media import MediaFacts, Step, TrackFacts
from evidence.domain.repeats import repeated_stretches
from evidence.domain.writers import contradicting_makers, software_marks
from evidence.policy.rules import Pack, cite_ids

Rule = Callable[[MediaFacts, Pack], Iterator[Finding]]


def examine_file(facts: MediaFacts, pack: Pack, *, now: datetime | None = None) -> tuple[Finding, ...]:
    """Return all findings inside one file, in order of time (those without a place first).

    now: an aware time against which clocks are "in the future"; None leaves that question out. Never raises
    for bad evidence.
    """
    found = [finding for rule in RULES for finding in rule(facts, pack)]
    found.extend(implausible_clocks(facts, now))
    return tuple(sorted(found, key=lambda one: (one.start_s is not None, one.start_s or 0.0, one.code.value)))


def gaps(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find missing time: packets of video or audio further apart than their step allows."""
    for kind, code in (("video", Code.GAP_IN_FILE), ("audio", Code.AUDIO_GAP)):
        for track in facts.of_kind(kind):
            found = [_gap(facts, pack, track, step, code) for step in track.steps]
            yield from _told_once([finding for finding in found if finding is not None])


def _gap(facts: MediaFacts, pack: Pack, track: TrackFacts, step: Step, code: Code) -> Finding | None:
    usual = track.usual_step_s or 0.0
    missing = round(step.length_s - usual, 6)
    if missing < limits.NOTED_S:
        return None
    limit, severity = _gap_limit(pack, track, step), Severity.ATTENTION
    if missing <= limit:  # a habit: it is told because it is long enough to be told
        limit, severity = limits.NOTED_S, Severity.INFO
    return Finding(
        code, severity, facts.name,
        round(step.start_s + usual, 6), round(step.end_s, 6), missing, limit, cite_ids(pack.continuity.cites),
        {"track": track.number, "usual_step_s": track.usual_step_s, "steady": _is_steady(track)},
    )  # fmt: skip


def _gap_limit(pack: Pack, track: TrackFacts, step: Step) -> float:
    if track.kind == "audio":
        return limits.FIRST_SOUND_S if step.start_s == track.first_s else limits.STEADY_GAP_S
    if step.start_s - (track.first_s or 0.0) < limits.START_UP_S:
        return limits.HELD_S
    if _is_steady(track):
        return limits.STEADY_GAP_S
    return max(limits.STEADY_GAP_S, pack.continuity.tolerance.total_seconds())


def _is_steady(track: TrackFacts) -> bool:
    return track.regular is not None and track.regular >= limits.STEADY_SHARE


def _told_once(found: list[Finding]) -> Iterator[Finding]:
    """Yield what must be explained one by one; of many habits only the longest, with their number."""
    habits = [finding for finding in found if finding.severity is Severity.INFO]
    yield from (finding for finding in found if finding.severity is not Severity.INFO)
    if len(habits) <= limits.MANY:
        yield from habits
        return
    longest = max(habits, key=lambda one: (one.end_s or 0.0) - (one.start_s or 0.0))
    yield Finding(
        longest.code, longest.severity, longest.file, longest.start_s, longest.end_s, longest.measured,
        longest.limit, longest.cites, {**longest.detail, "times": len(habits)},
    )  # fmt: skip


def backward_times(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find decode times that go backwards: spliced streams do, recorders do not."""
    for track in facts.tracks:
        if track.kind in ("video", "audio"):
            for step in track.backsteps[:20]:
                yield Finding(
                    Code.TIMESTAMPS_GO_BACKWARDS, Severity.ATTENTION, facts.name, step.end_s, step.start_s,
                    round(-step.length_s, 6), 0.0, cite_ids(pack.continuity.cites), {"track": track.number},
                )  # fmt: skip


def audio_against_video(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find audio that starts late, and audio and video whose ends differ."""
    video = next((t for t in facts.of_kind("video") if t.end_s is not None and t.packets > 1), None)
    audio = next((t for t in facts.of_kind("audio") if t.end_s is not None and t.packets > 1), None)
    if video is None or audio is None:
        return
    cites = cite_ids(pack.continuity.cites)
    late = round((audio.first_s or 0.0) - (video.first_s or 0.0), 6)
    if late > limits.LATE_SOUND_S:
        yield Finding(Code.AUDIO_STARTS_LATE, Severity.ATTENTION, facts.name, video.first_s, audio.first_s,
                      late, limits.LATE_SOUND_S, cites, {"track": audio.number})  # fmt: skip
    ends = video.end_s or 0.0, audio.end_s or 0.0
    if abs(ends[0] - ends[1]) > limits.LENGTHS_S:
        yield Finding(Code.AUDIO_VIDEO_LENGTH_DIFFERS, Severity.ATTENTION, facts.name, min(ends), max(ends),
                      round(max(ends) - min(ends), 6), limits.LENGTHS_S, cites,
                      {"longer": "audio" if ends[1] > ends[0] else "video"})  # fmt: skip


def edit_lists(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Tell of edit lists that move or hide media; hidden media longer than a habit must be explained."""
    for track in facts.tracks:
        if track.kind not in ("video", "audio"):
            continue
        empty = sum(edit.length_s for edit in track.edits if edit.media_s is None)
        shown = [edit for edit in track.edits if edit.media_s is not None]
        odd = len(shown) > 1 or any(edit.rate != 1.0 for edit in shown)
        if max(track.hidden_s, empty) < limits.SHIFT_S and not odd:
            continue
        serious = track.hidden_s > limits.HIDDEN_S or odd
        yield Finding(
            Code.EDIT_LIST,
            Severity.ATTENTION if serious else Severity.INFO,
            facts.name,
            None,
            None,
            round(max(track.hidden_s, empty), 6),
            limits.HIDDEN_S,
            cite_ids(pack.no_editing.cites) if serious else (),
            {"track": track.number, "edits": len(track.edits), "hidden_s": track.hidden_s, "empty_s": empty},
        )


def changing_parameters(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find codec configurations that change midway: one recorder writes one."""
    for track in facts.tracks:
        if len(track.parameters) > 1 and track.kind in ("video", "audio"):
            yield Finding(
                Code.PARAMETERS_CHANGE,
                Severity.ATTENTION,
                facts.name,
                None,
                None,
                float(len(track.parameters)),
                1.0,
                cite_ids(pack.no_editing.cites),
                {"track": track.number, "unit": "configurations"},
            )


def declared_lengths(facts: MediaFacts, _: Pack) -> Iterator[Finding]:
    """Find headers that promise another length or number of pictures than the packets have."""
    if any(
        damage.kind in ("index-past-end", "box-past-end", "partial-packet", "sizes-zero")
        for damage in facts.damage
    ):
        return  # told as truncated
    cut = any(track.hidden_s > limits.SHIFT_S or track.edits for track in facts.tracks)
    if facts.declared_s and facts.duration_s is not None and not cut:
        yield from _declared(facts, facts.declared_s, facts.duration_s, {"header": "file"})
    for track in facts.tracks:
        if track.kind not in ("video", "audio") or track.end_s is None:
            continue
        length = track.end_s - (track.first_s or 0.0)
        if track.declared_s and sum(edit.media_s is not None for edit in track.edits) <= 1:
            yield from _declared(facts, track.declared_s, length, {"header": "track", "track": track.number})
        promised = track.declared_packets or 0
        if facts.container == "avi" and promised - track.packets > max(1, promised * limits.DECLARED_SHARE):
            yield Finding(
                Code.METADATA_CONTRADICTS, Severity.ATTENTION, facts.name, None, None, float(track.packets),
                float(promised), (), {"track": track.number, "header": "pictures", "unit": "pictures"},
            )  # fmt: skip


def _declared(
    facts: MediaFacts, declared: float, present: float, detail: dict[str, object]
) -> Iterator[Finding]:
    limit = max(limits.DECLARED_S, limits.DECLARED_SHARE * present)
    if abs(declared - present) > limit:
        yield Finding(
            Code.METADATA_CONTRADICTS,
            Severity.ATTENTION,
            facts.name,
            None,
            None,
            round(present, 6),
            round(declared, 6),
            (),
            detail,
        )


RULES: tuple[Rule, ...] = (
    unexamined,
    unreadable,
    wrong_type,
    broken_structure,
    gaps,
    backward_times,
    audio_against_video,
    edit_lists,
    changing_parameters,
    repeated_stretches,
    declared_lengths,
    software_marks,
    contradicting_makers,
    disagreeing_clocks,
    jumping_satellite_clock,
    name_against_clocks,
)
