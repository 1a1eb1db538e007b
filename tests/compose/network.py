"""The networks of docker-compose.yml as bridges in a network namespace of our own.

Nothing here touches the machine's network: the whole site runs inside a namespace that ends with it.
"""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from tests.servers.processes import program


class Networks:
    """Bridges and addresses, decided from the file before anything starts."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._ip = program("ip", "iproute2")
        self._services: Mapping[str, Any] = document["services"]
        self._ranges = {
            name: ipaddress.ip_network(
                network["ipam"]["config"][0]["subnet"] if "ipam" in network else f"10.90.{number}.0/24"
            )
            for number, (name, network) in enumerate(document["networks"].items())
        }
        self.addresses = {name: dict(self._addresses(name)) for name in self._services}
        self._lines = 0

    def make(self) -> None:
        """Make the bridges."""
        self._run("link", "set", "lo", "up")
        for number, network in enumerate(self._ranges.values()):
            self._run("link", "add", f"br{number}", "type", "bridge", "forward_delay", "0")
            self._run("addr", "add", f"{next(network.hosts())}/{network.prefixlen}", "dev", f"br{number}")
            self._run("link", "set", f"br{number}", "up")

    def join(self, service: str, process: int) -> None:
        """Give the network namespace of a process a line to each network of a service."""
        for network, address in self.addresses[service].items():
            self._lines += 1
            here, there = f"v{self._lines}", f"c{self._lines}"
            bridge = f"br{list(self._ranges).index(network)}"
            self._run("link", "add", here, "type", "veth", "peer", "name", there)
            self._run("link", "set", here, "master", bridge, "up")
            self._run("link", "set", there, "netns", str(process))
            inside = (program("nsenter", "util-linux"), "-t", str(process), "-n")
            width = self._ranges[network].prefixlen
            self._run("addr", "add", f"{address}/{width}", "dev", there, inside=inside)
            # As engines do: the same address is the same card, also after a restart.
            card = "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))
            self._run("link", "set", there, "address", card, "up", inside=inside)

    def hosts(self, service: str) -> str:
        """Return /etc/hosts of a service: itself, its neighbours on its networks, and its extra hosts."""
        lines = ["127.0.0.1 localhost"]
        for network in self.addresses[service]:
            for other, addresses in self.addresses.items():
                if network in addresses:
                    lines.append(f"{addresses[network]} {other}")
        for extra in self._services[service].get("extra_hosts", []):
            name, _, address = extra.partition(":")
            lines.append(f"{address} {name}")
        return "\n".join(lines) + "\n"

    def _addresses(self, service: str) -> Iterator[tuple[str, str]]:
        wanted = self._services[service]["networks"]
        named = wanted if isinstance(wanted, dict) else dict.fromkeys(wanted, {})
        number = list(self._services).index(service)
        for network, choice in named.items():
            fixed = choice.get("ipv4_address")
            yield network, fixed or str(list(self._ranges[network].hosts())[1 + number])

    def _run(self, *words: str, inside: tuple[str, ...] = ()) -> None:
        done = subprocess.run([*inside, self._ip, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
