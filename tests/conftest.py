"""What all tests share: the form of a site, the servers, the shared media and the standards' vectors (read
only, never copied).
"""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

import pytest
from hypothesis import HealthCheck, settings

from tests import forms, longest

if TYPE_CHECKING:  # their drivers take half a second to load, and most test runs need no server
    from sqlalchemy import Engine

    from tests.servers.object_store import ObjectStoreServer
    from tests.servers.postgres import PostgresServer
    from tests.servers.redis import RedisServer


# Half as many examples in `./dev.sh test` as Hypothesis would take; `--grown` takes them all.
# How fast a loaded machine makes examples says nothing about the code.
SLOW = [HealthCheck.too_slow]
settings.register_profile("test", max_examples=50, deadline=None, suppress_health_check=SLOW)
settings.register_profile("grown", max_examples=100, deadline=None, suppress_health_check=SLOW)
settings.load_profile("grown" if forms.WHOLE else "test")

# What starts whole processes and servers: its files take longest. In this order.
LONGEST = (
    "permissions", "compose", "drills", "workers", "witness", "adapters", "rebuilding", "cli", "storage",
    "journeys", "dock", "web", "pages",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first, so that none is left alone at the end, and those of
    a folder together: the service or browser that they share ends with the last of them. Of the tests that
    take longest, leave those away that the lot leaves away.
    """
    if os.environ.get("EVIDENCE_TEST_LOT"):
        those, seed = longest.listed(), int(config.getoption("randomly_seed", 0))
        kept = [item for item in items if longest.drawn(item.nodeid, seed, those)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        inside = item.path.is_relative_to(tests)  # else a session of a test's own
        folder = item.path.relative_to(tests).parts[0] if inside else ""
        return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure each test where EVIDENCE_TEST_TIMES asks for it (longest.py)."""
    if os.environ.get("EVIDENCE_TEST_TIMES"):
        return (yield from longest.metered(item.nodeid))
    return (yield)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was collected here: half a gigabyte that lives to the end."""
    gc.collect()
    gc.freeze()


def _shared(name: str) -> Path | None:
    folder = Path(os.environ.get("EVIDENCE_SHARED", Path(__file__).parents[2] / "shared")) / name
    return folder if folder.is_dir() else None


def shared_media() -> Path | None:
    """Return the folder of real camera files beside the project, or None when it is not there."""
    return _shared("media")


@pytest.fixture(scope="session")
def media() -> Path:
    """The shared media folder; skips by name when absent, fails where CI demands it."""
    return _there(shared_media(), "media")


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The standards' vectors beside the project; absent: as `media`."""
    return _there(_shared("vectors"), "vectors")


@pytest.fixture(scope="session", autouse=True)
def _engines_of_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the sites of the grown form stand on; the first of them starts it."""
    with forms.session(tmp_path_factory):
        yield


@pytest.fixture(scope="session", autouse=forms.GROWN)
def _opened() -> WeakSet[Engine]:
    """All connections of this process to databases."""
    from sqlalchemy import Engine, event

    opened: WeakSet[Engine] = WeakSet()
    event.listen(Engine, "engine_connect", lambda connection: opened.add(connection.engine))
    return opened


@pytest.fixture(autouse=forms.GROWN)
def _nothing_of_a_site_outlives_its_test(_opened: WeakSet[Engine]) -> Iterator[None]:
    """Give the server its databases and connections back: it has a hundred for all sites of all tests."""
    with forms.one_test():
        yield
        for engine in list(_opened):
            engine.dispose()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The PostgreSQL of the test session, shared by its workers; take a `new_database()` of your own."""
    from tests.servers.kept import kept
    from tests.servers.postgres import PostgresServer

    yield from kept(PostgresServer, tmp_path_factory)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis of the test session, one for each worker; `empty()` it before use."""
    from tests.servers.kept import kept
    from tests.servers.redis import RedisServer

    yield from kept(RedisServer, tmp_path_factory)


@pytest.fixture(scope="session")
def object_store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStoreServer]:
    """The object store of the test session, shared by its workers; take a `new_bucket()` of your own."""
    from tests.servers.kept import kept
    from tests.servers.object_store import ObjectStoreServer

    yield from kept(ObjectStoreServer, tmp_path_factory)


def _there(folder: Path | None, name: str) -> Path:
    if folder is None:
        if os.environ.get("EVIDENCE_REQUIRE_MEDIA"):
            pytest.fail(f"the shared folder of {name} is absent, and EVIDENCE_REQUIRE_MEDIA asks for it")
        pytest.skip(f"the shared folder of {name} is absent")
    return folder
