"""Where everything lies in a package, and how names become names on a disc: docs/formats/package.md."""

from __future__ import annotations

import re

BAGIT, BAG_INFO, SET_LIST, SM3_SUMS = "bagit.txt", "bag-info.txt", "set.json", "sm3sums.txt"
MANIFESTS = {"sha256": "manifest-sha256.txt", "sha512": "manifest-sha512.txt"}
TAG_MANIFESTS = {name: f"tag{manifest}" for name, manifest in MANIFESTS.items()}
PAYLOAD = "data/"
ENTRIES, DISCLOSED, POLICY = "audit/entries.jsonl", "audit/disclosed.jsonl", "audit/policy.txt"
STATEMENT, PRINTED = "report/chain-of-custody.json", "report/chain-of-custody.pdf"
VERIFIER = "verify/verify.py"
MEDIA_LIST = "media.json"  # beside the bags

_FORBIDDEN = frozenset('\\/:*?"<>|%')  # Windows, Joliet; "%" is an escape in BagIt's manifests
_DEVICE = re.compile("con|prn|aux|nul|conin\\$|conout\\$|(?:com|lpt)[0-9¹²³]", re.IGNORECASE)  # to Windows
_LONGEST = 180  # bytes; a Linux folder takes 255
_UNITS = (
    95  # of UTF-16: Joliet takes 103, and genisoimage cuts names on UDF there too; ".part001" comes behind
)
_ENDING = 16  # bytes of what is kept behind the last dot


def name_on_disc(device_name: str) -> str:
    """Return the last part of a device's name as any disc and any manifest can carry it."""
    last = device_name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join(one if _is_carried(one) else "_" for one in last)
    name = kept.strip(". ") if kept.strip("._ ") else "_"
    if _DEVICE.fullmatch(name.partition(".")[0].rstrip(" ")):
        name = "_" + name
    if _fits(name):
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > _ENDING:
        stem, end = name, ""
    else:
        end = dot + ending
    while not _fits(stem + end):
        stem = stem[:-1]
    return stem.rstrip(". ") + end


def _is_carried(letter: str) -> bool:
    return (
        letter not in _FORBIDDEN and letter.isprintable() and ord(letter) < 0x10000
    )  # Joliet and UDF: UCS-2


def _fits(name: str) -> bool:
    return len(name.encode()) <= _LONGEST and len(name) <= _UNITS


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
