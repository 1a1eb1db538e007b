"""Celery with a step that rests: `python -m tests.workers.stalling FOLDER STEP SECONDS CELERY'S WORDS…`.

The process that does the step writes `FOLDER/STEP.began` and rests SECONDS before it goes on, so that a test
can kill it in the middle.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from evidence.service.examining.examination import Examination
from evidence.service.intake.seals import Seals

# Where the step rests: for the seal after the original is in the vault, for the others before they begin.
STEPS = {
    "seal": (Seals, "_store_manifest"),
    "examine": (Examination, "examine"),
    "deep": (Examination, "deep"),
}


def stall(folder: Path, step: str, seconds: float) -> None:
    """Let a step rest before it goes on."""
    desk, name = STEPS[step]
    whole = getattr(desk, name)

    def slow(self: Any, *words: Any) -> Any:
        (folder / f"{step}.began").touch()
        time.sleep(seconds)
        return whole(self, *words)

    setattr(desk, name, slow)


if __name__ == "__main__":
    from celery.__main__ import main

    stall(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
    sys.argv = ["celery", *sys.argv[4:]]
    main()
