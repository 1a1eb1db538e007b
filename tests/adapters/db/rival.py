"""One of several processes on a database: `python -m tests.adapters.db.rival ACT`, URL and "go" on its input.

A URL holds a password: it is not given as an argument.
"""

from __future__ import annotations

import json
import sys
import time
from threading import Thread

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry
from evidence.service.jobs import JobName
from tests.builders import SITE, START

THREADS = 4
SHARED = "a" * 32  # the object that every entry is about


def migrate(database: SqlDatabase) -> list[str]:
    """Bring the schema up to date."""
    database.migrate()
    return []


def work(database: SqlDatabase) -> list[str]:
    """Do jobs in threads until none is left; return whose work was done here."""
    done: list[str] = []

    def worker(number: int) -> None:
        while True:
            with database.writing() as unit:
                job = unit.jobs.claim(f"{id(database)}-{number}", START, [JobName.DEEP])
            if job is None:
                return
            time.sleep(0.005)  # the work itself
            with database.writing() as unit:
                assert unit.jobs.finish(job, START)
                unit.log.append(Entry(Act.EXAMINE, "service", (("recording", SHARED),)), START)
            done.append(job.subject)

    threads = [Thread(target=worker, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def hold(database: SqlDatabase) -> list[str]:
    """Write, do not commit, and stay."""
    with database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        unit.log.append(Entry(Act.EXAMINE, "service", (("recording", SHARED),)), START)
        print("holding", flush=True)
        time.sleep(60)
    return []


if __name__ == "__main__":
    opened = SqlDatabase(sys.stdin.readline().strip(), SITE)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps({"migrate": migrate, "work": work, "hold": hold}[sys.argv[1]](opened)))
    opened.close()
