"""Compiled readers, kept beside their sources: the sandbox reads them and cannot write them.

Python keeps the byte code of what it imports, but the readers are imported only inside, where nothing is
writable: each child would compile them anew, which takes longer than reading most files. Who tells Python not
to write byte code (PYTHONDONTWRITEBYTECODE) is obeyed; `./dev.sh` and pip compile when they install.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from struct import pack

_HEAD = 16  # magic number, flags, time and size of the source (PEP 552)


@cache
def keep_compiled() -> None:
    """Compile the modules that a child may import, where that is not done yet; a read-only place stays."""
    if sys.dont_write_bytecode:
        return
    package = Path(__file__).resolve().parent
    parents = [folder / "__init__.py" for folder in (package.parents[1], package.parents[0])]
    for source in (*parents, *package.glob("*.py")):
        if not is_compiled(source):
            import py_compile

            try:
                py_compile.compile(str(source), doraise=True)
            except OSError:  # nobody may write here: the readers are compiled in each child, and as good
                return


def is_compiled(source: Path) -> bool:
    """Tell whether the byte code beside a source is of its time and size, as Python itself asks."""
    found = source.stat()
    wanted = MAGIC_NUMBER + pack("<III", 0, int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
    try:
        with Path(cache_from_source(str(source))).open("rb") as kept:
            return kept.read(_HEAD) == wanted
    except FileNotFoundError:
        return False
