"""Whoever seals a piece of what is published is alone, over all processes, on both engines."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence.adapters.db import alone as alone_module
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.errors import Unavailable
from tests.adapters.db.engines import Fresh
from tests.builders import SITE


def test_of_many_threads_and_databases_one_is_inside_at_a_time(fresh: Fresh) -> None:
    databases, inside, most = [SqlDatabase(fresh.url, SITE) for _ in range(4)], [0], [0]
    guard = threading.Lock()

    def work(database: SqlDatabase) -> None:
        for _ in range(5):
            with database.alone():
                with guard:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                time.sleep(0.002)
                with guard:
                    inside[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, databases))
    for database in databases:
        database.close()
    assert (most, inside) == ([1], [0])


_INSIDE = """
import sys, time
from evidence.adapters.db.unit_of_work import SqlDatabase
with SqlDatabase(sys.argv[1], "site.example").alone():
    print("inside", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_is_no_longer_inside(fresh: Fresh) -> None:
    other = subprocess.Popen([sys.executable, "-c", _INSIDE, fresh.url], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"inside\n"
    database = SqlDatabase(fresh.url, SITE)
    began = threading.Event()

    def enter() -> None:
        with database.alone():
            began.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not began.wait(0.5)
    other.kill()
    assert began.wait(20)
    waiting.join()
    other.wait()
    other.stdout.close()
    database.close()


def test_an_error_inside_leaves_the_place_free_and_reaches_the_caller(fresh: Fresh) -> None:
    database = SqlDatabase(fresh.url, SITE)
    with pytest.raises(ValueError, match="inside"), database.alone():
        raise ValueError("inside")
    with database.alone():
        pass
    database.close()


def test_who_waits_too_long_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone_module, "WAIT_S", 0.1)
    first, second = (SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}", SITE) for _ in range(2))
    with first.alone(), pytest.raises(Unavailable, match="database-unavailable"), second.alone():
        raise AssertionError("two inside")
    for database in (first, second):
        database.close()
