"""The site of docker-compose.yml, up and down: dependencies, health, one-shot commands, stop signals."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.compose.container import Container
from tests.compose.images import image_of
from tests.compose.network import Networks
from tests.compose.reading import read

MOST_SECONDS_TO_START = 240.0


class Engine:
    """Does with the file what `docker compose` does; it needs namespaces of its own (journey.py)."""

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        self.document = read(variables)
        self.folder = folder
        self.networks = Networks(self.document)
        self.networks.make()
        self.running: dict[str, Container] = {}
        self.seconds_to_health: dict[str, float] = {}

    def up(self, names: Iterable[str] = ()) -> None:
        """Start services and what they depend on, each when its dependencies are healthy; wait until all are.

        No names: all services without a profile. Raises: AssertionError with the log of what did not come up.
        """
        services = self.document["services"]
        usual = [name for name, service in services.items() if "profiles" not in service]
        wanted = self._with_dependencies(names or usual)
        started = {name: time.monotonic() for name in wanted if name in self.running}
        healthy = {name for name in started if name in self.seconds_to_health}
        deadline = time.monotonic() + MOST_SECONDS_TO_START
        while healthy != wanted:
            for name in wanted - started.keys():
                if healthy.issuperset(services[name].get("depends_on", {})):
                    self._start(name)
                    started[name] = time.monotonic()
            for name in started.keys() - healthy:
                if self.running[name].is_healthy():
                    healthy.add(name)
                    self.seconds_to_health[name] = round(time.monotonic() - started[name], 2)
                self._verify_up(name, deadline)
            time.sleep(0.1)

    def run(self, name: str, *command: str, timeout_s: float = 180.0) -> tuple[int, str]:
        """Run a command once in a service's place (`run --rm`); return exit code and what it printed."""
        self.up(self.document["services"][name].get("depends_on", ()))
        container, log = self._make(name)
        self.networks.join(name, container.start(list(command)))
        container.go()
        assert container.process is not None
        code = container.process.wait(timeout_s)
        return code, log.read_text("utf-8", "replace")

    def down(self) -> dict[str, float]:
        """Stop all services, dependents first; return the seconds each took."""
        taken: dict[str, float] = {}
        services = self.document["services"]
        while self.running:
            needed = {other for name in self.running for other in services[name].get("depends_on", {})}
            free = {name: self.running.pop(name) for name in self.running.keys() - needed}
            with ThreadPoolExecutor() as stopping:
                ended = stopping.map(Container.stop, free.values())
            taken |= {name: round(seconds, 2) for name, seconds in zip(free, ended, strict=True)}
            for name in free:
                del self.seconds_to_health[name]
        return taken

    def _with_dependencies(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self.document["services"][name].get("depends_on", {})
        return found

    def _make(self, name: str) -> tuple[Container, Path]:
        place = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        service = self.document["services"][name]
        image = image_of(service["image"], place / "etc", self.networks.hosts(name))
        return Container(name, self.document, image, place / "log"), place / "log"

    def _start(self, name: str) -> None:
        self.running[name], _ = self._make(name)
        self.networks.join(name, self.running[name].start())
        self.running[name].go()

    def _verify_up(self, name: str, deadline: float) -> None:
        container = self.running[name]
        assert container.is_alive(), f"{name} ended:\n{container.output()}"
        assert time.monotonic() < deadline, f"{name} does not become healthy:\n{container.output()}"
