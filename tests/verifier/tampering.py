"""Hands that know BagIt: they change a package and make its manifests fit again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evidence.bundle.bagit import Digested, sums
from evidence.ledger.canonical import canonical
from evidence.ledger.tlog_proofs import TlogProof
from tests.package_room import sm3_of, tree


def digested(path: str, body: bytes) -> Digested:
    return Digested(
        path, len(body), hashlib.sha256(body).hexdigest(), hashlib.sha512(body).hexdigest(), sm3_of(body)
    )


def close_again(bag: Path, *, payload: bool = False) -> None:
    """Do what somebody does who knows BagIt: make manifests and tag manifests fit what lies there."""
    files = [digested(path, body) for path, body in tree(bag).items()]
    if payload:
        own = [one for one in files if one.path.startswith("data/")]
        for name, file in (
            ("sha256", "manifest-sha256.txt"),
            ("sha512", "manifest-sha512.txt"),
            ("sm3", "sm3sums.txt"),
        ):
            (bag / file).write_bytes(sums(own, name))
        info = (bag / "bag-info.txt").read_text("utf-8").splitlines()
        oxum = f"Payload-Oxum: {sum(one.size_bytes for one in own)}.{len(own)}"
        told = [oxum if line.startswith("Payload-Oxum") else line for line in info]
        (bag / "bag-info.txt").write_text("\n".join(told) + "\n", "utf-8")
        files = [digested(path, body) for path, body in tree(bag).items()]
    tags = [one for one in files if not one.path.startswith(("data/", "tagmanifest-"))]
    for name in ("sha256", "sha512"):
        (bag / f"tagmanifest-{name}.txt").write_bytes(sums(tags, name))


def rewrite(bag: Path, path: str, change: Callable[[Any], Any]) -> None:
    file = bag / path
    file.write_bytes(canonical(change(json.loads(file.read_bytes()))) + b"\n")


def entry_lines(bag: Path) -> list[bytes]:
    return (bag / "audit/entries.jsonl").read_bytes().splitlines(keepends=True)


def drop(bag: Path, line: bytes) -> None:
    """Leave an entry out wherever it stands: list, proof, disclosed fields, report."""
    (bag / "audit/entries.jsonl").write_bytes(b"".join(one for one in entry_lines(bag) if one != line))
    entry = json.loads(line)
    for file in (bag / "audit/proofs").iterdir():
        proof = TlogProof.parse(file.read_bytes())
        if proof.extra == line[:-1]:
            index = proof.index
            file.unlink()
    log = entry["log"]
    shown = (bag / "audit/disclosed.jsonl").read_bytes().splitlines(keepends=True)
    kept = [one for one in shown if (json.loads(one)["log"], json.loads(one)["index"]) != (log, index)]
    (bag / "audit/disclosed.jsonl").write_bytes(b"".join(kept))

    def change(said: Any) -> Any:
        said["custody"] = [one for one in said["custody"] if (one["log"], one["index"]) != (log, index)]
        return said

    rewrite(bag, "report/chain-of-custody.json", change)
    close_again(bag)
