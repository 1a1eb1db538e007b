"""One way to run a parser on bytes we do not trust: no network, no files, a limit on everything.

Each run is a bwrap container of its own: no network, no processes but its own, no capability, no environment,
nothing writable but one output where a run has one, and of the disc only the system libraries, this Python,
this package and the named inputs. Inputs appear as /in/0, /in/1, …, the output as /out: their names stay
outside, so that content decides and no name can be an option, a protocol or a pattern. prlimit bounds
memory, processor time, descriptors and files written; a clock outside kills the whole group. There is no
way to run without all this: a machine that cannot is an error.

What happens without: CVE-2016-1897 (ffmpeg reads files and hosts named in a playlist), CVE-2021-22205 (code
run by a metadata parser).
"""

from __future__ import annotations

import functools
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import evidence
from evidence.adapters import syscall_filter
from evidence.adapters.collecting import SandboxResult, run
from evidence.errors import Unavailable

_SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_PARTS = ("/etc/alternatives", "/etc/ld.so.cache")  # Debian's ffmpeg finds BLAS through alternatives
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
_OPEN_FILES = 64


OUT = "/out"
"""The path at which the sandboxed process finds its output."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A file outside, there already, that a run may write to, and the most bytes that it may become."""

    path: Path
    most_bytes: int


def inside(index: int = 0) -> str:
    """Return the path at which the sandboxed process finds the index-th input, index >= 0."""
    return f"/in/{index}"


def run_sandboxed(
    argv: Sequence[str],
    *,
    inputs: Sequence[Path] = (),
    output: Sink | None = None,
    hear: Callable[[bytes], object] | None = None,
    timeout_s: float = 20.0,
    memory_bytes: int = 1 << 30,
    output_bytes: int = 64 << 20,
    env: Mapping[str, str] | None = None,
    niceness: int = 0,
) -> SandboxResult:
    """Run argv (its paths as of `inside`) with only `inputs` readable and only `output` writable, and return
    what it wrote to stdout and stderr. hear: is handed what it writes to stdout, as it comes.

    timeout_s > 0 seconds of wall time; memory_bytes of address space; output_bytes for stdout and stderr
    together. Raises: FileNotFoundError when an input is not there; Unavailable `sandbox-missing` when bwrap
    or prlimit is not installed, `sandbox-failed` when the machine refuses to build it or argv[0] is not
    there.
    """
    with _pipe() as (status_read, status_write), _filter() as filter_fd:
        command = [
            *_limits(timeout_s, memory_bytes, niceness, output.most_bytes if output else 0),
            *_walls(),
            *(("--bind", str(output.path.resolve(strict=True)), OUT) if output else ()),
            *_opened(inputs, {**_ENVIRONMENT, **(env or {})}),
            *(("--seccomp", str(filter_fd)) if filter_fd is not None else ()),
            *("--json-status-fd", str(status_write), "--remount-ro", "/", "--", *argv),
        ]
        passed = [fd for fd in (status_write, filter_fd) if fd is not None]
        result = run(command, passed, timeout_s, output_bytes, hear)
        os.set_blocking(status_read, False)
        status = _read_all(status_read)
    if not (result.timed_out or result.cut_off) and not _was_executed(status):
        raise Unavailable("sandbox-failed", reason=_last_words(result))
    return result


def self_test() -> None:
    """Prove that the sandbox holds: inside, sockets, /etc/shadow and every write must fail.

    Raises: Unavailable `sandbox-weak` naming what succeeded, or what run_sandboxed raises.
    """
    result = run_sandboxed([sys.executable, "-I", "-S", "-c", _ESCAPES], timeout_s=30.0)
    escaped = result.stdout.decode("ascii", "replace").split()
    if result.returncode != 0 or escaped != ["tried"]:
        raise Unavailable("sandbox-weak", escaped=escaped, reason=_last_words(result))


_ESCAPES = """
import os, socket
def attempt(name, act):
    try:
        act()
    except OSError:
        return
    print(name)
def write(path):
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)
attempt("socket", lambda: socket.socket())
attempt("socket-local", lambda: socket.socket(socket.AF_UNIX))
attempt("shadow", lambda: open("/etc/shadow", "rb"))
for folder in ("/", "/usr", "/etc", "/tmp", "/var/tmp", "/in", "/dev/shm"):
    attempt("write:" + folder, lambda: write(os.path.join(folder, "evidence-sandbox-test")))
print("tried")
"""


def _last_words(result: SandboxResult) -> str:
    return result.stderr[-400:].decode("utf-8", "replace").strip()


def _opened(inputs: Sequence[Path], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what this run may see of the outside: its inputs, without their names, and its environment."""
    for i, path in enumerate(inputs):
        yield from ("--ro-bind", str(path.resolve(strict=True)), inside(i))
    for key, value in environment.items():
        yield from ("--setenv", key, value)


def _limits(timeout_s: float, memory_bytes: int, niceness: int, file_bytes: int) -> list[str]:
    cpu_s = (int(timeout_s) + 1) * (os.cpu_count() or 1)
    limits = [f"--as={memory_bytes}", f"--cpu={cpu_s}", f"--fsize={file_bytes}"]
    limits += [f"--nofile={_OPEN_FILES}", "--core=0"]
    return [*([_tool("nice"), "-n", str(niceness)] if niceness else []), _tool("prlimit"), *limits, "--"]


@functools.cache
def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Unavailable("sandbox-missing", tool=name)
    return path


@functools.cache
def _walls() -> tuple[str, ...]:
    """Return the call of bwrap up to the inputs: the same for every run of this process."""
    wall = [_tool("bwrap"), "--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    wall += ["--clearenv", "--die-with-parent", "--new-session", "--chdir", "/", "--ro-bind", "/usr", "/usr"]
    for link in _SYSTEM_LINKS:
        if os.path.islink(link):
            wall += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            wall += ["--ro-bind", link, link]
    for part in (*_SYSTEM_PARTS, *_python_parts()):
        wall += ["--ro-bind-try", part, part]
    return tuple(wall)


def _python_parts() -> list[str]:
    """Return the folders of this interpreter and of this package; no data lie there."""
    package = str(Path(evidence.__file__).resolve().parent)
    parts: list[str] = []
    for part in sorted({sys.base_prefix, sys.prefix, package}, key=len):
        covered = any(f"{part}/".startswith(f"{folder}/") for folder in ("/usr", *parts))
        if part != "/" and not covered:
            parts.append(part)
    return parts


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    try:
        yield read, write
    finally:
        os.close(read)
        os.close(write)


@contextmanager
def _filter() -> Iterator[int | None]:
    code = syscall_filter.program(platform.machine())
    if code is None:
        yield None
        return
    fd = os.memfd_create("seccomp")
    try:
        os.write(fd, code)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


def _read_all(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return b""


def _was_executed(status: bytes) -> bool:
    """Tell whether bwrap reports an exit code, which it does only when argv[0] was really started inside."""
    return any("exit-code" in json.loads(line) for line in status.splitlines() if line.strip())
