"""Which reader a file gets: its first bytes decide, never its name.

A reader writes down what it finds and does not raise for bad evidence; what it raises nonetheless (a fault of
the reader) leaves the facts found so far and a note "not-examined", never silence. No judgement here.
"""

from __future__ import annotations

import struct

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from evidence.domain.media import MediaFacts

BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp", b"uuid")


# what a reader may raise on hostile bytes: the facts so far are kept, and it is said that they are not all
FAULTS = (OSError, MemoryError, ValueError, LookupError, ArithmeticError, EOFError, TypeError, struct.error)


def container_of(source: Source) -> str:
    """Return the container that the first bytes show, or "unknown"."""
    head = source.read(0, 1024)
    if head[4:8] in BOXES:
        return "iso"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] in (b"AVI ", b"WAVE"):
        return "avi" if head[8:12] == b"AVI " else "wav"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:6] == b"#!AMR\n" or head[:9] == b"#!AMR-WB\n":
        return "amr"
    for width, lead in ((188, 0), (192, 4)):
        if len(head) > lead + 2 * width and all(head[lead + i * width] == 0x47 for i in range(3)):
            return "mpegts"
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and len(head) > 3 and _is_mp3(head)):
        return "mp3"
    return "unknown"


def _is_mp3(head: bytes) -> bool:
    """Tell whether a frame header of MPEG audio layer III stands at the start (ISO/IEC 11172-3 §2.4.2.3)."""
    return head[1] & 0xE6 == 0xE2 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def draft_of(path: str) -> Draft:
    """Read one file and return what was found. Raises: OSError if it cannot be opened."""
    source = Source(path)
    draft = Draft(source.size)
    try:
        _read(source, draft)
    except FAULTS as fault:
        draft.notes.append(f"not-examined: {type(fault).__name__}")
    finally:
        draft.bytes_read = source.bytes_read
        source.close()
    return draft


def _read(source: Source, draft: Draft) -> None:
    if source.size == 0:
        draft.broken("empty", 0, 0)
        return
    container = container_of(source)
    if container != "iso":
        draft.container = container
    if container == "iso":
        from evidence.adapters.probing.isomedia import read_iso

        read_iso(source, draft)
    elif container in ("avi", "wav"):
        from evidence.adapters.probing.riff import read_riff

        read_riff(source, draft)
    elif container == "matroska":
        from evidence.adapters.probing.matroska import read_matroska

        read_matroska(source, draft)
    elif container in ("jpeg", "png"):
        from evidence.adapters.probing.stills import read_still

        read_still(source, draft)
    elif container in ("mpegts", "mp3", "amr"):
        from evidence.adapters.probing.streams import read_stream

        read_stream(source, draft)
    else:
        draft.broken("not-media", 0, source.size, zero=not source.read(0, 4096).strip(b"\0"))


def read_facts(path: Path, name: str) -> MediaFacts:
    """Return the facts of a file, read in this very process: for the sandbox's child, tests and tools.

    Raises: OSError if the file cannot be opened.
    """
    from evidence.adapters.probing.wire import facts_from_json

    return facts_from_json(draft_of(str(path)).as_json(), name)
