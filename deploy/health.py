"""Whether the process of a container does what it is there for; exit code 0 or 1. Only the standard library.

    health.py ready PORT    the API answers "ready" on this port: database read, space to take uploads
    health.py line PORT     an open line leads to this port: of the broker (worker), of the database (beat)
    health.py signer FOLDER the signer of the logs answers on the socket in this folder

A worker answers nobody, so that nobody can steer it; what it does is known from the job table. Here only its
line is seen.
"""

from __future__ import annotations

import socket
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


def answers(folder: str) -> bool:
    """Ask the signer what it signed last; any answer is one (evidence/signer/line.py)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(4)
        try:
            line.connect(f"{folder}/socket")
            line.sendall(b'{"ask":"last","log":"custody"}\n')
            return line.recv(1) == b"{"
        except OSError as problem:
            print(problem, file=sys.stderr)
            return False


if __name__ == "__main__":
    question, what = sys.argv[1:]
    ask = {
        "ready": lambda: is_ready(int(what)),
        "line": lambda: has_line(int(what)),
        "signer": lambda: answers(what),
    }
    sys.exit(0 if ask[question]() else 1)
