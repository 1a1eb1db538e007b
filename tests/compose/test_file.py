"""docker-compose.yml cannot be weakened without a test that says so."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from math import ceil
from typing import Any

import pytest
import yaml

from evidence.service.jobs import Queue
from tests.compose.journey import NAME, OPERATIONS, documented_commands
from tests.compose.reading import EXAMPLE, FILE, KNOWN, ROOT, bytes_of, mounts, read_environment
from tests.house.test_documents import verify_command
from workers.grown import PARSING

DIGEST = re.compile(r"[a-z0-9./-]+@\$\{[A-Z]+_DIGEST:\?[^}]+\}")
PARSERS = {"worker-examine", "worker-deep", "worker-proxy"}
PAGE = OPERATIONS.read_text("utf-8").split("\n## A real site\n")[1].split("\n## ")[0]


def whole() -> dict[str, Any]:
    """Return the file as it stands, its variables not filled in."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return document


def faults(document: dict[str, Any]) -> list[str]:
    """Return what is weaker in a file than it must be."""
    services = document["services"]
    found = [f"{name}: {fault}" for name, one in services.items() for fault in faults_of(name, one)]
    for network in ("front", "inside"):
        if document["networks"][network].get("internal") is not True:
            found.append(f"{network}: has a way out")
    for name, secret in document["secrets"].items():
        if secret != {"file": f"${{SECRETS_FOLDER:?}}/{name}"}:
            found.append(f"secret {name}: not from its file")
    for name, volume in document["volumes"].items():
        if not re.fullmatch(r"\$\{[A-Z]+_FOLDER:\?\}", volume.get("driver_opts", {}).get("device", "")):
            found.append(f"volume {name}: on no disc that the operator named")
    served = {queue for one in services.values() for queue in queues_of(one)}
    if missing := set(Queue) - served:
        found.append(f"queues without a worker: {sorted(missing)}")
    if not any("beat" in one["command"] for one in services.values()):
        found.append("no beat")
    return found


def faults_of(name: str, service: dict[str, Any]) -> list[str]:
    """Return what is weaker in a service than it must be."""
    wanted = {
        "a health check": service.get("healthcheck", {}).get("test", ["NONE"])[0] in ("CMD", "CMD-SHELL"),
        "a limit of memory": "mem_limit" in service,
        "a limit of processes": "pids_limit" in service,
        "a read-only root": service.get("read_only") is True,
        "no capability": service.get("cap_drop") == ["ALL"] and "cap_add" not in service,
        "no new privileges": "no-new-privileges:true" in service.get("security_opt", []),
        "Docker's own filter": name in PARSERS or len(service.get("security_opt", [])) == 1,
        "an account that is not root": bool(re.fullmatch(r"[1-9]\d*:[1-9]\d*", service.get("user", ""))),
        "no published port": name == "proxy" or "ports" not in service,
        "its own networks": set(service.get("networks", ["?"])) <= networks_for(name),
        "an image by digest": bool(DIGEST.fullmatch(service["image"])) or is_our_own(service),
        "an end to its logs": set(service["logging"].get("options", {})) == {"max-size", "max-file"},
        "a stop signal and a grace": {"stop_signal", "stop_grace_period"} <= service.keys(),
        "a restart": service.get("restart") == ("no" if "profiles" in service else "unless-stopped"),
        "no password in sight": not passwords_in(service),
        "only named volumes": all(source.isidentifier() for source, _, _ in mounts(service)),
        "settings that cannot be written": is_at_rest(name, service),
        "durable commits": not re.search(r"fsync=|synchronous_commit=|full_page_writes=", str(service)),
        "nothing unknown": service.keys() <= KNOWN,
    }
    return [what for what, is_kept in wanted.items() if not is_kept]


def networks_for(name: str) -> set[str]:
    """Return the networks that a service may be on."""
    if name == "proxy":
        return {"outside", "front"}
    return {"inside", "front"} if name in ("api-1", "api-2") else {"inside"}


def is_our_own(service: dict[str, Any]) -> bool:
    """Tell whether an image is built here: it is then never fetched from anywhere."""
    return bool(service["image"].startswith("evidence:")) and service.get("pull_policy") == "never"


def is_at_rest(name: str, service: dict[str, Any]) -> bool:
    """Tell whether the volume with settings and keys is read-only, but for the operator's own commands."""
    return all("ro" in how for volume, _, how in mounts(service) if volume == "site" and name != "admin")


def passwords_in(service: dict[str, Any]) -> list[str]:
    """Return what looks like a secret in the environment or the command of a service."""
    variables = service.get("environment", {})
    files = re.compile("_FILE$|_CERTIFICATE_KEY$|_ACCESS_KEY$")  # the last is a name
    named = [
        key for key in variables if re.search("PASSWORD|SECRET|TOKEN|KEY", key) and not files.search(key)
    ]
    words = [*map(str, variables.values()), *service.get("entrypoint", []), *service["command"]]
    secret = re.compile(r"://[^/@\s]*:[^/@\s]*@|--requirepass|password=")
    return named + [word for word in words if secret.search(word)]


def queues_of(service: dict[str, Any]) -> set[Queue]:
    """Return the queues that a service's command serves."""
    words = service["command"]
    return {Queue(one) for one in words[words.index("-Q") + 1].split(",")} if "-Q" in words else set()


def test_the_file_has_no_fault() -> None:
    assert faults(whole()) == []


def undo(service: str, key: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["services"][service].pop(key)


def set_to(service: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["services"][service].update(values)


@pytest.mark.parametrize(
    ("weaken", "said"),
    [
        (undo("api-2", "healthcheck"), "api-2: a health check"),
        (set_to("broker", healthcheck={"test": ["NONE"]}), "broker: a health check"),
        (undo("worker-seal", "mem_limit"), "worker-seal: a limit of memory"),
        (undo("object-store", "pids_limit"), "object-store: a limit of processes"),
        (set_to("postgres", read_only=False), "postgres: a read-only root"),
        (undo("proxy", "cap_drop"), "proxy: no capability"),
        (set_to("proxy", cap_add=["NET_BIND_SERVICE"]), "proxy: no capability"),
        (set_to("beat", privileged=True), "beat: nothing unknown"),
        (set_to("worker-deep", security_opt=["seccomp=unconfined"]), "worker-deep: no new privileges"),
        (
            set_to("api-1", security_opt=["no-new-privileges:true", "seccomp=unconfined"]),
            "api-1: Docker's own filter",
        ),
        (undo("worker-fixity", "user"), "worker-fixity: an account that is not root"),
        (set_to("object-store", user="0:0"), "object-store: an account that is not root"),
        (set_to("postgres", ports=["5432:5432"]), "postgres: no published port"),
        (set_to("proxy", networks=["outside", "inside"]), "proxy: its own networks"),
        (set_to("postgres", image="docker.io/library/postgres:17"), "postgres: an image by digest"),
        (set_to("admin", pull_policy="always"), "admin: an image by digest"),
        (set_to("broker", logging={"driver": "json-file"}), "broker: an end to its logs"),
        (undo("worker-examine", "stop_grace_period"), "worker-examine: a stop signal and a grace"),
        (set_to("beat", restart="no"), "beat: a restart"),
        (set_to("postgres", environment={"POSTGRES_PASSWORD": "x"}), "postgres: no password in sight"),
        (set_to("beat", environment={"EVIDENCE_BROKER": "redis://:x@broker"}), "beat: no password in sight"),
        (set_to("broker", command=["--requirepass", "x"]), "broker: no password in sight"),
        (set_to("api-1", volumes=["/var/run/docker.sock:/d"]), "api-1: only named volumes"),
        (set_to("worker-seal", volumes=["site:/s"]), "worker-seal: settings that cannot be written"),
        (set_to("postgres", command=["postgres", "-c", "fsync=off"]), "postgres: durable commits"),
        (lambda document: document["networks"].update(inside={}), "inside: has a way out"),
        (
            lambda document: document["secrets"].update({"api-key": {"environment": "KEY"}}),
            "secret api-key: not from its file",
        ),
        (lambda document: document["volumes"].update(staging={}), "volume staging: on no disc"),
        (lambda document: document["services"].pop("worker-fixity"), "queues without a worker: "),
        (lambda document: document["services"].pop("worker-export"), "queues without a worker: "),
        (lambda document: document["services"].pop("beat"), "no beat"),
    ],
)
def test_a_weaker_file_is_noticed(weaken: Callable[[dict[str, Any]], None], said: str) -> None:
    document = copy.deepcopy(whole())
    weaken(document)
    assert any(fault.startswith(said) for fault in faults(document)), faults(document)


def test_our_filter_stands_before_the_workers_that_run_parsers_and_no_others() -> None:
    for name, service in whole()["services"].items():
        has_ours = "seccomp=deploy/parsers.seccomp.json" in service["security_opt"]
        assert has_ours == bool(PARSING & queues_of(service)) == (name in PARSERS), name


def test_whoever_builds_takes_and_takes_away_packages_sees_one_folder_and_nobody_else() -> None:
    services = whole()["services"]
    sees = {name for name, one in services.items() for volume, _, _ in mounts(one) if volume == "exports"}
    assert sees == {"api-1", "api-2", "worker-export", "beat", "admin"}
    for name in sees:
        places = {place for volume, place, how in mounts(services[name]) if volume == "exports"}
        assert places == {services[name]["environment"]["EVIDENCE_EXPORTS"]}, name


def test_whoever_proves_or_has_the_log_published_reaches_the_signers_socket() -> None:
    services = whole()["services"]
    sees = {name for name, one in services.items() for volume, _, _ in mounts(one) if volume == "signer"}
    assert sees == {"api-1", "api-2", "worker-export", "beat", "signer", "admin"}


def test_every_variable_is_in_the_example_and_none_is_there_for_nothing() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", FILE.read_text("utf-8"))) - {"EVIDENCE_VERSION"}
    assert used == set(read_environment(EXAMPLE))


def test_the_example_holds_no_digest() -> None:
    for name, value in read_environment(EXAMPLE).items():
        assert not (name.endswith("_DIGEST") and value), name
        assert "sha256" not in value


def test_every_volume_and_service_stands_in_the_operators_page() -> None:
    document = whole()
    for name, volume in document["volumes"].items():
        variable = volume["driver_opts"]["device"].strip("${}?:")
        assert f"| `{name}` | `{variable}` |" in PAGE, name
    for name in document["services"].keys() - {"admin"}:
        assert f"`{name}`" in PAGE, name


def test_the_page_names_the_limits_as_they_are() -> None:
    limits = [bytes_of(one["mem_limit"]) for one in whole()["services"].values() if "profiles" not in one]
    assert f"the limits in the file add up to {ceil(sum(limits) / 2**30)}," in " ".join(PAGE.split())


def test_the_documented_commands_exist_with_their_options() -> None:
    assert len(documented_commands()) == 3
    for words in documented_commands():
        verify_command(words[1:])
    assert NAME in PAGE


def test_every_file_that_is_mounted_is_there() -> None:
    document = whole()
    for config in document["configs"].values():
        assert (ROOT / config["file"]).is_file()
    used = {one for service in document["services"].values() for one in service.get("secrets", [])}
    assert used == set(document["secrets"]), "every secret is somebody's"


def test_the_proxy_streams_bodies_and_keeps_an_upload_with_one_process() -> None:
    proxy = (ROOT / "deploy/proxy.conf").read_text("utf-8")
    for line in (
        "proxy_request_buffering off;",
        "client_max_body_size 0;",
        "hash $whose consistent;",
        "proxy_ssl_verify on;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "proxy_buffering off;",
        "proxy_read_timeout 2h;",
    ):
        assert f" {line}" in proxy, line
    assert set(re.findall(r"server (api-\d):", proxy)) == {
        name for name, one in whole()["services"].items() if "serve" in one["command"]
    }
