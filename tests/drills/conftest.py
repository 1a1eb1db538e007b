"""The drills of the embedded form are skipped on the grown one, by name; a grown site has its own drills."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forms import embedded_only

# They count, log and cut the system calls by which one process changes the files of its own disc, and their
# oracle reads those files. PostgreSQL and the store do theirs behind a socket. (test_order.py and
# test_oracle.py judge written logs and sites, and start nothing.)
OF_ONE_DISC = (
    "test_ingest_order",
    "test_kills",
    "test_mutants",
    "test_power_cuts",
    "test_publishing_kills",
    "test_rivals",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem in OF_ONE_DISC:
            item.add_marker(embedded_only("it is about the system calls of one process over its own disc"))
