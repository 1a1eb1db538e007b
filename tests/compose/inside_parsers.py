"""Run in a container that runs parsers: does the sandbox hold, and is refused what the filter denies?"""

import ctypes
import errno
import json
import socket

from evidence.errors import EvidenceError
from evidence.local import check_machine

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_USER, IO_URING_SETUP, CLONE3, NETFILTER = 0x10000000, 425, 435, 12


def refused(number: int, *arguments: int) -> str:
    """Return the name of the error with which a system call ends, or nothing."""
    done = LIBC.syscall(number, *arguments)
    return errno.errorcode[ctypes.get_errno()] if done == -1 else ""


def refused_namespace() -> str:
    """Return the name of the error with which unshare(2) ends, or nothing."""
    return "" if LIBC.unshare(NEW_USER) == 0 else errno.errorcode[ctypes.get_errno()]


def refused_socket(family: int, kind: int, protocol: int = 0) -> str:
    """Return the name of the error with which a socket is refused, or nothing."""
    try:
        socket.socket(family, kind, protocol).close()
    except OSError as problem:
        return errno.errorcode[problem.errno or 0]
    return ""


try:
    check_machine()
    sandbox = "holds"
except EvidenceError as problem:
    sandbox = f"{problem.code} {problem.fields}"

print(
    json.dumps(
        {
            "sandbox": sandbox,
            "a second way to namespaces": refused_namespace(),
            "io_uring": refused(IO_URING_SETUP, 0, 0),
            "clone3": refused(CLONE3, 0, 0),
            "netfilter": refused_socket(16, socket.SOCK_RAW, NETFILTER),
            "kernel crypto": refused_socket(38, socket.SOCK_SEQPACKET),
            "routes": refused_socket(16, socket.SOCK_RAW),
            "a line to the database": refused_socket(socket.AF_INET, socket.SOCK_STREAM),
        }
    )
)
