"""A package as it was read: the bag, its lists and its audit part. Each reader raises where it cannot be
read.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Optional, Set, Union

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.bags import Bag, Hashed
from evidence.verifier.canonical import read_canonical
from evidence.verifier.entries import Entry, Withheld
from evidence.verifier.notes import Checkpoint

CREATE, SEAL_OF_EXPORT, SEAL = "export.create", "export.seal", "evidence.seal"
ASK, TRANSFER = "export.ask", "transfer"
PAYLOAD_SUMS = {"sha256": "manifest-sha256.txt", "sha512": "manifest-sha512.txt"}
OWN = {
    "bagit.txt", "bag-info.txt", "set.json", "sm3sums.txt", *PAYLOAD_SUMS.values(),
    "audit/entries.jsonl", "audit/disclosed.jsonl", "audit/policy.txt", "audit/checkpoint",
    "report/chain-of-custody.json", "report/chain-of-custody.pdf",
    "verify/verify.py", "verify/README.zh.txt", "verify/README.en.txt", "verify/BY-HAND.txt",
}  # fmt: skip


class Package:
    """What the steps have found so far. Later steps ask for what earlier ones have read."""

    def __init__(self, bag: Bag) -> None:
        self.bag = bag
        self.files: Dict[str, Hashed] = {}
        self.entries: List[Entry] = []
        self.withheld: List[Withheld] = []
        self.checkpoints: Dict[str, Checkpoint] = {}  # by origin
        self.shown: List[Dict[str, Any]] = []
        self._read: Dict[str, Any] = {}
        self._listed: Optional[Dict[str, Any]] = None
        self._about: Dict[str, List[Entry]] = {}

    def lines(self) -> List[Union[Entry, Withheld]]:
        """Return the entries, and those that are withheld, in the order of the list."""
        both: List[Union[Entry, Withheld]] = [*self.entries, *self.withheld]
        return sorted(both, key=lambda one: (one.log, one.leaf))

    def entries_about(self, object_id: str) -> List[Entry]:
        """Return the entries about an object, in order; asked for once all of them are read."""
        if not self._about:
            for entry in self.entries:
                for one in entry.said["obj"]:
                    self._about.setdefault(one["id"], []).append(entry)
        return self._about.get(object_id, [])

    def json(self, path: str, kind: str) -> Dict[str, Any]:
        """Return a JSON file of the package. Raises: Wrong."""
        if path not in self._read:
            raw = self.bag.read(path)
            value = read_canonical(raw[:-1], path) if raw.endswith(b"\n") else None
            if not isinstance(value, dict) or value.get("type") != kind:
                raise Wrong("json", path)
            self._read[path] = value
        found: Dict[str, Any] = self._read[path]
        return found

    def set_list(self) -> Dict[str, Any]:
        """Return the list of all files on all media. Raises: Wrong."""
        if self._listed is not None:
            return self._listed
        listed = self.json("set.json", "evidence.set/1")
        try:
            there = [_by_path(one["files"]) for one in listed["bags"]]
            for item in listed["items"]:
                _verify_item(item, there)
            claimed = {(one["bag"], one["path"]) for item in listed["items"] for one in item["places"]}
            for number, one in enumerate(listed["bags"], 1):
                for file in one["files"]:  # nothing lies there that is no item's: an item cannot be unsaid
                    is_told = file["path"].startswith("data/metadata/") or (number, file["path"]) in claimed
                    if not is_told:
                        raise Wrong("set-list", "set.json", file["path"])
            if not all(isinstance(listed["export"][name], str) for name in ("id", "number", "created")):
                raise Wrong("set-list", "set.json")
        except (KeyError, TypeError, IndexError, ValueError):
            raise Wrong("set-list", "set.json") from None
        self._listed = listed
        return listed

    def number(self) -> int:
        """Return which bag of the set this is, from 0: the one whose manifest is the one here, or whose
        payload files are those here. A changed file does not make it another bag. Raises: Wrong.
        """
        bags, manifest = self.set_list()["bags"], self.bag.read("manifest-sha256.txt")
        found = [at for at, one in enumerate(bags) if manifest_of(one["files"]) == manifest]
        found = found or [at for at, one in enumerate(bags) if not self.unlike(one)]
        if found:
            return found[0]
        raise Wrong("not-in-set", "set.json")

    def unlike(self, bag: Dict[str, Any]) -> List[str]:
        """Return the paths of payload files that are not as `set.json` lists them in one of its bags."""
        own = {path: one for path, one in self.files.items() if path.startswith("data/")}
        listed = {file["path"]: file for file in bag["files"]}
        return sorted(path for path in {*own, *listed} if not _is_same(listed.get(path), own.get(path)))

    def export_entry(self) -> Entry:
        """Return the newest entry that says that this export was made. Raises: Wrong."""
        export_id = self.set_list()["export"]["id"]
        made = [one for one in self.entries if one.said["act"] == CREATE and one.about(export_id)]
        if not made:
            raise Wrong("no-export-entry", "audit/entries.jsonl")
        return made[-1]

    def may_withhold(self) -> bool:
        """Tell whether the request of this export says that it goes to no court; there nothing is withheld.
        Raises: Wrong.
        """
        exports = [one["id"] for one in self.export_entry().said["obj"] if one["k"] == "export"]
        asked = [one.said for one in self.entries if one.said["act"] == ASK and any(map(one.about, exports))]
        ways = [one.get("facts", {}).get("way") for one in asked]
        return bool(ways) and all(isinstance(way, str) and way != TRANSFER for way in ways)

    def objects(self) -> Set[str]:
        """Return the ids of all recordings and derivatives on all media. Raises: Wrong."""
        return {one["id"] for one in self.set_list()["items"]}


def manifest_of(files: List[Dict[str, Any]]) -> bytes:
    """Return the `manifest-sha256.txt` of a bag that holds these files."""
    lines = sorted((one["path"].encode(), one["sha256"].encode()) for one in files)
    return b"".join(digest + b"  " + path + b"\n" for path, digest in lines)


def sha256_of(raw: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()


def _is_same(listed: Optional[Dict[str, Any]], found: Optional[Hashed]) -> bool:
    if listed is None or found is None or listed["size"] != found.size:
        return False
    return all(found.digests.get(name) == listed[name] for name in ("sha256", "sha512", "sm3"))


def _by_path(files: List[Dict[str, Any]]) -> Dict[str, List[Dict[str, Any]]]:
    found: Dict[str, List[Dict[str, Any]]] = {}
    for one in files:
        found.setdefault(one["path"], []).append(one)
    return found


def _verify_item(item: Dict[str, Any], there: List[Dict[str, List[Dict[str, Any]]]]) -> None:
    """See that the places of an item are in the bags, follow each other and make up all of it."""
    at, many = 0, len(item["places"])
    folder = "data/%s/%s/" % (
        {"recording": "originals", "derivative": "derivatives"}[item["kind"]],
        item["id"],
    )
    for number, place in enumerate(item["places"], 1):
        name = item["name"] + (".part%03d" % number if many > 1 else "")
        if "/" in item["name"] or place["path"] != folder + name:
            raise Wrong("set-list", "set.json", item["id"])
        found = there[place["bag"] - 1].get(place["path"], [])
        if place["bag"] < 1 or len(found) != 1 or found[0]["size"] != place["size"] or place["offset"] != at:
            raise Wrong("set-list", "set.json", item["id"])
        at += place["size"]
        if many == 1 and any(found[0][name] != item[name] for name in ("sha256", "sha512", "sm3")):
            raise Wrong("set-list", "set.json", item["id"])
    if at != item["size"] or not many:
        raise Wrong("set-list", "set.json", item["id"])
