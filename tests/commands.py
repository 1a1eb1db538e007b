"""An `evidence` command within this process: what tests only need done. It spares them the second in which a
process of its own imports everything; what a command is itself like as a process, tests/cli tries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from unittest import mock

from sqlalchemy import Connection, Engine, event

from evidence.cli import main


def run_here(*words: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command as `python -m evidence` would; return exit code, output and what it said of errors."""
    out, err = StringIO(), StringIO()
    code: object = 0
    try:
        with (
            databases_closed(),
            mock.patch.dict(os.environ, environment or {}),
            mock.patch.object(sys, "argv", ["evidence", *words]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            main()
    except SystemExit as ended:
        code = ended.code
    return int(str(code or 0)), out.getvalue(), err.getvalue()


@contextmanager
def databases_closed() -> Iterator[None]:
    """Close in the end what databases were opened meanwhile: the files of a site are then nobody's but its
    service's, and none of them vanishes when the collector of garbage comes by.
    """
    opened = set[Engine]()

    def keep(connection: Connection) -> None:
        opened.add(connection.engine)

    event.listen(Engine, "engine_connect", keep)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", keep)
        for engine in opened:
            engine.dispose()
