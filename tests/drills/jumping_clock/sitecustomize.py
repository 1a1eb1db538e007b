"""A clock that jumps: with this folder first on PYTHONPATH, Python imports this at its start, and the one
place where the product asks for the time answers so many seconds later as the file EVIDENCE_DRILL_CLOCK says.

Only the product's clock jumps; monotonic time and timeouts do not, as when somebody sets a machine's clock.
(libfaketime makes Python's time.sleep fail.)
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from evidence.adapters.clock import SystemClock

_true, _ahead = SystemClock.now, Path(os.environ["EVIDENCE_DRILL_CLOCK"])


def _now(clock: SystemClock) -> datetime:
    return _true(clock) + timedelta(seconds=int(_ahead.read_text("ascii")))


SystemClock.now = _now  # type: ignore[method-assign]
