"""Steps 1 to 5: the bag, whose word counts, the checkpoints, the entries, what is disclosed."""

from __future__ import annotations

import os
import re
from typing import Any, Dict, List, Optional, Set, Tuple, Union

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.bags import Progress, Tell, judge
from evidence.verifier.canonical import read_canonical
from evidence.verifier.entries import Entry, Withheld, read_log_entry, read_withheld, verify_field
from evidence.verifier.notes import as_published, read_checkpoint, read_note, signers
from evidence.verifier.package import OWN, PAYLOAD_SUMS, Package
from evidence.verifier.stamps import read_stamp
from evidence.verifier.tree import leaf_hash, read_proof, verify_inclusion
from evidence.verifier.trust import Trust

_SUM = re.compile(r"([0-9a-f]{64}) {2}(data/.+)")
_AUDIT = re.compile(r"audit/(?:checkpoint[a-z0-9-]*(?:\.tsr)?|proofs/[a-z0-9-]+\.tlog-proof)")
_BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_STATES = ("disclosed", "withheld", "erased", "lost")


def examine_bag(package: Package, progress: Progress, tell: Tell) -> None:
    """Step 1: everything listed and there, unchanged, nothing else; SHA-256, SHA-512, SM3."""
    bag = package.bag
    if bag.read("bagit.txt") != _BAGIT_TXT:
        tell(Wrong("bag-declaration", "bagit.txt"))
    for lists, prefix in ((bag.manifests, "manifest"), (bag.tag_manifests, "tagmanifest")):
        for name in sorted(set(lists) ^ set(PAYLOAD_SUMS)):
            tell(Wrong("bag-algorithm" if name in lists else "missing", "%s-%s.txt" % (prefix, name)))
        for name in sorted(set(lists) & set(PAYLOAD_SUMS)):
            _verify_strict(bag.read("%s-%s.txt" % (prefix, name)), lists[name], prefix + "-" + name, tell)
    package.files.update(judge(bag, {"sm3"}, progress, tell))
    for path in sorted(_tags(package) - set.union(set(), *map(set, bag.tag_manifests.values()))):
        tell(Wrong("unlisted", path))
    for path in sorted(OWN - set(package.files)):
        tell(Wrong("missing", path))
    for path in sorted(set(package.files) - OWN):
        if not path.startswith("data/") and not _AUDIT.fullmatch(path):
            tell(Wrong("unlisted", path, "docs/formats/package.md"))
    for path in _empty_folders(bag.folder):
        tell(Wrong("unlisted", path))
    _sm3_sums(package, tell)


def _empty_folders(top: str) -> List[str]:
    """Return the folders in which nothing lies: no list names them, and their names can say anything."""
    empty = [above for above, folders, names in os.walk(top) if not folders and not names]
    return sorted(os.path.relpath(one, top).replace(os.sep, "/") for one in empty)


def _tags(package: Package) -> Set[str]:
    """Return the tag files that lie there, by path, but for the tag manifests."""
    found = set()
    for above, _, names in os.walk(package.bag.folder):
        for name in names:
            path = os.path.relpath(os.path.join(above, name), package.bag.folder).replace(os.sep, "/")
            if not path.startswith("data/") and not re.fullmatch(r"tagmanifest-[a-z0-9]+\.txt", path):
                found.add(path)
    return found


def _verify_strict(raw: bytes, listed: Dict[str, str], name: str, tell: Tell) -> None:
    """See that a manifest is written as the format says, to the byte."""
    lines = sorted((path.encode(), digest.encode()) for path, digest in listed.items())
    if raw != b"".join(digest + b"  " + path + b"\n" for path, digest in lines):
        tell(Wrong("bag-line", name + ".txt"))


def _sm3_sums(package: Package, tell: Tell) -> None:
    listed = {}
    try:
        raw = package.bag.read("sm3sums.txt")
        for line in raw.decode("utf-8").split("\n")[:-1]:
            found = _SUM.fullmatch(line)
            if found is None:
                raise Wrong("bag-line", "sm3sums.txt", line[:120])
            listed[found.group(2)] = found.group(1)
    except (Wrong, UnicodeDecodeError) as fault:
        tell(fault if isinstance(fault, Wrong) else Wrong("bag-encoding", "sm3sums.txt"))
        return
    _verify_strict(raw, listed, "sm3sums", tell)
    payload = {path: one for path, one in package.files.items() if path.startswith("data/")}
    for path in sorted(set(payload) | set(listed)):
        if path not in listed:
            tell(Wrong("unlisted", path, "sm3sums.txt"))
        elif path in payload and payload[path].digests["sm3"] != listed[path]:
            tell(Wrong("changed", path, "sm3"))


def examine_checkpoints(package: Package, trust: Trust, tell: Tell) -> List[str]:
    """Step 3: read and trust each checkpoint; return what is to be noted."""
    notes = []
    for path in sorted(package.files):
        if not re.fullmatch(r"audit/checkpoint[a-z0-9-]*", path):
            continue
        try:
            raw = package.bag.read(path)
            origin, told = _open(package, raw, path, trust)
            notes += [told]
            if path + ".tsr" in package.files:
                stamp = package.bag.read(path + ".tsr")
                at, serial = read_stamp(stamp, [raw, as_published(raw, origin)], path + ".tsr")
                notes.append("%s: RFC 3161 %s, serial %s; openssl ts -verify" % (origin, at, serial))
        except Wrong as fault:
            tell(fault)
    return notes


def _open(package: Package, raw: bytes, path: str, trust: Trust) -> Tuple[str, str]:
    note = read_note(raw, path)
    at = read_checkpoint(note.text, path)
    if path != checkpoint_path(at.origin) or at.origin in package.checkpoints:
        raise Wrong("checkpoint", path, at.origin)
    logs = [key for key in trust.logs if key.name == at.origin]
    if not signers(note, logs, path):
        raise Wrong("untrusted", path, at.origin)
    witnesses = signers(note, list(trust.witnesses.values()), path)
    if not trust.is_quorum(set(witnesses)):
        raise Wrong("quorum", path, trust.quorum)
    package.checkpoints[at.origin] = at
    seen = "; ".join(key.label for key in witnesses) or "-"
    return at.origin, "%s: size %d, root %s, witnesses %s" % (at.origin, at.size, at.root.hex()[:16], seen)


def checkpoint_path(origin: str) -> str:
    """Return where the checkpoint of a log must lie."""
    year = re.search(r"/access/([0-9]{4})$", origin)
    if year:
        return "audit/checkpoint-access-" + year.group(1)
    return (
        "audit/checkpoint" if origin.endswith("/custody") else "audit/checkpoint-" + origin.rpartition("/")[2]
    )


def examine_entries(package: Package, tell: Tell) -> int:
    """Step 4: each entry canonical, of its log, and led by its proof to the checkpoint; return how many."""
    lines = package.bag.read("audit/entries.jsonl").split(b"\n")
    if lines.pop() != b"":
        tell(Wrong("json", "audit/entries.jsonl"))
    wanted = dict.fromkeys(lines, False)
    if len(wanted) != len(lines):
        tell(Wrong("entry-twice", "audit/entries.jsonl"))
    withheld = _withheld(lines, tell)
    for path in sorted(package.files):
        if not path.startswith("audit/proofs/"):
            continue
        try:
            entry = _proven(package, path, withheld)
            if entry.raw not in wanted:
                raise Wrong("entry-unlisted", path)
            wanted[entry.raw] = True
            if isinstance(entry, Withheld):
                package.withheld.append(entry)
            else:
                package.entries.append(entry)
        except Wrong as fault:
            tell(fault)
    for number, line in enumerate(lines, 1):
        if not wanted[line]:
            tell(Wrong("unproven", "audit/entries.jsonl", "line %d" % number))
    package.entries.sort(key=lambda one: (one.log, one.leaf))
    if [one.raw for one in package.lines()] != lines:
        tell(Wrong("order", "audit/entries.jsonl"))
    return len(package.lines())


def _withheld(lines: List[bytes], tell: Tell) -> Dict[str, Withheld]:
    """Return the lines that withhold an entry, by the path of its proof."""
    found = {}
    for number, line in enumerate(lines, 1):
        where = "audit/entries.jsonl:%d" % number
        try:
            said = read_canonical(line, where)
            if isinstance(said, dict) and "withheld" in said:
                one = read_withheld(line, said, where)
                found[_proof_path(one.log, one.leaf)] = one
        except Wrong as fault:
            tell(fault)
    return found


def _proof_path(origin: str, leaf: int) -> str:
    name = checkpoint_path(origin)
    log = "custody" if name == "audit/checkpoint" else name[len("audit/checkpoint-") :]
    return "audit/proofs/%s-%d.tlog-proof" % (log, leaf)


def _proven(package: Package, path: str, withheld: Dict[str, Withheld]) -> Union[Entry, Withheld]:
    raw = package.bag.read(path)
    proof = read_proof(raw, path)
    entry: Union[Entry, Withheld]
    if proof.entry is not None:
        entry = read_log_entry(proof.leaf, proof.entry, path)
        digest = leaf_hash(entry.raw)
    elif path in withheld:
        entry = withheld[path]
        digest = entry.digest
    else:
        raise Wrong("entry-unlisted", path)
    at = package.checkpoints.get(entry.log)
    if at is None:
        raise Wrong("no-checkpoint", path, entry.log)
    if path != _proof_path(entry.log, proof.leaf):
        raise Wrong("proof-file", path)
    if proof.note != package.bag.read(checkpoint_path(entry.log)):
        raise Wrong("other-checkpoint", path)
    try:
        verify_inclusion(proof.leaf, at.size, digest, proof.hashes, at.root)
    except Wrong:
        raise Wrong("proof", path) from None
    return entry


def examine_disclosed(package: Package, tell: Tell) -> Dict[str, int]:
    """Step 5: each value fits its commitment, each field is named; return how many are in which state."""
    counts = dict.fromkeys(_STATES, 0)
    places = {(one.log, one.leaf): one for one in package.entries}
    wanted = [(one.log, one.leaf, name) for one in package.entries for name in sorted(one.said.get("pd", {}))]
    found = []
    lines = package.bag.read("audit/disclosed.jsonl").split(b"\n")
    if lines.pop() != b"":  # what stands behind the last line's end is read by people, and by no step
        tell(Wrong("json", "audit/disclosed.jsonl"))
    for number, line in enumerate(lines, 1):
        where = "audit/disclosed.jsonl:%d" % number
        try:
            shown = read_canonical(line, where)
            entry = _entry_of(shown, places, where)
            if shown["state"] == "disclosed":
                verify_field(entry, shown["field"], shown["salt"], shown["value"])
            counts[shown["state"]] += 1
            found.append((entry.log, entry.leaf, shown["field"]))
            package.shown.append(shown)
        except Wrong as fault:
            tell(fault)
    named = set(found)
    for log, index, name in wanted:
        if (log, index, name) not in named:
            tell(Wrong("field-unnamed", "%s #%d" % (log, index), name))
    if found != wanted:
        tell(Wrong("order", "audit/disclosed.jsonl"))
    return counts


def _entry_of(shown: Any, places: Dict[Tuple[str, int], Entry], where: str) -> Entry:
    base = {"log", "index", "field", "state"}
    if not isinstance(shown, dict) or shown.get("state") not in _STATES:
        raise Wrong("field", where)
    if set(shown) != (base | {"salt", "value"} if shown["state"] == "disclosed" else base):
        raise Wrong("field", where)
    entry: Optional[Entry] = places.get((shown["log"], shown["index"]))
    if entry is None or shown["field"] not in entry.said.get("pd", {}):
        raise Wrong("field", where)
    return entry
