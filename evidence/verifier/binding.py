"""Steps 6 to 9: nothing left out, files and entries bound to each other, the report, the growth of the
log.
"""

from __future__ import annotations

import base64
from typing import Any, Dict, List, Optional, Tuple, Union

from evidence.verifier.arithmetic import Wrong, new_digest, read_base64
from evidence.verifier.bags import Progress, Tell, hash_files
from evidence.verifier.entries import Entry, Gap, Withheld, read_log_entry, unneeded, verify_chain
from evidence.verifier.notes import read_checkpoint, read_note, signers
from evidence.verifier.package import SEAL, SEAL_OF_EXPORT, Package, manifest_of, sha256_of
from evidence.verifier.tree import leaf_hash, read_proof, verify_growth, verify_inclusion
from evidence.verifier.trust import Trust
from evidence.verifier.words import examine_words

FAMILIES = ("access", "custody")
_OF_ITEM = ("id", "kind", "parent", "device_name", "size", "sha256", "sha512", "sm3")


def examine_histories(package: Package, tell: Tell) -> List[str]:
    """Step 6: of each object, in each family, n = 1, 2, 3… up to the export's own entry, but for what is
    withheld; return what is to be noted.
    """
    made = package.export_entry()
    families = made.said.get("facts", {}).get("families")
    if not isinstance(families, list) or "custody" not in families or not set(families) <= set(FAMILIES):
        raise Wrong("families", made.place)
    export_id, count = package.set_list()["export"]["id"], 0
    gaps: List[Gap] = []
    withheld = {(one.log, one.leaf) for one in package.withheld}
    named = {one["id"] for one in made.said["obj"] if one["k"] in ("recording", "derivative")}
    ids = package.objects() | named
    for object_id in sorted(ids):
        for family in families:
            own = [one for one in package.entries_about(object_id) if one.family == family]
            own.sort(key=lambda one: int((one.about(object_id) or {}).get("n", 0)))
            count += 1
            try:
                gaps += verify_chain(object_id, own, withheld)
                if not any(one.about(export_id) for one in own):
                    raise Wrong("history-end", object_id, family)
            except Wrong as fault:
                tell(fault)
    for one in package.entries:
        if not any(about["id"] in ids for about in one.said["obj"]):
            tell(Wrong("entry-foreign", one.place))
    if withheld and not package.may_withhold():
        tell(Wrong("withheld-transfer", "audit/entries.jsonl", "%d" % len(withheld)))
    for log, leaf in unneeded(gaps, withheld):
        tell(Wrong("withheld-unneeded", "%s #%d" % (log, leaf)))
    notes = ["histories: %d" % count]
    return notes + (["entries withheld: %d" % len(withheld), "withheld-others"] if withheld else [])


def examine_binding(package: Package, others: Dict[str, str], progress: Progress, tell: Tell) -> List[str]:
    """Step 7: files as their entries say, manifests as `export.create` says; return what is to be noted.

    others: folders of the other bags of the set that were given, by name of the bag.
    """
    listed, notes = package.set_list(), []
    this = package.number()
    notes.append("%s: %s" % (listed["export"]["number"], listed["bags"][this]["name"]))
    for path in package.unlike(listed["bags"][this]):
        tell(Wrong("not-as-listed", path))
    _examine_export(package, listed, notes, tell)
    examine_words(package, listed, this, tell)
    for item in listed["items"]:
        try:
            _verify_bound(package, item)
            if len(item["places"]) > 1:
                notes += _join(package, item, listed, this, others, progress)
        except Wrong as fault:
            tell(fault)
    return notes


def _examine_export(package: Package, listed: Dict[str, Any], notes: List[str], tell: Tell) -> None:
    made = package.export_entry()
    said = made.said.get("facts", {}).get("bags")
    manifests = [manifest_of(one["files"]) for one in listed["bags"]]
    if said != [{"sha256": sha256_of(one), "sm3": _sm3_of(one)} for one in manifests]:
        tell(Wrong("manifests", made.place, "set.json"))
    if package.bag.read("manifest-sha256.txt") != manifests[package.number()]:
        tell(Wrong("manifests", made.place, "manifest-sha256.txt"))
    listed_sha256 = made.said["facts"].get("set_sha256")
    if listed_sha256 is None:
        notes.append("set-unbound")
    elif listed_sha256 != sha256_of(package.bag.read("set.json")):
        tell(Wrong("manifests", made.place, "set_sha256"))
    if made.said["facts"].get("number", listed["export"]["number"]) != listed["export"]["number"]:
        tell(Wrong("manifests", made.place, "number"))
    named = {one["id"] for one in made.said["obj"] if one["k"] in ("recording", "derivative")}
    parents = {one.get("parent", "") for one in listed["items"]}
    for missing in sorted(named - package.objects() - parents):
        tell(Wrong("object-missing", made.place, missing))
    for added in sorted(package.objects() - named):
        tell(Wrong("object-added", made.place, added))


def _verify_bound(package: Package, item: Dict[str, Any]) -> None:
    """See that an entry vouches for a file: its seal; of a derivative, one about it and its parent."""
    own = [one for one in package.entries_about(item["id"]) if "ref" in one.said]
    if item["kind"] == "recording":
        own = [one for one in own if one.said["act"] == SEAL]
    else:
        own = [one for one in own if one.about(item["parent"])]
    if not own:
        raise Wrong("no-seal", item["id"], item["device_name"])
    for entry in own:
        ref = entry.said["ref"]
        if any(ref[name] != item[name] for name in ("size", "sha256", "sm3") if name in ref):
            raise Wrong("not-sealed-so", item["id"], "%s; %s" % (entry.place, item["device_name"]))


def _join(
    package: Package,
    item: Dict[str, Any],
    listed: Dict[str, Any],
    this: int,
    others: Dict[str, str],
    progress: Progress,
) -> List[str]:
    """Hash a file over its parts, where all of them lie in folders that were given."""
    folders = {**others, listed["bags"][this]["name"]: package.bag.folder}
    names = [listed["bags"][place["bag"] - 1]["name"] for place in item["places"]]
    if not set(names) <= set(folders):
        return [
            "%s: %d parts; the whole is checked when all bags are given together" % (item["name"], len(names))
        ]
    parts = ["%s/%s" % (folders[name], place["path"]) for name, place in zip(names, item["places"])]
    try:
        found = hash_files(parts, {"sha256", "sm3"}, progress)
    except OSError as fault:
        raise Wrong("unreadable", item["id"], str(fault.strerror)) from None
    if found.size != item["size"] or any(found.digests[name] != item[name] for name in ("sha256", "sm3")):
        raise Wrong("changed", item["id"], "parts joined")
    return ["%s: %d parts joined" % (item["name"], len(parts))]


def examine_report(package: Package, tell: Tell) -> None:
    """Step 8: the figures of the report, computed again; the PDF is one."""
    path = "report/chain-of-custody.json"
    said, listed = package.json(path, "evidence.custody/1"), package.set_list()
    shown: Dict[Tuple[str, int], List[Dict[str, Any]]] = {}
    for one in package.shown:
        shown.setdefault((one["log"], one["index"]), []).append(one)
    computed = {
        "type": "evidence.custody/1",
        "export": listed["export"],
        "items": [{name: one[name] for name in _OF_ITEM if name in one} for one in listed["items"]],
        "bags": _bags(listed),
        "custody": [_row(one, shown.get((one.log, one.leaf), [])) for one in package.lines()],
        "logs": [
            {"origin": one.origin, "size": one.size, "root": base64.b64encode(one.root).decode()}
            for _, one in sorted(package.checkpoints.items())
        ],
    }
    for name, value in computed.items():
        if said.get(name) != value:
            tell(Wrong("figures", path, name))
    if set(said) != {*computed, "report"}:
        tell(Wrong("figures", path, "members"))
    if not package.bag.read("report/chain-of-custody.pdf").startswith(b"%PDF-"):
        tell(Wrong("pdf", "report/chain-of-custody.pdf"))


def _bags(listed: Dict[str, Any]) -> List[Dict[str, Any]]:
    return [
        {
            "name": one["name"],
            "files": len(one["files"]),
            "bytes": sum(file["size"] for file in one["files"]),
            "manifest_sha256": sha256_of(manifest_of(one["files"])),
            "manifest_sm3": _sm3_of(manifest_of(one["files"])),
        }
        for one in listed["bags"]
    ]


def _sm3_of(raw: bytes) -> str:
    digest = new_digest("sm3")
    digest.update(raw)
    return str(digest.hexdigest())


def _row(entry: Union[Entry, Withheld], own: List[Dict[str, Any]]) -> Dict[str, Any]:
    if isinstance(entry, Withheld):
        return {"log": entry.log, "index": entry.leaf, "withheld": True}
    return {
        "log": entry.log,
        "index": entry.leaf,
        "t": entry.said["t"],
        "act": entry.said["act"],
        "by": entry.said.get("by"),
        "res": entry.said["res"],
        "objects": [one["id"] for one in entry.said["obj"]],
        "fields": {one["field"]: {key: one[key] for key in ("state", "value") if key in one} for one in own},
    }


def examine_growth(package: Package, trust: Trust, older: bytes, growth: Optional[bytes]) -> str:
    """Step 9: the log of an older checkpoint only grew since; return what is to be noted. Raises: Wrong."""
    note = read_note(older, "--older")
    before = read_checkpoint(note.text, "--older")
    if not signers(note, [key for key in trust.logs if key.name == before.origin], "--older"):
        raise Wrong("untrusted", "--older", before.origin)
    now = package.checkpoints.get(before.origin)
    if now is None:
        raise Wrong("no-checkpoint", "--older", before.origin)
    lines = (growth or b"").decode("ascii", "replace").split()
    try:
        verify_growth(before.size, now.size, before.root, now.root, [read_base64(one) for one in lines])
    except Wrong:
        raise Wrong("growth", "--growth", before.origin) from None
    return "%s: %d -> %d" % (before.origin, before.size, now.size)


def examine_seal(package: Package, trust: Trust, raw: bytes) -> str:
    """Step 9: the tag manifest is the one that `export.seal` names; return what is to be noted. Raises:
    Wrong.
    """
    proof = read_proof(raw, "--seal")
    entry = read_log_entry(proof.leaf, proof.entry or b"", "--seal")
    note = read_note(proof.note, "--seal")
    at = read_checkpoint(note.text, "--seal")
    if at.origin != entry.log or not signers(
        note, [one for one in trust.logs if one.name == at.origin], "--seal"
    ):
        raise Wrong("untrusted", "--seal", at.origin)
    if not trust.is_quorum(set(signers(note, list(trust.witnesses.values()), "--seal"))):
        raise Wrong("quorum", "--seal", trust.quorum)
    verify_inclusion(proof.leaf, at.size, leaf_hash(entry.raw), proof.hashes, at.root)
    made = package.export_entry()
    exports = [one["id"] for one in entry.said["obj"] if one["k"] == "export"]
    if entry.said["act"] != SEAL_OF_EXPORT or not any(made.about(one) for one in exports):
        raise Wrong("seal", "--seal")
    own = sha256_of(package.bag.read("tagmanifest-sha256.txt"))
    sealed: List[Any] = entry.said.get("facts", {}).get("bags") or []
    number = package.number()
    if number >= len(sealed) or sealed[number].get("tagmanifest_sha256") != own:
        raise Wrong("seal", "tagmanifest-sha256.txt")
    return "%s, %s" % (entry.place, entry.said["t"])
