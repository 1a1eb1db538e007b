"""What is to be packed, what its builder is told on the way, and what came of it.

    Packing(place).pack(shipment, MEDIA["dvd"], attest, may_cut=False) -> Packed        (adapters/packing)

The builder takes a `Shipment` and a `Medium`, copies everything, and tells an `Attest` what was laid;
whoever asked writes the entry `export.create` with that, has the log published, and answers with a
`Testimony`. Then the bags are closed and published, and the builder answers with a `Packed`. Whatever
`attest` raises ends the build, and nothing is published; the same goes for IntegrityFault
`package-source-differs` (a source is not what was promised), Invalid `package-file-larger`,
`package-medium-full`, Conflict `package-exists`, NoSpace, Unavailable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from evidence.errors import Invalid

_ID = re.compile(r"[0-9a-f]{32}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be copied, and what the catalogue promises about its bytes.

    name: as the device wrote it: data, never a path. sha256, sm3: hex; sm3 is None where it was never
    computed.
    open: a new stream of the bytes, from their start; called once. Raises: Invalid `package-malformed`.
    """

    name: str
    size_bytes: int
    sha256: str
    sm3: str | None
    open: Callable[[], BinaryIO]

    def __post_init__(self) -> None:
        hexes = [self.sha256] if self.sm3 is None else [self.sha256, self.sm3]
        if self.size_bytes < 0 or not all(_HEX64.fullmatch(one) for one in hexes):
            raise Invalid("package-malformed", reason="source", name=self.name)


@dataclass(frozen=True, slots=True)
class Derivative:
    """Something made from the recording that it stands under. id: its own, as the log knows it."""

    id: str
    source: Source

    def __post_init__(self) -> None:
        _verify("derivative", _ID, self.id)


@dataclass(frozen=True, slots=True)
class Item:
    """A recording: its original (None where only derivatives go out), and what was made from it.

    began: time of its begin, UTC text as in the log; items are packed in its order. facts: written as
    `data/metadata/<id>.json`; canonical JSON, ASCII keys, so no fractions. manifest: its signed
    manifest, verbatim.
    Raises: Invalid `package-malformed`.
    """

    id: str
    began: str
    original: Source | None
    derivatives: tuple[Derivative, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    manifest: bytes | None = None

    def __post_init__(self) -> None:
        _verify("item", _ID, self.id)
        _verify("began", _TIME, self.began)
        if self.original is None and not self.derivatives:
            raise Invalid("package-malformed", reason="nothing of it", id=self.id)


@dataclass(frozen=True, slots=True)
class Shipment:
    """One export. id: as the log knows it. number: for people, as `EXP-2026-000123`; names folders and
    discs.

    created: time of the export, UTC text; all dates in the package are this one. agency, about: lines for
    `bag-info.txt` (Source-Organization, External-Description), without a line break. identifiers: case
    numbers and the like.
    Raises: Invalid `package-malformed`.
    """

    id: str
    number: str
    created: str
    agency: str
    items: tuple[Item, ...]
    about: str = ""
    identifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _verify("export", _ID, self.id)
        _verify("number", _NUMBER, self.number)
        _verify("created", _TIME, self.created)
        ids = [one for item in self.items for one in (item.id, *(made.id for made in item.derivatives))]
        if not ids or len(set(ids)) != len(ids):
            raise Invalid("package-malformed", reason="items")
        for line in (self.agency, self.about, *self.identifiers):
            if not line.isprintable():
                raise Invalid("package-malformed", reason="line", line=line)


@dataclass(frozen=True, slots=True)
class LaidBag:
    """A bag whose payload stands: digests (hex) of its `manifest-sha256.txt`, as `export.create` names
    them.
    """

    name: str
    manifest_sha256: str
    manifest_sm3: str
    payload_files: int
    payload_bytes: int


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry of the log that goes along.

    log: without the site's name, as `access/2026`. entry: its stored bytes. proof: its `.tlog-proof`,
    with the entry as `extra`; all proofs of one log carry the same checkpoint. fields: each field that
    it commits to, as `{"state": "disclosed", "salt": …, "value": …}` or `{"state": "withheld"}`
    (service/log/disclosing.py, `plain`).
    """

    log: str
    index: int
    entry: bytes
    proof: bytes
    fields: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withheld:
    """An entry whose content does not go along: it is about another export, and nobody else's to read.

    log, index: as above. leaf: its leaf hash, 32 bytes. proof: its `.tlog-proof`, without `extra`.
    """

    log: str
    index: int
    leaf: bytes
    proof: bytes


Statement = Mapping[str, object]
"""The chain of custody as figures, and the words beside them: docs/formats/statement.md."""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the log says, and what people are told.

    entries: of all objects, from their first to the one of this export, in any order. withheld: those
    among them whose content does not go along. policy: the trust file.
    report: the words beside the figures, canonical JSON. print_report: makes the PDF from the whole
    statement.
    stamps: by log, the answer of a time-stamping authority to its checkpoint.
    """

    entries: Sequence[Logged]
    policy: bytes
    report: Mapping[str, object]
    print_report: Callable[[Statement], bytes]
    stamps: Mapping[str, bytes] = field(default_factory=dict)
    withheld: Sequence[Withheld] = ()


Attest = Callable[[Sequence[LaidBag], str], Testimony]
"""attest(bags, set_sha256): writes `export.create` about bags whose payload stands and about their set list,
and tells what the log says then.
"""


@dataclass(frozen=True, slots=True)
class PackedBag:
    """A bag as it was published. file: its name below the export's folder: image, archive or folder.

    laid: as above. tagmanifest_sha256: for `export.seal`. size_bytes, sha256, sm3: of the image or
    archive, else None. listed: its line of `media.json`, with the commands to burn and to read back.
    """

    laid: LaidBag
    file: str
    tagmanifest_sha256: str
    size_bytes: int | None
    sha256: str | None
    sm3: str | None
    listed: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Packed:
    """A published export: the name of its folder, its bags in order, and the statement that was printed."""

    folder: str
    bags: tuple[PackedBag, ...]
    statement: Statement


def _verify(reason: str, shape: re.Pattern[str], text: str) -> None:
    if not shape.fullmatch(text):
        raise Invalid("package-malformed", reason=reason, value=text)
