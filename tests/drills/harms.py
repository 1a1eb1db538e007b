"""The harms that F35 draws from: each does one fault to a running site, holds it for a while, and lifts it.

A harm leaves the service as the fault leaves it; whoever drew it brings back what does not run (thrash.py).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.drills import discs
from tests.drills.bad_line import BadLine
from tests.drills.calm import signers
from tests.service_process import ServiceProcess

HELD_S = (1.0, 4.0)
CLOCK_S = 86_400  # so far the clock is moved, either way: half-sent files expire after a week


@dataclass
class Patient:
    """What harms are done to. disc: below the site, None without one; clock: the service's own."""

    service: ServiceProcess
    line: BadLine
    disc: discs.Disc | None
    clock: Path | None
    chance: random.Random
    rival: Callable[[], None]
    judge: Callable[[], None]

    def hold(self) -> None:
        """Let the harm stand for a while, by lot."""
        time.sleep(self.chance.uniform(*HELD_S))

    def kill(self) -> None:
        """F01: kill -9 of the service and whatever it started."""
        self.service.stop(signal.SIGKILL)

    def restart(self) -> None:
        """F28: a stop as an operator makes it, under load: it must end by itself within 30 s."""
        assert self.service.process is not None
        began, process = time.monotonic(), self.service.process
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        self.service.stop()
        assert time.monotonic() - began < 30

    def kill_signer(self) -> None:
        """The signer of the log dies and is started again by the service."""
        for pid in signers(self.service.data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.hold()

    def fill(self) -> None:
        """F09, F10, F11, F13: the disc of everything is full, or nearly."""
        assert self.disc is not None
        place, filler = self.disc.mount, self.disc.mount / "filler"
        facts = os.statvfs(place)
        leave = self.chance.choice((0, 50_000, 1 << 20, 100 << 20))
        with filler.open("wb") as file, suppress(OSError):  # it may be fuller by now than it was
            os.posix_fallocate(file.fileno(), 0, max(1, facts.f_bfree * facts.f_frsize - leave))
        try:
            self.hold()
        finally:
            filler.unlink()

    def use_up_inodes(self) -> None:
        """F14: no new name can be made."""
        assert self.disc is not None
        folder = self.disc.mount / "names"
        folder.mkdir()
        try:
            with suppress(OSError):
                for number in range(10**6):
                    (folder / str(number)).touch()
            self.hold()
        finally:
            subprocess.run(["rm", "-rf", str(folder)], check=True)

    def fail_syncs(self) -> None:
        """F15: the disc answers a sync with an error."""
        when = f"{self.chance.randrange(1, 4)}+{self.chance.randrange(1, 5)}"
        self._inject("fsync,fdatasync", f"error=EIO:when={when}")

    def fail_writes(self) -> None:
        """F09: now and then a write finds no room."""
        when = f"{self.chance.randrange(1, 9)}+{self.chance.randrange(2, 9)}"
        self._inject("pwrite64,write,writev", f"error=ENOSPC:when={when}")

    def slow_syncs(self) -> None:
        """F19: each sync takes a second or two; who only asks is answered all the same."""
        delay = self.chance.randrange(500_000, 2_000_000)
        self._inject("fsync,fdatasync", f"delay_enter={delay}", ask=True)

    def _inject(self, calls: str, what: str, *, ask: bool = False) -> None:
        assert self.service.process is not None
        # Thread by thread: what the service starts meanwhile, a sandbox say, is not followed.
        of = [self.service.process.pid, *self.service.forked()]
        threads = [one.name for pid in of for one in Path(f"/proc/{pid}/task").iterdir()]
        words = ["strace", "-qq", "-o", os.devnull, f"-etrace={calls}", f"-einject={calls}:{what}"]
        injector = subprocess.Popen(
            [*words, *(word for one in threads for word in ("-p", one))], stderr=subprocess.DEVNULL
        )
        try:
            self.hold()
            if ask:
                began = time.monotonic()
                assert self.service.get("/health")[0] == 200
                assert time.monotonic() - began < 5, "who only asks is kept waiting by a slow disc"
        finally:
            injector.terminate()
            try:
                injector.wait(10)
            except subprocess.TimeoutExpired:
                injector.kill()  # the kernel lets go of everything it held
                injector.wait()

    def spoil_line(self, manner: str) -> None:
        """F24, F25: the line resets, swallows answers, lets nothing pass, or is slow."""
        self.line.manner = manner
        try:
            self.hold()
        finally:
            self.line.manner = "good"

    def compete(self) -> None:
        """F26: a second sender of the same bytes to the same upload at the same offset."""
        until = time.monotonic() + self.chance.uniform(*HELD_S)
        while time.monotonic() < until:
            self.rival()

    def move_clock(self) -> None:
        """F30: the service's clock jumps, a day at most from the true one, while it works."""
        assert self.clock is not None
        ahead = self.chance.choice((-CLOCK_S, -3_600, -60, 60, 3_600, CLOCK_S, 0))
        new = self.clock.with_suffix(".new")
        new.write_text(str(ahead))
        new.replace(self.clock)  # whoever reads it finds the one or the other
        self.hold()

    def cut_power(self) -> None:
        """F02: the power of the machine goes, and with it all that was not synced."""
        assert self.disc is not None
        self.service.stop(signal.SIGKILL)
        self.disc.cut()
        self.judge()


@dataclass(frozen=True)
class Harm:
    """A harm, the drills of the list that it stands for, and what of this machine it needs."""

    name: str
    numbers: str
    do: Callable[[Patient], None]
    needs: tuple[str, ...] = ()


HARMS = {
    one.name: one
    for one in (
        Harm("kill", "F01", Patient.kill),
        Harm("restart", "F28", Patient.restart),
        Harm("signer", "F40", Patient.kill_signer),
        Harm("full", "F09 F10 F11 F13", Patient.fill, ("loop-mount",)),
        Harm("names", "F14", Patient.use_up_inodes, ("loop-mount",)),
        Harm("bad-sync", "F15", Patient.fail_syncs, ("strace-attach",)),
        Harm("no-room", "F09", Patient.fail_writes, ("strace-attach",)),
        Harm("slow-sync", "F19", Patient.slow_syncs, ("strace-attach",)),
        Harm("reset", "F24", lambda at: at.spoil_line("reset")),
        Harm("mute", "F27", lambda at: at.spoil_line("mute")),
        Harm("hole", "F25", lambda at: at.spoil_line("hole")),
        Harm("slow", "F25", lambda at: at.spoil_line("slow")),
        Harm("rival", "F26", Patient.compete),
        Harm("clock", "F30", Patient.move_clock, ("own-clock",)),
        Harm("power", "F02", Patient.cut_power, ("power-cut",)),
    )
}
