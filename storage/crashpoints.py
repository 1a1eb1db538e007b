"""Named stops where a drill kills the process, so that a crash test says where it crashed.

`EVIDENCE_CRASHPOINT=after-data-link` kills at the first passage, `after-data-link:3` at the third. Unset, a
stop costs one comparison. The kill is SIGKILL to the own process: no handler, no flush, no farewell.
Example to follow: the injection points of PostgreSQL. Not here: power cuts (they need a mount, tests/drills).
"""

from __future__ import annotations

import os
import signal

# Drills only: no setting of the product, so it does not pass through evidence/settings.py.
_name, _, _count = os.environ.get("EVIDENCE_CRASHPOINT", "").partition(":")
_left = int(_count or 1)


def crashpoint(name: str) -> None:
    """Kill this process here if the environment names this stop; else do nothing."""
    global _left
    if not _name or name != _name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
