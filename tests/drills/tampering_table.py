"""`./dev.sh drill tamper`: does each tampering, prints who found it, and judges (docs/testing.md)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.drills import scene
from tests.drills.scene import Found, Pattern
from tests.drills.tally import TALLY
from tests.drills.tampers import NOT_SHOWN, OUTSIDE_ONLY, TAMPERS, Tamper

_INSIDE = {"service", "hourly check", "reading back"}


def run(only: Sequence[str] = ()) -> int:
    """Do all, or those named; print the table; 1 when any was not found in its time, else 0."""
    chosen = [one for one in TAMPERS if not only or one.name in only]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="drill-tamper-") as name:
        pattern = scene.make(Path(name))
        print(_line("drill", "what was done", "found by", "kind", "item", "seconds", "stated", "verdict"))
        for tamper in chosen:
            line, good = judged(tamper, pattern)
            print(line, flush=True)
            failed += not good
            TALLY.add(1, [] if good else [line], tamper.name[:3])
    for number, why in NOT_SHOWN.items():
        if not only or number in only:
            print(f"{number:<5} {why}")
    shown = {one.name[:3] for one in chosen}
    print(f"{len(chosen) - failed} of {len(chosen)} tamperings ({len(shown)} drills) found as stated")
    return int(failed > 0 or not chosen)


def judged(tamper: Tamper, pattern: Pattern) -> tuple[str, bool]:
    """Do one; return its line of the table, and whether it went as the documents say."""
    began = time.monotonic()
    try:
        found, verdict = tamper.work(pattern), "NOT FOUND"
    except Exception as problem:  # noqa: BLE001 (the others are still to be shown)
        found, verdict = [], f"BROKEN: {' '.join(repr(problem).split())[:300]}"
    naming = [one for one in found if one.kind in tamper.kinds]
    first = naming[0] if naming else Found("-", "-", "-", time.monotonic() - began)
    if naming:
        verdict = "found" if first.seconds <= tamper.within_s else "LATE"
        if tamper.name in OUTSIDE_ONLY:
            verdict = "found outside only, as documented"
            if any(one.by in _INSIDE for one in found):
                verdict = "DOCUMENTS WRONG: found inside"
    good = verdict.startswith("found")
    if not good and found:
        verdict += f" ({', '.join(sorted({one.kind for one in found}))})"
    seconds = f"{first.seconds:.1f}"
    # Outside nobody promises when: as soon as somebody compares.
    stated = "compared" if tamper.name in OUTSIDE_ONLY else _stated(tamper.within_s)
    return _line(tamper.name, tamper.what, first.by, first.kind, first.item, seconds, stated, verdict), good


def _stated(seconds: float) -> str:
    units = ((86400, "30 d"), (3600, "1 h"), (60, "60 s"), (0, "at once"))
    return next(text for least, text in units if seconds >= least)


def _line(*cells: str) -> str:
    widths = (5, 47, 20, 24, 46, 8, 8, 0)
    return " ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
