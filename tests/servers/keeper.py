"""The process that keeps one server: it starts it, waits until nobody uses it, and leaves nothing running.

Run as a script, and by no one but `kept.py`: `keeper.py FOLDER LIMIT SIGNAL COMMAND…`. It needs only the
standard library. A user of the server holds a shared lock on `FOLDER/users.lock`; the kernel gives it back
when that process ends, however it ends. When the keeper gets the lock for itself, the last user is gone.

SIGTERM, SIGINT and SIGQUIT go on to the server, SIGUSR1 means `kill -9` of all its processes at once. What
has not ended LIMIT seconds later is killed, with all processes that came from it: the keeper adopts orphans.
Should the keeper itself be killed, the command is expected to die with it (`setpriv --pdeathsig`). Linux
only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_ADOPT_ORPHANS = 36  # prctl(2), PR_SET_CHILD_SUBREAPER
_PAUSE = 0.05


def keep(folder: Path, limit: float, usual: int, command: list[str], inherited: int) -> int:
    """Run a server to its end and return its exit code."""
    wanted: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1):
        signal.signal(number, lambda received, _frame: wanted.append(received))
    ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(inherited,))
    with (folder / "users.lock").open("rb") as users:
        while server.poll() is None and not wanted:
            if nobody_holds(users.fileno()):
                wanted.append(usual)
            time.sleep(_PAUSE)
        if server.poll() is None and wanted[0] != signal.SIGUSR1:
            server.send_signal(wanted[0])
            try:
                server.wait(limit)
            except subprocess.TimeoutExpired:
                print(f"keeper: not ended after {limit:.0f} s, killed", file=sys.stderr)
        kill_all()
        os.close(inherited)  # before the users' lock: who waits for that one finds nothing running
    return server.wait()


def nobody_holds(lock: int) -> bool:
    """Tell whether a lock is free, and take it then."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def kill_all() -> None:
    """Kill every process that came from this one, also those that had gone their own way."""
    while found := descendants(os.getpid()):
        for process in found:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        reap()
        time.sleep(0.01)


def reap() -> None:
    """Take the exit codes of what has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def descendants(ancestor: int) -> list[int]:
    """Return the living processes under one, parents before children."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text("latin-1").rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z" or int(parent) == ancestor:
            children.setdefault(int(parent), []).append(int(status.parent.name))
    found = list(children.get(ancestor, ()))
    for process in found:
        found.extend(children.get(process, ()))
    return found


if __name__ == "__main__":
    _folder, _limit, _usual, _inherited, *_command = sys.argv[1:]
    sys.exit(abs(keep(Path(_folder), float(_limit), int(_usual), _command, int(_inherited))))
