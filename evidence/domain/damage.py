"""From broken structure to findings: truncated, unreadable, corrupt, more than there should be, other than
named.

One file gets one `truncated`, however many signs of it there are; the signs stand in its detail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import Damage, MediaFacts
from evidence.policy.rules import Pack, cite_ids

TRUNCATED = (
    "no-index",
    "index-past-end",
    "box-past-end",
    "partial-packet",
    "sizes-zero",
    "declared-length",
    "no-end-mark",
)
CORRUPT = ("sample-table", "box-size", "zero-run", "transport-error", "junk", "broken-packet")
FAMILIES = {
    "iso": ("mp4", "mov", "3gp"),
    "avi": ("avi",),
    "mpegts": ("mpegts",),
    "matroska": ("matroska",),
    "wav": ("wav",),
    "mp3": ("mp3",),
    "amr": ("amr",),
    "jpeg": ("jpeg",),
    "png": ("png",),
}
EXTENSIONS = {
    "mp4": "iso", "m4v": "iso", "m4a": "iso", "mov": "iso", "qt": "iso", "3gp": "iso", "3g2": "iso",
    "3gpp": "iso", "lrv": "iso", "avi": "avi", "ts": "mpegts", "mts": "mpegts", "m2ts": "mpegts",
    "m2t": "mpegts", "tp": "mpegts", "mkv": "matroska", "webm": "matroska", "mka": "matroska", "wav": "wav",
    "mp3": "mp3", "amr": "amr", "awb": "amr", "jpg": "jpeg", "jpeg": "jpeg", "jpe": "jpeg", "png": "png",
}  # fmt: skip


def unexamined(facts: MediaFacts, _: Pack) -> Iterator[Finding]:
    """Say what a reader could not examine: never silence, never "passed"."""
    for note in facts.notes:
        if note.startswith("not-examined"):
            reason = note.partition(":")[2].strip()
            yield Finding(
                Code.NOT_EXAMINED, Severity.ATTENTION, facts.name, measured=reason, detail={"reason": reason}
            )


def unreadable(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Say that a file is empty, or that no time line or picture could be read from it."""
    if facts.size_bytes == 0:
        yield Finding(Code.EMPTY_FILE, Severity.ATTENTION, facts.name, measured=0.0, detail={"unit": "bytes"})
    elif not facts.readable:
        signs = sorted({damage.kind for damage in facts.damage})
        yield Finding(
            Code.UNREADABLE, Severity.ATTENTION, facts.name, measured=facts.container,
            cites=cite_ids(pack.no_editing.cites), detail={"signs": signs},
        )  # fmt: skip


def wrong_type(facts: MediaFacts, _: Pack) -> Iterator[Finding]:
    """Find content that is not what the extension says; names within one family are habits of makers."""
    stem, dot, extension = facts.name.rpartition(".")
    family = EXTENSIONS.get(extension.lower()) if dot and stem else None
    if family is None or facts.size_bytes == 0 or facts.container in FAMILIES[family]:
        return
    if facts.container == "unknown" and not any(damage.kind == "not-media" for damage in facts.damage):
        return  # not looked at: said by `unexamined`
    yield Finding(
        Code.TYPE_DIFFERS, Severity.ATTENTION, facts.name, measured=facts.container, limit=extension.lower()
    )


def corrupt_payload(facts: MediaFacts, damages: Sequence[Damage], pack: Pack) -> Iterator[Finding]:
    """Tell of damage that the deep scan found in the media data (probing.scan_payload), each in its place."""
    for damage in damages:
        code = Code.NOT_EXAMINED if damage.kind == "not-examined" else Code.CORRUPT_DATA
        yield Finding(code, Severity.ATTENTION, facts.name, damage.start_s, damage.end_s, damage.kind, None,
                      cite_ids(pack.no_editing.cites), _place(damage))  # fmt: skip


def broken_structure(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Find a missing end, broken tables and packets, and data where none belongs."""
    yield from _truncated(facts, pack)
    cites = cite_ids(pack.no_editing.cites)
    corrupt = [damage for damage in facts.damage if damage.kind in CORRUPT]
    for kind in sorted({damage.kind for damage in corrupt}):
        same = [damage for damage in corrupt if damage.kind == kind]
        for damage in same[:20] if kind in ("zero-run", "broken-packet") else same[:1]:
            yield Finding(Code.CORRUPT_DATA, Severity.ATTENTION, facts.name, damage.start_s, damage.end_s,
                          damage.kind, None, cites, {**_place(damage), "times": len(same)})  # fmt: skip
    for track in facts.tracks:
        marked = [
            step for step in track.corrupt if step.start_s != track.last_s
        ]  # the last: told as truncated
        if marked:
            yield Finding(
                Code.CORRUPT_DATA,
                Severity.ATTENTION,
                facts.name,
                marked[0].start_s,
                marked[-1].end_s,
                float(len(marked)),
                0.0,
                cites,
                {"track": track.number, "unit": "packets"},
            )
    for damage in facts.damage:
        if damage.kind == "after-end":
            habit = bool(damage.detail.get("zero") or damage.detail.get("known"))
            yield Finding(
                Code.DATA_AFTER_END,
                Severity.INFO if habit else Severity.ATTENTION,
                facts.name,
                None,
                None,
                float((damage.end_byte or 0) - (damage.start_byte or 0)),
                0.0,
                () if habit else cites,
                {**_place(damage), "unit": "bytes"},
            )


def _truncated(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    signs = [damage for damage in facts.damage if damage.kind in TRUNCATED]
    if not signs:
        return
    known = [damage.start_s for damage in signs if damage.start_s is not None]
    ends = [
        track.end_s for track in facts.tracks if track.end_s is not None and track.kind in ("video", "audio")
    ]
    start = min(known) if known else max(ends) if ends and facts.readable else None
    missing = sum(track.bytes_missing for track in facts.tracks)
    yield Finding(
        Code.TRUNCATED, Severity.ATTENTION, facts.name, start, None, signs[0].kind, None,
        cite_ids(pack.no_editing.cites),
        {"signs": [{"kind": sign.kind, **_place(sign)} for sign in signs[:10]], "bytes_missing": missing},
    )  # fmt: skip


def _place(damage: Damage) -> dict[str, object]:
    return {"start_byte": damage.start_byte, "end_byte": damage.end_byte, **damage.detail}
