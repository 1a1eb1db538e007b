"""An `evidence` command within this process: what tests only need done. It spares them the second in which a
process of its own imports everything; what a command is itself like as a process, tests/cli tries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest import mock

from sqlalchemy import Connection, Engine, event

from evidence.cli import main


def run_here(*words: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command as `python -m evidence` would; return exit code, output and what it said of errors.

    Nothing of it stays: databases that it opened are closed, so that the site's files are nobody's but its
    service's.
    """
    out, err, opened = StringIO(), StringIO(), set[Engine]()
    code: object = 0

    def keep(connection: Connection) -> None:
        opened.add(connection.engine)

    event.listen(Engine, "engine_connect", keep)
    try:
        with (
            mock.patch.dict(os.environ, environment or {}),
            mock.patch.object(sys, "argv", ["evidence", *words]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            main()
    except SystemExit as ended:
        code = ended.code
    finally:
        event.remove(Engine, "engine_connect", keep)
        for engine in opened:
            engine.dispose()
    return int(str(code or 0)), out.getvalue(), err.getvalue()
