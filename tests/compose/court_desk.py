"""One export on the site of docker-compose.yml, by people in their browsers: over the proxy, to its receipt.

It judges nothing, as journey.py; all that is asked goes over the proxy's TLS.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from evidence.web.deps import COOKIE
from tests.servers.processes import program, wait_until

PROVEN_WITHIN_S = 60
WORDS = {"recipient": "某区人民法院", "purpose": "举证", "basis": "举证通知书"}


class CourtDesk:
    """The desk at an address. told: what inside_desk.py has printed."""

    def __init__(self, address: str, authority: Path, told: dict[str, Any], folder: Path) -> None:
        trust = ssl.create_default_context(cafile=str(authority))
        self.client = httpx2.Client(base_url=address, verify=trust, timeout=120)
        self.told, self.folder = told, folder
        folder.mkdir()

    def ask(self, who: str, method: str, path: str, body: object = None) -> httpx2.Response:
        """Ask as somebody's page does."""
        token, csrf = self.told[who]
        ours = {"cookie": f"{COOKIE}={token}", "sec-fetch-site": "same-origin", "x-csrf-token": csrf}
        answer = self.client.request(method, f"/api/v1/exports{path}", headers=ours, json=body)
        said = answer.text if answer.status_code >= 400 else ""
        print(who, method, path, answer.status_code, said, flush=True)
        return answer

    def go(self, until_built: Callable[[], object]) -> dict[str, Any]:
        """Ask, decide, build, take the medium, read it back, hand over, note the receipt."""
        wish = {"way": "transfer", "recordings": self.told["recordings"], "case": self.told["case"], **WORDS}
        asked = self.ask("custodian", "POST", "", {**wish, "medium": "dvd"})
        path, seen = f"/{asked.json()['id']}", {"asked": asked.status_code}
        approval = {"approve": True, "reason": "同意"}
        seen["own"] = self.ask("custodian", "POST", f"{path}/decision", approval).status_code
        seen["decided"] = self.ask("head", "POST", f"{path}/decision", approval).status_code
        until_built()
        export = self.ask("custodian", "GET", path).json()
        seen |= {"state": export["state"], "problem": export["problem"]}
        medium = self.ask("custodian", "GET", f"{path}/media/1")
        read_back = hashlib.sha256(medium.content).hexdigest()
        seen["same"] = [one["sha256"] for one in export["built"]["volumes"]] == [read_back]
        seen["checked"] = self.checked(medium.content, path)
        noted = self.ask("custodian", "POST", f"{path}/media/1", {"serial": "SN-1", "read_back": read_back})
        gave = {"beside": "000102", "receiver": "王法官"}
        over = self.ask("custodian", "POST", f"{path}/hand-over", gave)
        receipt = self.ask("custodian", "POST", f"{path}/receipt", {"seal": "封1号"})
        paper = self.ask("custodian", "GET", f"{path}/documents/hand-over")
        statuses = [one.status_code for one in (medium, noted, over, receipt, paper)]
        return {**seen, "statuses": statuses, "paper": paper.content[:5].decode("ascii", "replace")}

    def checked(self, image: bytes, path: str) -> tuple[int, str]:
        """Judge an image as a court does: taken apart by another program, by the verifier in it."""
        disc, bag = self.folder / "disc.iso", self.folder / "bag"
        disc.write_bytes(image)
        take = [
            program("xorriso", "xorriso"),
            "-osirrox",
            "on",
            "-indev",
            str(disc),
            "-extract",
            "/",
            str(bag),
        ]
        subprocess.run(take, check=True, capture_output=True)
        proof, trust = self.folder / "seal.tlog-proof", self.folder / "trust.txt"
        wait_until(lambda: self.proven(path, proof), PROVEN_WITHIN_S, 2.0)
        trust.write_bytes(self.client.get("/api/v1/trust-file").content)
        (inside,) = [one.parent for one in bag.rglob("bagit.txt")]
        words = ["--trust", str(trust), "--seal", str(proof), str(inside)]
        judge = [sys.executable, "-I", str(inside / "verify/verify.py"), *words]
        done = subprocess.run(judge, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def proven(self, path: str, proof: Path) -> bool:
        """Fetch the proof of the seal; it is there once the next checkpoint is."""
        answer = self.ask("custodian", "GET", f"{path}/seal-proof")
        proof.write_bytes(answer.content)
        return answer.status_code == 200


def told_by(said: str) -> dict[str, Any]:
    """Return what inside_desk.py has printed, behind whatever notes stand before it."""
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found
