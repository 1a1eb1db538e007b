"""Whether the process of a container does what it is there for; exit code 0 or 1. Only the standard library.

    health.py ready PORT    the API answers "ready" on this port: database read, space to take uploads
    health.py line PORT     an open line leads to this port: of the broker (worker), of the database (beat)

A worker answers nobody, so that nobody can steer it; what it does is known from the job table. Here only its
line is seen.
"""

from __future__ import annotations

import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

AUTHORITY = Path("/run/secrets/inside-authority")
ESTABLISHED = "01"


def is_ready(port: int) -> bool:
    """Ask the API. Its certificate bears the name localhost too."""
    trusted = ssl.create_default_context(cafile=str(AUTHORITY))
    try:
        with urllib.request.urlopen(f"https://localhost:{port}/ready", timeout=4, context=trusted) as answer:
            return bool(answer.status == 200)
    except OSError as problem:  # urllib's errors are OSErrors
        print(problem, file=sys.stderr)
        return False


def has_line(port: int) -> bool:
    """Look for a connection to this port among those of this container (proc(5), /proc/net/tcp)."""
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text("ascii").splitlines()[1:]
    ]
    return any(
        state == ESTABLISHED and int(far.rpartition(":")[2], 16) == port for _, _, far, state, *_ in rows
    )


if __name__ == "__main__":
    question, number = sys.argv[1:]
    sys.exit(0 if {"ready": is_ready, "line": has_line}[question](int(number)) else 1)
