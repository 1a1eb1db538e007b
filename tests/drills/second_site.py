"""R06 and R09: the whole server is lost, and another one serves from a copy of the vault and the saved keys.

Done by the commands that an operator types (docs/operations.md, "A second site"), with a clock running from
the loss until a dock has its receipts from the other server. A mirror takes over every second what is new in
the vault, as an operator's own would; then it is stopped, a second card is docked, and the server is lost:
what the mirror had not taken must show by what lies outside, and come back from the card.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.drills.tally import TALLY
from tests.service_process import ServiceProcess

SAVED = ("site.toml", "keys", "signer/keys")  # apart from the vault; the signer's state is never put back
MANY, LATER = 60, 5  # files of the first card and of the second
RECOVERY_S, LAG_S = 900.0, 60.0  # until another one serves; p95, from a seal to its copy
SIZE, DEVICE = 10_000, "DSJX9A00123"
_QUIET = {"EVIDENCE_DEEP": "false", "EVIDENCE_PUBLISH_S": "1"}


def run(options: argparse.Namespace) -> int:
    """Lose a server; return 1 where anything is not as promised."""
    with tempfile.TemporaryDirectory(prefix="drill-second-site-") as name:
        for part, tried, found in _Drill(Path(name), options.points or MANY, options.seed).run():
            print("\n".join([f"{part}: violations: {len(found)}", *found]), flush=True)
            TALLY.add(tried, found, part)
    return int(bool(TALLY.violations))


class _Drill:
    def __init__(self, folder: Path, files: int, seed: int) -> None:
        self.folder, self.files, self.lot = folder, files, random.Random(seed)
        self.first, self.second = folder / "first", folder / "second"

    def run(self) -> list[tuple[str, int, list[str]]]:
        """Return for each drill how much was tried and what was not as promised."""
        one, two = self._card("09", self.files), self._card("10", LATER)
        service = ServiceProcess(self.first, **_QUIET)
        token = service.add_dock()
        try:
            with service, Mirror(self.first / "vault", self.second / "vault") as mirror:
                kept = self._dock(service, token, one)
                self._until_quiet(mirror)
                self._save()
                mirror.stop()
                unmirrored = self._dock(service, token, two)
                outside = _newest(service)
                service.stop(signal.SIGKILL)
        finally:
            service.stop(signal.SIGKILL)
        shutil.rmtree(self.first)
        return [
            ("R06", self.files, self._serve_again(kept, one)),
            ("R09", self.files + LATER, self._see_lag(mirror.lags, outside, unmirrored, two)),
        ]

    def _serve_again(self, kept: Mapping[str, str], card: Path) -> list[str]:
        """Let the second server take over; the receipts that it gives must be those that were given."""
        began = time.monotonic()
        self._evidence("rebuild", "--from", (self.second / "vault").as_uri())
        self.adopted = int(self._evidence("signer", "--adopt").split()[-1])
        for words in (("log", "rotate", "--reason", "lost"), ("log", "clear")):
            self._evidence(*words)
        self.token = json.loads(self._evidence("docks", "add", "second-site", "--json"))["token"]
        self.known = {row["name"]: row["id"] for row in json.loads(self._evidence("recordings", "--json"))}
        with ServiceProcess(self.second, **_QUIET) as service:
            served = time.monotonic() - began
            again = self._dock(service, self.token, card)
        took = time.monotonic() - began
        print(
            f"R06: serves again after {served:.1f} s, all {len(again)} receipts after {took:.1f} s",
            flush=True,
        )
        found = [f"{name}: another recording" for name in kept if kept[name] != again.get(name)]
        if took > RECOVERY_S:
            found.append(f"took {took:.0f} s, more than {RECOVERY_S:.0f}")
        return found + self._is_sound()

    def _see_lag(
        self, lags: Sequence[float], outside: int, unmirrored: Mapping[str, str], card: Path
    ) -> list[str]:
        """Ask what shows that the copy lagged, and whether the card brings back what it lacked."""
        slow = sorted(lags)[int(len(lags) * 0.95)] if lags else float("inf")
        print(f"R09: {len(lags)} objects mirrored, p95 {slow:.1f} s behind", flush=True)
        found = [f"the mirror was {slow:.0f} s behind"] if slow > LAG_S else []
        if not self.adopted < outside:
            found.append(f"nothing shows the lag: the log ended at {outside}, the copy has {self.adopted}")
        found += [f"{name}: known, and no copy was taken" for name in unmirrored if name in self.known]
        with ServiceProcess(self.second, **_QUIET) as service:
            again = self._dock(service, self.token, card)
        found += [f"{name}: did not come back" for name in unmirrored if name not in again]
        return found + self._is_sound()

    def _is_sound(self) -> list[str]:
        """Check everything, and read every original back."""
        found = []
        for words in (("log", "fsck"), ("log", "alarms"), ("verify",)):
            try:
                self._evidence(*words)
            except AssertionError as problem:
                found.append(str(problem))
        return found

    def _evidence(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "evidence", *words, "--data", str(self.second)],
            capture_output=True, text=True, timeout=RECOVERY_S, check=False,
        )  # fmt: skip
        said = f"{' '.join(words)} ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}"
        assert done.returncode == 0, said
        return done.stdout

    def _dock(self, service: ServiceProcess, token: str, card: Path) -> dict[str, str]:
        """Dock a card by the command; return the recordings that it got receipts of, by name."""
        words = (str(card), "--url", service.url, "--device", DEVICE, "--wearer", "012345", "--json")
        done = subprocess.run(
            [sys.executable, "-m", "evidence", "dock", *words, "--state", str(self.folder / "state")],
            env={**os.environ, "EVIDENCE_TOKEN": token},
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"dock ended with {done.returncode}: {done.stderr[-1000:]}"
        return {file["name"]: file["recording"] for file in json.loads(done.stdout)["files"]}

    def _card(self, name: str, files: int) -> Path:
        folder = self.folder / name
        folder.mkdir()
        for number in range(files):
            path = folder / f"{DEVICE}_012345_20260302{name}{number // 60:02d}{number % 60:02d}.mp4"
            path.write_bytes(self.lot.randbytes(SIZE) + name.encode())
        return folder

    def _save(self) -> None:
        for name in SAVED:
            source, copy = self.first / name, self.second / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy)

    def _until_quiet(self, mirror: Mirror) -> None:
        """Wait until nothing has come for some seconds: what the first card left is published and copied."""
        count = -1
        while count != len(mirror.lags):
            count = len(mirror.lags)
            time.sleep(5)


class Mirror:
    """Takes over what is new in a vault each second; lags: seconds from an object's making to its copy."""

    def __init__(self, vault: Path, there: Path) -> None:
        self._vault, self._there, self._stopping = vault, there, threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="mirror", daemon=True)
        self.lags: list[float] = []

    def __enter__(self) -> Mirror:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop; what comes from now on is not copied."""
        self._stopping.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopping.wait(1.0):
            self.lags += copy_new(self._vault, self._there)


def copy_new(vault: Path, there: Path) -> list[float]:
    """Copy what the other place does not have, as `rsync -a --ignore-existing` does; return how old each
    was."""
    ages = []
    there.mkdir(parents=True, exist_ok=True)  # at first there may be nothing but the vault's sign
    for path in sorted(vault.rglob("*")):
        copy = there / path.relative_to(vault)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        elif not copy.exists():
            part = copy.with_name(f"{copy.name}.part")  # a copy that is broken off has another name
            shutil.copy2(path, part)
            part.replace(copy)
            ages.append(time.time() - path.stat().st_mtime)
    return ages


def _newest(service: ServiceProcess) -> int:
    """Return the size in the newest checkpoint, once no entry is without: what somebody outside keeps."""
    size, before = -1, -2
    while size != before:
        time.sleep(3)
        with urllib.request.urlopen(f"{service.url}/api/v1/logs/custody/checkpoint", timeout=30) as answer:
            size, before = int(answer.read().decode().splitlines()[1]), size
    return size
