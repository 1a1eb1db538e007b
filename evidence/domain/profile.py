"""A device's habits, learned from its own files: handwriting, identity, quirks. The odd file out is told.

A quirk that the other files share is the device's habit (info). A file whose handwriting differs from all the
others was written by something else, even where no tag says so. Rewriting marks that all files carry stay
what they are: a whole card may have been rewritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.segments import Row, Segment
from evidence.domain.session_clocks import ClockHabit, soften_by_habit
from evidence.policy.rules import Pack, cite_ids

_LEAST_OTHERS = 2  # files that must agree before a third is odd
_ALIKE_S, _ALIKE_SHARE = 0.3, 0.2  # a quirk is the same one within this
_QUIRKS = {
    Code.EDIT_LIST,
    Code.AUDIO_STARTS_LATE,
    Code.AUDIO_VIDEO_LENGTH_DIFFERS,
    Code.CLOCK_DISAGREES,
}
_STARTS = {Code.GAP_IN_FILE, Code.AUDIO_GAP}  # quirks only at the very start of a track
_START_S = 0.05
_TELLING = {Code.EDIT_LIST, Code.EDITED_BY_SOFTWARE, Code.CLOCK_DISAGREES, Code.METADATA_CONTRADICTS}
_PADDING = {"free", "skip", "wide", "JUNK"}
_IDENTITY = ("make", "model")


def judge_by_habit(row: Row, habit: ClockHabit | None) -> Iterator[tuple[Segment, tuple[Finding, ...]]]:
    """Return each segment of a row with its in-file findings: habits softened, what only it shows raised."""
    for one in row.segments:
        others = [other for other in row.segments if other is not one and other.main is not None]
        yield one, tuple(_judge(one, finding, others, habit) for finding in one.file.findings)


def _judge(one: Segment, finding: Finding, others: Sequence[Segment], habit: ClockHabit | None) -> Finding:
    quirk = finding.code in _QUIRKS or (finding.code in _STARTS and _at_start(one, finding))
    if finding.severity is Severity.ATTENTION and (
        soften_by_habit(one, finding, habit) or (quirk and _is_shared(finding, others))
    ):
        return replace(finding, severity=Severity.INFO, detail={**finding.detail, "habit": True})
    alone = not any(each.code is finding.code for other in others for each in other.file.findings)
    if (
        finding.severity is Severity.INFO
        and finding.code in _TELLING
        and alone
        and len(others) > _LEAST_OTHERS
    ):
        return replace(finding, severity=Severity.ATTENTION, detail={**finding.detail, "habit": False})
    return finding


def _at_start(one: Segment, finding: Finding) -> bool:
    return finding.start_s is not None and finding.start_s - one.first_s <= _START_S + _first_step(one)


def _first_step(one: Segment) -> float:
    return one.main.usual_step_s or 0.0 if one.main else 0.0


def _is_shared(finding: Finding, others: Sequence[Segment]) -> bool:
    """Tell whether at least two of the other files, and more than half of them, show the same quirk."""
    same = sum(any(_alike(finding, each) for each in other.file.findings) for other in others)
    return same >= _LEAST_OTHERS and same * 2 > len(others)


def _alike(a: Finding, b: Finding) -> bool:
    if a.code is not b.code:
        return False
    if not isinstance(a.measured, (int, float)) or not isinstance(b.measured, (int, float)):
        return a.measured == b.measured
    return abs(a.measured - b.measured) <= max(_ALIKE_S, _ALIKE_SHARE * abs(a.measured))


def find_odd_handwriting(row: Row, pack: Pack) -> Iterator[Finding]:
    """Return files whose container was put together in another way than the row's other files."""
    whole = [one for one in row.segments if one.main is not None and not _is_broken(one)]
    traits = {one.number: _handwriting(one) for one in whole}
    for one in whole:
        told = any(each.code is Code.EDITED_BY_SOFTWARE for each in one.file.findings)
        differs = [
            trait
            for trait in traits[one.number]
            if _is_odd(traits[one.number][trait], [t[trait] for n, t in traits.items() if n != one.number])
        ]
        if differs and not told:
            yield Finding(
                Code.EDITED_BY_SOFTWARE,
                Severity.ATTENTION,
                one.name,
                measured=" ".join(differs),
                cites=cite_ids(pack.no_editing.cites),
                detail={"manner": "unlike-others", "differs_from_other_files_in": differs, "unit": "traits"},
            )


def _is_broken(one: Segment) -> bool:
    return any(each.kind in ("no-index", "index-past-end") for each in one.file.facts.damage)


def _handwriting(one: Segment) -> dict[str, Hashable]:
    facts = one.file.facts
    return {
        "layout": tuple(dict.fromkeys(part for part in facts.layout if part not in _PADDING)),
        "brands": facts.brands,
        "handlers": tuple((track.kind, track.handler) for track in facts.tracks),
        "date": one.header is not None,
        "identity": tuple(sorted(facts.device_ids)),
    }


def _is_odd(mine: Hashable, others: Sequence[Hashable]) -> bool:
    """Tell whether all others (at least two) have one and the same other value."""
    return len(others) >= _LEAST_OTHERS and len(set(others)) == 1 and others[0] != mine


def find_foreign(pieces: Sequence[Segment], rows: Sequence[Row], pack: Pack) -> Iterator[Finding]:
    """Return files that come from another device: other serial number, make or model, other picture and
    sound."""
    told: set[int] = set()
    for origin in sorted({key for one in pieces for key in _ids(one)}):
        claims = {one.number: _ids(one)[origin] for one in pieces if origin in _ids(one)}
        usual, _ = Counter(claims.values()).most_common(1)[0]
        for one in pieces:
            if claims.get(one.number, usual) != usual and one.number not in told:
                told.add(one.number)
                yield _foreign(one, origin, claims[one.number], usual, pack)
    for row in rows:
        yield from _foreign_officers(row, told, pack)
        shapes = {one.number: _shape(one) for one in row.segments if one.main is not None}
        for one in row.segments:
            others = [shape for number, shape in shapes.items() if number != one.number]
            if one.number in shapes and one.number not in told and _is_odd(shapes[one.number], others):
                yield _foreign(one, "picture-and-sound", shapes[one.number], others[0], pack)


def _foreign_officers(row: Row, told: set[int], pack: Pack) -> Iterator[Finding]:
    """Return files that name another officer than the files before and after: a hand-over changes once."""
    for before, one, after in zip(row.segments, row.segments[1:], row.segments[2:], strict=False):
        usual, mine = _officer(before), _officer(one)
        if usual and mine and usual == _officer(after) != mine and one.number not in told:
            told.add(one.number)
            yield _foreign(one, "officer", mine, usual, pack)


def _officer(one: Segment) -> str:
    return one.file.facts.device_texts.get("officer") or one.named.officer or ""


def _ids(one: Segment) -> dict[str, str]:
    facts = one.file.facts
    texts = {key: value for key, value in facts.device_texts.items() if key in _IDENTITY}
    named = {"name": one.named.device} if one.named.device else {}
    return {**facts.device_ids, **texts, **named}


def _shape(one: Segment) -> str:
    tracks = [track for track in one.file.facts.tracks if track.kind in ("video", "audio")]
    return " ".join(f"{t.codec} {t.width}x{t.height} {t.sample_rate}" for t in tracks)


def _foreign(one: Segment, origin: str, mine: str, usual: str, pack: Pack) -> Finding:
    return Finding(
        Code.FOREIGN_DEVICE,
        Severity.ATTENTION,
        one.name,
        measured=mine,
        limit=usual,
        cites=cite_ids(pack.no_editing.cites),
        detail={"origin": origin, "unit": "text"},
    )
