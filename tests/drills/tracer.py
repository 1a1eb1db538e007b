"""A debugger that counts the system calls by which a process changes files or speaks, and kills it at one
of them.

`strace -e inject=…:when=N` counts per call name and per thread; this counts over all names and threads of one
process, so that "point 137" is one moment. The kill falls on entry: the call itself is not carried out.
Calls that only read leave the disc as it was, so points at the calls below are all that can differ.
Child processes are not followed. Sources: ptrace(2), syscall(2), asm/unistd.h. Linux on x86-64 and aarch64.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import signal
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path

_NUMBERS = {
    "x86_64": {
        1: "write", 18: "pwrite64", 20: "writev", 40: "sendfile", 44: "sendto", 46: "sendmsg", 74: "fsync",
        75: "fdatasync", 76: "truncate", 77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir", 86: "link",
        87: "unlink", 90: "chmod", 91: "fchmod", 257: "openat", 258: "mkdirat", 263: "unlinkat",
        264: "renameat", 265: "linkat", 268: "fchmodat", 285: "fallocate", 296: "pwritev", 316: "renameat2",
        326: "copy_file_range",
    },
    "aarch64": {
        34: "mkdirat", 35: "unlinkat", 37: "linkat", 38: "renameat", 45: "truncate", 46: "ftruncate",
        47: "fallocate", 52: "fchmod", 53: "fchmodat", 56: "openat", 64: "write", 66: "writev",
        68: "pwrite64", 70: "pwritev",
        71: "sendfile", 82: "fsync", 83: "fdatasync", 206: "sendto", 211: "sendmsg", 276: "renameat2",
        285: "copy_file_range",
    },
}  # fmt: skip
NAMES = _NUMBERS.get(platform.machine(), {})

_SEIZE, _INTERRUPT, _GO_ON, _INFO = 0x4206, 0x4207, 24, 0x420E
_MARK_CALLS, _FOLLOW_THREADS = 0x1, 0x8
_WALL, _NO_OTHER_THREADS_CHILDREN = 0x40000000, 0x20000000
_CREATES = 0o100 | 0o20000000  # O_CREAT, and the bit of O_TMPFILE that is not O_DIRECTORY
_BY_PATH = {
    "mkdir": 0,
    "link": 1,
    "unlink": 0,
    "rename": 1,
    "mkdirat": 1,
    "unlinkat": 1,
    "linkat": 3,
    "openat": 1,
}
_ID = re.compile(r"[0-9a-f]{32}")

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Point:
    """One counted call: its number in the run (from 1), its name, and what it was about, ids replaced by
    "*".
    """

    number: int
    call: str
    about: str

    def __str__(self) -> str:
        return f"point {self.number}: {self.call} {self.about}"


@dataclass
class Tracer:
    """Follows one process from `attach` to its end. kill_at: number of the call at which it dies, 0 for
    never.
    """

    pid: int
    kill_at: int = 0
    keep_all: bool = False  # keep every point, not only the one of the kill (a survey)
    points: list[Point] = field(default_factory=list)
    count: int = 0
    killed: Point | None = None
    fault: BaseException | None = None
    _seized: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def attach(self) -> None:
        """Begin; the process should be waiting for something. All of ptrace happens in one thread of ours."""
        self._thread = threading.Thread(target=self._run, name=f"tracer-{self.pid}", daemon=True)
        self._thread.start()
        self._seized.wait(10)
        self._verify()

    def join(self) -> None:
        """Wait until the process has ended."""
        assert self._thread is not None
        self._thread.join(60)
        assert not self._thread.is_alive(), "the traced process did not end"
        self._verify()

    def _verify(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _run(self) -> None:
        try:
            for name in os.listdir(f"/proc/{self.pid}/task"):
                _ptrace(_SEIZE, int(name), 0, _MARK_CALLS | _FOLLOW_THREADS)
                _ptrace(_INTERRUPT, int(name))
            self._seized.set()
            while True:
                try:
                    task, status = os.waitpid(-1, _WALL | _NO_OTHER_THREADS_CHILDREN)
                except ChildProcessError:
                    return
                if os.WIFSTOPPED(status):
                    self._stopped(task, status)
        except BaseException as fault:  # noqa: BLE001 - reported by attach or join, in the caller's thread
            self.fault = fault
            self._seized.set()

    def _stopped(self, task: int, status: int) -> None:
        which = os.WSTOPSIG(status)
        is_call = which == signal.SIGTRAP | 0x80
        if is_call and self._counts(task):
            os.kill(self.pid, signal.SIGKILL)
            return
        pass_on = 0 if is_call or status >> 16 else which
        try:
            _ptrace(_GO_ON, task, 0, pass_on)
        except ProcessLookupError:
            return  # it was killed meanwhile

    def _counts(self, task: int) -> bool:
        """Count the call if it is one that counts; return whether it is the one to die at."""
        info = ctypes.create_string_buffer(88)
        try:
            _ptrace(_INFO, task, len(info), ctypes.addressof(info))
        except ProcessLookupError:
            return False
        kind, number, *arguments = struct.unpack_from("=B23xQ6Q", info)
        name = NAMES.get(number)
        if kind != 1 or name is None or (name == "openat" and not arguments[2] & _CREATES):
            return False
        self.count += 1
        die = self.count == self.kill_at
        if die or self.keep_all:
            point = Point(self.count, name, _about(self.pid, task, name, arguments))
            self.points.append(point)
            self.killed = point if die else self.killed
        return die


def _about(pid: int, task: int, name: str, arguments: list[int]) -> str:
    if name in _BY_PATH:
        with open(f"/proc/{task}/mem", "rb", buffering=0) as memory:
            memory.seek(arguments[_BY_PATH[name]])
            path = memory.read(300).partition(b"\0")[0].decode("utf-8", "replace")
    else:
        try:
            path = os.readlink(f"/proc/{pid}/fd/{arguments[0]}")
        except OSError:
            path = f"descriptor {arguments[0]}"
    if path.startswith("socket:"):
        return "the client"
    return _ID.sub("*", re.sub(r"/#\d+( \(deleted\))?$", "/nameless", "/".join(Path(path).parts[-3:])))


def _ptrace(request: int, task: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, task, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request:#x}: {os.strerror(number)}")
