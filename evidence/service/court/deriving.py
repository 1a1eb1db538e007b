"""Making derivatives: the job behind each. The order is the promise; each step is safe to run twice.

1. the maker writes a file beside the vault, in the sandbox; what fails, or does not pass its checks, is not
   kept
2. one transaction: size, digests and key are noted, unless the parent went meanwhile
3. the vault seals the file under that key; the key names its digest, so two attempts never want one key
4. one transaction: it is made, and the log says of what, by which tool and call, with which digests
A crash behind 2 leaves a key that is known: the next attempt finds what lies there, or makes it again.

A proxy can be made again at any time: the vault locks it for a day, the shortest that every store takes. All
else is locked as long as its parent was at that moment, and goes with it (destroying.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from evidence.domain.audit import Act, Entry, Reference
from evidence.domain.derivatives import SERVICE, Derivative, Operation, Output, State
from evidence.domain.ids import new_id
from evidence.domain.media import MediaFacts
from evidence.domain.playable import needs_proxy
from evidence.errors import NotFound
from evidence.service.catalogue import StoredRecording
from evidence.service.court.derivative_ports import Made
from evidence.service.instruments import pack_at
from evidence.service.jobs import JobName
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Exists, Missing
from storage.vault import Lock, Promise

log = logging.getLogger("evidence.deriving")
_SHORTEST_LOCK = timedelta(days=1)
_BLOCK = 1 << 20
DERIVED = "derived/"  # what all keys of derivatives begin with
RECORDING_GONE = "recording-destroyed"


@dataclass(frozen=True)
class Deriving:
    """The use case behind the job "derive"."""

    site: Site

    def derive(self, derivative_id: str) -> None:
        """Make one derivative where that is due. Raises: NotFound, Unavailable, storage errors."""
        wanted, stored = self._find(derivative_id)
        if wanted.state is not State.ASKED:
            return
        if stored.gone_at is not None:
            self._fail(wanted, RECORDING_GONE)
            return
        if wanted.output is not None and self._lies_there(wanted.output):
            self._finish(wanted, wanted.output)
            return
        recording = stored.recording
        with (
            self.site.originals.path(recording.data_key, recording.data_version) as original,
            self.site.maker.room() as file,
        ):
            facts = self._facts(stored, original)
            local = replace(wanted, asked_at=wanted.asked_at.astimezone(self._zone()))
            made = self.site.maker.make(original, facts, local, file, lambda done: self._tell(wanted, done))
            if made.fault:
                self._fail(wanted, made.fault)
            else:
                self._keep(wanted, stored, file, made)

    def _zone(self) -> ZoneInfo:
        """Return in which zone times are written for people: that of the rules, as on pages."""
        return ZoneInfo(pack_at(self.site.policies, self.site.clock.now()).time_zone)

    def _find(self, derivative_id: str) -> tuple[Derivative, StoredRecording]:
        with self.site.database.reading() as unit:
            wanted = unit.derivatives.get(derivative_id)
            stored = None if wanted is None else unit.recordings.get(wanted.recording_id)
        if wanted is None or stored is None:
            raise NotFound("derivative-not-found", derivative=derivative_id)
        return wanted, stored

    def _facts(self, stored: StoredRecording, original: Path) -> MediaFacts:
        with self.site.database.reading() as unit:
            text = unit.examinations.facts("recording", stored.recording.id, "probe")
        if text is not None:
            return self.site.prober.read(text)
        return self.site.prober.probe(original, stored.recording.origin.name)

    def _tell(self, wanted: Derivative, percent: int) -> None:
        with self.site.database.writing() as unit:
            unit.derivatives.note_percent(wanted.id, percent)

    def _keep(self, wanted: Derivative, stored: StoredRecording, file: Path, made: Made) -> None:
        output = self._output(wanted, file, made)
        with self.site.database.writing() as unit:
            now = unit.recordings.get(wanted.recording_id)
            if now is None or now.gone_at is not None:
                fail(unit, wanted, RECORDING_GONE, self.site.clock.now())
                return
            if not unit.derivatives.note_output(wanted.id, output):
                return
        crashpoint("after-output")
        lock = Lock(self._locked_until(wanted, stored))
        try:
            self.site.vault.seal_file(
                output.key, file, Promise(output.size_bytes, output.digests.sha256), lock
            )
        except Exists:
            if not self._lies_there(output):
                raise
        crashpoint("after-derivative")
        self._finish(wanted, output)

    def _output(self, wanted: Derivative, file: Path, made: Made) -> Output:
        digests, size = self.site.new_digests(), 0
        for block in _blocks(file):
            digests.update(block)
            size += len(block)
        found = digests.digests()
        key = f"{DERIVED}{wanted.recording_id}/{wanted.id}/{found.sha256[:32]}"
        length_s = self.site.prober.probe(file, wanted.id).duration_s
        length_ms = None if length_s is None else round(1000 * length_s)
        return Output(key, size, found, length_ms, made.made_with)

    def _lies_there(self, output: Output) -> bool:
        try:
            promise = self.site.vault.stat(output.key).promise
        except Missing:
            return False
        return promise == Promise(output.size_bytes, output.digests.sha256)

    def _locked_until(self, wanted: Derivative, stored: StoredRecording) -> datetime:
        shortest = self.site.clock.now() + _SHORTEST_LOCK
        if wanted.operation is Operation.PROXY:
            return shortest
        return max(shortest, stored.recording.retain_until)

    def _finish(self, wanted: Derivative, output: Output) -> None:
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            if unit.derivatives.note_made(wanted.id, now):
                facts = {**_facts_of(wanted), "length_ms": output.length_ms, **output.made_with}
                ref = Reference(output.digests, output.size_bytes)
                unit.log.append(Entry(Act.DERIVATIVE_MADE, SERVICE, about(wanted), facts=facts, ref=ref), now)

    def _fail(self, wanted: Derivative, problem: str) -> None:
        with self.site.database.writing() as unit:
            fail(unit, wanted, problem, self.site.clock.now())
        log.warning("nothing was made of %s for %s: %s", wanted.recording_id, wanted.id, problem)

    def give_up(self, derivative_id: str, problem: str) -> None:
        """Say that a job met an error again and again."""
        with self.site.database.writing() as unit:
            wanted = unit.derivatives.get(derivative_id)
            if wanted is not None:
                fail(unit, wanted, problem, self.site.clock.now())


def ask_for_proxy(unit: UnitOfWork, recording_id: str, facts: MediaFacts, now: datetime) -> None:
    """Ask for a proxy, in the transaction that notes what a file is, where no browser plays it; once."""
    if not needs_proxy(facts):
        return
    if not any(one.operation is Operation.PROXY for one in unit.derivatives.of(recording_id)):
        ask(unit, Derivative(new_id(), recording_id, Operation.PROXY, {}, SERVICE, now))


def ask(unit: UnitOfWork, new: Derivative) -> None:
    """Note that a derivative is wanted, with its job and its entry; the caller rings."""
    unit.derivatives.add(new)
    unit.jobs.add(JobName.DERIVE, new.id, new.asked_at)
    entry = Entry(
        Act.DERIVATIVE_ASK, new.asked_by, about(new), facts=_facts_of(new), personal=dict(new.words)
    )
    unit.log.append(entry, new.asked_at)


def fail(unit: UnitOfWork, wanted: Derivative, problem: str, now: datetime) -> None:
    """Note that nothing came of a derivative, and say so in the log."""
    if unit.derivatives.note_failed(wanted.id, problem, now):
        facts = {**_facts_of(wanted), "problem": problem}
        unit.log.append(Entry(Act.DERIVATIVE_FAIL, SERVICE, about(wanted), "refused", facts), now)


def about(one: Derivative) -> tuple[tuple[str, str], ...]:
    """Return what an entry about a derivative is about."""
    return (("recording", one.recording_id), ("derivative", one.id))


def _facts_of(one: Derivative) -> dict[str, object]:
    return {"operation": one.operation.value, "parameters": dict(one.parameters)}


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            yield block
