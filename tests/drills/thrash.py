"""F35: faults by lot under load. Docks send without pause to a real `evidence serve`; every few seconds one
of the harms (harms.py) is done to it, and lifted.

After each the service must be ready by itself, or come back when it is started; then it is frozen for the
blink that the oracle takes, which holds it to everything acknowledged so far (I1 to I5). At the end nothing
is done any more, and within a minute every sender must have what it waits for and the site be at rest (I6),
and `evidence verify` finds nothing. The harms and what they draw follow from the seed; how threads interleave
does not.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.drills import capabilities, discs, oracle
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.bad_line import BadLine
from tests.drills.ground import Ground
from tests.drills.harms import HARMS, Harm, Patient
from tests.drills.lines import HttpLine
from tests.drills.workload import PIECE, Lost, Said, Sending, Workload
from tests.service_process import ServiceProcess

CLIENTS = 3
REST_S = 60.0
LATER = (408, 423, 425, 503, 507)  # come again: nothing was done, and nothing was promised
AGAIN = (
    "offset-differs",
    "upload-complete",
    "too-many-bytes",
)  # another was first: ask where it stands
_AROUND_S = (0.5, 3.0)  # between two harms


class PatientLine(HttpLine):
    """A line of a dock that is told "later" and comes again."""

    def _ask(self, *words, **options):  # type: ignore[no-untyped-def]
        try:
            return super()._ask(*words, **options)
        except Said as refusal:
            if refusal.status in LATER or refusal.code in AGAIN:
                raise Lost from refusal
            raise

    def receipt(self, upload: str) -> str:
        """See Line; gives up for now after some seconds: how long it may take is asked at the end."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            _, body = self._ask("GET", f"/api/v1/uploads/{upload}/receipt", {}, ok=200, also=202)
            if body.startswith(b'{"signed"'):
                return body.decode()
            time.sleep(0.1)
        raise Lost


@dataclass
class Senders:
    """Docks that send without pause, each until the end and then to the end of what it has begun."""

    port: int
    token: str
    said: AcknowledgementLog
    over: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    open: dict[int, Sending] = field(default_factory=dict)
    _done: list[Sending] = field(default_factory=list)

    def start(self, seed: int) -> list[threading.Thread]:
        """Let them begin."""
        threads = [
            threading.Thread(target=self._send, args=(number, random.Random(f"{seed}/{number}")))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        return threads

    def rival(self, chance: random.Random) -> None:
        """Send what one of them is sending, from where it stands, as a second process of its dock would."""
        time.sleep(0.02)
        sending = self.open.get(chance.randrange(CLIENTS))
        if sending is None or not sending.upload:
            return
        second = Sending(sending.name, sending.body, sending.ends, upload=sending.upload)
        with suppress(Lost, Said):
            line = PatientLine(self.port, self.token)
            offset = line.head(second.upload)
            workload = Workload(self.said, [second])
            workload.note_offset(second, offset)
            if offset < len(second.body):
                piece = second.body[offset : offset + PIECE]
                workload.note_offset(
                    second, line.patch(second.upload, offset, piece, workload.checksum(piece))
                )
                self.counts["rival was first"] += 1

    def _send(self, number: int, chance: random.Random) -> None:
        line = PatientLine(self.port, self.token)
        while not self.over.is_set():
            sending = self.open[number] = self._next(number, chance)
            while not sending.done and not self.given_up.is_set():
                try:
                    for _ in Workload(self.said, [sending]).run(line):
                        pass
                except Lost:
                    self.counts["came again"] += 1
                    time.sleep(0.1)
                except BaseException as problem:  # noqa: BLE001 (a thread that died would find nothing more)
                    self.faults.append(f"{sending.name} ({sending.upload}): {problem!r}")
                    self.over.set()
                    return
            del self.open[number]
            if sending.done:
                self.counts[f"ended in {sending.ends}"] += 1
                self._done.append(sending)

    def _next(self, number: int, chance: random.Random) -> Sending:
        """A new file as a rule; now and then one that is there already, or other bytes under its name."""
        old = [one for one in self._done if one.ends == "receipt" and one.body]
        if old and (lot := chance.random()) < 0.25:
            before = chance.choice(old)
            if lot < 0.15:
                return Sending(before.name, before.body)
            return Sending(before.name, before.body[:-1] + bytes([before.body[-1] ^ 1]), ends="name-reused")
        self.counts["begun"] += 1
        body = chance.randbytes(chance.choice((1, 5_000, PIECE, 350_000)) + chance.randrange(1_000))
        return Sending(f"DCIM/{number}/{self.counts['begun']:06d}.mp4", body, declares=chance.random() < 0.3)


class Thrash:
    """One run over one site."""

    def __init__(self, folder: Path, seed: int, disc: discs.Disc | None, harms: Sequence[Harm]) -> None:
        self.chance, self.harms, self.folder = random.Random(seed), harms, folder
        self.seed, self.violations, self.counts = seed, list[str](), Counter[str]()
        self.clock = folder / "clock"
        self.clock.write_text("0")
        site = (disc.mount if disc else folder) / "site"
        own = capabilities.jumping_clock(self.clock) if "clock" in {one.name for one in harms} else {}
        self.service = ServiceProcess(site, EVIDENCE_DEEP="false", EVIDENCE_PUBLISH_S="1", **own)
        self.ground, self.disc = Ground(site, site / "evidence.db"), disc
        self.said = AcknowledgementLog(folder / "acknowledgements")
        self.token = self.service.add_dock()

    def run(self, seconds: float) -> None:
        """Thrash so long; then let everything come to its end, and judge."""
        with BadLine(self.service.port, self.seed) as line:
            senders = Senders(line.port, self.token, self.said)
            patient = Patient(
                self.service, line, self.disc, self.clock, self.chance,
                lambda: senders.rival(self.chance), lambda: self._judge(at_rest=False),
            )  # fmt: skip
            self.service.start()
            threads = senders.start(self.seed)
            try:
                until = time.monotonic() + seconds
                while time.monotonic() < until and not (self.violations or senders.faults):
                    self._one(patient, self.chance.choice(self.harms))
                self._rest(senders, threads)
            finally:
                senders.over.set()
                senders.given_up.set()
                for thread in threads:
                    thread.join(120)
                self.violations += senders.faults
                self.counts += senders.counts
                self.service.stop()

    def _one(self, patient: Patient, harm: Harm) -> None:
        time.sleep(self.chance.uniform(*_AROUND_S))
        self.counts[harm.name] += 1
        began = len(self.violations)
        try:
            harm.do(patient)
            if self.service.process is None or self.service.process.poll() is not None:
                self.service.stop(signal.SIGKILL)
                self.service.start()
            self._wait_ready()
            with self._frozen():
                self._judge(at_rest=False)
        except (AssertionError, OSError) as problem:
            self.violations.append(f"I6 {problem!r}")
        self.violations[began:] = [f"after {harm.name}: {one}" for one in self.violations[began:]]

    def _wait_ready(self) -> None:
        until = time.monotonic() + REST_S
        while not self.service.is_ready():
            assert time.monotonic() < until, "the service is not ready within a minute after the fault"
            time.sleep(0.1)

    def _rest(self, senders: Senders, threads: list[threading.Thread]) -> None:
        senders.over.set()
        until = time.monotonic() + REST_S
        for thread in threads:
            thread.join(max(0.1, until - time.monotonic()))
        for sending in list(senders.open.values()):
            if not (senders.faults or self.violations):
                self.violations.append(f"I6 {sending.name} ({sending.upload}) is not done within a minute")
        senders.given_up.set()
        if self.violations or senders.faults:
            return
        while True:
            with self._frozen():
                found = oracle.examine(self.ground, self.said.said, at_rest=True)
            if not found or time.monotonic() > until:
                break
            time.sleep(0.5)
        self.violations += [f"at rest: {one}" for one in found]
        self._look_by_commands()

    def _look_by_commands(self) -> None:
        """`evidence verify` reads everything back."""
        self.service.stop()
        verdict = json.loads(self.service.command("verify", "--json", ok=(0, 4)))
        if verdict["faulty"]:
            self.violations.append(f"verify: {verdict}")
        self.counts["recordings"] = verdict["checked"]

    @contextmanager
    def _frozen(self) -> Iterator[None]:
        """Stop every thread of the service where it stands, for as long as the oracle copies and reads."""
        assert self.service.process is not None
        group, until = self.service.process.pid, time.monotonic() + REST_S
        try:
            while not _stopped(group):  # who was just starting a program waits for one that stands still
                os.killpg(group, signal.SIGCONT)
                assert time.monotonic() < until, "a thread does not stop"
                time.sleep(0.2)
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def _judge(self, at_rest: bool) -> None:
        self.counts["judged"] += 1
        self.violations += oracle.examine(self.ground, list(self.said.said), at_rest=at_rest)


def _stopped(group: int) -> bool:
    """Stop a group of processes; tell whether its first one stands still within some seconds."""
    os.killpg(group, signal.SIGSTOP)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        states = []
        for task in Path(f"/proc/{group}/task").iterdir():
            with suppress(OSError):
                states.append((task / "stat").read_text().rpartition(") ")[2][0])
        if set(states) <= {"T", "t", "Z", "X"}:
            return True
        time.sleep(0.01)
    return False


def harms(only: Sequence[str]) -> tuple[list[Harm], list[str]]:
    """Return the harms that this machine can do, of those named; and why the others are left out."""
    chosen = [HARMS[name] for name in only] if only else list(HARMS.values())
    able, left_out = [], []
    for one in chosen:
        reasons = [reason for need in one.needs if (reason := capabilities.why_not(need))]
        if reasons:
            left_out.append(f"{one.name} ({one.numbers}): {'; '.join(reasons)}")
        else:
            able.append(one)
    return able, left_out


def run(seed: int, seconds: float, only: Sequence[str] = ()) -> list[str]:
    """Thrash one site; print what was done; return the violations. Takes this process's mounts to itself."""
    able, _ = harms(only)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-thrash-")))
        disc = None
        if any(need in ("loop-mount", "power-cut") for one in able for need in one.needs):
            disc = discs.Disc(folder / "disc")
            stack.callback(disc.remove)
        thrash = Thrash(folder, seed, disc, able)
        thrash.run(seconds)
        if thrash.violations:
            kept = Path(tempfile.mkdtemp(prefix=f"drill-violated-{seed}-"))
            shutil.copytree(thrash.ground.data, kept / "site", ignore=shutil.ignore_patterns("socket"))
            shutil.copy(thrash.said.path, kept)
            (kept / "service.log").write_text(thrash.service.output(), "utf-8")
            thrash.violations.append(f"the site is kept in {kept}")
    done = ", ".join(f"{what}: {number}" for what, number in sorted(thrash.counts.items()))
    print(f"seed {seed}: {done}; violations: {len(thrash.violations)}", flush=True)
    return thrash.violations


def main(words: list[str]) -> int:
    """Thrash one site in this process: SEED SECONDS [HARM…]. The drill F35 starts one for each seed."""
    discs.keep_to_ourselves()
    found = run(int(words[0]), float(words[1]), words[2:])
    print("\n".join(found), end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
