"""The log of `strace -f -y` as calls: who, which call, its arguments, its answer, and when it began and
ended.

A call that was interrupted by another thread's line ("<unfinished ...>", "<... fsync resumed>") is put
together again. Lines that are no calls (signals, exits) are passed over. Source: strace(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,fallocate,copy_file_range,sendfile,"
    "fsync,fdatasync,link,linkat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,sendto,sendmsg"
)

_LINE = re.compile(r"(?:(?P<pid>\d+)\s+)?(?:[\d:.]+\s+)?(?P<rest>\S.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<args>.*)\)\s+= (?P<answer>-?\d+|\?)(?P<more>.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<rest>.*)")
_UNFINISHED = "<unfinished ...>"
_ARGUMENT = re.compile(r'\s*("(?:[^"\\]|\\.)*"(?:\.\.\.)?|\[[^\]]*\]|[^,\[]+)\s*(?:,|$)')
_FD = re.compile(r"(?P<number>-?\d+|AT_FDCWD)<(?P<path>[^>]*)>")
_ESCAPE = re.compile(r'\\([0-7]{1,3}|x[0-9a-f]{2}|["\\abfnrtv])')
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "\\": 92}


@dataclass(frozen=True, slots=True)
class Call:
    """One system call. begun, ended: line numbers, from 1; ended is None where the log has no end of it.
    answer: None likewise, or where it never returned. text: the line(s) joined, without the process id."""

    pid: int
    name: str
    args: tuple[str, ...]
    answer: int | None
    opened: str | None  # the path behind a descriptor that was returned
    begun: int
    ended: int | None
    text: str


def command(log: Path, *, only: str = CALLS) -> list[str]:
    """The words to put before a command so that its calls go to the log."""
    return ["strace", "-f", "-y", "-qq", "-s", "64", "-o", str(log), "-e", f"trace={only}"]


def read_calls(lines: Iterable[str]) -> Iterator[tuple[str, Call]]:
    """Yield ("begins", call) and ("ends", call) in the order of the log; the first knows no answer yet."""
    waiting: dict[int, tuple[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line.rstrip("\n"))
        if not match:
            continue
        pid, rest = int(match["pid"] or 0), match["rest"]
        if rest.endswith(_UNFINISHED):
            begun = rest.removesuffix(_UNFINISHED)
            waiting[pid] = (number, begun)
            yield "begins", _unanswered(pid, begun, number)
        elif (resumed := _RESUMED.fullmatch(rest)) and pid in waiting:
            start, begun = waiting.pop(pid)
            if call := _answered(pid, begun + resumed["rest"], start, number):
                yield "ends", call
        elif call := _answered(pid, rest, number, number):
            yield "begins", call
            yield "ends", call


def descriptor(argument: str) -> tuple[int | None, str] | None:
    """Read `3</path>` or `AT_FDCWD</path>` as (number or None, path); None for anything else."""
    match = _FD.match(argument)
    if not match:
        return None
    number = None if match["number"] == "AT_FDCWD" else int(match["number"])
    return number, _plain(match["path"])


def string(argument: str) -> str:
    """Read a quoted argument, its escapes undone."""
    return _plain(argument.removesuffix("...")[1:-1])


def _unanswered(pid: int, text: str, number: int) -> Call:
    name, _, args = text.partition("(")
    return Call(pid, name, _arguments(args), None, None, number, None, text)


def _answered(pid: int, text: str, begun: int, ended: int) -> Call | None:
    match = _CALL.fullmatch(text)
    if not match:
        return None
    answer = None if match["answer"] == "?" else int(match["answer"])
    opened = descriptor(match["answer"] + match["more"])
    args = _arguments(match["args"])
    return Call(pid, match["name"], args, answer, opened[1] if opened else None, begun, ended, text)


def _arguments(text: str) -> tuple[str, ...]:
    return tuple(found.strip() for found in _ARGUMENT.findall(text))


def _plain(text: str) -> str:
    def byte(match: re.Match[str]) -> str:
        code = match[1]
        value = _LETTERS.get(code)
        if value is None:
            value = int(code[1:], 16) if code[0] == "x" else int(code, 8)
        return chr(value)

    # Escapes stand for bytes, and the bytes for UTF-8.
    return _ESCAPE.sub(byte, text).encode("latin-1", "replace").decode("utf-8", "replace")
