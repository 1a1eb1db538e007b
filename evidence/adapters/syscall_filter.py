"""The system calls that a media parser may not make, as a seccomp program for bwrap's --seccomp.

A deny list inside a namespace that already has no network, no capability and no writable file: it takes away
what faults of the kernel are usually reached by (sockets, keys, ptrace, bpf, io_uring). Denied calls fail
with
EPERM, so a parser that merely asks goes on. Numbers are those of the kernel's own tables (asm/unistd.h), the
program is classic BPF (linux/filter.h, linux/seccomp.h). Unknown machines get no filter; the self-test of the
sandbox notices that and refuses.
"""

from __future__ import annotations

import errno
import struct

_LOAD_WORD, _JUMP_EQUAL, _JUMP_NOT_LESS, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_AT_NUMBER, _AT_ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_X32 = 0x40000000  # the x32 table would be a way around the numbers below

# socket, connect, ptrace, mount, umount2, init_module, finit_module, kexec_load, add_key, request_key,
# keyctl,
_X86_64 = (41, 42, 101, 165, 166, 175, 313, 246, 248, 249, 250)
_AARCH64 = (198, 203, 117, 40, 39, 105, 273, 104, 217, 218, 219)
# unshare, setns, perf_event_open, process_vm_readv, process_vm_writev, bpf, userfaultfd, io_uring (three)
_X86_64_MORE = (272, 308, 298, 310, 311, 321, 323, 425, 426, 427)
_AARCH64_MORE = (97, 268, 241, 270, 271, 280, 282, 425, 426, 427)
_DENIED: dict[str, tuple[int, tuple[int, ...]]] = {  # uname -m: AUDIT_ARCH_*, numbers
    "x86_64": (0xC000003E, _X86_64 + _X86_64_MORE),
    "aarch64": (0xC00000B7, _AARCH64 + _AARCH64_MORE),
}


def program(machine: str) -> bytes | None:
    """Return the filter for this machine (as `uname -m` names it), or None for one not in the table."""
    if machine not in _DENIED:
        return None
    architecture, numbers = _DENIED[machine]
    count = len(numbers)
    lines = [
        (_LOAD_WORD, 0, 0, _AT_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _AT_NUMBER),
        (_JUMP_NOT_LESS, count + 1, 0, _X32),
        *((_JUMP_EQUAL, count - i, 0, number) for i, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
