"""What this machine can inject: each fault is really done once, small, before a drill may count on it.

A probe returns None, or the reason why not. What cannot be injected here is named, and no drill that needs it
passes: it is skipped by that reason.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.drills import discs, tracer

_SYNC = "import os; fd = os.open('probe', os.O_CREAT | os.O_RDWR); os.write(fd, b'x'); os.fsync(fd)"
_WAIT = "import os, sys, time; print('go', flush=True); time.sleep(1.5); " + _SYNC
_NAMESPACE = ("bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")
_CONTEXT_MIB = 64


def _run(*words: str, room: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=room, capture_output=True, text=True, timeout=60, check=False)


def _missing(*programs: str) -> str | None:
    gone = [
        one for one in programs if not shutil.which(one, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    ]
    return f"missing: {', '.join(gone)}" if gone else None


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no word why"])[-1]


def root() -> str | None:
    """Whether we are root."""
    return None if os.geteuid() == 0 else "needs root"


def strace() -> str | None:
    """Whether a program can be started with a fault in its n-th sync."""
    if reason := _missing("strace"):
        return reason
    with tempfile.TemporaryDirectory() as room:
        words = ("strace", "-f", "-qq", "-o", os.devnull, "-etrace=fsync", "-einject=fsync:error=EIO:when=1")
        done = _run(*words, sys.executable, "-c", _SYNC, room=room)
    return None if "Errno 5" in done.stderr else f"strace injects nothing: {_last(done.stderr)}"


def strace_attach() -> str | None:
    """Whether a fault can be put into a program that already runs."""
    if reason := _missing("strace"):
        return reason
    with tempfile.TemporaryDirectory() as room:
        victim = subprocess.Popen(
            [sys.executable, "-c", _WAIT], cwd=room, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert victim.stdout is not None
        victim.stdout.readline()
        words = ["strace", "-f", "-qq", "-o", os.devnull, "-etrace=fsync", "-einject=fsync:error=EIO:when=1"]
        injector = subprocess.Popen([*words, "-p", str(victim.pid)], stderr=subprocess.PIPE, text=True)
        _, said = victim.communicate(timeout=30)
        injector.terminate()
        _, why = injector.communicate(timeout=30)
    return None if "Errno 5" in said else f"strace attaches to nothing: {_last(why)}"


def ptrace() -> str | None:
    """Whether system calls can be counted and a process killed at one of them."""
    if not tracer.NAMES:
        return "no table of system calls for this kind of machine"
    waits = [sys.executable, "-c", "import sys; sys.stdin.read(1)"]
    victim = subprocess.Popen(waits, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        debugger = tracer.Tracer(victim.pid, 0)
        debugger.attach()
        # Not victim.kill(): it asks first whether the process has ended, and takes the stop for that.
        os.kill(victim.pid, signal.SIGKILL)
        debugger.join()
    except OSError as problem:
        return f"ptrace: {problem}"
    finally:
        victim.kill()
        victim.communicate()
    return None


def loop_mount(kind: str = "ext4") -> str | None:
    """Whether a small disc can be made, filled and taken away."""
    return discs.why_not(kind) or _on_a_disc(kind, "(disc.mount / 'a').touch()")


def power_cut(kind: str = "ext4") -> str | None:
    """Whether a disc loses what was not synced, and keeps what was."""
    lines = """
(disc.mount / "kept").write_bytes(b"kept")
disc.sync()
(disc.mount / "lost").write_bytes(b"lost")
disc.cut()
assert (disc.mount / "kept").read_bytes() == b"kept", "what was synced is gone"
assert not (disc.mount / "lost").exists(), "nothing was lost"
"""
    return discs.why_not(kind) or _on_a_disc(kind, lines)


def _on_a_disc(kind: str, lines: str) -> str | None:
    program = f"""
import sys
from pathlib import Path
from tests.drills import discs
discs.keep_to_ourselves()
disc = discs.Disc(Path(sys.argv[1]) / "disc", {16 if kind == "ext4" else 320}, {kind!r})
{lines}
disc.remove()
"""
    with tempfile.TemporaryDirectory(prefix="drill-probe-") as room:
        done = subprocess.run([sys.executable, "-c", program, room], capture_output=True, text=True,
                              cwd=Path(__file__).parents[2], timeout=120, check=False)  # fmt: skip
    return None if done.returncode == 0 else _last(done.stderr)


def small_tmpfs() -> str | None:
    """Whether a small disc in memory can be mounted."""
    with tempfile.TemporaryDirectory() as room:
        done = _run("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", room)
    return None if done.returncode == 0 else _last(done.stderr)


def own_clock() -> str | None:
    """Whether the product can be given a clock of its own, that jumps while it runs."""
    with tempfile.TemporaryDirectory() as room:
        clock = Path(room) / "clock"
        clock.write_text("86400")
        program = "from evidence.adapters.clock import SystemClock; print(SystemClock().now().timestamp())"
        done = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | jumping_clock(clock),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    moved = done.returncode == 0 and float(done.stdout) - time.time() > 80_000
    return None if moved else f"the clock did not move: {_last(done.stderr)}"


def jumping_clock(clock: Path) -> dict[str, str]:
    """Return the environment of a process whose clock is ahead by as many seconds as the file says."""
    here = Path(__file__).parent
    path = (str(here / "jumping_clock"), str(here.parents[1]), os.environ.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(filter(None, path)), "EVIDENCE_DRILL_CLOCK": str(clock)}


def sandbox() -> str | None:
    """Whether bubblewrap makes namespaces here."""
    if reason := _missing("bwrap"):
        return reason
    done = _run(*_NAMESPACE, "true")
    return None if done.returncode == 0 else _last(done.stderr)


def network_namespace() -> str | None:
    """Whether a network of our own can be made."""
    if reason := _missing("unshare", "ip"):
        return reason
    done = _run("unshare", "-n", "ip", "link", "set", "lo", "up")
    return None if done.returncode == 0 else _last(done.stderr)


def memory_limit() -> str | None:
    """Whether a process's memory can be limited, so that it dies of it alone."""
    if reason := _missing("prlimit"):
        return reason
    done = _run("prlimit", f"--as={_CONTEXT_MIB << 20}", sys.executable, "-c", "bytes(1 << 30)")
    return None if done.returncode else "a limit of memory limits nothing"


def immutable() -> str | None:
    """Whether a file can be made unchangeable (chattr +i) where tests lie."""
    with tempfile.TemporaryDirectory() as room:
        (Path(room) / "a").touch()
        done = _run("chattr", "+i", f"{room}/a")
        _run("chattr", "-i", f"{room}/a")
    return None if done.returncode == 0 else _last(done.stderr)


def postgres() -> str | None:
    """Whether PostgreSQL is installed; its programs are not on the path."""
    return None if list(Path("/usr/lib/postgresql").glob("*/bin/postgres")) else "no server is installed"


PROBES: dict[str, tuple[str, Callable[[], str | None]]] = {
    "root": ("being root", root),
    "ptrace": ("kill -9 at the n-th system call", ptrace),
    "strace": ("errors, short writes and delays in the system calls of a program started so", strace),
    "strace-attach": ("the same in a service that runs", strace_attach),
    "loop-mount": ("a small disc, filled to its last byte and inode", loop_mount),
    "power-cut": ("a power cut: ext4 drops what was not synced", power_cut),
    "power-cut-xfs": ("the same with XFS", lambda: power_cut("xfs")),
    "tmpfs": ("a small disc in memory", small_tmpfs),
    "own-clock": ("a clock of its own for one service", own_clock),
    "sandbox": ("namespaces by bubblewrap", sandbox),
    "network": ("a network of its own", network_namespace),
    "memory-limit": ("a limit of memory", memory_limit),
    "immutable": ("chattr +i", immutable),
    "postgres": ("PostgreSQL", postgres),
    "redis": ("Redis", lambda: _missing("redis-server")),
    "store": ("an object store (Ceph)", lambda: _missing("ceph-mon", "ceph-osd", "radosgw")),
    "ffmpeg": ("ffmpeg", lambda: _missing("ffmpeg", "ffprobe")),
    "browser": ("a real browser", lambda: _missing("chromium")),
    "images": ("disc images read by others", lambda: _missing("xorriso", "isoinfo")),
}  # fmt: skip

# What the design lists and no machine of ours has been able to do (drills.md §1): named, never forgotten.
NEVER = {
    "tc netem, dm-flakey, dm-log-writes, dm-dust": "modules that this kind of kernel is built without",
    "discs that lie about a flush, torn sectors": "a matter of hardware; the manual says so",
}


@cache
def why_not(name: str) -> str | None:
    """Return why this machine lacks a capability, None when it has it. Each is tried once in a process."""
    try:
        return PROBES[name][1]()
    except (OSError, AssertionError, subprocess.SubprocessError, ValueError) as problem:
        return f"{type(problem).__name__}: {problem}"


def show() -> list[str]:
    """Return a line for each capability, what is missing last."""
    lines = {name: why_not(name) for name in PROBES}
    here = [f"  yes  {name:<14} {PROBES[name][0]}" for name, reason in lines.items() if reason is None]
    gone = [f"  NO   {name:<14} {PROBES[name][0]}: {reason}" for name, reason in lines.items() if reason]
    return [*here, *gone, *(f"  NO   {name}: {why}" for name, why in NEVER.items())]
