"""Reading facts out of media files. `probe` runs the readers of this package in the sandbox, never here.

The child is started bare (-I -S, no site, no runpy): of the 12 ms that a sandboxed Python takes, none is
spent on what it does not use. Whatever ends the child early becomes facts that say so, never silence.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # nothing more is imported here: the child imports this package, and its start counts
if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from evidence.adapters.collecting import SandboxResult
    from evidence.domain.media import Damage, MediaFacts

MEMORY_BYTES = 1 << 30
ANSWER_BYTES = 32 << 20
LEAST_TIME_S = 20.0
# An index is some megabytes of memory, used once. The kernel hands it out in pages of 4 KiB, and each takes
# longer than reading its numbers; so the child's malloc (glibc's; others ignore this) asks for huge ones.
MEMORY_HABITS = (
    "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=4194304:"
    "glibc.malloc.mmap_threshold=67108864:glibc.malloc.trim_threshold=268435456"
)
BYTES_PER_SECOND = 20 << 20  # a file without an index is read whole: at least this fast


def probe(path: Path, name: str, modified_at: datetime | None = None) -> MediaFacts:
    """Return the facts of the file at `path`, read in the sandbox. `name` is its own name, as data.

    modified_at (aware): its modification time on the card, kept as one more clock. Never raises for bad
    media: a reader that crashes, runs out of time or memory gives unreadable facts with the note
    "not-examined: …". Raises: FileNotFoundError when the file is not there; Unavailable when the machine has
    no sandbox.
    """
    from evidence.adapters.probing import wire

    facts = _ask("main", path, name)
    return facts if modified_at is None else wire.with_clock(facts, "mtime", modified_at.isoformat())


def scan_payload(path: Path, facts: MediaFacts) -> tuple[Damage, ...]:
    """Return holes of zeros and broken packets in the media data, with their seconds; reads all of it,
    sandboxed.

    A scan that did not end is itself damage of kind "not-examined". Raises: as `probe`.
    """
    from evidence.domain.media import Damage

    found = _ask("main_payload", path, facts.name)
    stopped = tuple(
        Damage(note.replace(": ", ":").split(":")[0], detail={"reason": note}) for note in found.notes
    )
    return (*found.damage, *stopped)


def _ask(entry: str, path: Path, name: str) -> MediaFacts:
    from evidence.adapters.probing import wire
    from evidence.adapters.sandbox import inside, run_sandboxed

    size = path.stat().st_size
    result = run_sandboxed(
        [sys.executable, "-I", "-S", "-c", _program(entry), inside(0)],
        inputs=[path],
        timeout_s=LEAST_TIME_S + size / BYTES_PER_SECOND,
        memory_bytes=MEMORY_BYTES,
        output_bytes=ANSWER_BYTES,
        env={"GLIBC_TUNABLES": MEMORY_HABITS},
    )
    try:
        return wire.facts_from_json(_answer(result), name)
    except ValueError as fault:
        return wire.unreadable(name, size, f"not-examined: {fault}")


def _answer(result: SandboxResult) -> dict[str, Any]:
    """Return what the child wrote. Raises: ValueError with one word for why there is nothing to read."""
    if result.timed_out:
        raise ValueError("out-of-time")
    if result.returncode != 0:
        raise ValueError(f"reader-ended-{result.returncode}")
    import json

    answer = json.loads(result.stdout)
    if not isinstance(answer, dict):
        raise ValueError("no-answer")
    return answer


def _program(entry: str) -> str:
    """Return the child's program: find the package and, where PyAV is needed, what is installed beside it."""
    from pathlib import Path

    from evidence.adapters.probing.bytecode import keep_compiled

    keep_compiled()
    package = str(Path(__file__).resolve().parents[3])
    installed = [part for part in sys.path if part.endswith(("site-packages", "dist-packages"))]
    places = f"import sys; sys.path[:0] = [{package!r}]; sys.path += {installed!r}"
    return f"{places}; import {__name__}.child as c; c.{entry}()"


def facts_to_text(facts: MediaFacts) -> str:
    """Return facts as JSON text; the way back is facts_from_text."""
    import json

    from evidence.adapters.probing import wire

    return json.dumps(wire.facts_to_json(facts), ensure_ascii=False, allow_nan=False)


def facts_from_text(text: str) -> MediaFacts:
    """Return the facts that facts_to_text wrote. Raises: ValueError for anything else."""
    import json

    from evidence.adapters.probing import wire

    value = json.loads(text)
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise ValueError("not the facts of a file")
    return wire.facts_from_json(value, value["name"])
