"""The trust file: which logs and witnesses somebody trusts, and how many witnesses it takes (tlog-policy).

A court keeps this file; it comes on another way than the evidence. A checkpoint is trusted when the log
that its origin names has signed it and the quorum has cosigned it. A file is read strictly: a line that is
not understood is an error, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import read_decimal
from evidence.ledger.keys import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519, VerifierKey

MAX_BYTES = 256 * 1024
NONE = "none"
LOG_TYPES = (ED25519, COSIGNATURE_ML_DSA_44)
WITNESS_TYPES = (COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44)

_BLANK = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Trusted:
    """A checkpoint that is trusted, the log's signatures, and the cosignatures of known witnesses."""

    checkpoint: Checkpoint
    log: tuple[notes.Signed, ...]
    witnesses: tuple[notes.Signed, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as one witness when at least `needed` of its members do. 1 ≤ needed ≤ number of members."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """logs: their keys, named as their origins. witnesses, groups: by their names in the file.

    quorum: the name of a witness or a group, or `none`. addresses: by vkey, where the file gives one.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    addresses: Mapping[str, str]

    @classmethod
    def parse(cls, raw: bytes) -> Trust:
        """Read a trust file, at most 256 KiB.

        Raises: Invalid `trust-malformed` with line and reason.
        """
        return _Reading(raw).trust()

    def is_quorum(self, cosigners: set[VerifierKey]) -> bool:
        """Tell whether these witnesses are enough."""
        return self.quorum == NONE or self._counts(self.quorum, cosigners)

    def _counts(self, name: str, cosigners: set[VerifierKey]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return self.witnesses[name] in cosigners
        return sum(self._counts(member, cosigners) for member in group.members) >= group.needed

    def open(self, note: bytes, checks: Mapping[int, notes.NoteCheck]) -> Trusted:
        """Return the checkpoint in a signed note if it is to be trusted. Times are not judged here.

        Raises: IntegrityFault `note-malformed`, `checkpoint-malformed`, `signature-wrong`, `signer-unknown`
        when no trusted log of this origin signed it, `quorum-missing`.
        """
        read = notes.parse(note)
        checkpoint = Checkpoint.parse(read.text)
        logs = [key for key in self.logs if key.name == checkpoint.origin]
        if not logs:
            raise IntegrityFault("signer-unknown", origin=checkpoint.origin)
        by_log = notes.verify(read, logs, checks)
        witnesses = notes.signed_by(read, list(self.witnesses.values()), checks)
        if not self.is_quorum({one.key for one in witnesses}):
            cosigners = [one.key.label for one in witnesses]
            raise IntegrityFault("quorum-missing", quorum=self.quorum, witnesses=cosigners)
        return Trusted(checkpoint, by_log, witnesses)


class _Reading:
    """Reads a file line by line; a name is known once its line was read."""

    def __init__(self, raw: bytes) -> None:
        self.line = 0
        if len(raw) > MAX_BYTES:
            self.fail("too long")
        if any(byte < 0x20 and byte not in b"\t\n" or byte == 0x7F for byte in raw):
            self.fail("control character")
        if raw and not raw.endswith(b"\n"):
            self.fail("no end of line")
        # Bytes outside ASCII are opaque: what is not UTF-8 stays what it is, and names are never normalised.
        self.lines = raw.decode("utf-8", "surrogateescape").split("\n")
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.used: set[str] = set()
        self.addresses: dict[str, str] = {}
        self.quorum: str | None = None

    def trust(self) -> Trust:
        kinds = {"log": self.log, "witness": self.witness, "group": self.group, "quorum": self.name_quorum}
        for line in self.lines:
            self.line += 1
            words = _BLANK.sub(" ", line).strip(" ").split(" ")
            if words == [""] or words[0].startswith("#"):
                continue
            if words[0] not in kinds:
                self.fail("unknown word")
            kinds[words[0]](words[1:])
        if self.quorum is None:
            self.fail("no quorum")
        return Trust(tuple(self.logs), self.witnesses, self.groups, self.quorum, self.addresses)

    def log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            self.fail("number of words")
        key = self.key(words[0], LOG_TYPES, words[1:])
        if any(key.public == other.public for other in self.logs):
            self.fail("key twice")
        self.logs.append(key)

    def witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            self.fail("number of words")
        key = self.key(words[1], WITNESS_TYPES, words[2:])
        if any(key.public == other.public for other in self.witnesses.values()):
            self.fail("key twice")
        self.witnesses[self.new_name(words[0])] = key

    def group(self, words: list[str]) -> None:
        if len(words) < 3:
            self.fail("number of words")
        name, number, *members = words
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                self.fail("unknown name")
            if member in self.used:  # else a witness could count twice
                self.fail("member twice")
            self.used.add(member)
        needed = {"any": 1, "all": len(members)}.get(number, read_decimal(number))
        if needed is None or not 1 <= needed <= len(members):
            self.fail("number of members")
        self.groups[self.new_name(name)] = Group(needed, tuple(members))

    def name_quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            self.fail("number of words")
        if self.quorum is not None:
            self.fail("quorum twice")
        if words[0] not in {NONE, *self.witnesses, *self.groups}:
            self.fail("unknown name")
        self.quorum = words[0]

    def key(self, vkey: str, types: tuple[int, ...], address: list[str]) -> VerifierKey:
        try:
            key = VerifierKey.parse(vkey, types)
        except Invalid as fault:
            raise Invalid("trust-malformed", line=self.line, reason="key", key=fault.fields) from None
        self.addresses.update({key.text(): one for one in address})
        return key

    def new_name(self, name: str) -> str:
        if name in {NONE, *self.witnesses, *self.groups}:
            self.fail("name twice")
        return name

    def fail(self, reason: str) -> NoReturn:
        raise Invalid("trust-malformed", line=self.line, reason=reason)
