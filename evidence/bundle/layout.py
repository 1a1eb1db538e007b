"""Where everything lies in a package, and how names become names on a disc: docs/formats/package.md."""

from __future__ import annotations

BAGIT, BAG_INFO, SET_LIST, SM3_SUMS = "bagit.txt", "bag-info.txt", "set.json", "sm3sums.txt"
MANIFESTS = {"sha256": "manifest-sha256.txt", "sha512": "manifest-sha512.txt"}
TAG_MANIFESTS = {name: f"tag{manifest}" for name, manifest in MANIFESTS.items()}
PAYLOAD = "data/"
ENTRIES, DISCLOSED, POLICY = "audit/entries.jsonl", "audit/disclosed.jsonl", "audit/policy.txt"
STATEMENT, PRINTED = "report/chain-of-custody.json", "report/chain-of-custody.pdf"
VERIFIER = "verify/verify.py"
MEDIA_LIST = "media.json"  # beside the bags

_FORBIDDEN = frozenset('\\/:*?"<>|%')  # Windows, Joliet; "%" is an escape in BagIt's manifests
_LONGEST = 180  # bytes: with ".part001" still a name everywhere, UDF (254) included


def name_on_disc(device_name: str) -> str:
    """Return the last part of a device's name as any disc and any manifest can carry it."""
    last = device_name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if one in _FORBIDDEN or not one.isprintable() else one for one in last)
    name = kept.strip(". ") if kept.strip("._ ") else "_"
    if len(name.encode()) <= _LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 16:
        stem, ending = name, ""
    end = dot + ending if ending else ""
    return stem.encode()[: _LONGEST - len(end.encode())].decode("utf-8", "ignore").rstrip(". ") + end


def original(item_id: str, device_name: str, part: int = 0) -> str:
    """Return the path of an original, or of one of its parts (from 1)."""
    return f"{PAYLOAD}originals/{item_id}/{name_on_disc(device_name)}{_part(part)}"


def derivative(derivative_id: str, name: str, part: int = 0) -> str:
    """Return the path of a derivative, or of one of its parts (from 1)."""
    return f"{PAYLOAD}derivatives/{derivative_id}/{name_on_disc(name)}{_part(part)}"


def metadata(item_id: str) -> str:
    """Return the path of what the system knows of an item."""
    return f"{PAYLOAD}metadata/{item_id}.json"


def signed_manifest(item_id: str) -> str:
    """Return the path of an item's signed manifest."""
    return f"{PAYLOAD}metadata/{item_id}.manifest.json"


def bag(number: str, disc: int, discs: int) -> str:
    """Return the name of a bag: number of the export, disc of discs."""
    return f"{number}_{disc}of{discs}"


def proof(log: str, index: int) -> str:
    """Return the path of an entry's proof. log: without the site's name."""
    return f"audit/proofs/{_plain(log)}-{index}.tlog-proof"


def checkpoint(log: str) -> str:
    """Return the path of a log's checkpoint; its time stamp has `.tsr` behind it."""
    return "audit/checkpoint" if log == "custody" else f"audit/checkpoint-{_plain(log)}"


def _plain(log: str) -> str:
    return log.replace("/", "-")


def _part(number: int) -> str:
    return f".part{number:03d}" if number else ""
