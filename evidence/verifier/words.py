"""Step 7, what people read and type: `bag-info.txt` and the commands that join a file say what follows from
the set list, once, and nothing else.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.bags import Tell
from evidence.verifier.package import Package

_INFO_LINE = re.compile(r"([A-Za-z-]+): (\S(?:.*\S)?)")
_UNPROVEN = {
    "Source-Organization",
    "External-Description",
    "External-Identifier",
}  # only the seal vouches for them


def examine_words(package: Package, listed: Dict[str, Any], this: int, tell: Tell) -> None:
    """See that bag `this` (from 0) is called what it is, and that nobody is told to type anything else."""
    export, bags = listed["export"], listed["bags"]
    name = "%s_%dof%d" % (export["number"], this + 1, len(bags))
    if [one["name"] for one in bags] != ["%s_%dof%d" % (export["number"], number, len(bags))
                                         for number in range(1, len(bags) + 1)]:  # fmt: skip
        tell(Wrong("set-list", "set.json", "names of the bags"))
    files = bags[this]["files"]
    expected = {
        "Bagging-Date": export["created"][:10],
        "Payload-Oxum": "%d.%d" % (sum(one["size"] for one in files), len(files)),
        "Bag-Group-Identifier": export["number"],
        "Bag-Count": "%d of %d" % (this + 1, len(bags)),
        "Internal-Sender-Identifier": name,
    }
    said = _info(package, tell)
    for label in sorted(set(said) | set(expected)):
        told = said.get(label, [])
        if (
            label in expected
            and told != [expected[label]]
            or label not in expected
            and (label not in _UNPROVEN or len(told) > 1 and label != "External-Identifier")
        ):
            tell(Wrong("bag-info", "bag-info.txt", label))
    if said.get("External-Identifier", [""])[0] != export["number"]:
        tell(Wrong("bag-info", "bag-info.txt", "External-Identifier"))
    if listed["join"] != [_commands(one) for one in listed["items"] if len(one["places"]) > 1]:
        tell(Wrong("join", "set.json"))


def _info(package: Package, tell: Tell) -> Dict[str, List[str]]:
    said: Dict[str, List[str]] = {}
    *lines, rest = package.bag.read("bag-info.txt").decode("utf-8").split("\n")
    if rest:  # a line without an end is a line to whoever reads it
        tell(Wrong("bag-info", "bag-info.txt", rest[:80]))
    for line in lines:
        shaped = _INFO_LINE.fullmatch(line)
        if shaped is None or not line.isprintable():
            tell(Wrong("bag-info", "bag-info.txt", line[:80]))
        else:
            said.setdefault(shaped.group(1), []).append(shaped.group(2))
    return said


def _commands(item: Dict[str, Any]) -> Dict[str, str]:
    parts = [place["path"].rpartition("/")[2] for place in item["places"]]
    return {
        "id": item["id"],
        "posix": "cat -- %s > %s" % (" ".join(map(_quoted_name, parts)), _quoted_name(item["name"])),
        "windows": 'copy /b %s "%s"' % ("+".join('"%s"' % part for part in parts), item["name"]),
    }


def _quoted_name(name: str) -> str:
    return "'%s'" % name.replace("'", "'\\''")
