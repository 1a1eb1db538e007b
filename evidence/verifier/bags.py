"""BagIt bags (RFC 8493, and the drafts 0.93 to 0.97 before it): is everything there, unchanged, and
nothing else?

Faults are collected, none is raised; each names a file. A draft's bag may do what 1.0 forbids (`./` before
a path, `*` of md5sum, manifests that share the files between them); what it may do is noted.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import unicodedata
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from evidence.verifier.arithmetic import Wrong, new_digest

LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
VERSIONS = ("0.93", "0.94", "0.95", "0.96", "0.97", "1.0")
_DECLARATION = re.compile(
    r"BagIt-Version: ([0-9]+\.[0-9]+)\r?\nTag-File-Character-Encoding: ([A-Za-z0-9._-]+)(?:\r?\n)?"
)
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.+)")
_FETCHED = re.compile(r"\S+[ \t]+(?:-|[0-9]+)[ \t]+(.+)")
_OXUM = re.compile(r"Payload-Oxum: *([0-9]+)\.([0-9]+) *")
_OF_NAMES = ("idna", "punycode")  # of host names: no text of a bag, and hours for a long one
_BLOCK = 1 << 20
_LARGEST = 1 << 30  # of what is read at once: lists, entries, proofs

Progress = Callable[[int], None]
Tell = Callable[[Wrong], None]


class Hashed(NamedTuple):
    """A file of the bag: its length, and its digests by name of the algorithm."""

    size: int
    digests: Dict[str, str]


class Bag(NamedTuple):
    """What a bag says of itself. manifests, tag_manifests: by algorithm, digest by path."""

    folder: str
    version: str
    encoding: str
    manifests: Dict[str, Dict[str, str]]
    tag_manifests: Dict[str, Dict[str, str]]
    fetched: Set[str]

    def read(self, path: str) -> bytes:
        """Return a small file of the bag. Raises: Wrong("missing", "bag-no-file", "too-large"): what is no
        ordinary file (a pipe, a device, a link) is never opened.
        """
        full = os.path.join(self.folder, *path.split("/"))
        try:
            about = os.lstat(full)
            if not stat.S_ISREG(about.st_mode):
                raise Wrong("bag-no-file", path)
            if about.st_size > _LARGEST:
                raise Wrong("too-large", path)
            with open(full, "rb") as file:
                return file.read()
        except OSError:
            raise Wrong("missing", path) from None


def walk(folder: str, tell: Tell) -> Iterator[Tuple[str, bool]]:
    """Yield the path of all that lies below a folder, and whether it is an ordinary file; folders are not
    named, but for those that do not show what lies in them.
    """

    def closed(fault: OSError) -> None:
        path = os.path.relpath(str(fault.filename), folder).replace(os.sep, "/")
        tell(Wrong("unreadable", path, str(fault.strerror)))

    for above, folders, names in os.walk(folder, onerror=closed):
        links = [one for one in folders if os.path.islink(os.path.join(above, one))]
        for name in sorted([*names, *links]):
            full = os.path.join(above, name)
            path = os.path.relpath(full, folder).replace(os.sep, "/")
            yield path, os.path.isfile(full) and not os.path.islink(full)


def open_bag(folder: str, tell: Tell) -> Optional[Bag]:
    """Read what a bag says of itself; None where it says nothing that can be read."""
    bag = Bag(folder, "", "utf-8", {}, {}, set())
    try:
        match = _DECLARATION.fullmatch(bag.read("bagit.txt").decode("utf-8"))
    except (Wrong, UnicodeDecodeError):
        match = None
    if match is None or match.group(1) not in VERSIONS:
        tell(Wrong("bag-declaration", "bagit.txt"))
        return None
    bag = bag._replace(version=match.group(1), encoding=match.group(2))
    for name in sorted(os.listdir(folder)):
        found = re.fullmatch(r"(tag)?manifest-([a-z0-9]+)\.txt", name)
        if found is None:
            continue
        if found.group(2) not in LENGTHS:
            tell(Wrong("bag-algorithm", name))
            continue
        listed = bag.tag_manifests if found.group(1) else bag.manifests
        listed[found.group(2)] = _listed(bag, name, LENGTHS[found.group(2)], tell)
    if not bag.manifests:
        tell(Wrong("missing", "manifest-*.txt"))
    if os.path.lexists(os.path.join(folder, "fetch.txt")):
        for line in _lines(bag, "fetch.txt", tell):
            shaped = _FETCHED.fullmatch(line.rstrip())
            path = shaped and _path(shaped.group(1), bag.version)
            if not path or not path.startswith("data/"):
                tell(Wrong("bag-path", "fetch.txt", line[:120]))
            else:
                bag.fetched.add(path)
    return bag


def _lines(bag: Bag, name: str, tell: Tell) -> List[str]:
    try:
        if codecs.lookup(bag.encoding).name in _OF_NAMES:
            raise LookupError(bag.encoding)
        text = bag.read(name).decode(bag.encoding)
    except (LookupError, UnicodeError):
        tell(Wrong("bag-encoding", name))
        return []
    except Wrong as fault:
        tell(fault)
        return []
    return [one for one in re.split(r"\r\n|\n|\r", text) if one]


def _listed(bag: Bag, name: str, length: int, tell: Tell) -> Dict[str, str]:
    """Return the digests of a manifest by path."""
    listed: Dict[str, str] = {}
    for line in _lines(bag, name, tell):
        shaped = _LINE.fullmatch(line)
        path = shaped and _path(shaped.group(3), bag.version)
        if not shaped or len(shaped.group(1)) != length or (shaped.group(2) and bag.version == "1.0"):
            tell(Wrong("bag-line", name, line[:120]))
        elif not path or path.startswith("data/") == name.startswith("tag"):
            tell(Wrong("bag-path", name, line[:120]))
        elif path in listed:
            tell(Wrong("bag-twice", name, path))
        else:
            listed[path] = shaped.group(1).lower()
    folded = [unicodedata.normalize("NFC", path).casefold() for path in listed]
    if len(set(folded)) != len(folded):
        tell(Wrong("bag-twice", name, "upper and lower case, or two spellings in Unicode"))
    return listed


def _path(written: str, version: str) -> Optional[str]:
    """Return a path as it is on the disc; None where it leads out of the bag."""
    path = written
    if version == "1.0":
        for escape, plain in (("%0A", "\n"), ("%0a", "\n"), ("%0D", "\r"), ("%0d", "\r"), ("%25", "%")):
            path = path.replace(escape, plain)
    elif path.startswith("./"):
        path = path[2:]
    is_inside = not re.match(r"[/\\~]|[A-Za-z]:|%[A-Za-z]+%", path)
    return path if is_inside and not {"", ".", ".."} & set(re.split(r"[/\\]", path)) else None


def hash_files(files: List[str], algorithms: Set[str], progress: Progress) -> Hashed:
    """Read files once, one behind the other; return their length and digests as one.

    Raises: OSError, Wrong("bag-no-file"): a pipe or a device is never waited for.
    """
    digests = {name: new_digest(name) for name in algorithms}
    size = 0
    for file in files:
        if not stat.S_ISREG(os.lstat(file).st_mode):
            raise Wrong("bag-no-file", file)
        with open(file, "rb") as source:
            block = source.read(_BLOCK)
            while block:
                size += len(block)
                for one in digests.values():
                    one.update(block)
                progress(len(block))
                block = source.read(_BLOCK)
    return Hashed(size, {name: one.hexdigest() for name, one in digests.items()})


def judge(bag: Bag, more: Set[str], progress: Progress, tell: Tell) -> Dict[str, Hashed]:
    """Read every file that is listed and hold it against its digests; return what each is.

    more: algorithms that payload files are hashed with besides those of the manifests.
    """
    files: Dict[str, Hashed] = {}
    tags = {f"tagmanifest-{name}.txt" for name in bag.tag_manifests}
    payload, tagged = _union(bag.manifests), _union(bag.tag_manifests)
    for path, is_file in walk(bag.folder, tell):
        if not is_file:
            tell(Wrong("bag-no-file", path))
            continue
        in_payload = path.startswith("data/")
        if in_payload and path not in payload:
            tell(Wrong("unlisted", path))
        lists = bag.manifests if in_payload else bag.tag_manifests
        if path in tags or path not in (payload if in_payload else tagged):
            continue
        wanted = set(lists) | more if in_payload else set(lists)
        try:
            files[path] = hash_files([os.path.join(bag.folder, *path.split("/"))], wanted, progress)
        except OSError as fault:
            tell(Wrong("unreadable", path, str(fault.strerror)))
            continue
        for name, listed in sorted(lists.items()):
            if path not in listed:
                if bag.version == "1.0" and in_payload:
                    tell(Wrong("unlisted", path, "manifest-%s.txt" % name))
            elif files[path].digests[name] != listed[path]:
                tell(Wrong("changed", path, name))
    for path in sorted((payload | tagged) - set(files)):
        tell(Wrong("missing", path))
    _oxum(bag, files, tell)
    return files


def _union(lists: Dict[str, Dict[str, str]]) -> Set[str]:
    return {path for one in lists.values() for path in one}


def _oxum(bag: Bag, files: Dict[str, Hashed], tell: Tell) -> None:
    if not os.path.lexists(os.path.join(bag.folder, "bag-info.txt")):
        return
    for line in _lines(bag, "bag-info.txt", tell):
        said = _OXUM.fullmatch(line)
        payload = [one.size for path, one in files.items() if path.startswith("data/")]
        if said and (int(said.group(1)), int(said.group(2))) != (sum(payload), len(payload)):
            tell(Wrong("bag-oxum", "bag-info.txt", line[:80]))
