"""The logs of a database, held to their format: places, counters and back pointers, from the rows alone."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, text

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.ledger.entries import read_entry, verify_history
from evidence.ledger.merkle import SHA256, Frontier
from tests.builders import SITE


def verify_logs(database: SqlDatabase, site: str = SITE) -> dict[str, tuple[int, bytes]]:
    """Verify every log of a database; return the size and the root of each by its origin.

    Raises: AssertionError, IntegrityFault.
    """
    with database.engine.connect() as connection:
        connection = connection.execution_options(evidence_writes=False)
        leaves, about = _leaves(connection, site), _about(connection, site)
    trees: dict[str, Frontier] = defaultdict(Frontier)
    said: dict[tuple[str, str], set[tuple[int, str, int]]] = defaultdict(set)
    for (log, index), body in leaves.items():  # in order
        assert index == trees[log].size, f"{log}: {trees[log].size} is followed by {index}"
        trees[log].append(SHA256.leaf(body))
        for one in read_entry(body)["obj"]:
            said[_family(log, site), one["id"]].add((one["n"], log, index))
    assert said == {which: set(rows) for which, rows in about.items()}, "the counters say what entries say"
    for (_, object_id), rows in about.items():
        history = [(log, index, leaves[log, index]) for _, log, index in rows]
        assert verify_history(object_id, history).n == len(rows)
    return {log: (tree.size, tree.root()) for log, tree in trees.items()}


def leaves_of(database: SqlDatabase, site: str = SITE) -> dict[str, list[bytes]]:
    """Return the leaves of each log, in order, by its origin."""
    found: dict[str, list[bytes]] = defaultdict(list)
    with database.engine.connect() as connection:
        connection = connection.execution_options(evidence_writes=False)
        for (log, _), body in _leaves(connection, site).items():
            found[log].append(body)
    return found


def _leaves(connection: Connection, site: str) -> dict[tuple[str, int], bytes]:
    rows = connection.execute(text("SELECT log, idx, act, at, body FROM audit_entry ORDER BY log, idx"))
    leaves = {}
    for log, index, act, at, body in rows:
        entry = read_entry(bytes(body))
        assert (entry["log"], entry["act"], entry["t"]) == (f"{site}/{log}", act, at)
        assert log in ("custody", f"access/{at[:4]}"), "the log of its year"
        leaves[f"{site}/{log}", index] = bytes(body)
    numbers = connection.execute(text("SELECT id FROM audit_entry ORDER BY id")).scalars().all()
    assert list(numbers) == list(range(1, len(leaves) + 1)), "the numbers of arrival"
    return leaves


def _about(connection: Connection, site: str) -> dict[tuple[str, str], list[tuple[int, str, int]]]:
    about = defaultdict(list)
    rows = connection.execute(text("SELECT family, object_id, n, log, idx FROM audit_about ORDER BY n"))
    for family, object_id, n, log, index in rows:
        about[family, object_id].append((n, f"{site}/{log}", index))
    return about


def _family(origin: str, site: str) -> str:
    return origin.removeprefix(f"{site}/").split("/")[0]
