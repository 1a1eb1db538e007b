"""UDF, read by a library that is not of the program that wrote it: libudfread, which comes along with
ffmpeg.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import c_char_p, c_int, c_int64, c_size_t, c_ssize_t, c_void_p
from functools import cache
from pathlib import Path

_CALLS = {
    "udfread_init": (c_void_p, []),
    "udfread_open": (c_int, [c_void_p, c_char_p]),
    "udfread_close": (None, [c_void_p]),
    "udfread_file_open": (c_void_p, [c_void_p, c_char_p]),
    "udfread_file_size": (c_int64, [c_void_p]),
    "udfread_file_read": (c_ssize_t, [c_void_p, c_void_p, c_size_t]),
    "udfread_file_close": (None, [c_void_p]),
}
_BLOCK = 1 << 20


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libudfread.so.0")
    for name, (result, arguments) in _CALLS.items():
        call = getattr(library, name)
        call.restype, call.argtypes = result, arguments
    return library


def blocks(image: Path, path: str) -> Iterator[bytes]:
    """Yield the bytes of a file of an image; path: below its root, with a slash before it."""
    library = _library()
    disc = library.udfread_init()
    assert library.udfread_open(disc, str(image).encode()) == 0, image
    file = library.udfread_file_open(disc, path.encode())
    assert file, path
    left, buffer = library.udfread_file_size(file), ctypes.create_string_buffer(_BLOCK)
    while left:
        done = library.udfread_file_read(file, buffer, min(left, _BLOCK))
        assert done > 0, (path, left)
        left -= done
        yield buffer.raw[:done]
    library.udfread_file_close(file)
    library.udfread_close(disc)
