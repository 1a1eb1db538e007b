"""Judging the files of one device together: in each file, between files, against the device's own habits.

Used by the service for sealed recordings and by `evidence examine` for local files: the same rules, the same
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.domain.clocks import RecordingTimes, best_times
from evidence.domain.continuity import examine_file
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import MediaFacts
from evidence.domain.names import read_name
from evidence.domain.sequence import SequenceFile, examine_sequence
from evidence.policy.rules import Pack
from evidence.service.instruments import pack_at, pack_at_capture
from evidence.service.ports import Policies, Prober


@dataclass(frozen=True, slots=True)
class FileToJudge:
    """One file as the rules need it. seen_at: when this server (or this command) first had it."""

    facts: MediaFacts
    sha256: str | None
    modified_at: datetime | None
    clock_offset_s: float
    seen_at: datetime


Judged = tuple[Pack, RecordingTimes, list[Finding]]


def judge_files(files: Sequence[FileToJudge], policies: Policies, now: datetime) -> list[Judged]:
    """Judge the files of one device together; one result per file, in the same order.

    Each file is judged by the pack in force when it was recorded; the joints between them by the one in force
    now.
    """
    newest = pack_at(policies, now)
    judged: list[tuple[Pack, RecordingTimes]] = []
    sequence: list[SequenceFile] = []
    for file in files:
        times = _times(file, newest.time_zone, now)
        pack = pack_at_capture(policies, times.end if times.certain else None, file.seen_at)
        findings = _in_file(file.facts, pack, now)
        sequence.append(SequenceFile(file.facts, file.sha256, file.modified_at, findings))
        judged.append((pack, times))
    found = _between_files(sequence, newest, now)
    return [
        (pack, times, [one for one in found if one.file == file.facts.name])
        for (pack, times), file in zip(judged, files, strict=True)
    ]


# A file is written by whoever likes to; a rule that a hostile fact trips must not hide the other files.
_TRIPPED = (ArithmeticError, ValueError, TypeError, LookupError)


def _times(file: FileToJudge, zone: str, now: datetime) -> RecordingTimes:
    try:
        return best_times(
            file.facts,
            read_name(file.facts.name),
            zone,
            modified_at=file.modified_at,
            clock_offset_s=file.clock_offset_s,
            now=now,
        )
    except _TRIPPED:
        return RecordingTimes(None, None, "", "", None, certain=False)


def _in_file(facts: MediaFacts, pack: Pack, now: datetime) -> tuple[Finding, ...]:
    try:
        return tuple(examine_file(facts, pack, now=now))
    except _TRIPPED as problem:
        return (_not_examined(facts.name, "in-file", problem),)


def _between_files(files: Sequence[SequenceFile], pack: Pack, now: datetime) -> Sequence[Finding]:
    try:
        return examine_sequence(files, pack, now)
    except _TRIPPED as problem:
        told = [one for file in files for one in file.findings]
        return [*told, *(_not_examined(file.facts.name, "between-files", problem) for file in files)]


def _not_examined(name: str, what: str, problem: Exception) -> Finding:
    return Finding(
        Code.NOT_EXAMINED, Severity.ATTENTION, name, measured=type(problem).__name__, detail={"what": what}
    )


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A local file: its path, the name it goes by in findings, its modification time."""

    path: Path
    name: str
    modified_at: datetime | None


@dataclass(frozen=True)
class LocalExamination:
    """Examines files that are not (or not yet) sealed."""

    prober: Prober
    policies: Policies
    now: datetime

    def examine(
        self,
        files: Sequence[LocalFile],
        *,
        deep: bool,
        clock_offset_s: float,
        sha256s: Sequence[str | None] = (),
    ) -> list[Finding]:
        """Return all findings, file by file in the order given."""
        known = [*sha256s, *([None] * (len(files) - len(sha256s)))]
        to_judge = [
            FileToJudge(
                self.prober.probe(file.path, file.name, file.modified_at),
                sha256,
                file.modified_at,
                clock_offset_s,
                self.now,
            )
            for file, sha256 in zip(files, known, strict=True)
        ]
        judged = judge_files(to_judge, self.policies, self.now)
        found: list[Finding] = []
        for file, one, (pack, _, findings) in zip(files, to_judge, judged, strict=True):
            found += findings
            if deep:
                found += self.prober.examine_deep(file.path, one.facts, pack)
        return found
