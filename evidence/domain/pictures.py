"""What decoding the whole file shows: black, frozen and silent stretches, and data that no decoder can read.

Facts are made by adapters/deep.py, judged here. A frozen picture is one that does not change although
pictures arrive; re-encoded freezes are identical only between key frames, so pieces that touch are one. A
black picture is also frozen: it is told as black. A held picture (missing time stamps) is a gap, told by
continuity.py. What a decoder grumbles about while every picture comes out is a trait of the encoder, not
damage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import Damage, MediaFacts
from evidence.policy.rules import Pack, cite_ids

# a stretch of two seconds measures up to a tenth less: pictures and packets are cut at its edges
BLACK_S = 1.8  # shorter stretches are a hand in front of the lens
FROZEN_S = 1.8  # static scenes on a tripod show a few equal pictures, never this long (1.5 s measured)
SILENCE_S = 1.8  # digital silence; a quiet room has noise
NOTED_S = 0.9  # shorter black or silence is not mentioned; between this and the limit it is a fact
MOSTLY = 0.5
_TOUCH_S = 0.25  # pieces of one stretch, parted where a picture is coded anew
_MERGE_S = 0.5  # broken packets this near are one damage
_PICTURES = 2.5  # a piece of fewer pictures than this is no freeze but a slow camera
_START_S = 1.0  # a transport stream may begin between key frames


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the presentation time line, [start_s, end_s)."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class DeepFacts:
    """What decoding showed. broken: packets that raised or pictures the decoder marked, per kind of track,
    merged by neighbours. grumbles: how many errors were logged; grumble: the first of them. unfinished: why
    decoding did not run to the end ("" when it did).
    """

    black: tuple[Stretch, ...] = ()
    frozen: tuple[Stretch, ...] = ()
    silent: tuple[Stretch, ...] = ()
    broken: tuple[tuple[str, Stretch], ...] = ()
    damage: tuple[Damage, ...] = ()
    grumbles: int = 0
    grumble: str = ""
    unfinished: str = ""


def judge_deep(deep: DeepFacts, facts: MediaFacts, pack: Pack) -> tuple[Finding, ...]:
    """Return the findings of the deep examination, in order of time. Never raises for bad evidence."""
    cites = cite_ids(pack.no_editing.cites)
    black = merge(deep.black, _TOUCH_S)
    silent = merge(deep.silent, _TOUCH_S)
    found = [
        *_told(Code.BLACK_PICTURE, black, BLACK_S, facts, cites),
        *_told(Code.FROZEN_PICTURE, _frozen(deep, black, facts), FROZEN_S, facts, cites),
        *_told(Code.SILENCE, silent, SILENCE_S, facts, cites, usual=_is_mostly_silent(silent, facts)),
        *_corrupt(deep, facts, cites),
        *_unfinished(deep, facts),
    ]
    return tuple(sorted(found, key=lambda one: (one.start_s is not None, one.start_s or 0.0, one.code.value)))


def merge(stretches: Iterable[Stretch], touch_s: float) -> list[Stretch]:
    """Return the stretches in order, those that overlap or lie within touch_s of each other as one."""
    merged: list[Stretch] = []
    for one in sorted(stretches, key=lambda each: (each.start_s, each.end_s)):
        if merged and one.start_s - merged[-1].end_s <= touch_s:
            merged[-1] = Stretch(merged[-1].start_s, max(merged[-1].end_s, one.end_s))
        else:
            merged.append(one)
    return merged


def subtract(stretches: Iterable[Stretch], holes: Sequence[Stretch]) -> list[Stretch]:
    """Return what of the stretches lies outside all holes."""
    rest = list(stretches)
    for hole in holes:
        rest = [
            part
            for one in rest
            for part in (
                Stretch(one.start_s, min(one.end_s, hole.start_s)),
                Stretch(max(one.start_s, hole.end_s), one.end_s),
            )
            if part.length_s > 0
        ]
    return rest


def _frozen(deep: DeepFacts, black: Sequence[Stretch], facts: MediaFacts) -> list[Stretch]:
    video = next(iter(facts.of_kind("video")), None)
    least = _PICTURES * (video.usual_step_s or 0.0) if video else 0.0
    held = [Stretch(step.start_s, step.end_s) for step in video.steps] if video else []
    pieces = [one for one in subtract(deep.frozen, held) if one.length_s >= least]
    return subtract(merge(pieces, _TOUCH_S), black)


def _is_mostly_silent(silent: Sequence[Stretch], facts: MediaFacts) -> bool:
    """Tell whether digital silence comes again and again and fills most of the file: a noise gate."""
    long = [one.length_s for one in silent if one.length_s >= NOTED_S]
    return len(long) > 1 and sum(long) > MOSTLY * (facts.duration_s or 0.0)


def _told(
    code: Code,
    stretches: Iterable[Stretch],
    least_s: float,
    facts: MediaFacts,
    cites: tuple[str, ...],
    usual: bool = False,
) -> Iterator[Finding]:
    """Tell stretches; `usual`: that this file is so again and again, and then none of them stands out."""
    for one in stretches:
        if one.length_s >= (least_s if code is Code.FROZEN_PICTURE else NOTED_S):
            serious = one.length_s >= least_s and not usual
            whole = facts.duration_s is not None and one.length_s >= 0.95 * facts.duration_s
            yield Finding(
                code,
                Severity.ATTENTION if serious else Severity.INFO,
                facts.name,
                round(one.start_s, 3),
                round(one.end_s, 3),
                round(one.length_s, 3),
                least_s,
                cites if serious else (),
                {"whole_file": whole},
            )


def _corrupt(deep: DeepFacts, facts: MediaFacts, cites: tuple[str, ...]) -> Iterator[Finding]:
    """Tell damaged stretches (decoder and payload scan together), or how often a decoder grumbled."""
    placed = [
        (each.kind, Stretch(each.start_s, each.end_s))
        for each in deep.damage
        if each.start_s is not None and each.end_s is not None
    ]
    signs = [*deep.broken, *placed]
    for one in merge((stretch for _, stretch in signs), _MERGE_S):
        kinds = sorted({kind for kind, part in signs if one.start_s <= part.start_s <= one.end_s})
        padding = _decodes(deep) and not _has_hole(deep, one)
        usual = _is_cut_edge(one, facts) or padding
        yield Finding(
            Code.CORRUPT_DATA,
            Severity.INFO if usual else Severity.ATTENTION,
            facts.name,
            round(one.start_s, 3),
            round(one.end_s, 3),
            round(one.length_s, 3),
            None,
            () if usual else cites,
            {"signs": kinds, "decodes": _decodes(deep), "edge_of_stream": _is_cut_edge(one, facts)},
        )
    for each in deep.damage:
        if (each.start_s is None or each.end_s is None) and each.kind != "not-examined":
            yield _unplaced(each, facts, cites)
    if deep.grumbles and not signs:
        yield Finding(
            Code.CORRUPT_DATA,
            Severity.INFO,
            facts.name,
            measured=float(deep.grumbles),
            detail={"signs": ["decoder-message"], "first": deep.grumble, "unit": "messages"},
        )


def _decodes(deep: DeepFacts) -> bool:
    """Tell whether the whole file was decoded without a word: then zeros are the encoder's padding."""
    return not deep.broken and not deep.grumbles and not deep.unfinished


def _has_hole(deep: DeepFacts, one: Stretch) -> bool:
    """Tell whether zeros stand here where the coding allows none: a decoder may paper over them."""
    return any(
        each.detail.get("coded") and one.start_s <= (each.start_s or 0.0) <= one.end_s for each in deep.damage
    )


def _unplaced(damage: Damage, facts: MediaFacts, cites: tuple[str, ...]) -> Finding:
    place = {"start_byte": damage.start_byte, "end_byte": damage.end_byte}
    return Finding(
        Code.CORRUPT_DATA,
        Severity.ATTENTION,
        facts.name,
        measured=damage.kind,
        cites=cites,
        detail={"signs": [damage.kind], "unit": "text", **{k: v for k, v in place.items() if v is not None}},
    )


def _is_cut_edge(one: Stretch, facts: MediaFacts) -> bool:
    """Tell whether broken pictures are only the edge of a stream: before the first key frame of a transport
    stream, or at the end of a file already told as truncated."""
    tracks = [track for track in facts.tracks if track.first_s is not None and track.end_s is not None]
    if not tracks:
        return False
    first = min(track.first_s or 0.0 for track in tracks)
    last = max(track.end_s or 0.0 for track in tracks)
    begins = facts.container == "mpegts" and one.end_s <= first + _START_S
    cut = any(each.kind in ("partial-packet", "index-past-end", "box-past-end") for each in facts.damage)
    return begins or (cut and one.end_s >= last - _START_S and one.length_s <= _START_S)


def _unfinished(deep: DeepFacts, facts: MediaFacts) -> Iterator[Finding]:
    reasons = [deep.unfinished] if deep.unfinished else []
    reasons += [str(each.detail.get("reason", "")) for each in deep.damage if each.kind == "not-examined"]
    for reason in reasons:
        yield Finding(
            Code.NOT_EXAMINED,
            Severity.ATTENTION,
            facts.name,
            measured=reason,
            detail={"part": "deep", "unit": "text"},
        )
