"""The order oracle (drill F04): does a log of system calls show that nothing was acknowledged too early?

What it holds a process to, below one root folder:
1. A name made by link or rename leads to a file that was fsynced, whole, before (`linked-before-sync`).
2. At an acknowledgement every name made so far (file, folder, link) stands in a folder that was fsynced
   afterwards (`name-not-durable`), and every byte written to a named file was fsynced (`bytes-not-durable`).
3. A sync that failed is not made good by a second one (`failed-sync-trusted`).
4. Nothing below the vault is renamed (`renamed-in-vault`), and an object's name appears there only when a
   lock record made for it is durable (`object-before-lock`; names as in storage/place.py).
A log without any acknowledgement shows nothing and says so (`no-acknowledgement`).
A sync covers what ended before it began, and counts once it has ended. Removed names owe nothing. Not
seen: O_SYNC, mmap, io_uring, and whether the disc keeps its word.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.drills.strace_log import Call, descriptor, read_calls, string

# The first bytes of an HTTP answer that says yes, on whatever descriptor (a socket's path is not one).
HTTP_SUCCESS = re.compile(r'(?:sendto|sendmsg|write|writev)\(\d+<(?!/).*"HTTP/1\.[01] 2')

_WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate", "sendfile"}
_PROC_FD = re.compile(r"/proc/(?:self|\d+)/fd/(\d+)")


@dataclass(frozen=True, slots=True)
class OrderFault:
    """A broken rule: its code, the path it is about, and the line of the log where it showed."""

    code: str
    path: str
    line: int


def examine_order(
    lines: Iterable[str],
    root: str,
    acknowledgement: re.Pattern[str],
    vault: str | None = None,
    ignore: Callable[[str], bool] = lambda path: False,
) -> list[OrderFault]:
    """Return every fault in the log, each named once.

    acknowledgement: searched in each call's text (HTTP_SUCCESS, or `write\\(1<.*"sealed`).
    root, vault: absolute, without links. ignore: paths that owe nothing (a log, a scratch file).
    """
    oracle = _Oracle(root, vault, ignore)
    acknowledged = False
    for moment, call in read_calls(lines):
        if moment == "begins" and acknowledgement.search(call.text):
            acknowledged = True
            oracle.acknowledge(call.begun)
        elif moment == "ends":
            oracle.follow(call)
    if not acknowledged:
        oracle.faults.append(OrderFault("no-acknowledgement", root, 0))
    return list(dict.fromkeys(oracle.faults))


@dataclass(slots=True)
class _File:
    """A file whatever its names: when last written, when its last good sync began, whether one failed."""

    written: int = 0
    synced: int = 0
    failed: bool = False

    @property
    def is_durable(self) -> bool:
        return self.synced > self.written and not self.failed


@dataclass(slots=True)
class _Oracle:
    root: str
    vault: str | None
    ignore: Callable[[str], bool]
    files: dict[str, _File] = field(default_factory=dict)  # by path; two names of one file share the value
    names: dict[str, int] = field(default_factory=dict)  # made and not yet durable: path → line
    made: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)  # names whose folder's sync failed
    opened: dict[tuple[int, int], str] = field(default_factory=dict)
    faults: list[OrderFault] = field(default_factory=list)

    def follow(self, call: Call) -> None:
        for argument in call.args:
            if (seen := descriptor(argument)) and seen[0] is not None:
                self.opened[call.pid, seen[0]] = seen[1]
        if call.name in ("fsync", "fdatasync"):
            self._sync(call)
        elif call.answer is None or call.answer < 0:
            return
        elif call.name in _WRITES:
            self._write(call, call.args[0])
        elif call.name == "copy_file_range":
            self._write(call, call.args[2])
        elif call.name in ("open", "openat", "creat"):
            self._open(call)
        elif call.name.startswith(("link", "rename")):
            self._name(call)
        elif call.name.startswith("mkdir"):
            self._made(self._paths(call)[0], call)
        elif call.name.startswith(("unlink", "rmdir")):
            self._forget(self._paths(call)[0])

    def acknowledge(self, line: int) -> None:
        for path in self.names:
            code = "failed-sync-trusted" if path in self.doubtful else "name-not-durable"
            self.faults.append(OrderFault(code, path, line))
        for path, file in self.files.items():
            if file.written and not file.is_durable and self._matters(path) and "/#" not in path:
                code = "failed-sync-trusted" if file.failed else "bytes-not-durable"
                self.faults.append(OrderFault(code, path, line))

    def _sync(self, call: Call) -> None:
        seen = descriptor(call.args[0])
        if seen is None or call.answer is None:
            return
        path, failed = seen[1], call.answer < 0
        file = self.files.setdefault(path, _File())
        file.failed |= failed
        if not failed:
            file.synced = max(file.synced, call.begun)
        inside = [
            name for name, line in self.names.items() if posixpath.dirname(name) == path and line < call.begun
        ]
        for name in inside:
            if failed:
                self.doubtful.add(name)
            elif name not in self.doubtful:
                del self.names[name]

    def _write(self, call: Call, argument: str) -> None:
        if (seen := descriptor(argument)) and seen[1].startswith("/"):
            self.files.setdefault(seen[1], _File()).written = call.ended or call.begun

    def _open(self, call: Call) -> None:
        if call.opened is None or call.answer is None:
            return
        self.opened[call.pid, call.answer] = call.opened
        flags = " ".join(call.args)
        if "O_TMPFILE" in flags:
            self.files[call.opened] = _File()  # the number of a nameless file that is gone may come again
        elif "O_CREAT" in flags and "O_EXCL" in flags:
            self.files[call.opened] = _File(written=call.ended or call.begun)
            self._made(call.opened, call)
        elif "O_TRUNC" in flags or call.name == "creat":
            self.files.setdefault(call.opened, _File()).written = call.ended or call.begun

    def _name(self, call: Call) -> None:
        source, target = self._paths(call)
        if call.name.startswith("rename"):
            for path in (source, target):
                if self.vault and _below(path, self.vault):
                    self.faults.append(OrderFault("renamed-in-vault", path, call.begun))
        if not self._matters(target):
            return
        file = self.files.setdefault(source, _File())
        if not file.is_durable or file.synced > call.begun:
            code = "failed-sync-trusted" if file.failed else "linked-before-sync"
            self.faults.append(OrderFault(code, target, call.begun))
        self._verify_lock(target, call)
        self._made(target, call)
        self.files[target] = file
        if call.name.startswith("rename"):
            self._forget(source)

    def _verify_lock(self, target: str, call: Call) -> None:
        if not self.vault or not _below(target, self.vault) or "~" in posixpath.basename(target):
            return
        locks = [name for name in self.made if name.startswith(target + "~lock.")]
        if not locks or any(name in self.names for name in locks):
            self.faults.append(OrderFault("object-before-lock", target, call.begun))

    def _made(self, path: str, call: Call) -> None:
        if self._matters(path):
            self.made.add(path)
            self.names[path] = call.ended or call.begun
            self.doubtful.discard(path)

    def _forget(self, path: str) -> None:
        self.files.pop(path, None)
        self.names.pop(path, None)

    def _matters(self, path: str) -> bool:
        return _below(path, self.root) and not self.ignore(path)

    def _paths(self, call: Call) -> list[str]:
        """Return the call's path arguments in full; a descriptor before one is the folder it starts from."""
        found, folder = [], ""
        for argument in call.args:
            if seen := descriptor(argument):
                folder = seen[1]
            elif argument.startswith('"'):
                path = string(argument)
                if number := _PROC_FD.fullmatch(path):
                    path = self.opened.get((call.pid, int(number[1])), path)
                found.append(posixpath.normpath(posixpath.join(folder, path)))
        return found


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
