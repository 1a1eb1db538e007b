"""The whole way on the site of docker-compose.yml: made, qualified, docked to, verified, stopped.

Run as a program in namespaces of its own (`begin` does that): `python -m tests.compose.journey FOLDER`. It
writes what it saw to FOLDER/seen.json, and judges nothing: test_site.py does. The operator's commands are
those of docs/operations.md, word for word.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.compose.court_desk import CourtDesk, told_by
from tests.compose.engine import Engine
from tests.compose.reading import EXAMPLE, ROOT, read_environment
from tests.demo import DEVICE, SEGMENT, SHANGHAI, WEARER, record
from tests.servers.processes import program, wait_until

NAME = "station-7.example"
LONG_FILE_BYTES = 150 << 20  # three requests of a dock
FOLDERS = ("SITE", "STAGING", "SCRATCH", "EXPORTS", "SIGNER", "DATABASE", "OBJECTS", "SECRETS")
OPERATIONS = ROOT / "docs" / "operations.md"
PORTS = {"proxy": 8443, "api-1": 8443, "api-2": 8443, "postgres": 5432, "broker": 6379, "object-store": 7443}
JOBS = "SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM job GROUP BY state) AS j"
WRITE = "for d in / /usr /etc /var /run /opt; do touch $d/forbidden 2>/dev/null && echo $d; done; true"


def variables(folder: Path) -> dict[str, str]:
    """Return the example's settings with this test's folders, and digests of the right form."""
    found = read_environment(EXAMPLE)
    found |= {name: "sha256:" + "0" * 64 for name in found if name.endswith("_DIGEST")}
    found |= {f"{name}_FOLDER": str(folder / name.lower()) for name in FOLDERS}
    return found | {"OBJECT_STORE_SIZE": "4G"}


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """Start the journey in new namespaces; whatever it has started ends with them."""
    with (folder / "journey.log").open("ab") as log:
        return subprocess.Popen(
            [
                *(program("setpriv", "util-linux"), "--pdeathsig", "KILL"),
                *(program("unshare", "util-linux"), "--user", "--map-root-user", "--net", "--mount", "--pid"),
                *("--fork", "--kill-child", "--mount-proc", sys.executable, "-m", "tests.compose.journey"),
                str(folder),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


class Journey:
    """The steps; each notes what it saw and how long it took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, Any] = {"seconds": {}}
        self.shift = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        values = variables(folder)
        for name in FOLDERS:
            Path(values[f"{name}_FOLDER"]).mkdir()
        subprocess.run(
            [ROOT / "deploy/make-secrets.sh", values["SECRETS_FOLDER"], NAME, "--keep-owner"], check=True
        )
        self.engine = Engine(values, folder)
        self.authority = Path(values["SECRETS_FOLDER"]) / "inside-authority"
        hosts = folder / "hosts"
        proxy = self.engine.networks.addresses["proxy"]["outside"]
        hosts.write_text(f"127.0.0.1 localhost\n{proxy} {NAME}\n")
        subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)

    def go(self) -> None:
        """Do it all. Containers that are left die with the namespaces."""
        docked = (self.make, self.up, self.look_inside, self.dock)
        for step in (*docked, self.hand_over, self.lose_one, self.verify, self.down):
            began = time.monotonic()
            step()
            self.seen["seconds"][step.__name__] = round(time.monotonic() - began, 1)
            print(step.__name__, self.seen["seconds"][step.__name__], flush=True)
            (self.folder / "seen.json").write_text(json.dumps(self.seen, indent=1), "utf-8")

    def make(self) -> None:
        """Make the site as the operator's page says, and once more."""
        self.seen["made"] = [self.engine.run("admin", *words) for words in documented_commands()]
        assert all(code == 0 for code, _ in self.seen["made"]), self.seen["made"]
        self.seen["made again"] = self.engine.run("admin", *documented_commands()[0])
        self.seen["site"] = sorted(path.name for path in (self.folder / "site").iterdir())
        init, _, add = (said for _, said in self.seen["made"])
        self.key = re.findall(r"^  (\S+\+\S+)$", init, re.MULTILINE)[0]
        self.token = re.findall(r"^  (\S+)$", add, re.MULTILINE)[0]

    def up(self) -> None:
        """Start everything, wait until all is healthy."""
        self.engine.up()
        self.seen["healthy after"] = dict(self.engine.seconds_to_health)

    def look_inside(self) -> None:
        """Try from inside what must not be possible."""
        running = self.engine.running
        self.seen["status"] = {name: one.status() for name, one in running.items()}
        wrote = {name: one.run_inside("bash", "-c", WRITE) for name, one in running.items()}
        self.seen["wrote"] = {name: done.stdout for name, done in wrote.items()}
        self.seen["reached"] = {name: self.reached(name) for name in running}
        trial = (ROOT / "tests/compose/inside_parsers.py").read_text("utf-8")
        self.seen["parsers"] = {
            name: self.engine.run(name, "python", "-c", trial) for name in ("worker-examine", "worker-deep")
        }

    def shown(self) -> list[str]:
        """Return where a password or a private key can be read that should only lie in its file."""
        secrets = [
            word
            for file in self.authority.parent.iterdir()
            if not file.name.endswith(("-certificate", "-authority"))
            for word in file.read_text("ascii").split()
            if len(word) > 30
        ]
        processes = [p for one in ("cmdline", "environ") for p in Path("/proc").glob(f"[0-9]*/{one}")]
        logs = list(self.folder.glob("*-*/log"))
        found = []
        for place in (*processes, *logs):
            try:
                text = place.read_bytes()
            except OSError:  # it has just ended
                continue
            found += [str(place) for secret in (*secrets, self.token) if secret.encode() in text]
        return found

    def reached(self, name: str) -> list[str]:
        """Return what a service can open a line to, of all that listens in the site."""
        script = "".join(
            f"timeout 1 bash -c '</dev/tcp/{address}/{PORTS[other]}' 2>/dev/null && echo {other}\n"
            for other, addresses in self.engine.networks.addresses.items()
            for address in addresses.values()
            if other in PORTS and other != name
        )
        done = self.engine.running[name].run_inside("bash", "-c", script, timeout_s=60)
        return sorted(set(done.stdout.split()))

    def dock(self) -> None:
        """Dock a card over the proxy's TLS and wait until all jobs are done."""
        card = self.folder / "card"
        card.mkdir()
        for number in (1, 2):
            start = self.shift + number * SEGMENT
            name = f"{DEVICE}_{WEARER}_{start.astimezone(SHANGHAI):%Y%m%d%H%M%S}_{number:04d}.mp4"
            record(card / name, start, number)
            os.utime(card / name, ((start + SEGMENT).timestamp(),) * 2)
        (card / "long.mp4").write_bytes(os.urandom(LONG_FILE_BYTES))
        began = time.monotonic()
        self.seen["docked"] = self.run_dock(card, "dock")
        self.seen["seconds"]["docking alone"] = round(time.monotonic() - began, 1)
        self.seen["memory"] = self.memory()
        self.seen["jobs"] = self.wait_for_jobs()
        self.seen["shown"] = self.shown()
        self.seen["memory"] = {name: max(n, self.seen["memory"][name]) for name, n in self.memory().items()}
        self.seen["requests"] = self.engine.running["proxy"].whole_output()

    def hand_over(self) -> None:
        """Hand what was docked over to a court, over the proxy."""
        script = (ROOT / "tests/compose/inside_desk.py").read_text("utf-8")
        code, said = self.engine.run("admin", "python", "-c", script)
        assert code == 0, said
        self.seen["memory building"] = 0

        def at_rest() -> bool:
            held = self.engine.running["worker-export"].memory_bytes() >> 20
            self.seen["memory building"] = max(self.seen["memory building"], held)
            return self.is_at_rest()

        address = f"https://{NAME}:{PORTS['proxy']}"
        desk = CourtDesk(address, self.authority, told_by(said), self.folder / "court")
        self.seen["handed over"] = desk.go(lambda: wait_until(at_rest, 120, 0.2))
        self.seen["memory"] = {name: max(n, self.seen["memory"][name]) for name, n in self.memory().items()}

    def lose_one(self) -> None:
        """Kill one API process and dock another card: the other one takes it, and the first comes back."""
        victim = self.engine.running.pop("api-1")
        victim.stop(signal.SIGKILL)
        del self.engine.seconds_to_health["api-1"]
        card = self.folder / "card2"
        card.mkdir()
        for number in range(3):
            (card / f"after-{number}.mp4").write_bytes(os.urandom(300_000))
        self.seen["docked with one"] = self.run_dock(card, "dock")
        self.engine.up(["api-1"])
        self.seen["jobs after that"] = self.wait_for_jobs()

    def verify(self) -> None:
        """Read everything back, and look at what lies about."""
        self.seen["verified"] = self.engine.run("admin", "evidence", "verify", "--json")
        self.seen["lies about"] = [
            path.name for place in ("staging", "scratch") for path in (self.folder / place).iterdir()
        ] + [path.name for path in (self.folder / "exports").glob(".*")]

    def down(self) -> None:
        """Stop everything by the signals of the file, within its grace periods."""
        self.seen["stopped after"] = self.engine.down()

    def run_dock(self, card: Path, state: str) -> tuple[int, str]:
        """Run the dock agent as on a docking station; return exit code and output."""
        options = {
            "url": f"https://{NAME}:8443",
            "device": DEVICE,
            "wearer": WEARER,
            "state": str(self.folder / state),
            "key": self.key,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        done = subprocess.run(
            [sys.executable, "-m", "evidence", "dock", str(card), *words],
            env={**os.environ, "EVIDENCE_TOKEN": self.token, "SSL_CERT_FILE": str(self.authority)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def wait_for_jobs(self) -> dict[str, int]:
        """Wait until nothing is queued or running."""
        wait_until(self.is_at_rest, 120, 0.5)
        return self.jobs()

    def is_at_rest(self) -> bool:
        """Tell whether all jobs are done."""
        return set(self.jobs()) == {"done"}

    def jobs(self) -> dict[str, int]:
        """Return how many jobs there are in which state, asking the database."""
        done = self.engine.running["postgres"].run_inside(
            *("psql", "-h", "/run/postgresql", "-U", "postgres", "-d", "evidence", "-tA", "-c"),
            JOBS,
        )
        found: dict[str, int] = json.loads(done.stdout.strip() or "{}")
        return found

    def memory(self) -> dict[str, int]:
        """Return what each service holds now, in MiB."""
        return {name: one.memory_bytes() >> 20 for name, one in self.engine.running.items()}


def documented_commands() -> list[list[str]]:
    """Return the commands that docs/operations.md gives to `docker compose run --rm admin`, in its order."""
    section = OPERATIONS.read_text("utf-8").split("\n## A real site\n")[1].split("\n## ")[0]
    lines = re.findall(r"^docker compose run --rm admin (evidence [^#\n]+)", section, re.MULTILINE)
    return [shlex.split(line) for line in lines]


if __name__ == "__main__":
    Journey(Path(sys.argv[1])).go()
