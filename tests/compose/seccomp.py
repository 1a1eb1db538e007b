"""A seccomp profile in Docker's form, compiled by the libseccomp that engines use too.

Only what deploy/parsers.seccomp.json needs: names, arguments, EPERM and ENOSYS; anything else is an error.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
from pathlib import Path
from typing import Any

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_COMPARE = {"SCMP_CMP_NE": 1, "SCMP_CMP_EQ": 4, "SCMP_CMP_GT": 6}
_UNKNOWN_CALL = -1
_ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}


class _Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    ]


def compile_profile(profile: Path) -> int:
    """Return an open file with the program. Raises: AssertionError for a rule of another form."""
    rules = json.loads(profile.read_text("utf-8"))
    assert rules["defaultAction"] == "SCMP_ACT_ALLOW"
    assert _ARCHITECTURES[platform.machine()] in {one["architecture"] for one in rules["archMap"]}
    library = _library()
    context = library.seccomp_init(_ALLOW)
    assert context, "seccomp_init"
    for rule in rules["syscalls"]:
        assert rule["action"] == "SCMP_ACT_ERRNO", rule
        comparisons = [
            _Comparison(one["index"], _COMPARE[one["op"]], one["value"], 0) for one in rule.get("args", [])
        ]
        for name in rule["names"]:
            _add(library, context, _ERRNO | rule["errnoRet"], name, comparisons)
    program = os.memfd_create("seccomp")
    assert library.seccomp_export_bpf(context, program) == 0
    library.seccomp_release(context)
    os.lseek(program, 0, os.SEEK_SET)
    return program


def _add(library: Any, context: int, action: int, name: str, comparisons: list[_Comparison]) -> None:
    number = library.seccomp_syscall_resolve_name(name.encode("ascii"))
    assert number != _UNKNOWN_CALL, f"no system call {name}"
    array = (_Comparison * max(1, len(comparisons)))(*comparisons)
    done = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
    assert done == 0, f"{name}: {os.strerror(-done)}"


def _library() -> Any:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as problem:
        raise AssertionError(
            "libseccomp is missing, please run:  apt-get install -y --no-install-recommends libseccomp2"
        ) from problem
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint),
        ctypes.POINTER(_Comparison),
    ]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    return library
