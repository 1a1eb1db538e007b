"""docker-compose.yml as Compose reads it: variables put in, then YAML. Small and exact.

The forms `$$`, `${NAME}`, `${NAME:-default}`, `${NAME:?reason}` and no other; a variable that is needed and
missing, an unknown form, an unknown key of a service are errors. Source: the reference of the Compose file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / "deploy" / "example.env"
_NAMED = r"\{(?P<name>[A-Z_][A-Z0-9_]*)(?::(?P<how>[-?])(?P<rest>[^{}$]*))?\}"
_VARIABLE = re.compile(rf"\$(?:(?P<dollar>\$)|{_NAMED}|)")
# What we know a service to say; `privileged`, `network_mode` and the like are not among it.
# fmt: off
KNOWN = {
    "build", "cap_drop", "command", "configs", "cpu_shares", "depends_on", "entrypoint", "environment",
    "extra_hosts", "healthcheck", "image", "init", "logging", "mem_limit", "networks", "pids_limit",
    "ports", "profiles", "pull_policy", "read_only", "restart", "secrets", "security_opt", "shm_size",
    "stop_grace_period", "stop_signal", "tmpfs", "ulimits", "user", "volumes",
}
# fmt: on
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class ComposeError(ValueError):
    """The file asks for something that is missing, or that this reader does not know."""


def read_environment(file: Path) -> dict[str, str]:
    """Read an env file: NAME=value lines, comments and empty lines. Raises: ComposeError for others."""
    found: dict[str, str] = {}
    for line in file.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Z_][A-Z0-9_]*)=([^\s\"'$#]*)", line)
        if match is None or match[1] in found:
            raise ComposeError(f"{file.name}: {line}")
        found[match[1]] = match[2]
    return found


def fill_in(text: str, variables: Mapping[str, str]) -> str:
    """Put variables into a text. Raises: ComposeError."""

    def value(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if match["name"] is None:
            raise ComposeError(f"unknown form at {text[match.start() : match.start() + 30]!r}")
        found = variables.get(match["name"], "")
        if match["how"] == "-":
            return found or match["rest"]
        if not found:
            raise ComposeError(f"{match['name']} is missing: {match['rest'] or ''}")
        return found

    return _VARIABLE.sub(value, text)


def read(variables: Mapping[str, str], file: Path = FILE) -> dict[str, Any]:
    """Read the whole file with its variables. Raises: ComposeError."""
    whole = _filled(yaml.safe_load(file.read_text("utf-8")), variables)
    for name, service in whole["services"].items():
        if unknown := service.keys() - KNOWN:
            raise ComposeError(f"{name}: unknown {sorted(unknown)}")
    result: dict[str, Any] = whole
    return result


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    """Fill in the texts of a tree, as Compose does: values, not keys."""
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return fill_in(value, variables) if isinstance(value, str) else value


def bytes_of(size: str) -> int:
    """Return a size as "64m" in bytes."""
    return int(size[:-1]) * _UNITS[size[-1]]


def seconds_of(duration: str) -> float:
    """Return a duration as "1m30s" in seconds."""
    parts = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration)
    if parts is None or not duration:
        raise ComposeError(duration)
    return int(parts[1] or 0) * 60 + int(parts[2] or 0)


def mounts(service: Mapping[str, Any]) -> list[tuple[str, str, set[str]]]:
    """Return a service's volumes: name, place in the container, options."""
    found = []
    for line in service.get("volumes", []):
        name, place, *options = line.split(":")
        found.append((name, place, set(",".join(options).split(",")) - {""}))
    return found
