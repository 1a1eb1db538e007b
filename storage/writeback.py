"""Starting to write back early, so that the fdatasync at the end of a request finds little left to do.

A hint only: nothing is acknowledged on it, and an error it meets is reported by the fdatasync that follows
(the
kernel keeps it for the descriptor). Linux sync_file_range(2) with SYNC_FILE_RANGE_WRITE; elsewhere nothing is
done.
"""

from __future__ import annotations

import ctypes

_WRITE = 2  # SYNC_FILE_RANGE_WRITE: start, do not wait
_sync_file_range = getattr(ctypes.CDLL(None, use_errno=True), "sync_file_range", None)
if _sync_file_range is not None:
    _sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


def start_writeback(fd: int, offset: int, size_bytes: int) -> None:
    """Ask the kernel to start writing these bytes of a file; never waits for the disc, never fails."""
    if _sync_file_range is not None:
        _sync_file_range(fd, offset, size_bytes, _WRITE)
