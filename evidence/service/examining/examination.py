"""Examination: what parsers see becomes findings. Three jobs, each safe to run twice.

"examine" reads the index of one original and keeps the facts; "sequence" judges all recent files of one
device
together (in a file, between files, against the device's own habits) and sets the end of each recording, from
which the deadline counts; "deep" decodes one original. Bad footage is data: nothing here refuses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.audit import Act, Entry
from evidence.domain.clocks import RecordingTimes
from evidence.domain.deadlines import certain_end, findings_for, judge_deadline, offset_findings
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import MediaFacts
from evidence.domain.origins import told_at_dock
from evidence.errors import NotFound
from evidence.policy.rules import Pack
from evidence.service.catalogue import Scope, StoredRecording
from evidence.service.court.deriving import ask_for_proxy
from evidence.service.examining.judging import FileToJudge, judge_files
from evidence.service.examining.listening import ask_to_listen
from evidence.service.instruments import pack_at, pack_at_capture
from evidence.service.jobs import JobName
from evidence.service.keeping.freezing import SERVICE, freeze
from evidence.service.keeping.holds import Holds
from evidence.service.oversight.commanding import judge_command
from evidence.service.site import Site

# Files of one device are judged together when they were sealed this close to the newest one.
SEQUENCE_REACH = timedelta(days=7)


@dataclass(frozen=True)
class Examination:
    """The use cases behind the jobs "examine", "sequence" and "deep"."""

    site: Site

    def examine(self, recording_id: str) -> None:
        """Read the index of one original and keep the facts. Raises: NotFound, storage errors."""
        stored = self._get(recording_id)
        if stored.gone_at is not None:
            return  # destroyed since
        recording = stored.recording
        with self.site.originals.path(recording.data_key, recording.data_version) as path:
            facts = self.site.prober.probe(path, recording.origin.name, recording.origin.modified_at)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            pack = pack_at(self.site.policies, recording.sealed_at)
            scope = Scope("recording", recording_id, recording.origin.device)
            unit.examinations.record(scope, "probe", pack, self.site.prober.write(facts), [], now)
            unit.jobs.add(JobName.SEQUENCE, recording.origin.device, now)
            ask_for_proxy(unit, recording_id, facts, now)
            unit.log.append(_entry(recording_id, "probe"), now)
        self.site.bell.ring(JobName.SEQUENCE, JobName.DERIVE)

    def sequence(self, device: str) -> None:
        """Judge the recent files of a device together, and each one's deadline."""
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            files = [
                (stored, self.site.prober.read(facts))
                for stored in self._recent(list(unit.recordings.all(device)))
                if (facts := unit.examinations.facts("recording", stored.recording.id, "probe")) is not None
            ]
        if not files:
            return
        to_judge = [_to_judge(stored, facts) for stored, facts in files]
        judged = judge_files(to_judge, self.site.policies, now)
        readable = [stored.recording.id for stored, facts in files if facts.readable]
        with self.site.database.writing() as unit:
            elsewhere = unit.recordings.elsewhere(readable)
            for (stored, _), (pack, times, findings) in zip(files, judged, strict=True):
                recording = stored.recording
                findings += told_at_dock(recording, elsewhere.get(recording.id), pack)
                scope = Scope("recording", recording.id, device, {recording.origin.name: recording.id})
                facts = json.dumps(times.as_json())
                changed = unit.examinations.record(scope, "sequence", pack, facts, findings, now)
                end = _end(stored, times, pack)
                unit.recordings.note_end(recording.id, end)
                late = self._lateness(stored, times, end, pack, now)
                unit.examinations.record(scope, "deadline", pack, "{}", late, now)
                if changed:
                    unit.log.append(_entry(recording.id, "sequence"), now)
            recordings = [stored for stored, _ in files]
            judge_command(self.site, unit, recordings, now)
            ask_to_listen(self.site, unit, recordings, now)
            held = freeze(unit, self.site, SERVICE, recordings=[one.recording.id for one in recordings])
        Holds(self.site).settle(held)
        self.site.bell.ring(JobName.LISTEN)

    def deep(self, recording_id: str) -> None:
        """Decode one original: damage, black, frozen, silent stretches. Raises: NotFound, storage errors."""
        stored = self._get(recording_id)
        if stored.gone_at is not None:
            return  # destroyed since
        recording = stored.recording
        with self.site.database.reading() as unit:
            text = unit.examinations.facts("recording", recording_id, "probe")
        pack = pack_at_capture(self.site.policies, stored.ended_at, stored.first_seen_at)
        with self.site.originals.path(recording.data_key, recording.data_version) as path:
            facts = (
                self.site.prober.read(text)
                if text is not None
                else self.site.prober.probe(path, recording.origin.name)
            )
            findings = self.site.prober.examine_deep(path, facts, pack)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            names = {recording.origin.name: recording.id}
            scope = Scope("recording", recording_id, recording.origin.device, names)
            unit.examinations.record(scope, "deep", pack, "{}", findings, now)
            unit.log.append(_entry(recording_id, "deep"), now)

    def note_failure(self, recording_id: str, job: str, why: str) -> None:
        """Say as a finding that a recording could not be examined: never silence, never "passed"."""
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(recording_id)
        if stored is None:
            return  # there is nothing to say it about; the job's row says why
        origin = stored.recording.origin
        now = self.site.clock.now()
        found = Finding(
            Code.NOT_EXAMINED, Severity.ATTENTION, origin.name, measured=why, detail={"what": job}
        )
        scope = Scope("recording", recording_id, origin.device, {origin.name: recording_id})
        pack = pack_at_capture(self.site.policies, stored.ended_at, stored.first_seen_at)
        with self.site.database.writing() as unit:
            unit.examinations.record(scope, f"{job}-failed"[:12], pack, "{}", [found], now)
            unit.log.append(_entry(recording_id, f"{job}-failed"), now)

    def _get(self, recording_id: str) -> StoredRecording:
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(recording_id)
        if stored is None:
            raise NotFound("recording-not-found", recording=recording_id)
        return stored

    @staticmethod
    def _recent(stored: list[StoredRecording]) -> list[StoredRecording]:
        """Return the files of the last days and the one sealed before them: a pause must not hide a gap."""
        newest = max((one.recording.sealed_at for one in stored), default=None)
        recent = [one for one in stored if newest and newest - one.recording.sealed_at <= SEQUENCE_REACH]
        before = stored[: len(stored) - len(recent)]  # oldest seal first
        return [*before[-1:], *recent]

    @staticmethod
    def _lateness(
        stored: StoredRecording, times: RecordingTimes, end: datetime | None, pack: Pack, now: datetime
    ) -> list[Finding]:
        sealed_at, origin, rule = stored.recording.sealed_at, stored.recording.origin, pack.upload_deadline
        uncorrected = end - timedelta(seconds=times.shift_s) if end is not None else None
        state, without = (
            judge_deadline(one, sealed_at, now, rule, certain_from=stored.first_seen_at)
            for one in (end, uncorrected)
        )
        offset = offset_findings(state, without, origin.clock_offset, rule, origin.name)
        return [*findings_for(state, origin.name), *offset]


def _to_judge(stored: StoredRecording, facts: MediaFacts) -> FileToJudge:
    recording = stored.recording
    offset_s = recording.origin.clock_offset.total_seconds()
    modified_at = recording.origin.modified_at
    return FileToJudge(facts, recording.digests.sha256, modified_at, offset_s, stored.first_seen_at)


def _end(stored: StoredRecording, times: RecordingTimes, pack: Pack) -> datetime | None:
    """Return the end that may be relied on, None where the clocks leave it open whether it was in time."""
    known = times.end if times.certain else None
    return certain_end(known, times.earliest_end, stored.recording.sealed_at, pack.upload_deadline)


def _entry(recording_id: str, kind: str) -> Entry:
    return Entry(Act.EXAMINE, "service", (("recording", recording_id),), facts={"kind": kind})
