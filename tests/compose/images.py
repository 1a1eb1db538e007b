"""What stands in each image, as far as this machine can play it: the distribution's programs by their names.

The root is a new, empty tree, filled with the system's libraries (read-only) and made read-only as a whole
when the mounts of docker-compose.yml are in. Of the machine's own files only what follows can be seen.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from tests.compose.reading import ROOT
from tests.servers.processes import program

POSTGRES = "docker.io/library/postgres"
_ENTRYPOINT = Path(__file__).with_name("postgres-entrypoint.sh")
# Accounts that the images' own files name; the others of docker-compose.yml are numbers without a name there.
_ACCOUNTS = {POSTGRES: "postgres:x:999:999::/var/lib/postgresql:/bin/bash\n"}
_DOCKERFILE = ROOT / "deploy" / "Dockerfile"


@dataclass(frozen=True)
class Image:
    """Mounts (arguments of bwrap), variables, and the entry point."""

    tree: tuple[str, ...]
    environment: dict[str, str]
    entrypoint: tuple[str, ...] = ()


def image_of(name: str, folder: Path, hosts: str) -> Image:
    """Return what plays an image; `folder` takes the files of /etc that a container has for itself.

    Raises:
        AssertionError: a program is missing; the text says how to get it.
    """
    kind = name.partition("@")[0] if "@" in name else name.partition(":")[0]
    image = {
        "evidence": _evidence,
        "docker.io/library/nginx": _nginx,
        POSTGRES: _postgres,
        "docker.io/valkey/valkey": _valkey,
        "quay.io/ceph/ceph": _ceph,
    }[kind]()
    return Image((*_system(), *_etc(folder, hosts, kind), *image.tree), image.environment, image.entrypoint)


def _evidence() -> Image:
    """deploy/Dockerfile: its variables; its venv is this one, its source this checkout."""
    variables = dict(re.findall(r"^ENV (\w+)=(\S+)$", _DOCKERFILE.read_text("utf-8"), re.MULTILINE))
    variables["PATH"] = f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin"
    own = [Path(place) for place in sorted({sys.prefix, sys.base_prefix}) if not place.startswith("/usr")]
    parts = [*own, *(ROOT / part for part in ("evidence", "storage", "workers"))]
    tree = [word for part in parts for word in ("--ro-bind", str(part), str(part))]
    tree += ["--ro-bind", str(ROOT / "deploy/health.py"), "/opt/evidence/health.py"]
    tree += _packages_of_the_image()
    for tool, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux"), ("ffmpeg", "ffmpeg")):
        program(tool, package)
    return Image(tuple(tree), variables)


def _packages_of_the_image() -> list[str]:
    """Put the packages of the image's lock in the place of all that are here: what needs another fails."""
    lock = (ROOT / "deploy" / "requirements.lock").read_text("utf-8")
    in_image = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    site = Path(sysconfig.get_paths()["purelib"])
    tops = {path.name for path in site.glob("*.pth")} - {"distutils-precedence.pth"}
    for package in distributions(path=[str(site)]):
        if re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower() in in_image:
            tops |= {file.parts[0] for file in package.files or ()}
    tree = ["--tmpfs", str(site)]
    for top in sorted(tops - {"..", "__pycache__"}):
        tree += ["--ro-bind", str(site / top), str(site / top)]
    return [*tree, "--remount-ro", str(site)]


def _nginx() -> Image:
    program("curl", "curl")  # the official image has it too
    return Image(_named("nginx", program("nginx", "nginx-light")), _path("/image"))


def _postgres() -> Image:
    server = Path(program("postgres", "postgresql", "/usr/lib/postgresql/*/bin")).resolve()
    entry = "/image/docker-entrypoint.sh"
    return Image(("--ro-bind", str(_ENTRYPOINT), entry), _path(str(server.parent)), (entry,))


def _valkey() -> Image:
    server, client = program("redis-server", "redis-server"), program("redis-cli", "redis-tools")
    return Image((*_named("valkey-server", server), *_named("valkey-cli", client)), _path("/image"))


def _ceph() -> Image:
    for tool in ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool"):
        program(tool, "radosgw ceph-mon ceph-osd ceph-common")
    return Image((), _path("/usr/local/bin"))


def _path(first: str) -> dict[str, str]:
    return {"PATH": f"{first}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}


def _named(name: str, target: str) -> tuple[str, ...]:
    return ("--symlink", target, f"/image/{name}")


def _system() -> list[str]:
    """Libraries and programs; /proc and /dev as engines show them, with the same places covered."""
    tree = ["--ro-bind", "/usr", "/usr"]
    for link in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/") / link
        if place.is_symlink():
            tree += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            tree += ["--ro-bind", str(place), str(place)]
    tree += ["--proc", "/proc", "--dev", "/dev", "--symlink", "/run", "/var/run"]
    for shown in ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs"):
        tree += ["--ro-bind-try", shown, shown]
    for hidden in ("/proc/kcore", "/proc/keys", "/proc/timer_list"):
        if Path(hidden).exists():
            tree += ["--ro-bind", "/dev/null", hidden]
    return tree


def _etc(folder: Path, hosts: str, kind: str) -> list[str]:
    folder.mkdir(parents=True)
    (folder / "hosts").write_text(hosts, "utf-8")
    (folder / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n" + _ACCOUNTS.get(kind, ""), "utf-8")
    (folder / "group").write_text("root:x:0:\n", "utf-8")
    (folder / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n", "utf-8")
    tree = []
    for name in ("hosts", "passwd", "group", "nsswitch.conf"):
        tree += ["--ro-bind", str(folder / name), f"/etc/{name}"]
    for shared in ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/ssl/certs"):
        tree += ["--ro-bind-try", shared, shared]
    return tree
