"""One run of many drills: what this machine lacks is named, each drill runs by itself, a table says what
came of it.

A drill that could not be run is skipped, with its reason, and never passed. A failure stops nothing but
itself. The table is printed and written to var/drills/<form>.json, with what each drill printed beside it.
Exit code 1: a violation; 3: none, but something was skipped; 0: all that apply to the form passed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.drills import capabilities, register, tally

CANNOT = 3
OUT = register.ROOT / "var" / "drills"
# Whole sweeps take hours together; --quick takes of each what a night may take ten times over.
_QUICK = {
    "F01": "--points 60 --services 2", "F02": "--points 20 --layout apart", "F03": "--points 20",
    "F05": "--points 5", "F23": "--tries 60", "F26": "--tries 500", "F27": "--tries 500",
    "F31": "--points 40", "F34": "--points 12", "F35": "--seconds 30 --seeds 1", "F40": "--points 12",
    "calm": "--minutes 1", "flips": "--tries 150", "grown": "--tries 1",
    "mutations": "--tries 500", "policy": "--points 60",
    "restores": "--points 2", "second-site": "--points 20",
}  # fmt: skip


@dataclass
class Row:
    """A line of the table."""

    drill: str
    form: str
    what: str
    verdict: str = ""  # passed, FAILED, skipped
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # why skipped; or, of one that passed, what was left out
    seconds: float = 0.0

    def add(self, other: Piece) -> None:
        """Take in what one piece of the drill did."""
        self.tried += other.tried
        self.violations += other.violations
        self.reasons += other.left_out
        self.seconds += other.seconds

    def judge(self) -> None:
        """Say how it went: nothing tried is nothing passed."""
        if self.violations:
            self.verdict = "FAILED"
        else:
            self.verdict = "passed" if self.tried else "skipped"
        if self.verdict == "passed" and self.reasons:
            self.verdict = "partly"

    def text(self) -> str:
        """The line."""
        why = "; ".join(self.violations[:1] or self.reasons)[:200].replace("\n", " ")
        cells = (self.drill, self.form, self.what[:58], str(self.tried), str(len(self.violations)),
                 f"{self.seconds:.0f}", self.verdict)  # fmt: skip
        widths = (5, 9, 59, 7, 6, 7, 8)
        return " ".join([*(f"{c:<{w}}" for c, w in zip(cells, widths, strict=True)), why]).rstrip()


@dataclass(frozen=True)
class Piece:
    """What one command, or one run of pytest, did."""

    tried: int
    violations: list[str]
    left_out: list[str]
    seconds: float
    parts: dict[str, int] = field(default_factory=dict)  # tries by drill, where a command does several

    def of(self, number: str) -> Piece:
        """Return what of it belongs to one drill: its part, and whatever went wrong with all."""
        if number not in self.parts:
            return self
        others = tuple(f"{one}:" for one in self.parts if one != number)
        mine = [one for one in self.violations if not one.startswith(others)]
        return Piece(self.parts[number], mine, self.left_out, self.seconds)


class Runner:
    """Runs drills on one form; a command that several drills name runs once."""

    def __init__(self, form: str, seed: int, quick: bool, out: Path = OUT) -> None:
        self.form, self.seed, self.quick, self.out = form, seed, quick, out
        self._known: dict[str, Piece] = {}
        out.mkdir(parents=True, exist_ok=True)

    def run(self, entry: register.Entry) -> Row:
        """Do one drill."""
        row = Row(entry.number, self.form, entry.what)
        lacking = [f"{need}: {why}" for need in entry.needs if (why := capabilities.why_not(need))]
        if entry.nothing:
            row.reasons.append(entry.nothing)
        elif not entry.has_home(self.form):
            row.reasons.append(f"has no meaning on the {self.form} form")
        elif lacking:
            row.reasons += lacking
        else:
            for words in entry.runs[self.form]:
                row.add(self._once(words, self._command, words.split()).of(entry.number))
            if entry.tests:
                row.add(self._once(" ".join(entry.tests), self._tests, [entry.number, *entry.tests]))
        row.judge()
        return row

    def _once(self, key: str, work, words: Sequence[str]) -> Piece:  # type: ignore[no-untyped-def]
        if key not in self._known:
            self._known[key] = work(words)
        return self._known[key]

    def _command(self, words: Sequence[str]) -> Piece:
        name = "-".join(one.strip("-") for one in words)
        said = self.out / f"{name}.tally.json"
        said.unlink(missing_ok=True)
        quick = _QUICK.get(words[0], "").split() if self.quick else []
        command = [sys.executable, "-m", "tests.drills", *words, *quick, "--seed", str(self.seed)]
        code, output, seconds = self._do(name, command, {tally.FILE: str(said)})
        if not said.exists():
            return Piece(
                1,
                [f"{name} ended with {code} before it could say what it found: {output[-300:]}"],
                [],
                seconds,
            )
        found = json.loads(said.read_text("utf-8"))
        if code not in (0, CANNOT) and not found["violations"]:
            found["violations"].append(f"{name} ended with {code}: {output[-300:]}")
        return Piece(found["tried"], found["violations"], found["left_out"], seconds, found["parts"])

    def _tests(self, words: Sequence[str]) -> Piece:
        number, *ids = words
        report = self.out / f"{number}.{self.form}.xml"
        report.unlink(missing_ok=True)
        # What is marked `grown` is a longer form, or asks for whole engines: once is enough.
        only = [] if self.form == "grown" else ["-m", "not grown"]
        command = [sys.executable, "-m", "pytest", "-q", "--maxfail=20", *only, f"--junitxml={report}", *ids]
        code, output, seconds = self._do(f"{number}.tests", command, {})
        if code == 5:  # nothing but longer forms
            return Piece(0, [], [f"its tests run on the grown form: {', '.join(ids)}"], seconds)
        if not report.exists():
            return Piece(1, [f"pytest ended with {code}: {output[-300:]}"], [], seconds)
        return _read(report, code, seconds)

    def _do(self, name: str, command: list[str], more: dict[str, str]) -> tuple[int, str, float]:
        environment = {
            **os.environ,
            "EVIDENCE_DRILL_SEED": str(self.seed),
            "EVIDENCE_TEST_FORM": self.form,
            **more,
        }
        began, log = time.monotonic(), self.out / f"{name}.{self.form}.log"
        with log.open("w", encoding="utf-8") as file:
            code = subprocess.run(
                command, cwd=register.ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, check=False,
            ).returncode  # fmt: skip
        return code, log.read_text("utf-8", errors="replace"), time.monotonic() - began


def _read(report: Path, code: int, seconds: float) -> Piece:
    """Read what pytest wrote: a test that was skipped was not tried."""
    tried, violations, left_out = 0, list[str](), set[str]()
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag: child.get("message", "") for child in case}
        if "skipped" in kinds:
            left_out.add(f"{case.get('name')}: {kinds['skipped']}")
            continue
        tried += 1
        if problem := kinds.get("failure") or kinds.get("error"):
            violations.append(f"{case.get('classname')}::{case.get('name')}: {problem[:300]}")
    if code not in (0, 1) or (code == 1 and not violations):
        violations.append(f"pytest ended with {code}")
    return Piece(tried, violations, sorted(left_out), seconds)


def code_of(rows: Sequence[Row]) -> int:
    """Return the exit code for a table."""
    verdicts = {row.verdict for row in rows}
    return 1 if "FAILED" in verdicts or not rows else CANNOT if verdicts & {"skipped", "partly"} else 0


def run(words: Sequence[str]) -> int:
    """Run `all`, or the drills named: NAME… [--form F] [--seed N] [--quick]."""
    parser = argparse.ArgumentParser(prog="drill all")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--form", choices=register.FORMS, default="embedded")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="of every drill that draws; printed"
    )
    parser.add_argument("--quick", action="store_true", help="a sample of each sweep")
    options = parser.parse_args(words)
    known = register.entries()
    names = list(known) if options.names == ["all"] else options.names
    if unknown := [name for name in names if name not in known]:
        print(f"unknown drills: {' '.join(unknown)}; ./dev.sh drill list", file=sys.stderr)
        return 2
    print("\n".join(["what this machine can inject:", *capabilities.show(), ""]))
    print(f"form {options.form}, seed {options.seed}; what each printed: {OUT}", flush=True)
    head = ("drill", "form", "what", "tried", "viol.", "seconds", "verdict")
    print(" ".join(f"{c:<{w}}" for c, w in zip(head, (5, 9, 59, 7, 6, 7, 8), strict=True)), flush=True)
    runner, rows = Runner(options.form, options.seed, options.quick), []
    for name in names:
        rows.append(runner.run(known[name]))
        print(rows[-1].text(), flush=True)
        _write(rows, options.seed)
    counted = {
        word: sum(row.verdict == word for row in rows) for word in ("passed", "partly", "skipped", "FAILED")
    }
    print(", ".join(f"{word}: {number}" for word, number in counted.items()))
    return code_of(rows)


def _write(rows: Sequence[Row], seed: int) -> None:
    found = {"seed": seed, "lacking": {n: w for n in capabilities.PROBES if (w := capabilities.why_not(n))},
             "rows": [asdict(row) for row in rows]}  # fmt: skip
    (OUT / f"{rows[0].form}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
